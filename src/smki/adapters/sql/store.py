"""The way to the database: one engine, transactions that read or write, errors by whose fault.

SQLite runs in WAL mode with synchronous FULL, and a writing transaction takes the lock at its
beginning, so that it never fails half-way for want of it. PostgreSQL runs through psycopg with
synchronous commits; what it asks to be tried again is tried again. Nothing here knows a table.

What need not outlive a power cut before something later does is `write_ahead`: both databases keep one
log in the order of commits, and whoever forces the later one to disk forces the earlier with it.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import (
    ARRAY,
    URL,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    func,
    insert,
    literal,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeEngine

from smki.terms import Inconsistent, Malformed, Refused, SmkiError, Unavailable

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

BUSY_MILLISECONDS: Final = 30_000  # longer than any of our transactions holds the lock
HURRIED_STEPS: Final = 1_000  # of SQLite's machine, some 50 us, between two looks at the time
CACHE_KIBIBYTES: Final = 16 * 1024  # of each connection: memory stays flat as the index grows
CHECKPOINT_PAGES: Final = 8_192  # 32 MiB of log: pages written often are carried over once
ATTEMPTS: Final = 8  # of a transaction that the database asks to be tried again
FIRST_PAUSE_SECONDS: Final = 0.01
# A host that is not there answers nothing at all: who waits for it must hear so in time.
_POSTGRESQL_TIMES: Final = {
    "connect_timeout": 5,  # seconds, for each of its addresses
    "keepalives_idle": 15,  # seconds of silence, then it is asked whether it is still there ...
    "keepalives_interval": 5,
    "keepalives_count": 3,  # ... so often
    "tcp_user_timeout": 30_000,  # milliseconds until what was sent must have been received
}
_TRY_AGAIN: Final = frozenset({"40001", "40P01"})  # serialisation failure, deadlock

_DURABLE: Final = "PRAGMA synchronous=FULL"  # the log is forced to disk with each commit ...
_ORDERED: Final = "PRAGMA synchronous=NORMAL"  # ... or with one that comes after it
_SQLITE_SETTINGS: Final = (
    "PRAGMA journal_mode=WAL",
    _DURABLE,
    "PRAGMA foreign_keys=ON",
    f"PRAGMA cache_size=-{CACHE_KIBIBYTES}",
    f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}",
    "PRAGMA secure_delete=OFF",  # closed intents hold nothing secret; zeroing them costs a write
    "PRAGMA temp_store=MEMORY",
)

_Result = TypeVar("_Result")
_Connection = TypeVar("_Connection")


class Store:
    """Runs work in transactions. Safe for threads; each process opens its own."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._dialect = import_module(f"sqlalchemy.dialects.{self.engine.dialect.name}")
        self._writer = self.engine.execution_options(smki_write=_DURABLE)
        self._ahead = self.engine.execution_options(smki_write=_ORDERED)
        self._fault: type[Exception] = self._driver().Error
        self._hurry = threading.local()  # until when this thread reads; absent if it has time
        self._hurried = self._hurried_engine(url) if self.is_sqlite else None

    def _driver(self) -> Any:
        return self.engine.dialect.loaded_dbapi

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """Reads of this thread inside are done in that time, or raise Unavailable.

        They wait for no lock and no other thread's connection. One read of a disk that stalls is waited
        for: nothing can give up on that. None if the database is no file of this machine.
        """
        return None if self._hurried is None else self._until(time.monotonic() + seconds)

    @contextmanager
    def _until(self, instant: float) -> Iterator[None]:
        self._hurry.until = instant
        try:
            yield
        finally:
            del self._hurry.until

    def _reader(self) -> Engine:
        """The connections that this thread reads through now."""
        if self._hurried is None or not hasattr(self._hurry, "until"):
            return self.engine
        return self._hurried

    def _hurried_engine(self, url: str) -> Engine:
        """Connections of their own, that wait for no lock and look at the time."""
        engine = _engine(url, busy=0)

        def late() -> bool:
            return bool(time.monotonic() > self._hurry.until)

        def prepare(connection: Any, _record: object) -> None:
            connection.set_progress_handler(late, HURRIED_STEPS)

        event.listen(engine, "connect", prepare)
        event.listen(self.engine, "engine_disposed", lambda _: engine.dispose())
        return engine

    def read(self, work: Callable[[Connection], _Result]) -> _Result:
        """What `work` returns, from one transaction's view.

        Raises:
            Unavailable: the database cannot be reached, or is busy.
            Inconsistent: it is damaged, or not what this version expects.
        """
        return self._run(self._reader().begin, work, ATTEMPTS)

    def fetch(self, text: str, values: object) -> list[Any]:
        """The rows that one SELECT finds, its text and values as the driver takes them.

        Raises:
            Unavailable: as for `read`.
            Inconsistent: as for `read`.
        """
        # One statement has one view by itself: no transaction is opened round it.
        return self._run(lambda: closing(self._reader().raw_connection()), _fetched(text, values))

    def write(self, work: Callable[[Connection], _Result], *, attempts: int = ATTEMPTS) -> _Result:
        """What `work` returns; all that it wrote is durable, or nothing if it raises.

        `work` may be run again if the database asks for it, at most `attempts` times in all.

        Raises:
            Unavailable: the database cannot be reached, is busy, or cannot be written.
            Inconsistent: what was to be written contradicts what is there.
        """
        return self._run(self._writer.begin, work, attempts)

    def write_ahead(self, work: Callable[[Connection], _Result]) -> _Result:
        """What `work` returns; all see what it wrote, which is durable when the next `write` is.

        For what a later write is to follow, by whoever: if the power fails before that one returns, it may
        be as if this had never been, and then nothing that was written after it is there either.

        Raises:
            Unavailable: as for `write`.
            Inconsistent: as for `write`.
        """
        return self._run(self._ahead.begin, work)

    def _run(
        self,
        opened: Callable[[], AbstractContextManager[_Connection]],
        work: Callable[[_Connection], _Result],
        attempts: int = ATTEMPTS,
    ) -> _Result:
        for attempt in range(1, attempts + 1):
            try:
                with opened() as connection:
                    return work(connection)
            except PoolTimeout as error:
                raise _unavailable(str(error)) from error
            except (DBAPIError, self._fault) as error:
                cause = error.orig if isinstance(error, DBAPIError) else error
                again = getattr(cause, "sqlstate", None) in _TRY_AGAIN
                if not again or attempt == attempts:
                    raise self._translated(cause) from error
            time.sleep(FIRST_PAUSE_SECONDS * 2**attempt)
        raise _unavailable("no attempt was allowed")

    def _translated(self, cause: BaseException | None) -> SmkiError:
        driver = self._driver()
        if isinstance(cause, (driver.OperationalError, driver.InterfaceError)):
            return _unavailable(str(cause).strip())
        return Inconsistent(
            f"database: {str(cause).strip()}; stop, keep a copy, and run the audit",
            rule="database.inconsistent",
        )

    def among(
        self, column: ColumnElement[Any], values: Sequence[int] | Sequence[str]
    ) -> ColumnElement[bool]:
        """The condition that `column` is one of `values`, for thousands of them.

        One bound value either way: the statement's text stays the same, and is parsed once.
        """
        return self._among(column, literal(self.listed(values), self._list_of(column)))

    def among_bound(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """As `among`, in a statement that is built once: what `listed` makes is bound by that name."""
        return self._among(column, bindparam(name, type_=self._list_of(column)))

    def listed(self, values: Sequence[int] | Sequence[str]) -> object:
        """Values as they are bound for `among_bound`."""
        return json.dumps(values) if self.is_sqlite else list(values)

    def _list_of(self, column: ColumnElement[Any]) -> TypeEngine[Any]:
        return Text() if self.is_sqlite else ARRAY(column.type)

    def _among(self, column: ColumnElement[Any], bound: BindParameter[Any]) -> ColumnElement[bool]:
        if self.is_sqlite:
            array = func.json_each(bound).table_valued("value")
            return column.in_(select(array.c.value))
        return column == any_(bound)

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An INSERT that can say what to do `on_conflict`."""
        made: sqlite.Insert | postgresql.Insert = self._dialect.insert(table)
        return made

    def load(self, connection: Connection, table: Table, rows: Iterable[Sequence[object]]) -> None:
        """All rows are inserted, each with its columns in the order of the table."""
        if self.is_sqlite:
            statement = str(insert(table).compile(dialect=self.engine.dialect))
            if values := list(map(tuple, rows)):
                connection.exec_driver_sql(statement, values)
            return
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        types = [column.type.compile(dialect=self.engine.dialect) for column in table.columns]
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([_COPY_TYPES.get(name, name) for name in map(str.lower, types)])
            for row in rows:
                copy.write_row(row)


def _fetched(text: str, values: object) -> Callable[[Any], list[Any]]:
    def work(connection: Any) -> list[Any]:
        cursor = connection.cursor()
        cursor.execute(text, values)
        found: list[Any] = cursor.fetchall()
        return found

    return work


_COPY_TYPES: Final = {"bigint": "int8", "smallint": "int2", "integer": "int4", "boolean": "bool"}


def _unavailable(reason: str) -> Unavailable:
    return Unavailable(
        f"database: {reason}; see that it runs, that its disk is not full, and try again",
        rule="database.unavailable",
    )


def _engine(url: str, *, busy: int = BUSY_MILLISECONDS) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
            raise Refused(
                f"database URL: {parsed.drivername}, must be sqlite or postgresql",
                where="SMKI_DATABASE",
                rule="database.kind",
            )
        server = parsed.get_backend_name() != "sqlite"  # that may have gone since we last asked
        engine = create_engine(_in_time(parsed), poolclass=QueuePool, pool_pre_ping=server)
    except (ArgumentError, NoSuchModuleError) as error:
        raise Malformed(
            "database URL: cannot be read, must be like sqlite:///var/smki.db"
            " or postgresql://user@host/name",
            where="SMKI_DATABASE",
            rule="database.url",
        ) from error
    except ModuleNotFoundError as error:
        raise Unavailable(
            "database: the driver for PostgreSQL is not installed; install smki[postgresql]",
            rule="database.driver",
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", partial(_prepare_sqlite, busy=busy))
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "begin", _begin_postgresql)
    return engine


def _in_time(url: URL) -> URL:
    """The URL, with a limit for each wait that it sets none for itself."""
    if url.get_backend_name() != "postgresql":
        return url
    times = {name: str(value) for name, value in _POSTGRESQL_TIMES.items()}
    return url.update_query_dict(times | dict(url.query))


def _prepare_sqlite(connection: Any, _record: object, *, busy: int) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute(f"PRAGMA busy_timeout={busy}")  # first: the others wait for locks too
    for setting in _SQLITE_SETTINGS:
        connection.execute(setting)


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("smki_write")
    if write is None:
        connection.exec_driver_sql("BEGIN")
        return
    if connection.info.get("synchronous", _DURABLE) != write:
        connection.exec_driver_sql(write)
        connection.info["synchronous"] = write
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("smki_write") == _ORDERED:
        connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.execute("SET synchronous_commit TO on")
    connection.commit()
