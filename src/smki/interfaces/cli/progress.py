"""The progress bar of long commands: on standard error, and only where someone looks at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, ProgressColumn, Task
from rich.text import Text

Told = Callable[[int, int], None]


class _Rate(ProgressColumn):
    """How many are done in a second, lately; nothing before that is known."""

    def render(self, task: Task) -> Text:
        """The rate as text."""
        rate = task.finished_speed or task.speed
        return Text("" if rate is None else f"{rate:,.0f}/s", style="progress.data.speed")


@contextmanager
def progress_bar(what: str) -> Iterator[Told]:
    """A bar stands inside; what it gives is told how much is done, of how much."""
    console = Console(stderr=True)
    columns = (*Progress.get_default_columns(), _Rate())
    disable = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disable) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
