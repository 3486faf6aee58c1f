"""`smki bench`: figures of this machine, each beside a limit measured in the same run."""

import dataclasses
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import Progress

from smki.bootstrap import load_settings
from smki.interfaces.bench_audit import AuditFigures, bench_audit
from smki.interfaces.bench_estate import EstateFigures, bench_estate
from smki.interfaces.bench_gbcs import GbcsFigures, bench_gbcs
from smki.interfaces.bench_line import LineFigures, bench_line
from smki.interfaces.bench_lodging import LodgingFigures, bench_lodge
from smki.interfaces.bench_lookup import LookupFigures, bench_lookup
from smki.interfaces.bench_proving import ProvingFigures, bench_prove
from smki.interfaces.bench_recover import MODES, RecoverFigures, bench_recover
from smki.interfaces.bench_register import RegisterFigures, bench_register
from smki.interfaces.benching import Figures, bench_issue
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, reporting

_Command = TypeVar("_Command", bound=Callable[..., None])


def _count_option(
    what: str, *, default: int = 200_000, least: int = 1
) -> Callable[[_Command], _Command]:
    return click.option(
        "--count", default=default, show_default=True, type=click.IntRange(least), help=what
    )


@click.group(cls=WholeSentences)
def bench() -> None:
    """Measure, beside a limit measured in the same run."""


@bench.command
@_count_option("Certificates; more than 50,000 in several batches.", default=50_000)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that work.",
)
@click.option(
    "--into-state",
    is_flag=True,
    help="Issue them in the SMKI of the state directory, for ever; no server runs meanwhile.",
)
@json_option
def issue(*, count: int, processes: int, into_state: bool, as_json: bool) -> None:
    """Issue device certificates, from XML to XML, in a scratch SMKI of its own.

    The limit is the bare cryptography of one thread: one verification and one signature.
    """
    with reporting(as_json=as_json), _scratch(count) as (state, progress):
        into = load_settings(os.environ) if into_state else None
        figures = bench_issue(state, count, processes, progress, into)
    _emit(
        figures,
        (
            f"{figures.count} certificates in {figures.seconds} s:"
            f" {figures.per_second:.0f} a second with {figures.processes} process(es)"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        as_json=as_json,
    )


@bench.command
@_count_option("Entries.")
@json_option
def lodge(*, count: int, as_json: bool) -> None:
    """Append entries to a scratch record, durable, without an index.

    The limit is the bare hashing of the same leaves by one thread.
    """
    with reporting(as_json=as_json), _scratch(count) as (state, progress):
        figures = bench_lodge(state, count, progress)
    _emit(
        figures,
        (
            f"{figures.count} entries in {figures.seconds} s: {figures.per_second:.0f} a second"
            f" durable ({figures.first_per_second:.0f} in the first tenth,"
            f" {figures.last_per_second:.0f} in the last),"
            f" {figures.tree_per_second:.0f} in memory"
        ),
        (
            f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio} durable,"
            f" {figures.tree_ratio} in memory"
        ),
        f"the disk takes {figures.disk_per_second:.0f} a second, all in one file",
        as_json=as_json,
    )


@bench.command
@_count_option("Entries.")
@json_option
def lookup(*, count: int, as_json: bool) -> None:
    """Search and retrieve over HTTP, in a scratch SMKI with so many entries.

    The limit is a route of the same server that does nothing.
    """
    with reporting(as_json=as_json), _scratch(count) as (state, progress):
        figures = bench_lookup(state, count, progress)
    _emit(
        figures,
        (
            f"lookups among {figures.count} entries: {figures.per_second:.0f} a second one"
            f" after the other, 99 of 100 within {figures.p99_milliseconds} ms"
        ),
        (
            f"empty route {figures.limit_per_second:.0f} a second, 99 of 100 within"
            f" {figures.limit_p99_milliseconds} ms; ratio {figures.ratio}"
        ),
        f"into the index: {figures.indexed_per_second:.0f} entries a second",
        as_json=as_json,
    )


@bench.command
@_count_option("Entries in the index, two for each device.", least=2)
@json_option
def prove(*, count: int, as_json: bool) -> None:
    """Prove that nothing of a device is hidden, present or absent, from a scratch index.

    The limit is the bare hashing of what the proofs hold.
    """
    with reporting(as_json=as_json), _scratch(count) as (state, progress):
        figures = bench_prove(state, count, progress)
    _emit(
        figures,
        (
            f"proofs made and verified over {figures.count} entries:"
            f" {figures.per_second:.0f} a second, 99 of 100 within"
            f" {figures.p99_milliseconds} ms, {figures.proof_octets} octets each"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        f"into the index: {figures.kept_per_second:.0f} entries a second, durable",
        as_json=as_json,
    )


@bench.command
@_count_option("Certificates in the record.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Processes that audit; as the command if not given.",
)
@json_option
def audit(*, count: int, processes: int | None, as_json: bool) -> None:
    """Audit a scratch SMKI: record, index, and roots of the verifiable index.

    The limit is the bare hashing of the same leaves by one thread.
    """
    with reporting(as_json=as_json), _scratch(count) as (state, progress):
        figures = bench_audit(state, count, processes, progress)
    _emit(
        figures,
        (
            f"{figures.count} entries audited in {figures.seconds} s:"
            f" {figures.per_second:.0f} a second with {figures.processes} process(es),"
            f" {figures.octets_per_second / 1e6:.0f} MB a second"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        (
            f"record {figures.record_per_second:.0f} a second (ratio {figures.record_ratio}),"
            f" index {figures.index_per_second:.0f}, verifiable index {figures.roots_per_second:.0f}"
        ),
        as_json=as_json,
    )


@bench.command
@_count_option("Commands.", default=10_000)
@json_option
def gbcs(*, count: int, as_json: bool) -> None:
    """Make and verify commands that replace trust anchors.

    The limit is their bare cryptography: signature, key agreement, derivation and MAC, twice.
    """
    with reporting(as_json=as_json), _scratch(count) as (_, progress):
        figures = bench_gbcs(count, progress)
    _emit(
        figures,
        (
            f"{figures.count} commands of {figures.octets} octets in {figures.seconds} s:"
            f" {figures.made_per_second:.0f} a second made,"
            f" {figures.verified_per_second:.0f} verified"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        as_json=as_json,
    )


@bench.command
@click.option(
    "--devices",
    "--count",
    "devices",
    default=50_000,
    show_default=True,
    type=click.IntRange(2),
    help="Devices, of two certificates each.",
)
@click.option(
    "--processes",
    default=2,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that issue, and as many that make keys.",
)
@json_option
def estate(*, devices: int, processes: int, as_json: bool) -> None:
    """Make devices with keys and certificates, in a scratch SMKI of its own.

    The limit is issuing alone, from XML to XML, in the same SMKI, in turn.
    """
    with reporting(as_json=as_json), _scratch(devices) as (state, progress):
        figures = bench_estate(state, devices, processes, progress)
    _emit(
        figures,
        (
            f"{figures.count} devices in {figures.seconds} s: {figures.per_second:.0f}"
            f" certificates a second with {figures.processes} process(es),"
            f" {figures.octets_per_device} octets a device"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        as_json=as_json,
    )


@bench.command
@_count_option("Commands.", default=5_000)
@json_option
def line(*, count: int, as_json: bool) -> None:
    """Send commands over TCP to devices that obey them, kept before they answer.

    The limit is a process that sends the same octets back.
    """
    with reporting(as_json=as_json), _scratch(count) as (state, progress):
        figures = bench_line(state, count, progress)
    _emit(
        figures,
        (
            f"{figures.count} commands of {figures.octets} octets in {figures.seconds} s:"
            f" {figures.per_second:.0f} a second, {figures.without_line_per_second:.0f} without a"
            " line"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        as_json=as_json,
    )


@bench.command
@click.option(
    "--devices",
    "--count",
    "devices",
    default=10_000,
    show_default=True,
    type=click.IntRange(1),
    help="Devices, of all kinds in turn.",
)
@click.option(
    "--mode",
    default="9",
    show_default=True,
    type=click.Choice([str(int(mode)) for mode in MODES]),
    help="8 by the recovery key, 9 by the contingency key, root and all.",
)
@json_option
def recover(*, devices: int, mode: str, as_json: bool) -> None:
    """Recover devices: commands made, sent, answers verified, judged and kept with the evidence.

    The limit is a signature over such a command and a verification of such an answer. The time inside
    the simulated devices is told apart, and not counted.
    """
    (by,) = (each for each in MODES if str(int(each)) == mode)
    with reporting(as_json=as_json), _scratch(devices) as (state, progress):
        figures = bench_recover(state, devices, by, progress)
    _emit(
        figures,
        (
            f"{figures.count} devices recovered by mode {figures.mode} in {figures.seconds} s:"
            f" {figures.per_second:.0f} a second, and {figures.device_seconds} s inside devices"
        ),
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        (
            f"commands of up to {figures.command_octets} octets; {figures.kept_octets} octets kept"
            " for each device"
        ),
        as_json=as_json,
    )


@bench.command
@click.option(
    "--meetings",
    default=1_000,
    show_default=True,
    type=click.IntRange(30),
    help="Meetings, of a hundred paragraphs each.",
)
@json_option
def register(*, meetings: int, as_json: bool) -> None:
    """Ask a scratch register of so many meetings, and one of a tenth of them.

    By who may see nearly everything and by who may see little. The limit is the bare reading of
    what the answers show.
    """
    with reporting(as_json=as_json), _scratch(meetings) as (state, progress):
        figures = bench_register(state, meetings, progress)
    _emit(
        figures,
        *(
            f"{one.question}, by who sees {one.reader}: {one.tenth_milliseconds} ms at a tenth"
            f" ({one.tenth_shown} shown), {one.whole_milliseconds} ms at {meetings} meetings"
            f" ({one.whole_shown} shown)"
            for one in figures.medians
        ),
        f"{figures.per_second:.0f} answers a second, one after the other",
        f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
        (
            f"{figures.count} paragraphs, filled at {figures.filled_per_second:.0f} a second,"
            f" {figures.octets} octets each"
        ),
        as_json=as_json,
    )


def _emit(
    figures: (
        Figures
        | LodgingFigures
        | LookupFigures
        | ProvingFigures
        | AuditFigures
        | GbcsFigures
        | EstateFigures
        | LineFigures
        | RecoverFigures
        | RegisterFigures
    ),
    *lines: str,
    as_json: bool,
) -> None:
    memory = f"peak memory {figures.peak_rss_mib} MiB"
    emit(dataclasses.asdict(figures), (*lines, memory), as_json=as_json)


@contextmanager
def _scratch(total: int) -> Iterator[tuple[Path, Callable[[str, int, int], None]]]:
    """A directory that is gone afterwards, and a progress bar to tell.

    It lies on the disk of the state directory, beside it: that is the disk to be measured.
    """
    console = Console(stderr=True)
    beside = load_settings(os.environ).state.absolute().parent
    with (
        tempfile.TemporaryDirectory(
            prefix="smki-bench-", dir=beside if beside.is_dir() else None
        ) as scratch,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("preparing", total=total)
        yield (
            Path(scratch) / "state",
            lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            ),
        )
