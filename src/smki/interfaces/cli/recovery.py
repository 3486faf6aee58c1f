"""`smki recovery`: when a key is lost. The group alone; each command is in a module of its own."""

from typing import Final

import click

from smki.interfaces.cli.lazy import LazyGroup

_COMMANDS: Final[dict[str, str]] = {
    "activate": "smki.interfaces.cli.recovery_activating:activate",
}


@click.group(cls=LazyGroup, places=_COMMANDS)
def recovery() -> None:
    """A key is lost, and devices trust it: recover them."""
