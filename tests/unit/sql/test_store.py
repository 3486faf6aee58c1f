"""How long a database that does not answer is waited for, and which commits are forced to disk."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, make_url

from smki.adapters.sql import open_database
from smki.adapters.sql import store as stores
from smki.adapters.sql.store import Store
from smki.terms import Unavailable


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a host that takes connections and never says anything."""
    pytest.importorskip("psycopg", reason="PostgreSQL not tested: psycopg is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_silent_host_is_unavailable_in_seconds(silent: int) -> None:
    """Whoever opens a database on a host that answers nothing hears so, and does not hang."""
    began = time.monotonic()
    with pytest.raises(Unavailable, match="timeout"):
        open_database(f"postgresql://smki@127.0.0.1:{silent}/smki")
    assert time.monotonic() - began < 60


def test_a_url_has_the_last_word_on_its_times() -> None:
    """What the URL says of a time stands; the other times are ours; SQLite has none."""
    own = stores._in_time(make_url("postgresql://smki@db/smki?connect_timeout=60"))
    assert own.query["connect_timeout"] == "60"
    assert own.query["tcp_user_timeout"] == "30000"
    sqlite = make_url("sqlite:///smki.sqlite")
    assert stores._in_time(sqlite) == sqlite


def test_a_commit_is_forced_to_disk_unless_a_later_one_is(store: Callable[[], Store]) -> None:
    """`write` always is, whatever came before on the same connection; `write_ahead` waits for one."""
    opened = store()

    def forced(connection: Connection) -> bool:
        setting = "PRAGMA synchronous" if opened.is_sqlite else "SHOW synchronous_commit"
        return str(connection.exec_driver_sql(setting).scalar()) in {"2", "on"}

    found = [
        write(forced)
        for write in (
            opened.write,
            opened.write_ahead,
            opened.write_ahead,
            opened.write,
            opened.write,
        )
    ]
    assert found == [True, False, False, True, True]


def test_what_was_written_ahead_is_there_for_all_at_once(store: Callable[[], Store]) -> None:
    """Another process reads it before anything was written after it."""
    one, other = store(), store()
    one.write(lambda connection: connection.exec_driver_sql("CREATE TABLE t (n INTEGER)"))
    one.write_ahead(lambda connection: connection.exec_driver_sql("INSERT INTO t VALUES (7)"))
    assert other.read(lambda found: found.exec_driver_sql("SELECT n FROM t").scalar()) == 7
