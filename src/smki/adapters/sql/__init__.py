"""The index, the workbook and the register in one SQL database: SQLite, or PostgreSQL by URL.

The owner of the state calls `migrate` once, then everyone calls `open_database`. The record is
not here: what is lodged lives in its own files, and the index can be made again from them.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from smki.adapters.sql.accounts import SqlAccounts
from smki.adapters.sql.apikeys import SqlApiKeys
from smki.adapters.sql.demand import SqlDemand
from smki.adapters.sql.index import SqlCertificateIndex
from smki.adapters.sql.proceedings import SqlProceedings
from smki.adapters.sql.registry import SqlRegistry
from smki.adapters.sql.schema import ABSENT, OLDER, check, migrate
from smki.adapters.sql.store import Store
from smki.adapters.sql.workbook import SqlWorkbook
from smki.terms import SmkiError

__all__ = [
    "ABSENT",
    "OLDER",
    "Database",
    "SqlAccounts",
    "SqlApiKeys",
    "SqlCertificateIndex",
    "SqlDemand",
    "SqlProceedings",
    "SqlRegistry",
    "SqlWorkbook",
    "migrate",
    "open_database",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database behind all these ports. Safe for threads; each process opens its own.

    Attributes:
        engine: the connections.
        index: answers questions about the record.
        workbook: batches, intents and outcomes.
        registry: parties, credentials and devices.
        accounts: users of the pages, and their sessions.
        apikeys: keys of the web service.
        demand: what was asked, how often, and what was forecast.
        proceedings: the register of the policy authority.
    """

    engine: Engine
    index: SqlCertificateIndex
    workbook: SqlWorkbook
    registry: SqlRegistry
    accounts: SqlAccounts
    apikeys: SqlApiKeys
    demand: SqlDemand
    proceedings: SqlProceedings

    def close(self) -> None:
        """All connections are closed."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_database(url: str) -> Database:
    """The database at `url` (an SQLAlchemy URL), whose tables are those of this version.

    Raises:
        Unavailable: it cannot be reached, is not there yet, or is of an older version.
        Inconsistent: it is of a newer version.
        Malformed: not a database URL.
        Refused: neither SQLite nor PostgreSQL.
    """
    store = Store(url)
    try:
        check(store)
    except SmkiError:
        store.engine.dispose()
        raise
    index = SqlCertificateIndex(store)
    return Database(
        engine=store.engine,
        index=index,
        workbook=SqlWorkbook(store, index),
        registry=SqlRegistry(store),
        accounts=SqlAccounts(store),
        apikeys=SqlApiKeys(store),
        demand=SqlDemand(store),
        proceedings=SqlProceedings(store),
    )
