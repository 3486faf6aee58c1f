"""What a head end means to send, kept before it is sent.

A counter is an originator's for ever: what was once given out is never given out again, by any
process, whatever was killed in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from smki.terms import EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCommand:
    """A command, as it is to be sent.

    Attributes:
        originator: whose counter it has.
        counter: of its grouping header.
        device: that it is for.
        message_code: of its use case.
        message: the whole message; empty once it is settled.
        digest: SHA-256 of the message.
        at: when it was meant to be sent.
        outcome: what became of it, in words; empty as long as it waits.
    """

    originator: EUI64
    counter: int
    device: EUI64
    message_code: int
    message: bytes
    digest: bytes
    at: datetime
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A command that has no counter yet.

    Attributes:
        originator: whose counter it is to have.
        device: that it is for.
        message_code: of its use case.
        make: the whole message for a counter; may be asked again for another one.
    """

    originator: EUI64
    device: EUI64
    message_code: int
    make: Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a command, in words; nobody waits for it any more."""

    originator: EUI64
    counter: int
    outcome: str


class Outbox(Protocol):
    """Durable on return, all of a call or nothing; for several processes at once."""

    def keep(
        self, drafts: Sequence[Draft], at: datetime, settled: Sequence[Settled] = ()
    ) -> tuple[OutgoingCommand, ...]:
        """Each draft is a command with a counter that nobody else has, and may be sent.

        An originator's counters rise, in the order of the drafts. None is below the milliseconds
        from 1970 to `at`: devices that knew the originator before obey it still when this outbox
        is a new one. What is `settled` is so too, see `settle`.

        Raises:
            Unavailable: the disk or the database does not take it; nothing was kept.

        Clause: gbcs:4.3.1
        """
        ...

    def settle(self, settled: Sequence[Settled]) -> None:
        """These are settled; of their octets the digests are kept.

        Raises:
            Unavailable: as for `keep`.
        """
        ...

    def waiting(self, device: EUI64) -> tuple[OutgoingCommand, ...]:
        """What was meant for the device and is not settled, in the order of counters."""
        ...
