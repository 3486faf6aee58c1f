"""Which bulk files are due, and which are too old: a delta for each day, a full file each week.

    00:15 on Tuesday    the delta of Monday; the full file, if the newest is a week old
    served again        what was missed, in one delta: each goes on where the last one ended

What is due follows from the manifests that are there, so a run that was cut off is simply due again.
No folder, no clock.

Clause: sec-app-p:A
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from smki.merkle.bulk import BulkKind, BulkManifest

FULL_EVERY: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A bulk file that is to be made.

    Attributes:
        kind: full or delta.
        day: the day it is for.
        start: the first entry, for a delta; None if no delta was made before: then the first one of
            `day`.
    """

    kind: BulkKind
    day: date
    start: int | None = None


def due_files(manifests: Sequence[BulkManifest], now: datetime, at: time) -> tuple[Due, ...]:
    """The files that are due at `now` (UTC), if a day's are made at `at` of the next.

    Clause: sec-app-p:A
    """
    day = (now - timedelta(hours=at.hour, minutes=at.minute)).date() - timedelta(days=1)
    deltas = _of(manifests, BulkKind.DELTA)
    fulls = _of(manifests, BulkKind.FULL)
    due: list[Due] = []
    if not deltas or _day(deltas[-1]) < day:
        due.append(Due(kind=BulkKind.DELTA, day=day, start=deltas[-1].size if deltas else None))
    if not fulls or _day(fulls[-1]) <= day - FULL_EVERY:
        due.append(Due(kind=BulkKind.FULL, day=day))
    return tuple(due)


def old_files(
    manifests: Sequence[BulkManifest], today: date, *, days: int, fulls: int
) -> tuple[BulkManifest, ...]:
    """Deltas of more than `days` ago, and full files but the newest `fulls`; the last delta stays.

    Clause: sec-app-p:A
    """
    deltas = _of(manifests, BulkKind.DELTA)[:-1]
    oldest = today - timedelta(days=days)
    return (
        *(one for one in deltas if _day(one) < oldest),
        *_of(manifests, BulkKind.FULL)[:-fulls],
    )


def _of(manifests: Sequence[BulkManifest], kind: BulkKind) -> list[BulkManifest]:
    found = [one for one in manifests if one.kind is kind]
    return sorted(found, key=lambda one: (one.size, one.date))


def _day(manifest: BulkManifest) -> date:
    return date.fromisoformat(manifest.date)
