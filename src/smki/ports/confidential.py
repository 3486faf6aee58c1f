"""Where confidential content is kept: apart from the record, which only commits to it."""

from typing import Protocol


class Confidential(Protocol):
    """Contents by their commitment. Durable on return; safe for one writer and many readers."""

    def keep(self, commitment: bytes, octets: bytes) -> None:
        """The octets are durable under the commitment.

        Raises:
            Unavailable: they are not.
        """
        ...

    def read(self, commitment: bytes) -> bytes | None:
        """The octets under the commitment; None if there are none.

        Raises:
            Unavailable: they cannot be read.
        """
        ...

    def remove(self, commitment: bytes) -> None:
        """Nothing is under the commitment; again changes nothing.

        Raises:
            Unavailable: it cannot be removed.
        """
        ...
