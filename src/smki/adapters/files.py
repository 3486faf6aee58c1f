"""Small files that are whole or absent, whatever fails."""

import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from smki.terms import Unavailable

_BLOCK_OCTETS: Final = 4_096  # the least that a file takes of a disk


def make_folder(path: Path, mode: int = 0o777) -> None:
    """The folder is there and durable, with those above it that were not there.

    Raises:
        OSError: it cannot be made.
    """
    if not path.parent.exists():
        make_folder(path.parent)
    path.mkdir(mode=mode, exist_ok=True)
    sync_folder(path.parent)  # also if it was there: whoever made it may not have come to this


def sync_folder(path: Path) -> None:
    """The names in the folder are on the disk.

    Raises:
        OSError: they are not.
    """
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_durably(path: Path, octets: bytes, *, private: bool = False) -> None:
    """The file has this content and is durable; readable by its owner only if `private`.

    A reader sees the content before or this one, never a part.

    Raises:
        Unavailable: it cannot be written; what was there is unchanged.
    """
    try:
        if not path.parent.exists():
            make_folder(path.parent)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(octets)
                file.flush()
                os.fchmod(file.fileno(), 0o600 if private else 0o644)
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise Unavailable(
            f"file {path.name}: cannot be written ({error.strerror})", where=os.fspath(path)
        ) from error


def files_in(folder: Path) -> tuple[Path, ...]:
    """What is in the folder under names of its own, in their order; nothing if there is no folder.

    What a write leaves behind that was cut off has no name yet, and is not among them.

    Raises:
        Unavailable: it cannot be read.
    """
    try:
        return tuple(sorted(path for path in folder.iterdir() if not path.name.startswith(".")))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise Unavailable(
            f"folder {folder.name}: cannot be read ({error.strerror})", where=os.fspath(folder)
        ) from error


def read_octets(path: Path) -> bytes:
    """The content of the file.

    Raises:
        Unavailable: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"file {path.name}: cannot be read ({error.strerror})", where=os.fspath(path)
        ) from error


@contextmanager
def alone(path: Path, busy: str) -> Iterator[None]:
    """Nobody else holds the file of this path, in any process of this machine, until it is left.

    Whoever holds it and dies holds it no more; the file stays, empty.

    Raises:
        Unavailable: another does, in the words of `busy`; or it cannot be written.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise Unavailable(
            f"file {path.name}: cannot be written ({error.strerror})", where=os.fspath(path)
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unavailable(busy, where=os.fspath(path)) from None
        yield


def prove_room(folder: Path, octets: int) -> None:
    """The folder is there, its disk has room for so many octets, and takes what is written.

    Little is written, and nothing is left: it may be asked often.

    Raises:
        Unavailable: it is away, or has not the room, or takes nothing.
    """
    try:
        _check_room(folder, octets)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_BLOCK_OCTETS))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(
            f"folder {folder.name}: cannot be written to ({error.strerror})",
            where=os.fspath(folder),
            rule="disk.full",
        ) from error


def _check_room(folder: Path, octets: int) -> None:
    disk = os.statvfs(folder)
    if (free := disk.f_bavail * disk.f_frsize) < octets:
        raise OSError(errno.ENOSPC, f"room for {free} octets, must be for {octets}")
