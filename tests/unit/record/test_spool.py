"""The spool keeps documents whole or not at all; the world tells time and chance."""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest

from smki.adapters.spool import PART_OCTETS, FileSpool
from smki.adapters.world import SystemClock, SystemEntropy
from smki.terms import Inconsistent, Malformed, Unavailable


def test_keep_and_discard(tmp_path: Path) -> None:
    """What is kept comes back in parts of at most 64 KiB, until it is discarded."""
    spool = FileSpool(tmp_path / "spool")
    document = bytes(range(256)) * 1000
    assert spool.keep("batch-1", [document[:7], document[7:]]) == len(document)
    parts = list(spool.parts("batch-1"))
    assert b"".join(parts) == document
    assert max(map(len, parts)) == PART_OCTETS
    spool.discard("batch-1")
    spool.discard("batch-1")
    with pytest.raises(Unavailable, match="cannot read"):
        list(spool.parts("batch-1"))


def test_replaces_nothing(tmp_path: Path) -> None:
    """The same document may be kept again; another under its name is refused, the first stays."""
    spool = FileSpool(tmp_path)
    spool.keep("a", [b"one"])
    assert spool.keep("a", [b"o", b"ne"]) == 3
    for other in (b"two", b"on", b"ones"):
        with pytest.raises(Inconsistent, match="other content"):
            spool.keep("a", [other])
    assert list(spool.parts("a")) == [b"one"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_body_that_breaks_off(tmp_path: Path) -> None:
    """What the sender's stream raises passes through, and nothing is kept."""

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise Malformed("body: ended early")

    spool = FileSpool(tmp_path)
    with pytest.raises(Malformed, match="ended early"):
        spool.keep("a", broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../a", ".a", "a/b", "a" * 129, "a\n"])
def test_names(tmp_path: Path, name: str) -> None:
    """A name that could leave the folder is refused."""
    with pytest.raises(Inconsistent, match="name"):
        FileSpool(tmp_path).keep(name, [b""])


def test_unavailable(tmp_path: Path) -> None:
    """Where the folder cannot be made, the spool says so."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="make the folder"):
        FileSpool(tmp_path / "file")


def test_world() -> None:
    """The clock is aware and in UTC; chance has the length that was asked for."""
    assert SystemClock().now().tzinfo is UTC
    assert len({SystemEntropy().octets(16) for _ in range(8)}) == 8
