"""`smki estate`: simulated devices with keys and certificates of this SMKI."""

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.estates import open_estate
from smki.devices import DeviceKind
from smki.interfaces.cli.estate_rotating import rotate_certificates
from smki.interfaces.cli.estate_serving import serve
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.estate_making import Made
from smki.interfaces.estate_of_house import make_in_house
from smki.interfaces.estate_showing import device_document, row_document, totals_document
from smki.ports.estate import InventoryQuery
from smki.terms import EUI64, SmiStatus

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PAGE = 50


@click.group(cls=WholeSentences)
def estate() -> None:
    """Simulated devices by the million, with keys and certificates of this SMKI."""


estate.add_command(serve)
estate.add_command(rotate_certificates)


def _query_options(command: _Command) -> _Command:
    """Options by which devices are meant, as parameters of those names."""
    for option in (
        click.option("--mpxn", metavar="NUMBER", help="With this metering point."),
        click.option("--hub", metavar="EUI64", help="Behind this communications hub function."),
        click.option(
            "--status",
            type=click.Choice([each.value for each in SmiStatus]),
            help="Of this SMI status.",
        ),
        click.option("--make", metavar="TEXT", help="Of this maker."),
        click.option("--region", metavar="TEXT", help="In this region."),
        click.option(
            "--kind",
            type=click.Choice([each.value for each in DeviceKind]),
            help="Of this kind.",
        ),
    ):
        command = option(command)
    return command


def _query(given: Mapping[str, str | None]) -> InventoryQuery:
    kind, status, hub = given["kind"], given["status"], given["hub"]
    return InventoryQuery(
        kind=DeviceKind(kind) if kind else None,
        make=given["make"],
        region=given["region"],
        status=SmiStatus(status) if status else None,
        hub=EUI64.parse(hub) if hub else None,
        mpxn=given["mpxn"],
    )


@estate.command
@click.option(
    "--devices",
    required=True,
    type=click.IntRange(1, 100_000_000),
    help="How many the estate is to have.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Processes that make keys, and without a server issue.  [default: as there are cores]",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Of kinds, makes, models and regions. Keys are never seeded.",
)
@json_option
def make(*, devices: int, processes: int | None, seed: int, as_json: bool) -> None:
    """Make devices, each with two keys and their certificates, until there are so many.

    They are asked for in batches, as the sample manufacturer: of the server if one runs, else of
    the SMKI in the state directory. Cut off anywhere, the same again goes on: nothing is issued
    twice. They stand in homes, each behind its hub; their trust anchor cells hold certificates of
    this SMKI's root and sample parties.
    """
    cores = len(os.sched_getaffinity(0))
    with reporting(as_json=as_json):
        done = make_in_house(
            load_settings(os.environ),
            os.environ,
            devices,
            processes=processes or cores,
            seed=seed,
            progress=lambda: progress_bar("devices"),
        )
    made, through, size = done.made, done.through, done.octets
    document = made_document(made, through, size)
    emit(
        document,
        (
            f"{made.devices} devices in the estate, {made.made} of them made now"
            + (f", {made.finished} of lots begun before" if made.finished else ""),
            (
                f"{document['certificates']} certificates by {through} in {made.seconds:.1f} s:"
                f" {document['per_second']:.0f} a second; {size} octets a device"
            ),
            "next: 'smki estate show' counts them, 'smki estate list' names them",
        ),
        as_json=as_json,
    )


def made_document(made: Made, through: str, octets: int) -> dict[str, Any]:
    """What was made, as JSON has it."""
    certificates = 2 * made.made
    return {
        "devices": made.devices,
        "made": made.made,
        "finished": made.finished,
        "certificates": certificates,
        "seconds": round(made.seconds, 3),
        "per_second": round(certificates / made.seconds, 1) if made.seconds else 0.0,
        "octets_per_device": octets,
        "through": through,
    }


@estate.command
@click.argument("device", metavar="[EUI64]", required=False)
@_query_options
@json_option
def show(*, device: str | None, as_json: bool, **given: str | None) -> None:
    """Show one device, or how many there are of each kind, region, make and status.

    Of a device: what its trust anchor cells hold, counters, certificates, history. Without one,
    totals of all devices, or of those that the options mean.
    """
    with reporting(as_json=as_json):
        settings = load_settings(os.environ)
        with open_estate(settings) as opened:
            if device is None:
                document, lines = totals_document(opened.totals(_query(given)))
            else:
                with open_front(settings) as front:
                    document, lines = device_document(opened, front, EUI64.parse(device))
    emit(document, lines, as_json=as_json)


@estate.command("list")
@_query_options
@click.option("--after", metavar="EUI64", help="Go on after this device.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=_PAGE,
    show_default=True,
    help="Devices at most.",
)
@json_option
def list_devices(*, after: str | None, limit: int, as_json: bool, **given: str | None) -> None:
    """List devices: all, or those that the options mean, in the order of their identifiers."""
    with reporting(as_json=as_json):
        query = _query(given)
        begin = EUI64.parse(after) if after else None
        with open_estate(load_settings(os.environ)) as opened:
            rows = opened.inventory(query, begin, limit + 1)
    shown = rows[:limit]
    following = shown[-1].device.digits if len(rows) > limit else None
    lines = [
        f"{row.device}  {row.kind.value:6}  {row.status.value:12}  {row.region:8}"
        f"  {row.make} {row.model}" + (f"  {row.mpxn}" if row.mpxn else "")
        for row in shown
    ] or ["no such device"]
    if following:
        lines.append(f"next: the same with --after {following}")
    emit(
        {"devices": [row_document(row) for row in shown], "next": following},
        lines,
        as_json=as_json,
    )
