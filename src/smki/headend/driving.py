"""The head end on its line: each command is kept, sent, waited for, and settled.

    command   1 counters that nobody has   2 made   3 kept   4 sent
    events    answers, alerts and what is given up, in the line's time

An answer counts if its header is that of a command that waits and its protection holds. All else
(a duplicate, an answer to what was given up, what a stranger says) is passed over and counted.

Clause: gbcs:7.2.7
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from smki.headend.waiting import CommandKey, Due, Given, Holds, Patience, Waiting
from smki.ports.links import DeviceLink, FromDevice, NotDelivered
from smki.ports.outbox import Outbox, Outgoing, Settled
from smki.terms import EUI64, Inconsistent, Malformed
from smki.wire.gbcs.forms import Formed, whole
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory, parse_message, plain_opening

ANSWERED = "answered"
ABANDONED = "whoever waited for its answer ended"


class PassedOver(Enum):
    """Why a message from a device counted for nothing; the value is the key of its count."""

    MALFORMED = "malformed"
    NOT_ASKED = "not_asked"  # a duplicate, stale, or never asked
    NOT_PROVEN = "not_proven"  # neither signature nor MAC shows that the device said it


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Commands to be: one for each device, of one originator and one use case.

    Attributes:
        originator: who asks.
        devices: that they are for.
        message_code: of the use case.
        make: the whole messages, for counters of the originator, one for each device.
        holds: whether a response is the device's: its signature or its MAC.
    """

    originator: EUI64
    devices: tuple[EUI64, ...]
    message_code: int
    make: Callable[[range], Sequence[bytes | Formed]]
    holds: Holds


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
        self._settled: dict[tuple[EUI64, str], list[int]] = defaultdict(list)  # not kept yet
        self._begun = False  # since events were last waited for
        self.commands = 0
        self.sent = 0
        self.passed_over: Counter[PassedOver] = Counter()

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._link.now

    def take_over(self, devices: Sequence[EUI64]) -> None:
        """Of what was sent to these before, nothing waits: its head end may have been killed.

        Raises:
            Unavailable: the outbox is away.
        """
        known = {
            (originator, counter)
            for (originator, _), counters in self._settled.items()
            for counter in counters
        }
        for left in self._outbox.waiting(devices):
            if (left.originator, left.counter) not in known:
                self._settled[left.originator, ABANDONED].append(left.counter)

    def command(self, order: Order) -> tuple[CommandKey, ...]:
        """The commands are on their way, each with a counter of its own; they were kept before.

        Raises:
            Unavailable: they could not be kept; none was sent.

        Clause: gbcs:7.2.7
        """
        at = self._link.now
        counters = self._outbox.counters(order.originator, len(order.devices), at)
        outgoing = Outgoing(
            originator=order.originator,
            message_code=order.message_code,
            devices=order.devices,
            counters=counters,
            messages=order.make(counters),
            at=at,
        )
        keys = tuple(_key(order, *pair) for pair in zip(order.devices, counters, strict=True))
        sent = tuple(map(whole, outgoing.messages))
        for key, octets in zip(keys, sent, strict=True):
            _is_ordered(key, octets)
        self._outbox.keep(outgoing, self._to_settle())
        self._settled.clear()
        for key, message, octets in zip(keys, outgoing.messages, sent, strict=True):
            self._waiting.begin(key, message, order.holds, at, self._chance())
            self._send(key, octets)
        self._begun = True
        self.commands += len(keys)
        return keys

    def events(self, until: datetime | None = None) -> Iterator[Answered | GivenUp | Alerted]:
        """What happens, in time's order, until no command waits; more may be sent meanwhile.

        With `until` it ends then, and what waits goes on waiting.

        Raises:
            Unavailable: what happened could not be kept.

        Clause: gbcs:7.2.7
        """
        while (due := self._waiting.next_due) is not None:
            if until is not None and self._link.now >= until:
                break
            self._begun = False
            for event in self._link.events(due if until is None else min(due, until)):
                heard = self._heard(event)
                if heard is not None:
                    yield heard
                if self._begun or not self._waiting:
                    break  # what is due next may be due sooner, or is nothing
            yield from self._overdue()
        self._outbox.settle(self._to_settle())
        self._settled.clear()

    def rest(self, until: datetime) -> Iterator[Alerted]:
        """Time passes until then, with no command waiting; what devices say unasked meanwhile.

        Clause: gbcs:7.2.7
        """
        for event in self._link.events(until):
            heard = self._heard(event)
            if isinstance(heard, Alerted):
                yield heard

    def _overdue(self) -> Iterator[GivenUp]:
        while (due := self._waiting.due(self._link.now, self._chance())) is not None:
            if due.given_up is None:
                self._send(due.key, whole(due.message))
            else:
                yield self._gave_up(due, due.given_up)

    def _heard(self, event: FromDevice | NotDelivered) -> Answered | GivenUp | Alerted | None:
        if isinstance(event, NotDelivered):
            due = self._waiting.lost(event.device, event.originator, event.counter)
            return self._gave_up(due, due.given_up) if due and due.given_up else None
        try:
            message = parse_message(event.message)
        except Malformed:
            self.passed_over[PassedOver.MALFORMED] += 1
            return None
        if message.header.category is MessageCategory.ALERT:
            return Alerted(device=event.device, alert=message, at=event.at)
        return self._answered(message, event)

    def _answered(self, message: GbcsMessage, event: FromDevice) -> Answered | None:
        awaited = self._waiting.asked(message.header)
        if awaited is None or event.device != awaited.key.device:
            self.passed_over[PassedOver.NOT_ASKED] += 1
            return None
        key = awaited.key
        if not awaited.holds(key, message):
            self.passed_over[PassedOver.NOT_PROVEN] += 1
            return None
        self._settled[key.originator, ANSWERED].append(key.counter)
        attempts = self._waiting.answered(key)
        return Answered(key=key, response=message, attempts=attempts, at=event.at)

    def _gave_up(self, due: Due, why: Given) -> GivenUp:
        self._settled[due.key.originator, why.value].append(due.key.counter)
        return GivenUp(key=due.key, why=why, attempts=due.attempts, at=self._link.now)

    def _to_settle(self) -> tuple[Settled, ...]:
        """Kept with the next command, or when nothing waits: who is killed before loses a word."""
        return tuple(
            Settled(originator=originator, outcome=outcome, counters=tuple(counters))
            for (originator, outcome), counters in self._settled.items()
        )

    def _send(self, key: CommandKey, octets: bytes) -> None:
        self.sent += 1
        self._link.send(key.device, octets)


def _key(order: Order, device: EUI64, counter: int) -> CommandKey:
    return CommandKey(
        originator=order.originator,
        counter=counter,
        device=device,
        message_code=order.message_code,
    )


def _is_ordered(key: CommandKey, message: bytes) -> None:
    """What is about to be kept and sent is what was ordered, whoever made it."""
    opening = plain_opening(key.originator, key.counter, key.device, key.message_code)
    if not message.startswith(opening) and key != _key_of(message):
        raise Inconsistent(
            f"head end: a command that is not the one ordered, must have counter {key.counter} of"
            f" {key.originator}",
            clause="gbcs:7.2.7",
            rule="headend.order",
        )


def _key_of(message: bytes) -> CommandKey:
    return CommandKey.of_command(parse_message(message).header)
