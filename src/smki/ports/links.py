"""The line to devices: messages go out, what comes back comes when it comes, or never.

Nothing is promised of a message that was sent: it may be lost, arrive late, or be obeyed while its
answer is lost. A message is never handed over in part, changed, or twice for one sending. The same
message may be sent again; when to do so, and when to give up for good, is for the head end to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from smki.terms import EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDevice:
    """A whole message that a device sent.

    Attributes:
        device: whose line it came over.
        message: as received.
        at: when.
    """

    device: EUI64
    message: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDelivered:
    """A message that was given up: whether the device has it is not known.

    Attributes:
        device: that it was for.
        originator: of its grouping header.
        counter: of its grouping header.
        at: when it was given up.
    """

    device: EUI64
    originator: EUI64
    counter: int
    at: datetime


class DeviceLink(Protocol):
    """A line to many devices at once. Not for several threads."""

    @property
    def now(self) -> datetime:
        """The line's time: the clock's, or that of a simulation. It never goes back."""
        ...

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way."""
        ...

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then, in time's order, each when it happens; afterwards it is then.

        A simulation passes over the time in which nothing happens; any other line waits for it.
        Who has heard enough leaves off, and goes on later with another call: nothing is lost.
        """
        ...
