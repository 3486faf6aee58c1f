"""`smki bench`: figures of this machine, each beside a limit measured in the same run."""

import dataclasses
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from smki.interfaces.benching import bench_issue
from smki.interfaces.cli.output import emit, json_option, reporting


@click.group
def bench() -> None:
    """Measure, beside a limit measured in the same run."""


@bench.command
@click.option(
    "--count",
    default=50_000,
    show_default=True,
    type=click.IntRange(1),
    help="Certificates; more than 50,000 in several batches.",
)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that work.",
)
@json_option
def issue(*, count: int, processes: int, as_json: bool) -> None:
    """Issue device certificates, from XML to XML, in a scratch SMKI of its own.

    The limit is the bare cryptography of one thread: one verification and one signature.
    """
    console = Console(stderr=True)
    with (
        reporting(as_json=as_json),
        tempfile.TemporaryDirectory(prefix="smki-bench-") as scratch,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("preparing", total=count)
        figures = bench_issue(
            Path(scratch) / "state",
            count,
            processes,
            lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            ),
        )
    emit(
        dataclasses.asdict(figures),
        (
            (
                f"{figures.count} certificates in {figures.seconds} s:"
                f" {figures.per_second:.0f} a second with {figures.processes} process(es)"
            ),
            f"limit {figures.limit_per_second:.0f} a second, ratio {figures.ratio}",
            f"peak memory {figures.peak_rss_mib} MiB",
        ),
        as_json=as_json,
    )
