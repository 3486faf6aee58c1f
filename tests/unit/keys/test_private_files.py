import os
from pathlib import Path

import pytest

from smki.adapters.keys.private_files import (
    MAX_OCTETS,
    create_private,
    make_private_directory,
    read_private,
)
from smki.terms import Refused, Unavailable


def test_a_created_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """What is created is mode 0600, whole, and leaves no other file behind."""
    path = tmp_path / "secret"
    create_private(path, b"content")
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_private(path) == b"content"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    """Creating a file that is there fails, and it stays as it was, with nothing beside it."""
    path = tmp_path / "secret"
    create_private(path, b"first")
    with pytest.raises(FileExistsError):
        create_private(path, b"second")
    assert read_private(path) == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_to_be_written_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the disk fails before the octets are safe, there is no file and no remainder."""

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Unavailable, match="No space left"):
        create_private(tmp_path / "secret", b"content")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Any permission of group or others refuses the file, and says which mode it must have."""
    path = tmp_path / "secret"
    create_private(path, b"content")
    path.chmod(mode)
    with pytest.raises(Refused, match=f"mode {mode:04o} lets others in.*chmod 0600") as caught:
        read_private(path)
    assert caught.value.rule == "keys.file.permissions"
    assert caught.value.where == str(path)


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that belongs to somebody else than us or root is refused."""
    path = tmp_path / "secret"
    create_private(path, b"content")
    if os.geteuid() == 0:
        os.chown(path, 4242, -1)
    else:
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(Refused, match="belongs to user") as caught:
        read_private(path)
    assert caught.value.rule == "keys.file.owner"


def test_an_endless_file_is_refused(tmp_path: Path) -> None:
    """No more than 64 KiB are read as a secret."""
    path = tmp_path / "secret"
    create_private(path, bytes(MAX_OCTETS + 1))
    with pytest.raises(Refused, match="over 65536 octets"):
        read_private(path)


def test_a_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """A folder that is made has mode 0700, and is accepted when it is there."""
    directory = tmp_path / "a" / "b"
    make_private_directory(directory)
    make_private_directory(directory)
    assert directory.stat().st_mode & 0o777 == 0o700


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    """A folder into which others can look is refused with what to do."""
    tmp_path.chmod(0o755)
    with pytest.raises(Refused, match="chmod 0700"):
        make_private_directory(tmp_path)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    """A file where the folder should be is the world's fault, said with its path."""
    create_private(tmp_path / "file", b"")
    with pytest.raises(Unavailable, match="cannot make the folder") as caught:
        make_private_directory(tmp_path / "file")
    assert caught.value.where == str(tmp_path / "file")
