"""The head end on its line: each command is kept, sent, waited for, and settled.

    command   1 made, with a counter that nobody has   2 kept   3 sent
    events    answers, alerts and what is given up, in the line's time

An answer counts if its header is that of a command that waits and its protection holds. All else
(a duplicate, an answer to what was given up, what a stranger says) is passed over and counted.

Clause: gbcs:7.2.7
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from smki.headend.waiting import CommandKey, Due, Given, Patience, Waiting
from smki.ports.links import DeviceLink, FromDevice, NotDelivered
from smki.ports.outbox import Draft, Outbox, Settled
from smki.terms import EUI64, Inconsistent, Malformed
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory, parse_message

ANSWERED = "answered"
ABANDONED = "whoever waited for its answer ended"


class PassedOver(Enum):
    """Why a message from a device counted for nothing; the value is the key of its count."""

    MALFORMED = "malformed"
    NOT_ASKED = "not_asked"  # a duplicate, stale, or never asked
    NOT_PROVEN = "not_proven"  # neither signature nor MAC shows that the device said it


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command to be.

    Attributes:
        originator: who asks.
        device: that it is for.
        message_code: of the use case.
        make: the whole message, for a counter of the originator.
        holds: whether a response is the device's: its signature or its MAC.
    """

    originator: EUI64
    device: EUI64
    message_code: int
    make: Callable[[int], bytes]
    holds: Callable[[GbcsMessage], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The response to a command.

    Attributes:
        key: of the command.
        response: whole.
        attempts: how often the command was sent.
        at: when the response came.
    """

    key: CommandKey
    response: GbcsMessage
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """A command that was given up: whether the device obeyed it is not known."""

    key: CommandKey
    why: Given
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted:
    """What a device said unasked. Nothing of it has been verified."""

    device: EUI64
    alert: GbcsMessage
    at: datetime


class HeadEnd:
    """Sends over one line. Not for several threads.

    Args:
        link: the line.
        outbox: keeps what is sent, before it is sent.
        chance: numbers from 0 to 1.
        patience: how long answers are waited for.

    Attributes:
        commands: how many were asked for.
        sent: how often one of them was sent.
        passed_over: messages that counted for nothing, by why.
    """

    def __init__(
        self,
        link: DeviceLink,
        outbox: Outbox,
        *,
        chance: Callable[[], float],
        patience: Patience | None = None,
    ) -> None:
        self._link = link
        self._outbox = outbox
        self._chance = chance
        self._waiting = Waiting(patience or Patience())
        self._holds: dict[CommandKey, Callable[[GbcsMessage], bool]] = {}
        self._settled: dict[tuple[EUI64, int], Settled] = {}
        self.commands = 0
        self.sent = 0
        self.passed_over: Counter[PassedOver] = Counter()

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._link.now

    def take_over(self, device: EUI64) -> None:
        """Of what was sent to the device before, nothing waits: its head end may have been killed.

        Raises:
            Unavailable: the outbox is away.
        """
        for left in self._outbox.waiting(device):
            if (left.originator, left.counter) not in self._settled:
                self._settle(left.originator, left.counter, ABANDONED)

    def command(self, order: Order) -> CommandKey:
        """The command is on its way, with a counter of its own; it was kept before.

        Raises:
            Unavailable: it could not be kept; nothing was sent.

        Clause: gbcs:7.2.7
        """
        (key,) = self.commands_for((order,))
        return key

    def commands_for(self, orders: Sequence[Order]) -> tuple[CommandKey, ...]:
        """As `command`, for several that are kept together: all of them are, or none is sent.

        Clause: gbcs:7.2.7
        """
        at = self._link.now
        drafts = tuple(map(_draft, orders))
        kept = self._outbox.keep(drafts, at, tuple(self._settled.values()))
        self._settled.clear()
        keys = []
        for order, each in zip(orders, kept, strict=True):
            key = _key(order, each.counter)
            self._waiting.begin(key, each.message, at, self._chance())
            self._holds[key] = order.holds
            self.commands += 1
            self._send(key, each.message)
            keys.append(key)
        return tuple(keys)

    def events(self) -> Iterator[Answered | GivenUp | Alerted]:
        """What happens, in time's order, until no command waits; more may be sent meanwhile.

        Raises:
            Unavailable: what happened could not be kept.

        Clause: gbcs:7.2.7
        """
        while (until := self._waiting.next_due) is not None:
            for event in self._link.events(until):
                yield from self._heard(event)
                following = self._waiting.next_due
                if following is None or following < until:
                    break
            yield from self._overdue()
        self._outbox.settle(tuple(self._settled.values()))
        self._settled.clear()

    def rest(self, until: datetime) -> Iterator[Alerted]:
        """Time passes until then, with no command waiting; what devices say unasked meanwhile.

        Clause: gbcs:7.2.7
        """
        for event in self._link.events(until):
            for heard in self._heard(event):
                if isinstance(heard, Alerted):
                    yield heard

    def _overdue(self) -> Iterator[GivenUp]:
        while (due := self._waiting.due(self._link.now, self._chance())) is not None:
            if due.given_up is None:
                self._send(due.key, due.message)
            else:
                yield self._gave_up(due, due.given_up)

    def _heard(self, event: FromDevice | NotDelivered) -> Iterator[Answered | GivenUp | Alerted]:
        if isinstance(event, NotDelivered):
            due = self._waiting.lost(event.device, event.originator, event.counter)
            if due is not None and due.given_up is not None:
                yield self._gave_up(due, due.given_up)
            return
        try:
            message = parse_message(event.message)
        except Malformed:
            self.passed_over[PassedOver.MALFORMED] += 1
            return
        if message.header.category is MessageCategory.ALERT:
            yield Alerted(device=event.device, alert=message, at=event.at)
            return
        answered = self._answered(message, event)
        if answered is not None:
            yield answered

    def _answered(self, message: GbcsMessage, event: FromDevice) -> Answered | None:
        key = CommandKey.of_response(message.header)
        response = message.header.category is MessageCategory.RESPONSE
        if not response or event.device != key.device or key not in self._waiting:
            self.passed_over[PassedOver.NOT_ASKED] += 1
            return None
        if not self._holds[key](message):
            self.passed_over[PassedOver.NOT_PROVEN] += 1
            return None
        del self._holds[key]
        self._settle(key.originator, key.counter, ANSWERED)
        attempts = self._waiting.answered(key)
        return Answered(key=key, response=message, attempts=attempts, at=event.at)

    def _gave_up(self, due: Due, why: Given) -> GivenUp:
        del self._holds[due.key]
        self._settle(due.key.originator, due.key.counter, why.value)
        return GivenUp(key=due.key, why=why, attempts=due.attempts, at=self._link.now)

    def _settle(self, originator: EUI64, counter: int, outcome: str) -> None:
        """Kept with the next command, or when nothing waits: who is killed before loses a word."""
        settled = Settled(originator=originator, counter=counter, outcome=outcome)
        self._settled[originator, counter] = settled

    def _send(self, key: CommandKey, message: bytes) -> None:
        self.sent += 1
        self._link.send(key.device, message)


def _key(order: Order, counter: int) -> CommandKey:
    return CommandKey(
        originator=order.originator,
        counter=counter,
        device=order.device,
        message_code=order.message_code,
    )


def _draft(order: Order) -> Draft:
    def made(counter: int) -> bytes:
        message = order.make(counter)
        if CommandKey.of_command(parse_message(message).header) != _key(order, counter):
            raise Inconsistent(
                f"head end: a command that is not the one ordered, must have counter {counter} of"
                f" {order.originator}",
                clause="gbcs:7.2.7",
                rule="headend.order",
            )
        return message

    return Draft(
        originator=order.originator,
        device=order.device,
        message_code=order.message_code,
        make=made,
    )
