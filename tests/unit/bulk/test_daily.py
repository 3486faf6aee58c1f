"""Which bulk files are due, and which are too old."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from smki.adapters.bulk_mirror import mirror_bulk
from smki.merkle.bulk import BulkKind, BulkManifest
from smki.repository.daily import due_files, old_files

TUESDAY = datetime(2026, 11, 24, 0, 15, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
AT = time(0, 15)


def manifest(kind: BulkKind, day: date, size: int) -> BulkManifest:
    """A manifest of which kind, day and size matter."""
    return BulkManifest(
        kind=kind,
        date=day.isoformat(),
        made=0,
        file="x",
        octets=0,
        sha256=bytes(32),
        start=0,
        size=size,
        root=bytes(32),
        before=(),
        checkpoint=b"",
    )


@pytest.mark.clause("sec-app-p:A")
def test_both_are_due_in_the_beginning() -> None:
    """Where there is nothing yet, the delta of the day before and a full file are made."""
    delta, full = due_files((), TUESDAY, AT)
    assert (delta.kind, delta.day, delta.start) == (BulkKind.DELTA, MONDAY, None)
    assert (full.kind, full.day) == (BulkKind.FULL, MONDAY)


@pytest.mark.clause("sec-app-p:A")
def test_a_delta_each_day_and_a_full_file_each_week() -> None:
    """Over five weeks, looked at each hour, there is one delta a day and one full file a week."""
    made: list[BulkManifest] = []
    for hour in range(35 * 24):
        now = TUESDAY + timedelta(hours=hour)
        made += [manifest(due.kind, due.day, hour) for due in due_files(made, now, AT)]
    deltas = [one.date for one in made if one.kind is BulkKind.DELTA]
    fulls = [one.date for one in made if one.kind is BulkKind.FULL]
    assert deltas == [(MONDAY + timedelta(days=day)).isoformat() for day in range(35)]
    assert fulls == [(MONDAY + timedelta(days=day)).isoformat() for day in range(0, 35, 7)]


def test_not_before_the_time() -> None:
    """A minute before the time the day before is not due yet."""
    made = (
        manifest(BulkKind.DELTA, MONDAY - timedelta(days=1), 5),
        manifest(BulkKind.FULL, MONDAY, 5),
    )
    assert due_files(made, TUESDAY - timedelta(minutes=1), AT) == ()
    (due,) = due_files(made, TUESDAY, AT)
    assert (due.day, due.start) == (MONDAY, 5)


def test_what_was_missed_is_one_delta() -> None:
    """After days without a server one delta goes on where the last one ended: no entry is missing."""
    made = (manifest(BulkKind.DELTA, MONDAY - timedelta(days=5), 70),)
    due = due_files((*made, manifest(BulkKind.FULL, MONDAY, 9)), TUESDAY, AT)
    assert [(one.kind, one.day, one.start) for one in due] == [(BulkKind.DELTA, MONDAY, 70)]


@pytest.mark.clause("sec-app-p:A")
def test_old_files_go_and_the_last_ones_stay() -> None:
    """Deltas go after their days, full files by number; the newest of each always stay."""
    days = [MONDAY - timedelta(days=back) for back in range(40, -1, -1)]
    deltas = [manifest(BulkKind.DELTA, day, size) for size, day in enumerate(days)]
    fulls = [manifest(BulkKind.FULL, day, size) for size, day in enumerate(days[::7])]
    old = old_files((*deltas, *fulls), MONDAY, days=35, fulls=2)
    assert set(old) == {*deltas[:5], *fulls[:-2]}
    much_later = MONDAY + timedelta(days=999)
    assert set(old_files((*deltas, *fulls), much_later, days=1, fulls=1)) == {
        *deltas[:-1],
        *fulls[:-1],
    }


def test_a_mirror_follows_the_daily_files(log: Any, tmp_path: Any) -> None:
    """The first full file and each day's delta, made where the last one ended, give the log."""
    made: list[Any] = []
    for day in range(4):
        log.lodge(300, days=day, blobs=1)
        now = datetime(2026, 11, 21, 1, tzinfo=UTC) + timedelta(days=day)
        made += [
            log.folder.export(log.record, kind=due.kind, start=due.start or 0, day=due.day, made=0)
            for due in due_files([one.manifest for one in made], now, AT)
        ]
        checkpoint = mirror_bulk(made, tmp_path / "mirror", log.key, lambda *_: None)
        assert checkpoint == log.record.checkpoint()
    assert [one.manifest.start for one in made] == [0, 0, 300, 600, 900]
