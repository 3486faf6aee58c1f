"""The worker, which `smki serve` starts by itself: loads nothing of what the server needs."""

import os

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import reporting
from smki.interfaces.worker import work


@click.command(hidden=True)
@click.option("--lifeline", type=int, default=None)
def worker(lifeline: int | None) -> None:
    """Hold the issuing keys and work; started by `smki serve`."""
    with reporting(as_json=False):
        work(load_settings(os.environ), os.environ, lifeline)
