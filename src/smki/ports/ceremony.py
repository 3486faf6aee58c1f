"""What a ceremony asks of the world: a journal with files, keys in memory, people at a terminal."""

from collections.abc import Sequence
from typing import Protocol

from smki.ports.keys import KeyAlgorithm, SigningKey


class Ledger(Protocol):
    """The ceremony's own folder: a journal that only grows, and files beside it.

    One process at a time. What `append` and `keep` were given is durable when they return; cut off
    before, it is as if they had not been called.
    """

    def entries(self) -> Sequence[bytes]:
        """Everything that was appended, in order.

        Raises:
            Unavailable: it cannot be read.
        """
        ...

    def append(self, entry: bytes) -> None:
        """The entry is the last one, durable.

        Raises:
            Unavailable: it cannot be written.
        """
        ...

    def keep(self, name: str, octets: bytes) -> None:
        """The file of that name has this content, durable, for its owner alone.

        Raises:
            Refused: there is one of that name with another content.
            Unavailable: it cannot be written.
        """
        ...

    def replace(self, name: str, octets: bytes) -> None:
        """The file has this content instead of the one before; a reader sees one or the other.

        Raises:
            Unavailable: it cannot be written.
        """
        ...

    def read(self, name: str) -> bytes | None:
        """Its content; None if there is none.

        Raises:
            Unavailable: it cannot be read.
        """
        ...

    def destroy(self, name: str) -> None:
        """The file was overwritten and is gone; again changes nothing.

        A disk may have kept copies of what was overwritten: what counts is that a file of a key
        opens with the shares of a quorum alone.

        Raises:
            Unavailable: it cannot be removed.
        """
        ...


class BareKey(SigningKey, Protocol):
    """A private key in memory whose octets can be had, to be sealed at once."""

    def octets(self) -> bytes:
        """PKCS#8, DER, not encrypted."""
        ...


class BareKeys(Protocol):
    """Makes private keys in memory; nothing of them comes to a disk."""

    def make(self, algorithm: KeyAlgorithm) -> BareKey:
        """A new key."""
        ...

    def load(self, octets: bytes) -> BareKey:
        """The key of these octets (PKCS#8, DER).

        Raises:
            Inconsistent: they are no key.
        """
        ...


class Console(Protocol):
    """The people at the terminal, or the file with their answers."""

    def say(self, text: str) -> None:
        """They see the text."""
        ...

    def ask(self, prompt: str, text: str, *, secret: bool = False) -> str:
        """Their answer to the prompt of that name, without blanks around it; may be empty.

        What is typed is not shown if `secret`.

        Raises:
            Refused: nobody is there to answer, and no answer was prepared.
        """
        ...
