"""`smki recovery begin`: a campaign in this house, made ready to be carried."""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

import click

from smki.bootstrap import load_settings
from smki.flows.recovering import Lost
from smki.interfaces.cli.output import emit, json_option, read_input, reporting, tell
from smki.interfaces.cli.recovery_devices import devices_option, devices_told, listed_devices
from smki.interfaces.cli.roles import role_words
from smki.interfaces.recovery_beginning import Wanted, begin
from smki.recovery import Compromised, Method
from smki.recovery.exercises import list_named
from smki.terms import Malformed, RemotePartyRole

_ROLES: Final = role_words(RemotePartyRole)
_RATE: Final = re.compile(r"([^=]{1,100})=([1-9][0-9]{0,5})")
_METHODS: Final = (
    Method.ONE,
    Method.TWO,
    Method.THREE,
    Method.BY_RECOVERY,
    Method.BY_CONTINGENCY,
    Method.ROOT_UPDATE,
)
_LINK_MOST: Final = 64 << 10  # octets of a certificate


@click.command("begin")
@click.argument("name")
@click.option("--incident", required=True, metavar="REF", help="As decisions and register name it.")
@click.option("--unregistered", is_flag=True, help="Not in the register: by the decision alone.")
@click.option(
    "--decision",
    default="",
    metavar="ID",
    help="That permits the method; a subscriber's own needs none.",
)
@click.option(
    "--compromised",
    required=True,
    type=click.Choice([each.value for each in Compromised]),
    help="Which key was lost.",
)
@click.option(
    "--role",
    type=click.Choice(sorted(_ROLES)),
    help="Of the organisation whose key was lost.",
)
@click.option(
    "--method",
    required=True,
    type=click.Choice([each.value for each in _METHODS]),
    help="By which it is recovered from.",
)
@click.option("--link", metavar="FILE", help="Of a root update: what 'smki recovery link' made.")
@click.option(
    "--mode", type=click.IntRange(0, 9), help="Which of the commands, where a method has several."
)
@devices_option
@click.option(
    "--waves",
    metavar="N,N,...",
    default="10,90,900",
    show_default=True,
    help="Share of the devices in each wave after the canaries, per thousand.",
)
@click.option(
    "--canaries",
    type=click.IntRange(0, 1_000),
    default=3,
    show_default=True,
    help="Of each kind, make and region, before anybody else.",
)
@click.option(
    "--per-second",
    "rates",
    metavar="REGION=N",
    multiple=True,
    help="Commands a second that a region's network takes; again for others.",
)
@click.option(
    "--otherwise",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="The same of regions that are not named.",
)
@json_option
def begin_recovery(name: str, *, as_json: bool, **given: Any) -> None:
    """Begin campaign NAME in this house: which devices, in which waves, what is placed on them.

    The incident must be decided in the register ('smki recovery incident decide'), a recorded decision
    'recovery-method' about it must permit the method (a subscriber decides method 1 itself), the key must be
    open ('smki recovery activate NAME'; method 1 is by the subscriber's own, which is here), and the
    certificates that are to be placed must be issued. Nothing is commanded yet. A live exercise is of
    a list of devices (--devices), and its decisions are about NAME@SHA256 of that list.
    """
    with reporting(as_json=as_json):
        carried, count = begin(load_settings(os.environ), os.environ, _wanted(name, given), tell)
    expires = carried.plan.expires
    emit(
        {
            "name": name,
            "state": carried.state.value,
            "devices": count,
            "method": carried.plan.method.value,
            "expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        },
        [
            f"campaign {name}: {devices_told(count)}, {carried.plan.method.value}, until {expires:%Y-%m-%d %H:%M} UTC",
            f"next: {next_words(name, given)}",
        ],
        as_json=as_json,
    )


def next_words(name: str, given: Mapping[str, Any]) -> str:
    """What one usually does then; that an incident of the register is being recovered is noted there."""
    carry, incident = f"'smki recovery carry {name}'", given["incident"]
    if given["unregistered"] or list_named(incident):
        return carry
    return f"'smki recovery incident recovering {incident} --campaign {name} --by PERSON', then {carry}"


def _wanted(name: str, given: Mapping[str, Any]) -> Wanted:
    role = given["role"]
    return Wanted(
        campaign=name,
        incident=given["incident"],
        decision=given["decision"],
        lost=Lost(
            compromised=Compromised(given["compromised"]),
            role=None if role is None else _ROLES[role],
        ),
        method=Method(given["method"]),
        devices=listed_devices(given["devices"]),
        waves=_waves(given["waves"]),
        canaries=given["canaries"],
        per_second=dict(map(_rate, given["rates"])),
        otherwise=given["otherwise"],
        unregistered=given["unregistered"],
        link=b"" if given["link"] is None else read_input(given["link"], limit=_LINK_MOST),
        mode=given["mode"],
    )


def _waves(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[0-9]{1,4}(,[0-9]{1,4}){0,99}", text):
        raise Malformed(
            f"--waves {text[:80]!r}: must be whole numbers with ',' between, 1,000 together",
            where="--waves",
        )
    return tuple(map(int, text.split(",")))


def _rate(text: str) -> tuple[str, int]:
    match = _RATE.fullmatch(text)
    if match is None:
        raise Malformed(
            f"--per-second {text[:120]!r}: must be REGION=N, 1 or more a second",
            where="--per-second",
        )
    return match[1], int(match[2])
