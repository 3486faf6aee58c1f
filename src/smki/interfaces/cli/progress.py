"""The progress bar of long commands: on standard error, and only where someone looks at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

Told = Callable[[int, int], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Told]:
    """A bar stands inside; what it gives is told how much is done, of how much."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
