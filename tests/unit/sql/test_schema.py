from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, insert, text

from smki.adapters.sql import (
    Database,
    SqlCertificateIndex,
    codes,
    migrate,
    open_database,
    schema,
)
from smki.adapters.sql.proceedings_tables import TERMS_TABLE
from smki.adapters.sql.schema import known_revisions
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import METADATA, NOTE
from smki.adapters.sql.upgrading import upgrade
from smki.ports import CertificateRow
from smki.terms import (
    CertificateKind,
    CertificateStatus,
    Inconsistent,
    KeyUsage,
    Malformed,
    Refused,
    SmiStatus,
    Unavailable,
)

RowMaker = Callable[..., CertificateRow]


def test_migrated_is_what_the_code_expects(database: Database) -> None:
    """From nothing, the migrations make exactly the tables that the code declares, and an index.

    What terms are found by is each database's own: an FTS5 table, a GIN index.
    """
    own = {"include_name": lambda name, *_: not str(name).startswith(TERMS_TABLE)}
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=own), METADATA) == []


def test_migrated_again(database: Database, url: str) -> None:
    """Migrating again changes nothing and loses nothing."""
    database.workbook.note("kept", "yes")
    migrate(url)
    assert database.workbook.noted("kept") == "yes"


def test_revisions_are_known_by_their_files() -> None:
    """The revisions by the names of their files are the chain that the migrations go up."""
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))
    chain = [script.revision for script in scripts.walk_revisions()]
    assert known_revisions() == tuple(reversed(chain))


def test_an_index_from_before_lists_is_made_anew(url: str, row: RowMaker) -> None:
    """Tables of the first revision are brought up to date; the index then covers nothing yet."""
    store = Store(url)
    store.write(lambda connection: upgrade(connection, "0001"))
    SqlCertificateIndex(store).extend((row(0),), (), 1)
    with store.engine.begin() as connection:
        for name, value in (("list.issuing-ica", "[0, null]"), ("kept", "yes")):
            connection.execute(insert(NOTE).values(name=name, value=value))
    store.engine.dispose()
    with pytest.raises(Unavailable, match="tables are of revision 0001, must be"):
        open_database(url)
    migrate(url)
    with open_database(url) as opened:
        assert (opened.index.size(), opened.index.count(), opened.index.lists()) == (0, 0, ())
        assert opened.workbook.noted("list.issuing-ica") is None
        assert opened.workbook.noted("kept") == "yes"


def test_absent(url: str, tmp_path: Path) -> None:
    """Opening what was never made is unavailable, says what to do, and makes no file."""
    with pytest.raises(Unavailable, match=r"none of ours at .*smki init"):
        open_database(url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("owner", [True, False])
def test_newer(database: Database, url: str, *, owner: bool) -> None:
    """A database of a newer version is refused, by its owner as well, and left as it is."""
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Inconsistent, match="revision 9999, newer than this version"):
        (migrate if owner else open_database)(url)


def test_made_by_others(tmp_path: Path) -> None:
    """A file that is no database is a contradiction, not a crash."""
    path = tmp_path / "smki.db"
    path.write_bytes(b"This is no database at all. " * 100)
    with pytest.raises(Inconsistent, match="not a database"):
        open_database(f"sqlite:///{path}")


def test_unreachable(tmp_path: Path) -> None:
    """A database that cannot be reached or made is unavailable, with advice."""
    with pytest.raises(Unavailable, match="try again"):
        migrate(f"sqlite:///{tmp_path / 'nowhere' / 'smki.db'}")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    with pytest.raises(Unavailable, match="try again"):
        open_database(f"postgresql:///x?host={tmp_path}")


def test_urls() -> None:
    """What is no database URL is malformed; other databases are refused."""
    with pytest.raises(Malformed, match="database URL: cannot be read"):
        open_database("nonsense")
    with pytest.raises(Refused, match="mysql, must be sqlite or postgresql"):
        open_database("mysql://u@h/d")


def test_sqlite_settings(tmp_path: Path) -> None:
    """SQLite loses nothing that was committed: write-ahead log, synchronous FULL."""
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    with open_database(url) as database, database.engine.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_locked(tmp_path: Path) -> None:
    """A write that finds the database locked for too long is unavailable."""
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    holder = create_engine(url, isolation_level="AUTOCOMMIT")
    with open_database(url) as database:
        with database.engine.connect() as connection:
            connection.execute(text("PRAGMA busy_timeout=1"))  # stays with the pooled connection
        with holder.connect() as other:
            other.execute(text("BEGIN IMMEDIATE"))
            with pytest.raises(Unavailable, match="locked"):
                database.workbook.note("x", "y")
            other.execute(text("ROLLBACK"))
        database.workbook.note("x", "y")
    holder.dispose()


def test_every_member_has_a_code() -> None:
    """Each member of the closed enums has a code, and no two the same."""
    for codes_of, members in (
        (codes.KINDS, CertificateKind),
        (codes.USAGES, KeyUsage),
        (codes.STATUSES, CertificateStatus),
        (codes.SMI_STATUSES, SmiStatus),
    ):
        assert set(codes_of) == set(members)
        assert len(set(codes_of.values())) == len(codes_of)
    assert codes.KINDS[CertificateKind.DEVICE] == codes.DEVICE
