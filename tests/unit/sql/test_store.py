"""How long a database that does not answer is waited for."""

import socket
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url

from smki.adapters.sql import open_database, store
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
    assert time.monotonic() - began < 10


def test_a_url_has_the_last_word_on_its_times() -> None:
    """What the URL says of a time stands; the other times are ours; SQLite has none."""
    own = store._in_time(make_url("postgresql://smki@db/smki?connect_timeout=60"))
    assert own.query["connect_timeout"] == "60"
    assert own.query["tcp_user_timeout"] == "30000"
    sqlite = make_url("sqlite:///smki.sqlite")
    assert store._in_time(sqlite) == sqlite
