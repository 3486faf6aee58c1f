"""The window in which batches are worked on, and what may be worked on in one: the worker's hours.

How many CSRs were worked on since the window opened is kept in the workbook, so a worker that
begins anew goes on counting. A window over midnight is that of the day on which it opened.

Clause: sec-app-n:3.1.1
"""

from datetime import datetime, timedelta
from typing import Final

from smki.bootstrap import Settings
from smki.flows.batch import due_batches
from smki.flows.office import FrontOffice
from smki.terms import BatchStatus

_WORKED: Final = "window.worked"  # in the workbook: day of the window, CSRs worked on in it


def may_work(settings: Settings, front: FrontOffice) -> bool:
    """Whether batches are worked on now: within the window, and within its capacity.

    Raises:
        Unavailable: the database is away.

    Clause: sec-app-n:3.1.1
    """
    now = front.clock.now()
    if not settings.processing_window.contains(now.time()):
        return False
    return (
        not settings.nightly_capacity or _worked(settings, front, now) < settings.nightly_capacity
    )


def count_worked(settings: Settings, front: FrontOffice, items: int) -> None:
    """So many CSRs more were worked on in this window; kept if there is a limit to them.

    Raises:
        Unavailable: the database is away.
    """
    if settings.nightly_capacity:
        now = front.clock.now()
        total = _worked(settings, front, now) + items
        front.workbook.note(_WORKED, f"{_window(settings, now)} {total}")


def pause(front: FrontOffice) -> None:
    """Batches that are due are shown as paused: they wait for the next window.

    Raises:
        Unavailable: the database is away.
    """
    for batch in due_batches(front):
        if batch.status not in (BatchStatus.PAUSED, BatchStatus.PENDING):
            front.workbook.set_status(batch.number, BatchStatus.PAUSED)


def _worked(settings: Settings, front: FrontOffice, now: datetime) -> int:
    """CSRs of batches worked on since the present window opened."""
    window, _, count = (front.workbook.noted(_WORKED) or "").partition(" ")
    return int(count) if window == _window(settings, now) else 0


def _window(settings: Settings, now: datetime) -> str:
    """The day on which the window that is open now was opened."""
    start = settings.processing_window.start
    return (now - timedelta(hours=start.hour, minutes=start.minute)).date().isoformat()
