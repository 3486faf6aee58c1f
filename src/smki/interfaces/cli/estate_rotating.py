"""`smki estate rotate`: certificates of simulated devices renewed, over the network to them."""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from smki.bootstrap import load_settings
from smki.bootstrap.estates import open_estate
from smki.interfaces.cli.output import EXIT_CODES, emit, json_option, reporting
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.estate_rotating import (
    Rotation,
    RotationFigures,
    open_door,
    outcome_document,
    rotate,
    rotation_document,
)
from smki.ports.estate import Estate, InventoryQuery
from smki.terms import EUI64, KeyUsage, Malformed

_USAGES: Final = {"ds": KeyUsage.DIGITAL_SIGNATURE, "ka": KeyUsage.KEY_AGREEMENT}
_SHARE: Final = click.FloatRange(0, 1)
_STEPS: Final = 4
_TOLD: Final = 20  # outcomes that are told one by one


def line_options(command: Any) -> Any:
    """Options for what the network is and does: `served`, and the names of its figures."""
    command = click.option(
        "--served",
        is_flag=True,
        help="Over the hubs that 'smki estate serve' serves, as its seed and regions have it.",
    )(command)
    for name, what in (
        ("unreachable", "hubs that are never reached"),
        ("overtake", "frames that are held back"),
        ("corrupt", "frames that come with a bit changed"),
        ("duplicate", "frames that come twice"),
        ("loss", "frames that never come"),
    ):
        command = click.option(
            f"--{name}",
            type=_SHARE,
            help=f"Share of {what}.  [default: of each region]",
        )(command)
    return command


@click.command("rotate")
@click.argument("devices", metavar="[EUI64]...", nargs=-1)
@click.option("--count", type=click.IntRange(1), help="Instead: the first so many of the estate.")
@click.option(
    "--usage",
    type=click.Choice(sorted(_USAGES)),
    multiple=True,
    help="Which certificate; again for both.  [default: both]",
)
@click.option(
    "--times",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    help="How often each is renewed.",
)
@click.option("--seed", type=int, help="Of what befalls frames and hubs.  [default: of the line]")
@line_options
@click.option(
    "--together",
    type=click.IntRange(1, 100_000),
    default=64,
    show_default=True,
    help="Devices under way at once.",
)
@json_option
@click.pass_context
def rotate_certificates(
    context: click.Context,
    /,
    *,
    devices: tuple[str, ...],
    count: int | None,
    usage: tuple[str, ...],
    times: int,
    seed: int | None,
    together: int,
    as_json: bool,
    **line: float | None,
) -> None:
    """Renew certificates of devices, over a simulated network.

    Each device makes a key pair (CS02c), the ad hoc service certifies it, the device is given the
    certificate (CS02d) and shows it (CS02e). Commands are the sample supplier's, the DCC's for
    devices that know no supplier. The service is asked over the network if a server runs, else in
    this process. Cut off anywhere, the same again goes on. Exit code 1 if one was refused, 3 if a
    device did not answer.
    """
    with reporting(as_json=as_json):
        if bool(devices) == bool(count):
            raise click.UsageError("either devices or --count must be given")
        served = bool(line.pop("served"))
        if served and (seed is not None or any(share is not None for share in line.values())):
            raise click.UsageError("--served: seed and shares are those of 'smki estate serve'")
        settings = load_settings(os.environ)
        chosen = tuple(_USAGES[each] for each in usage) or tuple(_USAGES.values())
        with (
            open_estate(settings) as estate,
            open_door(settings, os.environ) as door,
            progress_bar("steps") as progress,
        ):
            named = tuple(dict.fromkeys(map(EUI64.parse, devices))) or _first(estate, count or 0)
            wanted = Rotation(
                devices=named,
                usages=chosen * times,
                seed=settings.line.seed if seed is None else seed,
                figures={name: share for name, share in line.items() if share is not None},
                together=together,
                served=served,
            )
            steps = _Steps(len(named) * len(wanted.usages) * _STEPS, progress)
            figures = rotate(settings, estate, door, wanted, steps.done)
            through = door.through
    document = rotation_document(figures, through, None if served else wanted.seed)
    emit(document, _lines(document, figures), as_json=as_json)
    context.exit(max((EXIT_CODES[each.error.family] for each in figures.failed), default=0))


def _first(estate: Estate, count: int) -> tuple[EUI64, ...]:
    found = tuple(row.device for row in estate.inventory(InventoryQuery(), None, count))
    if len(found) < count:
        raise Malformed(
            f"--count {count}: the estate has {len(found)} devices, must have as many",
            where="--count",
        )
    return found


class _Steps:
    """Counts what is done, for the bar."""

    def __init__(self, total: int, progress: Any) -> None:
        self._total = total
        self._done = 0
        self._progress = progress

    def done(self, *_: object) -> None:
        """One more step."""
        self._done += 1
        self._progress(self._done, self._total)


def _lines(document: Mapping[str, Any], figures: RotationFigures) -> Iterator[str]:
    shown = figures.outcomes if len(figures.outcomes) <= _TOLD else figures.failed
    for outcome in shown[:_TOLD]:
        told = outcome_document(outcome)
        if told["error"] is None:
            yield f"{outcome.device} {told['usage']}: renewed, {told['serial']}"
        else:
            yield f"{outcome.device} {told['usage']}: NOT renewed, {told['error']['message']}"
    if len(shown) > _TOLD:
        yield f"... and {len(shown) - _TOLD} more, see --json"
    yield (
        f"{document['renewed']} of {document['certificates']} certificates renewed through"
        f" {document['through']}, in {document['seconds']:.1f} s;"
        f" {_span(figures.line_seconds)} on the line"
    )
    again = document["sent"] - document["commands"]
    seed = "the hubs' own seed" if document["seed"] is None else f"seed {document['seed']}"
    yield (
        f"{document['commands']} commands, {again} of them sent again; {document['frames']} frames;"
        f" {seed}"
    )
    if document["unanswered"]:
        yield "next: the same again, with another --seed, goes on where it was"
    elif not document["refused"]:
        yield f"next: 'smki estate show {figures.outcomes[0].device}' shows the device"


def _span(seconds: float) -> str:
    """So many seconds as people say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"
