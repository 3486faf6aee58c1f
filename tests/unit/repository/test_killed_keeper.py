"""Whoever keeps the map by EUI-64 is killed at each of its effects: the map stays the record's."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.killing import Through, kills

from smki import repository
from smki.adapters.identity_map import SqliteIdentityMap
from smki.adapters.record import FileRecord, disk
from smki.adapters.shelves import FolderShelves
from smki.merkle.identity_map import extend_map
from smki.ports import one_by_one
from smki.repository import MapKeeper, RootAuditor, audit_roots
from smki.repository.identities import find_in

MINUTE = timedelta(seconds=60)
METERS = [bytes.fromhex(f"00db1234567890{number:02x}") for number in range(6)]


@pytest.mark.clause("sec:L5")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_each_effect(
    tmp_path: Path,
    record: FileRecord,
    open_record: Callable[[Path], FileRecord],
    index: Any,
    describe: Callable[[bytes], Any],
    issue: Callable[..., Any],
    at: datetime,
    make_keeper: Callable[[FileRecord, SqliteIdentityMap], MapKeeper],
    *,
    monkeypatch: pytest.MonkeyPatch,
    after: bool,
) -> None:
    """Taken up again, the map is the one that the record gives, and every root that was lodged is true."""
    monkeypatch.setattr(disk, "_sync_all", lambda _: None)  # a kill is not a power cut
    folder = tmp_path / "played"
    first = tuple(issue(number, meter) for number, meter in enumerate(METERS[:3], 1))
    repository.lodge(record, first, at)
    repository.catch_up(record, index, describe)
    make_keeper(record, SqliteIdentityMap(tmp_path / "map.sqlite")).keep(at)
    repository.lodge(record, tuple(issue(9 + n, one) for n, one in enumerate(METERS)), at)
    record.close()

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "log", folder / "log")
        shutil.copy(tmp_path / "map.sqlite", folder)
        index.clear()

    def keep(through: Through) -> None:
        connect = sqlite3.connect

        class Connection(sqlite3.Connection):
            execute = through(sqlite3.Connection.execute)

        sqlite3.connect = lambda *words, **named: connect(*words, **named, factory=Connection)  # type: ignore[assignment]
        with closing(open_record(folder / "log")) as taken:
            taken.append = through(taken.append)  # type: ignore[method-assign]
            repository.catch_up(taken, index, describe)
            make_keeper(taken, SqliteIdentityMap(folder / "map.sqlite")).keep(at + MINUTE)

    effects = 0
    for effect in kills(prepare, keep, after=after):
        with closing(open_record(folder / "log")) as taken:
            index.clear()
            repository.catch_up(taken, index, describe)
            keeper = make_keeper(taken, SqliteIdentityMap(folder / "map.sqlite"))
            while keeper.keep(at + 2 * MINUTE):
                pass
            check(taken, keeper, folder / "fresh.sqlite")
        effects = effect
    assert effects > 20


def check(record: FileRecord, keeper: MapKeeper, scratch: Path) -> None:
    """The map is the one that the record gives up to there, and no root that was lodged lies."""
    with keeper.identity_map.reading() as view:
        state, listed = view.state, view.listed()
    reader = repository.IdentityReader(
        record, find_in(keeper.index), keeper.describe, size=0, listed=()
    )
    reader.read(state.size)
    fresh = SqliteIdentityMap(scratch)
    with fresh.changing() as view:
        assert extend_map(view, view.state.root, reader.fresh) == state.root
    assert listed == frozenset(reader.newly_listed)
    assert state.size >= 10  # the first three, their root, and the six that came then
    scratch.with_suffix(".shelves").mkdir()
    shelves = FolderShelves(scratch.with_suffix(".shelves"))
    auditor = one_by_one(RootAuditor(record, shelves, keeper.describe))
    assert [*audit_roots(record, shelves, auditor)] == []
