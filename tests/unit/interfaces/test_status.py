"""What status says when the database says nothing."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.interfaces.status import status_document


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a host that takes connections and never says anything."""
    pytest.importorskip("psycopg", reason="PostgreSQL not tested: psycopg is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_status_does_not_wait_for_a_database_that_is_away(silent: int, tmp_path: Path) -> None:
    """The whole document, before a connection would be given up: not ready, and why."""
    tmp_path.joinpath("smki.toml").write_text(
        'log_origin = "log.example"\nlog_vkey = "log.example+00000000+AAAA"\n'
    )
    url = f"postgresql://smki@127.0.0.1:{silent}/smki"
    settings = load_settings({"SMKI_STATE": str(tmp_path), "SMKI_DATABASE": url})
    began = time.monotonic()
    document = status_document(settings)
    assert time.monotonic() - began < 5  # when a connection is given up
    assert document["ready"] is False
    assert document["problem"] == "the database has not answered for 1.2 s"
    assert document.keys() >= {"endpoints", "credentials", "log", "parties", "expiring"}
