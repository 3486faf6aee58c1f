"""Shelves for octets that do not fit into memory, while something large is worked out."""

from collections.abc import Iterator
from typing import Protocol


class Shelves(Protocol):
    """Named rows of octets; nothing of them outlives the work. Each name has one writer at a time."""

    def add(self, name: str, octets: bytes) -> None:
        """The octets stand at the end of what has this name, for whoever reads next.

        Raises:
            Unavailable: there is no room.
        """
        ...

    def read(self, name: str) -> bytes:
        """All octets with this name; none if nothing was added.

        Raises:
            Unavailable: they cannot be read.
        """
        ...

    def blocks(self, name: str) -> Iterator[bytes]:
        """The same, a block in memory at a time.

        Raises:
            Unavailable: they cannot be read.
        """
        ...
