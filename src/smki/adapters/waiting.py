"""`ports.waiting.WaitingDecisions` in a folder: a file for each decision, for its owner only."""

import re
from pathlib import Path
from typing import Final

from smki.adapters.files import read_octets, write_durably
from smki.terms import Inconsistent, Unavailable

_NAME: Final = re.compile(r"[0-9a-f]{64}")  # names are ours: digests, never what somebody sent


class WaitingFiles:
    """One file for each name, a SHA-256 in hexadecimal. The folder is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, octets: bytes) -> None:
        """The octets are durable under the name, in place of what was there."""
        path = self._path(name)
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unavailable("made", self._folder, error) from error
        write_durably(path, octets, private=True)

    def read(self, name: str) -> bytes | None:
        """The octets under the name; None if there are none."""
        path = self._path(name)
        return read_octets(path) if path.exists() else None

    def names(self) -> tuple[str, ...]:
        """All names, in order."""
        try:
            found = [one.name for one in self._folder.iterdir()]
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unavailable("read", self._folder, error) from error
        return tuple(sorted(name for name in found if _NAME.fullmatch(name)))

    def remove(self, name: str) -> None:
        """Nothing is under the name."""
        path = self._path(name)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable("removed", path, error) from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Inconsistent(f"waiting decisions: {name[:80]!r}, must be a SHA-256 of ours")
        return self._folder / name


def _unavailable(what: str, path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"waiting decisions: cannot be {what} ({error.strerror})", where=str(path))
