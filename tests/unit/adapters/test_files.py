"""Room on a disk, as it is asked for again and again."""

from pathlib import Path

import pytest

from smki.adapters.files import files_in, prove_room, read_octets
from smki.terms import Unavailable


def test_room_is_proved_and_nothing_is_left(tmp_path: Path) -> None:
    """Where there is room the folder is as before."""
    prove_room(tmp_path, 1 << 20)
    assert list(tmp_path.iterdir()) == []


def test_no_room_is_unavailable(tmp_path: Path) -> None:
    """More than the disk has, a folder that is away, a file in its place: Unavailable, each by name."""
    with pytest.raises(Unavailable, match=r"cannot be written to \(room for \d+ octets, must be"):
        prove_room(tmp_path, 1 << 62)
    with pytest.raises(Unavailable, match=r"folder away: cannot be written to \(No such file"):
        prove_room(tmp_path / "away", 1)
    file = tmp_path / "file"
    file.write_bytes(b"")
    with pytest.raises(Unavailable, match="folder file: cannot be written to"):
        prove_room(file, 1)


def test_a_file_that_is_away_is_unavailable(tmp_path: Path) -> None:
    """What is not there cannot be read, and is named."""
    with pytest.raises(Unavailable, match=r"file gone\.pem: cannot be read"):
        read_octets(tmp_path / "gone.pem")


def test_a_folder_has_what_has_a_name(tmp_path: Path) -> None:
    """In order, without what a write left that was cut off; no folder has nothing, a file is none."""
    for name in ("b", "a", ".a.half"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in files_in(tmp_path)] == ["a", "b"]
    assert files_in(tmp_path / "away") == ()
    with pytest.raises(Unavailable, match="folder a: cannot be read"):
        files_in(tmp_path / "a")
