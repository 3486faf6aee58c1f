"""The state of the tables: made and brought up to date by the owner, checked by everyone.

Migrations travel inside the package and run without a configuration file. They only go up. What
runs them takes longer to load than all that opens a database: only who has some to run loads it.
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from smki.adapters.sql.store import Store
from smki.terms import Inconsistent, Unavailable

ABSENT: Final = "database.absent"  # rule: there are no tables of ours
OLDER: Final = "database.older"  # rule: they are of an older version
_REVISIONS: Final = Path(__file__).parent / "migrations" / "versions"


def migrate(url: str) -> None:
    """The tables at `url` are those of this version; what they held is still there.

    Called by the process that owns the state, before it opens it. One transaction: killed in the
    middle, the database is as it was.

    Raises:
        Unavailable: the database cannot be reached or written.
        Inconsistent: it was made by a newer version.
        Malformed: not a database URL.
        Refused: neither SQLite nor PostgreSQL.
    """
    store = Store(url)
    try:
        store.write(_upgrade)
    finally:
        store.engine.dispose()


def check(store: Store) -> None:
    """The tables are those of this version. Changes nothing, and makes no file.

    Raises:
        Unavailable: they are not there yet, or older.
        Inconsistent: they were made by a newer version.
    """
    path = store.engine.url.database
    if store.is_sqlite and path and not Path(path).is_file():
        raise _not_there(path)
    revision = store.read(_revision)
    if revision is None:
        raise _not_there(store.engine.url.render_as_string(hide_password=True))
    _must_be_known(revision)
    newest = known_revisions()[-1]
    if revision != newest:
        raise Unavailable(
            f"database: its tables are of revision {revision}, must be {newest}; start the server"
            " of this version once, it brings them up to date",
            rule=OLDER,
        )


def known_revisions() -> tuple[str, ...]:
    """The revisions that this version knows, oldest first, by the names of their files."""
    return tuple(sorted(path.name[1:5] for path in _REVISIONS.glob("r????_*.py")))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    revision = _revision(connection)
    if revision is not None:
        _must_be_known(revision)
    if revision != known_revisions()[-1]:
        from smki.adapters.sql.upgrading import upgrade  # noqa: PLC0415 - slow: see above

        upgrade(connection)


def _must_be_known(revision: str) -> None:
    if revision not in known_revisions():
        raise Inconsistent(
            f"database: its tables are of revision {revision}, newer than this version knows; use"
            " the version that made them, or a newer one",
            rule="database.newer",
        )


def _not_there(place: str) -> Unavailable:
    return Unavailable(
        f"database: none of ours at {place}; make the SMKI first (smki init)",
        rule=ABSENT,
    )
