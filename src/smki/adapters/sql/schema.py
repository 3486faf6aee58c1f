"""The state of the tables: made and brought up to date by the owner, checked by everyone.

Migrations travel inside the package and run without a configuration file. They only go up.
"""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from smki.adapters.sql.store import Store
from smki.terms import Inconsistent, Unavailable

ABSENT: Final = "database.absent"  # rule: there are no tables of ours
OLDER: Final = "database.older"  # rule: they are of an older version
_MIGRATIONS: Final = "smki.adapters.sql:migrations"


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
    newest = _scripts().get_current_head()
    if revision != newest:
        raise Unavailable(
            f"database: its tables are of revision {revision}, must be {newest}; start the server"
            " of this version once, it brings them up to date",
            rule=OLDER,
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.set_main_option("path_separator", "os")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _upgrade(connection: Connection) -> None:
    revision = _revision(connection)
    if revision is not None:
        _must_be_known(revision)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _must_be_known(revision: str) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision not in known:
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
