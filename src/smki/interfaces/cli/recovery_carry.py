"""`smki recovery carry`: a campaign carried, by processes of this machine or of a cluster."""

import os
from collections.abc import Iterator
from typing import Any, TypedDict

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.estate_rotating import line_options
from smki.interfaces.cli.interrupting import interruptible
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.cli.progress import progress_bar
from smki.interfaces.cli.recovery_campaigns import opened
from smki.interfaces.recovery_carrying import CarryDone, Says, Told, carry, carry_on_dask
from smki.interfaces.recovery_part import KEY_PATIENCE_SECONDS, Line
from smki.interfaces.recovery_permitted import must_be_permitted_still
from smki.interfaces.recovery_processes import PROCESSES_MOST
from smki.interfaces.recovery_telling import next_words
from smki.recovery import Fate, Move


@click.command("carry")
@click.argument("name")
@click.option(
    "--processes",
    type=click.IntRange(1, PROCESSES_MOST),
    help="That carry it beside each other; one that dies is replaced.  [default: 1, with --dask one"
    " for each worker]",
)
@click.option(
    "--dask", metavar="ADDRESS", help="Instead on a cluster: tcp://HOST:PORT of its scheduler."
)
@click.option("--seed", type=int, help="Of what befalls frames and hubs.  [default: of the line]")
@line_options
@click.option(
    "--key-patience",
    type=click.FloatRange(0, 3600),
    default=KEY_PATIENCE_SECONDS,
    show_default=True,
    help="Seconds that whoever has the key open may be gone.",
)
@json_option
@click.pass_context
def carry_campaign(
    context: click.Context,
    /,
    name: str,
    *,
    processes: int | None,
    dask: str | None,
    seed: int | None,
    key_patience: float,
    as_json: bool,
    **line: float | None,
) -> None:
    """Carry campaign NAME until its devices came to an end, or people have to look at it.

    Cut off anywhere, the same again goes on where it was; several of these may run at once, and
    pause, resume and abort reach them within a batch. Where the record is, its decision must not have
    been withdrawn. The key is used where 'smki recovery activate'
    has it open. Exit code 0 if all devices came to an end, its canaries are to be looked at, or it is
    paused; 1 if it stopped, 3 if something is away.
    """
    with reporting(as_json=as_json), interruptible("the same command goes on where it was"):
        served = bool(line.pop("served"))
        figures = {figure: share for figure, share in line.items() if share is not None}
        if served and (seed is not None or figures):
            raise click.UsageError("--served: seed and shares are those of 'smki estate serve'")
        settings = load_settings(os.environ)
        with opened(settings, name) as (recovery, _, carried), progress_bar(name) as progress:
            must_be_permitted_still(recovery, carried, os.environ, tell)
            options = _Options(
                line=Line(seed=seed, served=served, figures=figures),
                tell=progress,
                key_patience=key_patience,
                say=tell,
            )
            if dask is None:
                done = carry(settings, name, processes=processes or 1, **options)
            else:
                done = carry_on_dask(settings, name, dask, parts=processes, **options)
    emit(_document(name, done), _lines(name, done), as_json=as_json)
    context.exit(1 if done.decided.move is Move.STOP else 0)


class _Options(TypedDict):
    line: Line
    tell: Told
    key_patience: float
    say: Says


def _document(name: str, done: CarryDone) -> dict[str, Any]:
    decided = done.decided
    return {
        "name": name,
        "state": done.carried.state.value,
        "next": {
            "move": decided.move.value,
            "wave": decided.wave,
            "why": [finding.message for finding in decided.findings],
        },
        "devices": sum(done.fates.values()),
        "recovered": done.fates.get(Fate.RECOVERED, 0),
        "fates": {fate.value: done.fates.get(fate, 0) for fate in Fate},
        "commands": done.commands,
        "sent": done.sent,
        "frames": done.frames,
        "deaths": done.deaths,
        "line_seconds": round(done.line_seconds, 1),
        "seconds": round(done.seconds, 3),
    }


def _lines(name: str, done: CarryDone) -> Iterator[str]:
    fates = ", ".join(f"{count:,} {fate.value}" for fate, count in done.fates.items())
    yield f"campaign {name}: {done.carried.state.value}; {fates}"
    deaths = f"; {done.deaths} process(es) died and were replaced" if done.deaths else ""
    yield (
        f"{done.commands:,} commands, {done.sent - done.commands:,} of them sent again, in"
        f" {done.seconds:.1f} s, {done.line_seconds / 3_600:.1f} h on the line{deaths}"
    )
    for finding in done.decided.findings:
        yield f"stopped: {finding.message}"
    yield f"next: {next_words(name, done.carried.state.value, done.decided)}"
