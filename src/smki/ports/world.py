"""Time, chance, and a place for what comes in."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. One instant is read for each decision and handed down."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class Entropy(Protocol):
    """Gives octets that nobody can guess."""

    def octets(self, count: int) -> bytes:
        """`count` random octets from the operating system's generator."""
        ...


class Spool(Protocol):
    """Keeps documents as they were received, until their results are no longer owed.

    Safe for several processes; a document is whole and durable, or absent.
    """

    def keep(self, name: str, parts: Iterable[bytes]) -> int:
        """Durable on return under `name`; the number of octets. Replaces nothing.

        Raises:
            Inconsistent: a document of that name with other content is there already.
            Unavailable: it cannot be written.
        """
        ...

    def parts(self, name: str) -> Iterable[bytes]:
        """The document in parts of at most 64 KiB.

        Raises:
            Unavailable: not readable; with rule `spool.missing`, others are there and it is not.
        """
        ...

    def discard(self, name: str) -> None:
        """Gone on return, whether or not it was there."""
        ...

    def sweep(self, before: datetime, owned: Collection[str]) -> int:
        """What came in before that instant and is not `owned` is gone, also what is not whole.

        Returns how many.
        """
        ...
