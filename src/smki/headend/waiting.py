"""Commands that wait for their answers: when each is sent again, and when it is given up.

    sent      nothing heard until it is due: the same octets again, each time later than the time
              before, up to so many times; then it is given up
    lost      the line gave it up: it is sent again when it is due; if it was the last time, it is
              given up at once
    answered  it waits no more; the same answer again is a duplicate

To send the same octets again is safe: a device obeys a counter once. Pure: time is an argument, and
so is the chance that keeps a million commands from being sent again in the same second.

Clause: gbcs:7.2.7
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeAlias

from smki.terms import EUI64, Inconsistent, Malformed
from smki.wire.gbcs.forms import Formed
from smki.wire.gbcs.frame import GbcsMessage, GroupingHeader, MessageCategory


class Given(Enum):
    """Why a command was given up; the value is told to people."""

    NOT_DELIVERED = "the line did not deliver it"
    NO_ANSWER = "no answer came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an answer is waited for.

    The first wait is longer than block transfers take that are repeated to the end, and than
    most power cuts of a hub.

    Attributes:
        answer_seconds: after the first time.
        growth: each wait is so many times the one before.
        longest_seconds: of any wait.
        attempts: how often it is sent at the most.
        spread: share of a wait, from 0 to 1, by which chance makes it longer.
    """

    answer_seconds: float = 900.0
    growth: float = 2.0
    longest_seconds: float = 21_600.0
    attempts: int = 4
    spread: float = 0.25

    def __post_init__(self) -> None:
        if not (
            0 < self.answer_seconds <= self.longest_seconds
            and self.growth >= 1
            and self.attempts >= 1
            and 0 <= self.spread <= 1
        ):
            raise Malformed(
                f"patience: {self.attempts} attempts, waits of {self.answer_seconds:g} to"
                f" {self.longest_seconds:g} s, growing {self.growth:g} times, spread by"
                f" {self.spread:g}; must be 1 or more, above 0 and rising, 1 or more, 0 to 1",
                clause="gbcs:7.2.7",
                rule="headend.patience",
            )

    def wait(self, attempt: int, chance: float) -> timedelta:
        """How long after the attempt (from 1 on) the next one is due; `chance` is from 0 to 1."""
        seconds = self.answer_seconds
        for _ in range(attempt - 1):
            if seconds >= self.longest_seconds:
                break
            seconds *= self.growth
        seconds = min(seconds, self.longest_seconds)
        return timedelta(seconds=seconds * (1 + self.spread * chance))


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandKey:
    """Which command: an originator has a counter once, and the response repeats all of it.

    Clause: gbcs:7.2.7
    """

    originator: EUI64
    counter: int
    device: EUI64
    message_code: int

    def __hash__(self) -> int:
        return hash(self.counter)

    @classmethod
    def of_command(cls, header: GroupingHeader) -> "CommandKey":
        """The key of the command with this header."""
        return cls(
            originator=header.originator,
            counter=header.counter,
            device=header.recipient,
            message_code=header.message_code,
        )

    @classmethod
    def of_response(cls, header: GroupingHeader) -> "CommandKey":
        """The key of the command that the response with this header is to."""
        return cls(
            originator=header.recipient,
            counter=header.counter,
            device=header.originator,
            message_code=header.message_code,
        )


Holds: TypeAlias = Callable[[CommandKey, GbcsMessage], bool]
"""Whether the response to the command with that key is the device's own."""


@dataclass(slots=True)
class Awaited:
    """A command whose answer is waited for.

    Attributes:
        key: of the command.
        message: whole, or its form and what is in the gaps.
        holds: whether a response is the device's: its signature or its MAC.
        due: when it is sent again, or given up.
        attempts: how often it was sent.
        lost: the line gave up what was sent last.
    """

    key: CommandKey
    message: bytes | Formed
    holds: Holds
    due: datetime
    attempts: int = 1
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be done about a command now: sent again, or given up with a reason."""

    key: CommandKey
    attempts: int
    message: bytes | Formed = b""
    given_up: Given | None = None


class Waiting:
    """The commands that wait. Not for several threads."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._waits: dict[tuple[bytes, int], Awaited] = {}  # by octets of the originator, counter
        self._queue: list[tuple[datetime, int, Awaited]] = []  # what was answered stays a while
        self._number = 0

    def __len__(self) -> int:
        return len(self._waits)

    def asked(self, header: GroupingHeader) -> Awaited | None:
        """The command that waits for the response with this header; None if it answers none."""
        waits = self._waits.get((header.recipient.octets, header.counter))
        if waits is None or header.category is not MessageCategory.RESPONSE:
            return None
        key = waits.key
        asked = key.device == header.originator and key.message_code == header.message_code
        return waits if asked else None

    @property
    def next_due(self) -> datetime | None:
        """When `due` is to be called; None if nothing waits."""
        if not self._waits:
            self._queue.clear()
        while self._queue:
            at, _, waits = self._queue[0]
            if self._waits.get((waits.key.originator.octets, waits.key.counter)) is waits:
                return at
            heapq.heappop(self._queue)
        return None

    def begin(
        self, key: CommandKey, message: bytes | Formed, holds: Holds, at: datetime, chance: float
    ) -> None:
        """The command was sent for the first time, and waits for what `holds` as its answer.

        Raises:
            Inconsistent: one with that counter waits already.
        """
        due = at + self._patience.wait(1, chance)
        waits = Awaited(key=key, message=message, holds=holds, due=due)
        if self._waits.setdefault((key.originator.octets, key.counter), waits) is not waits:
            raise Inconsistent(
                f"head end: counter {key.counter} of {key.originator} waits already, must be new",
                clause="gbcs:7.2.7",
                rule="headend.counter",
            )
        self._queued(waits)

    def due(self, at: datetime, chance: float) -> Due | None:
        """The command that is due first, if one is by then; called until there is none.

        Clause: gbcs:7.2.7
        """
        first = self.next_due
        if first is None or first > at:
            return None
        _, _, waits = heapq.heappop(self._queue)
        if waits.attempts >= self._patience.attempts:
            return self._given_up(waits)
        waits.attempts += 1
        waits.lost = False
        waits.due = at + self._patience.wait(waits.attempts, chance)
        self._queued(waits)
        return Due(key=waits.key, attempts=waits.attempts, message=waits.message)

    def lost(self, device: EUI64, originator: EUI64, counter: int) -> Due | None:
        """The line gave the command up; if it was the last time, so does the head end."""
        waits = self._waits.get((originator.octets, counter))
        if waits is None or waits.key.device != device:
            return None
        waits.lost = True
        return self._given_up(waits) if waits.attempts >= self._patience.attempts else None

    def answered(self, key: CommandKey) -> int:
        """The command waits no more; how often it was sent."""
        return self._waits.pop((key.originator.octets, key.counter)).attempts

    def _given_up(self, waits: Awaited) -> Due:
        del self._waits[waits.key.originator.octets, waits.key.counter]
        why = Given.NOT_DELIVERED if waits.lost else Given.NO_ANSWER
        return Due(key=waits.key, attempts=waits.attempts, given_up=why)

    def _queued(self, waits: Awaited) -> None:
        self._number += 1
        heapq.heappush(self._queue, (waits.due, self._number, waits))
