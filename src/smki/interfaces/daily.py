"""The daily bulk files: made by a process beside the server, at a configured time, again if need be.

The server only looks whether some are due; `make_daily` makes them, in a process of its own, so that
reading the whole record slows no answer. One that is killed leaves nothing that anyone would take
for a file, and its work is due again.

Clause: sec-app-p:A
"""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Final

from smki.adapters.bulk import BulkFile, BulkFolder
from smki.bootstrap import Settings
from smki.flows.office import FrontOffice
from smki.interfaces.sftp_beside import BULK
from smki.merkle.bulk import BulkKind
from smki.ports import Clock
from smki.repository import milliseconds
from smki.repository.daily import Due, due_files, old_files
from smki.repository.exporting import first_on

_LOG: Final = logging.getLogger("smki.daily")
_LOOK_SECONDS: Final = 20.0
_AGAIN_SECONDS: Final = 300.0  # after one that failed: a full disk is not full again and again

Told = Callable[[int, int], None]


def daily_folder(settings: Settings) -> BulkFolder:
    """Where the daily files are: what every party sees as `/bulk`."""
    return BulkFolder(settings.path(*BULK))


def make_daily(settings: Settings, front: FrontOffice, tell: Told) -> tuple[BulkFile, ...]:
    """What is due is made, and what is too old is gone; the files that were made.

    Raises:
        Unavailable: the folder cannot be written to, or another run is at it.
        Inconsistent: the record is damaged.

    Clause: sec-app-p:A
    """
    folder, now = daily_folder(settings), front.clock.now().astimezone(UTC)
    made = tuple(
        folder.export(
            front.reader,
            kind=due.kind,
            start=_start(front, due),
            day=due.day,
            made=milliseconds(now),
            tell=tell,
        )
        for due in _due(settings, now)
    )
    files = {one.manifest: one for one in folder.files()}
    old = old_files(
        tuple(files), now.date(), days=settings.bulk_days, fulls=settings.bulk_full_files
    )
    folder.drop(files[one] for one in old)
    folder.sweep()
    return made


def _start(front: FrontOffice, due: Due) -> int:
    if due.kind is BulkKind.FULL:
        return 0
    return first_on(front.reader, due.day) if due.start is None else due.start


def _due(settings: Settings, now: datetime) -> tuple[Due, ...]:
    at = time.fromisoformat(settings.bulk_time or "00:00")
    manifests = [one.manifest for one in daily_folder(settings).files()]
    return due_files(manifests, now, at)


async def follow_days(settings: Settings, environment: Mapping[str, str], clock: Clock) -> None:
    """Files are made whenever some are due, until this is cancelled; none if so configured."""
    if not settings.bulk_time:
        return
    while True:
        pause = _LOOK_SECONDS
        if await asyncio.to_thread(_due, settings, clock.now().astimezone(UTC)):
            code = await _run(settings, environment)
            if code:
                _LOG.warning("daily files: not made (exit code %d), tried again", code)
                pause = _AGAIN_SECONDS
        await asyncio.sleep(pause)


async def _run(settings: Settings, environment: Mapping[str, str]) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "smki", "repository", "daily"),
        env={**os.environ, **environment, "SMKI_STATE": str(settings.state.absolute())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()  # which it bears
        await process.wait()
        raise
