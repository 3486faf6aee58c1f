"""Files that only their owner may read: written once, whole and durable; read after a look at who can.

Knows nothing of what the files hold.
"""

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from smki.terms import Refused, Unavailable

DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600  # what tempfile.mkstemp gives
MAX_OCTETS: Final = 64 * 1024  # a sealed RSA-2048 key has 2 kB; nothing we keep is near this
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def make_private_directory(directory: Path) -> None:
    """The folder is there and only its owner can look into it.

    Raises:
        Refused: it was there and is open to others, or belongs to another user.
        Unavailable: it cannot be made.
    """
    try:
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        _sync(directory.parent)
        found = directory.stat()
    except OSError as error:
        raise unavailable("make the folder", directory, error) from error
    _check(directory, found, DIRECTORY_MODE)


def create_private(path: Path, octets: bytes) -> None:
    """The file is there with these octets, durable, for its owner alone. Never replaces one.

    Raises:
        FileExistsError: there is a file of that name; it is as it was.
        Unavailable: it cannot be written; there is no file of that name.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=".", dir=path.parent)
    except OSError as error:
        raise unavailable("write", path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # fails if the name is taken, unlike a rename
        _sync(path.parent)
    except FileExistsError:
        raise
    except OSError as error:
        raise unavailable("write", path, error) from error
    finally:
        with contextlib.suppress(OSError):
            Path(name).unlink()


def read_private(path: Path) -> bytes:
    """The octets of the file, which nobody but its owner can read or write.

    Raises:
        FileNotFoundError: there is none.
        Refused: it is open to others, belongs to another user, or is over 64 KiB.
        Unavailable: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            _check(path, os.fstat(file.fileno()), FILE_MODE)
            octets = file.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unavailable("read", path, error) from error
    if len(octets) > MAX_OCTETS:
        raise Refused(
            f"private file: over {MAX_OCTETS} octets, no secret is that long",
            where=str(path),
            rule="keys.file.size",
        )
    return octets


def unavailable(what: str, path: Path, error: OSError) -> Unavailable:
    """What to raise when the operating system says no."""
    return Unavailable(f"private file: cannot {what} ({error.strerror})", where=str(path))


def _check(path: Path, found: os.stat_result, mode: int) -> None:
    if found.st_mode & _OTHERS:
        raise Refused(
            f"private file: mode {stat.S_IMODE(found.st_mode):04o} lets others in, must be"
            f" {mode:04o} or less: run chmod {mode:04o} on it, and think of its content as known"
            " if others use this machine",
            where=str(path),
            rule="keys.file.permissions",
        )
    if found.st_uid not in (os.geteuid(), 0):
        raise Refused(
            f"private file: belongs to user {found.st_uid}, must be of user {os.geteuid()} who"
            " runs this, or of root: run chown on it",
            where=str(path),
            rule="keys.file.owner",
        )


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
