"""The options by which it is said how fast networks, keys and machines are."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

import click

from smki.interfaces.capacity_rates import COMMANDS_A_SECOND, Pace

_RATE_MAX: Final = 1_000_000_000
_Command = TypeVar("_Command", bound=Callable[..., Any])


def _by_region(
    context: click.Context, option: click.Parameter, values: Iterable[str]
) -> dict[str, int]:
    """REGION=NUMBER, each region once."""
    del context
    found: dict[str, int] = {}
    for value in values:
        region, _, number = value.rpartition("=")
        whole = number.isascii() and number.isdecimal() and 0 < int(number[:12]) <= _RATE_MAX
        if not region or not whole or len(number) > len(str(_RATE_MAX)) or region in found:
            raise click.BadParameter(
                f"{value!r}, must be REGION=NUMBER, each region once", param=option
            )
        found[region] = int(number)
    return found


_OPTIONS: Final = (
    click.option(
        "--rate",
        "commands",
        multiple=True,
        callback=_by_region,
        metavar="REGION=N",
        help=f"Commands a second that its network takes; {COMMANDS_A_SECOND} if not given.",
    ),
    click.option(
        "--network",
        "octets",
        multiple=True,
        callback=_by_region,
        metavar="REGION=N",
        help="Octets a second that it carries; as the table 'line' is configured if not given.",
    ),
    click.option("--signing", type=click.FloatRange(1), help="Signatures a second of the key."),
    click.option("--making", type=click.FloatRange(1), help="Commands a second of one core."),
    click.option("--cores", type=click.IntRange(1, 100_000), help="That work; this machine's."),
    click.option(
        "--lost", type=click.IntRange(0, 999), default=20, show_default=True, help="Of 1,000."
    ),
    click.option(
        "--tries", type=click.IntRange(1, 16), default=4, show_default=True, help="A device."
    ),
)


def pace_options(command: _Command) -> _Command:
    """The command with these options, for `pace_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def pace_of(given: Mapping[str, Any]) -> Pace:
    """What was said by them."""
    names = ("commands", "octets", "signing", "making", "cores", "lost", "tries")
    return Pace(**{name: given[name] for name in names})
