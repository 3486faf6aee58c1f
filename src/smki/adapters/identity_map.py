"""The map by EUI-64 in a file of SQLite: a row for each node, changed in one transaction.

Holds nothing that the record does not say. After a power failure it may be an earlier state, never
half of one: the record's entries since are read again.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from smki.merkle.identity_map import EMPTY_BUCKET
from smki.ports import MapState
from smki.terms import Inconsistent, SerialNumber, Unavailable

_BUSY_SECONDS: Final = 30.0
_CACHE_KIBIBYTES: Final = 16 * 1024  # memory stays flat as the map grows
_PAGE_OCTETS: Final = 4096  # three buckets
_SETTINGS: Final = (
    f"PRAGMA page_size={_PAGE_OCTETS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}",
    "CREATE TABLE IF NOT EXISTS node (number INTEGER PRIMARY KEY, octets BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS listed (serial BLOB PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS state (one INTEGER PRIMARY KEY, size INTEGER, root BLOB, entry INTEGER)",
)


class _View:
    """`ports.MapView` inside a transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._execute = database.execute
        row = self._execute("SELECT size, root, entry FROM state").fetchone()
        self.state = MapState() if row is None else MapState(size=row[0], root=row[1], entry=row[2])

    def read(self, number: int) -> bytes:
        """The node; an empty bucket if none was written."""
        found = self._execute("SELECT octets FROM node WHERE number = ?", (number,)).fetchone()
        octets: bytes = EMPTY_BUCKET if found is None else found[0]
        return octets

    def write(self, number: int, node: bytes) -> None:
        """The node is this one from now on."""
        self._execute("INSERT OR REPLACE INTO node VALUES (?, ?)", (number, node))

    def listed(self) -> frozenset[SerialNumber]:
        """The certificates that a revocation list among the entries names."""
        rows: Iterable[tuple[bytes]] = self._execute("SELECT serial FROM listed")
        return frozenset(SerialNumber(int.from_bytes(serial, "big")) for (serial,) in rows)

    def conclude(self, state: MapState, listed: AbstractSet[SerialNumber]) -> None:
        """The map is in this state, and these too are named by lists."""
        self.state = state
        for serial in listed:
            octets = serial.value.to_bytes(20, "big")
            self._execute("INSERT OR IGNORE INTO listed VALUES (?)", (octets,))
        self._execute(
            "INSERT OR REPLACE INTO state VALUES (1, ?, ?, ?)",
            (state.size, state.root, state.entry),
        )


class SqliteIdentityMap:
    """`ports.IdentityMap`. Safe for threads and processes; each use has its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def reading(self) -> Iterator[_View]:
        """The map as it is now, for as long as the context lasts.

        Raises:
            Unavailable: it is away, or there is none yet.
        """
        if not self._path.exists():
            raise Unavailable("identity map: there is none yet, a running server makes it")
        with self._opened("BEGIN") as view:
            yield view

    @contextmanager
    def changing(self) -> Iterator[_View]:
        """What is written is there when the context ends, and nothing of it after an error.

        Raises:
            Unavailable: the disk does not take it.
            Inconsistent: the file is damaged, and must be cleared.
        """
        with self._opened("BEGIN IMMEDIATE", _SETTINGS) as view:
            yield view

    def clear(self) -> None:
        """The map is empty on return, whatever there was.

        Raises:
            Unavailable: the file cannot be taken away.
        """
        try:
            for end in ("-wal", "-shm", ""):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"identity map: cannot be cleared ({error.strerror})") from error

    @contextmanager
    def _opened(self, begin: str, settings: Iterable[str] = ()) -> Iterator[_View]:
        try:
            with closing(self._connect()) as database:
                for setting in settings:
                    database.execute(setting)
                database.execute(begin)
                try:
                    yield _View(database)
                    database.execute("COMMIT")
                finally:
                    if database.in_transaction:
                        with suppress(sqlite3.Error):
                            database.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise Unavailable(
                f"identity map: cannot be used now ({error})", where=str(self._path)
            ) from error
        except sqlite3.DatabaseError as error:
            raise Inconsistent(
                f"identity map: damaged ({error}), must be cleared",
                where=str(self._path),
                rule="map.damaged",
            ) from error

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
