"""What the server says of itself, on a disk that takes nothing more."""

import errno
import json
from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.interfaces import said
from smki.interfaces.said import ROOM_OCTETS, STATUS_FILE, Said, only_server, read_serving
from smki.terms import Unavailable


def _full(path: Path, octets: bytes, *, private: bool = False) -> None:
    raise Unavailable("file: cannot be written (No space left on device)")


def test_a_full_disk_does_not_keep_trouble_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready, then the disk is full: the same block says what is wrong; then that it is over."""
    path = tmp_path / "serving.json"
    server = Said(path)
    server.endpoints({"adhoc": "https://localhost:1/"})
    server.ready()
    assert json.loads(path.read_text())["ready"] is True
    assert path.stat().st_size == ROOM_OCTETS
    monkeypatch.setattr(said, "write_durably", _full)
    server.problem("unavailable: record: cannot write (No space left on device) " + "x" * 5_000)
    told = json.loads(path.read_text())
    assert (told["ready"], told["endpoints"]) == (False, {"adhoc": "https://localhost:1/"})
    assert "No space left" in told["problem"]
    assert path.stat().st_size == ROOM_OCTETS  # not an octet more was asked for
    server.problem("")
    told = json.loads(path.read_text())
    assert (told["ready"], told["problem"]) == (True, "")


def test_what_cannot_be_written_at_all_is_not_left_standing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even written over: the file that says `ready` is gone, which means not ready."""
    path = tmp_path / "serving.json"
    server = Said(path)
    server.ready()

    def broken(_path: Path, _octets: bytes) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(said, "write_durably", _full)
    monkeypatch.setattr(said, "_write_over", broken)
    server.problem("unavailable: the disk is away")
    assert not path.exists()


def test_nobody_believes_the_server_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said is shown neither before another one has the lock nor after; a second one is refused."""
    settings, seen = load_settings({"SMKI_STATE": str(tmp_path)}), []
    (tmp_path / STATUS_FILE).write_text('{"ready": true}')
    unlink = Path.unlink

    def looked_at(path: Path, *, missing_ok: bool = False) -> None:
        seen.append(read_serving(settings))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", looked_at)
    with only_server(settings):
        seen.append(read_serving(settings))
        with pytest.raises(Unavailable, match="another server runs"), only_server(settings):
            pass
    assert seen == [{}, {}]
