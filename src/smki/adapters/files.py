"""Small files that are whole or absent, whatever fails."""

import os
import tempfile
from pathlib import Path

from smki.terms import Unavailable


def write_durably(path: Path, octets: bytes, *, private: bool = False) -> None:
    """The file has this content and is durable; readable by its owner only if `private`.

    A reader sees the content before or this one, never a part.

    Raises:
        Unavailable: it cannot be written; what was there is unchanged.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
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
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise Unavailable(
            f"file {path.name}: cannot be written ({error.strerror})", where=os.fspath(path)
        ) from error


def read_file(path: Path) -> bytes:
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


def prove_room(folder: Path, octets: int) -> None:
    """The folder is there, and its disk takes so many octets; none of them is left.

    Raises:
        Unavailable: it is away, or they do not go in.
    """
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(octets))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(
            f"folder {folder.name}: cannot be written to ({error.strerror})",
            where=os.fspath(folder),
            rule="disk.full",
        ) from error
