"""Documents as they were received, one file each, in a folder.

A document gets its name only when it is whole and on the disk. Names are ours, never a sender's.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from smki.terms import Inconsistent, Unavailable

PART_OCTETS: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


class FileSpool:
    """`ports.world.Spool` over a folder, which is made if it is not there."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unavailable("make the folder", str(directory), error) from error

    def keep(self, name: str, parts: Iterable[bytes]) -> int:
        """Durable on return under `name`; the number of octets. Replaces nothing.

        What `parts` raises passes through, and nothing is kept.

        Raises:
            Inconsistent: a document of that name with other content is there already.
            Unavailable: it cannot be written.
        """
        path = self._path(name)
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=".", dir=self._directory)
        except OSError as error:
            raise _unavailable("write", name, error) from error
        try:
            octets = self._write(descriptor, parts, name)
            self._publish(Path(temporary), path)
        finally:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        return octets

    def parts(self, name: str) -> Iterator[bytes]:
        """The document in parts of at most 64 KiB.

        Raises:
            Unavailable: not readable; with rule `spool.missing`, others are there and it is not.
        """
        try:
            with self._path(name).open("rb") as document:
                while part := document.read(PART_OCTETS):
                    yield part
        except FileNotFoundError as error:
            raise _unavailable("read", name, error, self._missing()) from error
        except OSError as error:
            raise _unavailable("read", name, error) from error

    def discard(self, name: str) -> None:
        """Gone on return, whether or not it was there.

        Raises:
            Unavailable: it cannot be removed.
        """
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable("remove", name, error) from error

    def sweep(self, before: datetime, owned: Collection[str]) -> int:
        """What came in before that instant and is not `owned` is gone, also what is not whole.

        Whoever was killed between keeping a document and noting whose it is leaves one behind.
        Returns how many went.

        Raises:
            Unavailable: the folder cannot be read, or a document not removed.
        """
        gone = 0
        try:
            for path in list(self._directory.iterdir()):
                with contextlib.suppress(FileNotFoundError):  # whoever was writing it is done
                    if path.name not in owned and path.stat().st_mtime < before.timestamp():
                        path.unlink()
                        gone += 1
        except OSError as error:
            raise _unavailable("sweep", str(self._directory), error) from error
        return gone

    def _missing(self) -> str:
        """The rule for a document that is not there: an empty folder is one that is away."""
        try:
            return "spool.missing" if any(self._directory.iterdir()) else ""
        except OSError:
            return ""

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Inconsistent(
                f"spool: name {name[:80]!r}, must be up to 128 letters, digits, '.', '_', '-'"
            )
        return self._directory / name

    def _write(self, descriptor: int, parts: Iterable[bytes], name: str) -> int:
        octets = 0
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                octets += len(part)
                try:
                    file.write(part)
                except OSError as error:
                    raise _unavailable("write", name, error) from error
            try:
                file.flush()
                os.fsync(file.fileno())
            except OSError as error:
                raise _unavailable("write", name, error) from error
        return octets

    def _publish(self, temporary: Path, path: Path) -> None:
        try:
            os.link(temporary, path)  # fails if the name is taken, unlike a rename
        except FileExistsError:
            if not _same(temporary, path):
                raise Inconsistent(
                    "spool: a document of that name with other content is there", where=path.name
                ) from None
        except OSError as error:
            raise _unavailable("write", path.name, error) from error
        try:
            descriptor = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _unavailable("write", path.name, error) from error


def _same(one: Path, other: Path) -> bool:
    with one.open("rb") as left, other.open("rb") as right:
        while part := left.read(PART_OCTETS):
            if part != right.read(PART_OCTETS):
                return False
        return not right.read(1)


def _unavailable(what: str, name: str, error: OSError, rule: str = "") -> Unavailable:
    return Unavailable(f"spool: cannot {what} ({error.strerror})", where=name, rule=rule)
