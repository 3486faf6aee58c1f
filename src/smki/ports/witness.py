"""What a witness remembers, and how a witness is asked."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from smki.merkle.heads import TreeHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back from a witness: HTTP status and body."""

    status: int
    body: bytes


class WitnessMemory(Protocol):
    """The last checkpoint of each log that a witness vouched for. One process; any thread.

    What is remembered was durable before anything was signed. It never goes back.
    """

    def held(self) -> AbstractContextManager[None]:
        """Inside, nobody else looks or remembers."""
        ...

    def last(self, origin: str) -> TreeHead | None:
        """The head remembered of this log; None before the first.

        Raises:
            Inconsistent: the memory is damaged.
        """
        ...

    def remember(self, head: TreeHead, note: bytes) -> None:
        """`head`, which the note says, is remembered, durably, in the place of the last.

        Raises:
            Unavailable: it cannot be written; the last is still remembered.
        """
        ...

    def keep_evidence(self, origin: str, note: bytes, steps: tuple[bytes, ...]) -> str:
        """The checkpoint that contradicts the one remembered is kept with it, durably; in which file.

        `steps` are those of `merkle.contradicting`; whoever has the file can check it.

        Raises:
            Unavailable: it cannot be written.
        """
        ...


class WitnessLink(Protocol):
    """The way to a witness."""

    def add_checkpoint(self, request: bytes) -> Answer:
        """What the witness answers to this add-checkpoint request.

        Raises:
            Unavailable: it cannot be reached, or broke off.
        """
        ...
