"""Who is in a hurry waits for no lock, no other thread's connection and no long reading."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from smki.adapters.sql import Database, migrate, open_database
from smki.adapters.sql.store import Store
from smki.terms import Unavailable

SECONDS = 0.05
WAITED = 10.0  # much less than any patience, much more than the bound, however busy the machine
ENDLESS = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 10000000000)"
    " SELECT max(x) FROM n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database is, with its tables."""
    path = tmp_path / "smki.db"
    migrate(f"sqlite:///{path}")
    return path


def test_the_same_answers(database: Database, row: Callable[..., Any]) -> None:
    """In a hurry the answer is the same; a database over a network is not hurried."""
    database.index.extend([row(0), row(1)], (), 2)
    hurried = database.index.hurried(SECONDS)
    assert (hurried is None) == (database.engine.dialect.name == "postgresql")
    if hurried is not None:
        with hurried:
            assert database.index.by_serial(row(1).serial) == row(1)
            assert database.index.size() == 2


def test_no_long_reading(file: Path) -> None:
    """A question that reads for long is given up on; who has time is not hurried by it."""
    store = Store(f"sqlite:///{file}")
    started = time.monotonic()
    hurried = store.hurried(SECONDS)
    assert hurried is not None
    with pytest.raises(Unavailable, match="interrupted"), hurried:
        store.fetch(ENDLESS, ())
    with pytest.raises(Unavailable, match="interrupted"), store.hurried(SECONDS) or hurried:
        store.read(lambda connection: connection.execute(text(ENDLESS)).all())
    assert time.monotonic() - started < WAITED
    shorter = ENDLESS.replace("10000000000", "500000")
    assert store.fetch(shorter, ()) == [(500000,)]  # takes longer than the bound
    store.engine.dispose()


def test_no_lock(file: Path, row: Callable[..., Any]) -> None:
    """Who holds the whole database for itself keeps nobody waiting who is in a hurry."""
    with open_database(f"sqlite:///{file}") as database:
        hurried = database.index.hurried(SECONDS)
        assert hurried is not None
        database.engine.dispose()
        with closing(sqlite3.connect(file)) as alone:
            alone.execute("PRAGMA journal_mode=DELETE")
            alone.execute("PRAGMA locking_mode=EXCLUSIVE")
            alone.execute("BEGIN EXCLUSIVE")
            started = time.monotonic()
            with pytest.raises(Unavailable, match="locked"), hurried:
                database.index.by_serial(row(0).serial)
            assert time.monotonic() - started < WAITED


def test_no_other_connection(file: Path, row: Callable[..., Any]) -> None:
    """When threads hold every connection, who is in a hurry is answered all the same."""
    with open_database(f"sqlite:///{file}") as database:
        held = []
        pool: Any = database.engine.pool
        while pool.overflow() < pool._max_overflow:
            held.append(database.engine.raw_connection())
        started = time.monotonic()
        hurried = database.index.hurried(SECONDS)
        assert hurried is not None
        with hurried:
            assert database.index.by_serial(row(0).serial) is None
        assert time.monotonic() - started < WAITED
        for connection in held:
            connection.close()
