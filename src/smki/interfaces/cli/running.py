"""`smki serve` and `smki run`: in the foreground, until interrupted."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import get_context

import click
from rich.console import Console
from rich.progress import Progress

from smki.bootstrap import Settings, initialise, load_settings, open_front
from smki.bootstrap.initialising import is_complete, must_be_of_init
from smki.bootstrap.opening import load_hierarchy
from smki.interfaces.cli.output import reporting, tell
from smki.interfaces.journey import Journey, travel
from smki.interfaces.said import Ports, read_serving
from smki.interfaces.serving import serve as serve_house
from smki.terms import CertificateKind, Unavailable

_JOURNEY = "journey.finished"
_METER = "journey.meter"


@click.command(short_help="Serve the SMKI until interrupted.")
def serve() -> None:
    """Serve the SMKI of the state directory, in the foreground, until interrupted."""
    with reporting(as_json=False):
        serve_house(load_settings(os.environ), os.environ, ready=_welcome)


@click.command(short_help="Make an SMKI if there is none, try it, serve it.")
def run() -> None:
    """Make an SMKI if there is none, take real requests through it, and serve it.

    The first time the journey of a meter's request is made and told; then, and ever after, the
    same SMKI is served in the foreground until interrupted.
    """
    started = time.monotonic()
    story = partial(_story, started)
    with reporting(as_json=False):
        settings = load_settings(os.environ)
        if read_serving(settings):
            raise Unavailable(
                "a server runs in this state directory already, only one can: 'smki status'",
                where=str(settings.state.absolute()),
            )
        if not is_complete(settings):
            must_be_of_init(settings)
            _make_beside(started)
            settings = load_settings(os.environ)
        with open_front(settings) as front:
            done = front.workbook.noted(_JOURNEY)
        if done:
            story(f"the SMKI in {settings.state.absolute()}; its first journey was on {done[:19]}")
        serve_house(
            settings,
            os.environ,
            ready=_welcome,
            journey=None if done else _first_journey(settings, story),
        )


def _story(started: float, message: str) -> None:
    tell(f"{time.monotonic() - started:6.2f} s  {message}")


def _make_beside(started: float) -> None:
    """The SMKI is made by a process of its own: the one that will serve never holds a CA key."""
    making = get_context("spawn").Process(target=_make, args=(started,))
    making.start()
    making.join()
    if making.exitcode:
        raise SystemExit(making.exitcode)


def _make(started: float) -> None:
    story = partial(_story, started)
    with reporting(as_json=False):
        settings = load_settings(os.environ)
        if not settings.initialised:
            story(f"no SMKI in {settings.state} yet: making one")
        initialise(settings, os.environ, bare=False, tell=story)


def _first_journey(
    settings: Settings, story: Callable[[str], None]
) -> Callable[[Ports], "asyncio.Future[None]"]:
    def begin(endpoints: Ports) -> "asyncio.Future[None]":
        return asyncio.get_running_loop().run_in_executor(None, _travel, settings, endpoints, story)

    return begin


def _travel(
    settings: Settings, endpoints: Mapping[str, str | None], story: Callable[[str], None]
) -> None:
    console = Console(stderr=True)
    with (
        open_front(settings) as front,
        Progress(console=console, transient=True, disable=not console.is_terminal) as bar,
    ):
        task = bar.add_task("requests")
        meter = travel(
            Journey(
                settings=settings,
                endpoints=endpoints,
                chain=load_hierarchy(front).chain_of(CertificateKind.DEVICE),
                verifier_key=settings.log_vkey,
                tell=story,
                progress=lambda made, total: bar.update(task, completed=made, total=total),
            )
        )
        front.workbook.note(_METER, str(meter))
        front.workbook.note(_JOURNEY, front.clock.now().isoformat())


def _welcome(endpoints: Ports) -> None:
    click.echo("ready")
    for name, address in endpoints.items():
        if address is not None:
            click.echo(f"  {name:17} {address}")
    with open_front(load_settings(os.environ)) as front:
        meter = front.workbook.noted(_METER)
    click.echo("try next, in another terminal:\n  smki status")
    if meter:
        click.echo(
            f"  smki csr make --device {meter} --usage ds --out meter.csr"
            " && smki submit adhoc meter.csr"
        )
    click.echo(
        "  smki batch make --count 100 --out batch.xml && smki submit batch batch.xml --wait\n"
        "  smki repository audit\n"
        "interrupt (Ctrl-C) to stop; the same command serves the same SMKI again"
    )
