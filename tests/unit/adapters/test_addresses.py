"""Files of a log at an address: no more of them is read than was asked for."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from smki.adapters.addresses import files_at
from smki.terms import Unavailable


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Nothing is told."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a folder with one file of 100 octets."""
    (tmp_path / "blob").write_bytes(bytes(100))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_longer_than_it_may_be_is_not_read(served: str) -> None:
    """Whoever says how long it is at most is told if more comes; a file that is not there is none."""
    with files_at(served) as files:
        assert files.read("blob", 100) == bytes(100)
        assert files.read("other", 100) is None
    with (
        files_at(served) as files,
        pytest.raises(Unavailable, match="blob: over 99 octets, must be at most that"),
    ):
        files.read("blob", 99)
