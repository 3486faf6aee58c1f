"""`smki witness`: vouches for a log that somebody else keeps, from a folder of its own.

Needs no SMKI: what it follows is public files. What it signs is decided in `flows.witnessing`.
"""

import asyncio
import os
import signal
import time
from functools import partial
from pathlib import Path

import click

from smki.bootstrap.witnesses import Follower, make_witness, open_witness
from smki.flows.witnessing import Witness, answer
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, reporting, tell
from smki.interfaces.web import Listener, new_event_loop, serving
from smki.interfaces.web.witness import witness_app
from smki.merkle.trust import Peer
from smki.ports import KeyAlgorithm
from smki.terms import Malformed, Unavailable

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
_SECONDS = click.FloatRange(min=0.1, max=86_400)


@click.group(cls=WholeSentences, short_help="Follow a log, and cosign what only grows.")
def witness() -> None:
    """Follow a log that somebody else keeps, and cosign its checkpoints.

    A witness signs a checkpoint only if it extends the last one that it signed. It has a folder,
    a key and a memory of its own, and belongs on another machine than the log.
    """


@witness.command
@_FOLDER
@click.option("--name", required=True, help="Its name in signatures, as witness.example/1.")
@click.option("--log", required=True, metavar="VKEY", help="The log's public key.")
@click.option("--at", default="", metavar="PLACE", help="The log's address or folder, to follow.")
@click.option(
    "--algorithm",
    type=click.Choice(["ed25519", "ml-dsa-44"]),
    default="ed25519",
    show_default=True,
    help="How it signs.",
)
@json_option
def init(folder: Path, *, name: str, log: str, at: str, algorithm: str, as_json: bool) -> None:
    """Make a witness in a new FOLDER.

    The log's public key is what 'smki status' prints as vkey. Keep the folder in its place: a copy
    of it is not opened, because it may have forgotten what was signed since.
    """
    with reporting(as_json=as_json):
        key = make_witness(
            folder,
            name=name,
            log=log,
            place=at,
            algorithm=KeyAlgorithm(algorithm),
            environment=os.environ,
        )
    emit(
        {"vkey": str(key), "folder": str(folder)},
        (
            f"a witness in {folder}; its public key, for policies:",
            str(key),
            f"next: 'smki witness follow {folder}' or 'smki witness serve {folder}'",
        ),
        as_json=as_json,
    )


@witness.command
@_FOLDER
@click.option("--every", type=_SECONDS, metavar="SECONDS", help="Again and again; else once.")
@json_option
def follow(folder: Path, *, every: float | None, as_json: bool) -> None:
    """Look at each log that has a place, check that it only grew, and cosign its checkpoint.

    Exit code 1 if a log went back, forked, or does not extend what was cosigned.
    """
    with (
        reporting(as_json=as_json),
        open_witness(folder, os.environ) as (opened, logs),
    ):
        followers = _followers(folder, opened, logs)
        if not followers:
            raise Malformed("logs: none has a place, one must have to be followed", where="logs")
        while True:
            done = [(log.name, *follower.follow()) for log, follower in followers]
            if every is None:
                break
            time.sleep(every)
    emit(
        {
            "logs": [
                {"origin": origin, "size": size, "checkpoint": str(path)}
                for origin, size, path in done
            ]
        },
        (f"cosigned: {origin} at size {size}, in {path}" for origin, size, path in done),
        as_json=as_json,
    )


@witness.command
@_FOLDER
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True)
@click.option(
    "--every", type=_SECONDS, default=60.0, show_default=True, help="Seconds between two looks."
)
def serve(folder: Path, *, host: str, port: int, every: float) -> None:
    """Answer add-checkpoint requests until interrupted, and follow the logs that have a place.

    Plain HTTP, for a log on the same machine or a web server before it that does TLS.
    """
    with (
        reporting(as_json=False),
        open_witness(folder, os.environ) as (opened, logs),
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        runner.run(_serve(opened, _followers(folder, opened, logs), host, port, every))


def _followers(
    folder: Path, opened: Witness, logs: tuple[Peer, ...]
) -> list[tuple[Peer, Follower]]:
    return [(log, Follower(folder, opened, log)) for log in logs if log.url]


async def _serve(
    opened: Witness, followers: list[tuple[Peer, Follower]], host: str, port: int, every: float
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listener = Listener(app=witness_app(partial(answer, opened)), host=host, port=port)
    async with serving([listener]) as (found,):
        click.echo(f"ready http://{host}:{found}")
        while not stop.is_set():
            for log, follower in followers:
                await _look(log, follower)
            try:
                await asyncio.wait_for(stop.wait(), every)
            except TimeoutError:
                continue


async def _look(log: Peer, follower: Follower) -> None:
    """Cosigns what the log shows; one that is away is looked for again later."""
    try:
        await asyncio.to_thread(follower.follow)
    except Unavailable as error:
        tell(f"{log.name}: {error}")
