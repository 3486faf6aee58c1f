"""Shelves in a folder: a file for each name. Not durable: what is worked out is worked out again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smki.terms import Unavailable

_BLOCK: Final = 1 << 16


class FolderShelves:
    """`ports.Shelves` in a folder that is there; whoever made it removes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, octets: bytes) -> None:
        """The octets stand at the end of what has this name.

        Raises:
            Unavailable: there is no room.
        """
        try:
            with (self._folder / name).open("ab", buffering=0) as file:
                view = memoryview(octets)
                while view:
                    view = view[file.write(view) :]
        except OSError as error:
            raise self._unavailable("write", name, error) from error

    def read(self, name: str) -> bytes:
        """All octets with this name; none if nothing was added.

        Raises:
            Unavailable: they cannot be read.
        """
        return b"".join(self.blocks(name))

    def blocks(self, name: str) -> Iterator[bytes]:
        """The same, a block in memory at a time.

        Raises:
            Unavailable: they cannot be read.
        """
        try:
            with (self._folder / name).open("rb") as file:
                while block := file.read(_BLOCK):
                    yield block
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unavailable("read", name, error) from error

    def _unavailable(self, what: str, name: str, error: OSError) -> Unavailable:
        return Unavailable(
            f"scratch: cannot {what} ({error.strerror})", where=str(self._folder / name)
        )
