"""The server's part in counting: notes of requests go into the database every second or so.

In a thread of its own, beside the listeners; what goes over its forecast is told in the log.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from smki.flows.demand import drop_old, settle_uses
from smki.flows.office import FrontOffice
from smki.ports import DayUse
from smki.terms import SmkiError

_LOG: Final = logging.getLogger("smki.demand")
_SECONDS: Final = 1.0
_DROP_SECONDS: Final = 30.0  # once nothing is left to be dropped


@asynccontextmanager
async def counting_uses(front: FrontOffice) -> AsyncIterator[None]:
    """Requests that are noted inside are counted and kept, and once more at the end.

    Clause: sec-app-p:4
    """
    following = asyncio.create_task(_follow(front))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await asyncio.to_thread(_settle, front)


async def _follow(front: FrontOffice) -> None:
    told, due = "", 0.0
    while True:
        await asyncio.sleep(_SECONDS)
        problem = await asyncio.shield(asyncio.to_thread(_settle, front))
        if not problem and time.monotonic() >= due:
            more, problem = await asyncio.shield(asyncio.to_thread(_tidy, front))
            due = time.monotonic() + (0.0 if more else _DROP_SECONDS)
        if problem and problem != told:
            _LOG.warning("%s", problem)
        told = problem


def _settle(front: FrontOffice) -> str:
    """What went wrong; empty if nothing did."""
    try:
        for over in settle_uses(front):
            _LOG.warning("%s", notice_line(over))
    except SmkiError as error:
        return f"uses: not counted yet: {error}"
    lost = front.uses.lost()
    return f"uses: {lost} requests could not be noted: is the disk full?" if lost else ""


def _tidy(front: FrontOffice) -> tuple[bool, str]:
    """Whether there is more to drop; what went wrong."""
    try:
        return drop_old(front), ""
    except SmkiError as error:
        return False, f"uses: the oldest are not dropped yet: {error}"


def notice_line(over: DayUse) -> str:
    """A notice for people: `supplier: 130 requests 'search' on 2026-11-21, 100 were forecast`."""
    return (
        f"{over.party}: {over.requests} requests '{over.request_type.value}' on {over.day},"
        f" {over.forecast} were forecast"
    )
