"""`ports.confidential.Confidential` in a folder: a file for each content, for its owner only."""

from pathlib import Path

from smki.adapters.files import read_octets, write_durably
from smki.terms import Unavailable


class ConfidentialFiles:
    """One file for each commitment, named by it in hexadecimal.

    Removal takes the name away; that disks and backups keep no copy is for whoever runs them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, commitment: bytes, octets: bytes) -> None:
        """The octets are durable under the commitment."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _unavailable("made", self._folder, error) from error
        write_durably(self._path(commitment), octets, private=True)

    def read(self, commitment: bytes) -> bytes | None:
        """The octets under the commitment; None if there are none."""
        path = self._path(commitment)
        return read_octets(path) if path.exists() else None

    def remove(self, commitment: bytes) -> None:
        """Nothing is under the commitment."""
        path = self._path(commitment)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _unavailable("removed", path, error) from error

    def _path(self, commitment: bytes) -> Path:
        return self._folder / commitment.hex()


def _unavailable(what: str, path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        f"confidential content: cannot be {what} ({error.strerror})", where=str(path)
    )
