"""Decisions that lack a signature: kept beside the record until they are whole, or their time is over."""

from typing import Protocol


class WaitingDecisions(Protocol):
    """Octets by name. Durable on return; safe for one writer and many readers."""

    def keep(self, name: str, octets: bytes) -> None:
        """The octets are durable under the name, in place of what was there.

        Raises:
            Unavailable: they are not.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """The octets under the name; None if there are none.

        Raises:
            Unavailable: they cannot be read.
        """
        ...

    def names(self) -> tuple[str, ...]:
        """All names, in order.

        Raises:
            Unavailable: they cannot be read.
        """
        ...

    def remove(self, name: str) -> None:
        """Nothing is under the name; again changes nothing.

        Raises:
            Unavailable: it cannot be removed.
        """
        ...
