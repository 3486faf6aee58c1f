"""What a head end means to send, kept before it is sent.

A counter is an originator's for ever: what was once given out is never given out again, by any
process, whatever was killed in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from smki.terms import EUI64
from smki.wire.gbcs.forms import Formed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Commands of one originator and one use case, one for each device, that are to be sent now.

    Attributes:
        originator: whose counters they have.
        message_code: of their use case.
        devices: that they are for.
        counters: of their grouping headers, in that order; as are messages.
        messages: whole messages, or their forms and what is in the gaps.
        at: when they were meant to be sent.
    """

    originator: EUI64
    message_code: int
    devices: tuple[EUI64, ...]
    counters: Sequence[int]
    messages: Sequence[bytes | Formed]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCommand:
    """A command, as it was to be sent.

    Attributes:
        originator: whose counter it has.
        counter: of its grouping header.
        device: that it is for.
        message_code: of its use case.
        message: the whole message, or its form and what is in the gaps.
        at: when it was meant to be sent.
    """

    originator: EUI64
    counter: int
    device: EUI64
    message_code: int
    message: bytes | Formed
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of an originator's commands, in words; nobody waits for them any more."""

    originator: EUI64
    outcome: str
    counters: tuple[int, ...]


class Outbox(Protocol):
    """All of a call or nothing; for several processes at once.

    What is kept is durable on return, and with it all that was done before, by whoever. If the power
    fails before anything was kept after it, counters may be as if they had never been given, and what
    is settled as if it waited still: nothing was sent meanwhile.
    """

    def counters(self, originator: EUI64, count: int, at: datetime) -> range:
        """So many counters of the originator, which nobody had before and nobody will have.

        They are above all that were given before. None is below the milliseconds from 1970 to `at`:
        devices that knew the originator before obey it still when this outbox is a new one. Whoever
        is killed before he used them loses them: that does no harm.

        Raises:
            Unavailable: the disk or the database does not take it; none was given.

        Clause: gbcs:4.3.1
        """
        ...

    def keep(self, commands: Outgoing, settled: Sequence[Settled] = ()) -> None:
        """The commands are kept, and may be sent. What is `settled` is so too, see `settle`.

        Raises:
            Unavailable: the disk or the database does not take it; nothing was kept.
        """
        ...

    def settle(self, settled: Sequence[Settled]) -> None:
        """These are settled; of octets that were kept whole the digests are kept.

        Raises:
            Unavailable: as for `keep`.
        """
        ...

    def waiting(self, devices: Sequence[EUI64]) -> tuple[OutgoingCommand, ...]:
        """What was meant for these devices and is not settled, in the order of counters."""
        ...
