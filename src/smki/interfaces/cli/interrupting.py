"""What whoever interrupts a command is told: what holds, and how to go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

INTERRUPTED: Final = 130  # as shells have it for Ctrl-C
AT_ANY_TIME: Final = "what was finished stays, nothing is there by half: give the command again"
"""Of any command: files and entries are whole or absent."""


@contextmanager
def interruptible(advice: str) -> Iterator[None]:
    """Whoever interrupts what is inside is told what goes on from there; the exit code is 130.

    At a prompt, too, and where what is asked for ends without an answer.
    """
    try:
        yield
    except (KeyboardInterrupt, click.Abort) as error:
        click.echo(f"interrupted; {advice}", err=True)
        raise SystemExit(INTERRUPTED) from error
