"""The keeper, which `smki serve` starts by itself: loads nothing of what server and worker need."""

import os

import click

from smki.bootstrap import load_settings
from smki.interfaces.cli.output import reporting
from smki.interfaces.keeper import keep


@click.command(hidden=True)
@click.option("--lifeline", type=int, default=None)
def keeper(lifeline: int | None) -> None:
    """Keep the verifiable index; started by `smki serve`."""
    with reporting(as_json=False):
        keep(load_settings(os.environ), lifeline)
