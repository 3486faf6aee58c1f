"""What a head end means to send, kept before it is sent.

A counter is an originator's for ever: what was once given out is never given out again, by any
process, whatever was killed in between.
"""

from collections.abc import Sequence
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


class Outbox(Protocol):
    """Durable on return, all of a call or nothing; for several processes at once."""

    def counters(self, originator: EUI64, at: datetime, count: int) -> range:
        """So many counters of the originator that nobody else has, each above all before.

        None is below the milliseconds from 1970 to `at`: devices that knew the originator before
        obey it still when this outbox is a new one.

        Raises:
            Unavailable: the disk or the database does not take it.

        Clause: gbcs:4.3.1
        """
        ...

    def intend(self, commands: Sequence[OutgoingCommand]) -> None:
        """The commands are kept, and may be sent.

        Raises:
            Inconsistent: a counter was used before; none was kept.
            Unavailable: as for `counters`; none was kept.
        """
        ...

    def settle(self, originator: EUI64, counter: int, outcome: str) -> None:
        """The command is settled; of its octets the digest is kept."""
        ...

    def waiting(self, device: EUI64) -> tuple[OutgoingCommand, ...]:
        """What was meant for the device and is not settled, in the order of counters."""
        ...
