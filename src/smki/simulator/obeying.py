"""Devices of an estate that obey: read when a message comes for one, kept before it is answered.

Of the devices that nobody talks to nothing is in memory. What is kept is durable before an answer
leaves: who ends this process at any instant takes back nothing that a device has said.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from smki.devices import DeviceKeys, DeviceRules, Processed, advance, process
from smki.ports.estate import Estate, HeldState
from smki.simulator.agenda import Agenda
from smki.simulator.weather import Place
from smki.terms import EUI64, Inconsistent, Unavailable

_HUBS_REMEMBERED: Final = 10_000  # the makes of so many
_ATTEMPTS: Final = 5  # against others who change the same devices
_CHANGED: Final = "estate.changed"  # rule of `Estate.keep`
OBEYED: Final = "obeyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForDevice:
    """A whole message that came for a device."""

    device: EUI64
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FromItself:
    """Whole messages that a device sends without being asked."""

    device: EUI64
    messages: tuple[bytes, ...]


class EstateDevices:
    """The devices of an estate, as hubs have them behind them.

    Args:
        estate: keeps them.
        keys: uses their private keys.
        rules: of their makes.
    """

    def __init__(self, estate: Estate, keys: DeviceKeys, rules: DeviceRules | None = None) -> None:
        self._estate = estate
        self._keys = keys
        self._rules = rules or DeviceRules()
        self._make = lru_cache(maxsize=_HUBS_REMEMBERED)(self._make_of)
        self._agenda = Agenda()
        self.outcomes: Counter[str] = Counter()
        """How many messages were obeyed, and how many dropped by which check."""

    def place(self, device: EUI64) -> Place | None:
        """Where the device is; None if it is not in the estate.

        Raises:
            Unavailable: the estate is away.
        """
        row = self._estate.row(device)
        if row is None:
            return None
        make = row.make if row.hub == device else self._make(row.hub)
        return Place(region=row.region, hub=row.hub, make=make)

    def obey(self, messages: Sequence[ForDevice], at: datetime) -> tuple[tuple[bytes, ...], ...]:
        """What each device says to its message, in the order of the messages; all of it is kept.

        What a device had scheduled until then runs first.

        Raises:
            Unavailable: the estate is away, or others change these devices all the time; no device
                has obeyed.

        Clause: gbcs:7.2.7
        """
        turns = self._kept(lambda: self._turns(messages, at))
        self.outcomes.update(turn.outcome for turn in turns)
        return tuple(turn.out for turn in turns)

    def look_through(self, after: EUI64 | None, limit: int) -> EUI64 | None:
        """It is known of so many more devices when they are due; the last one, None at the end.

        Raises:
            Unavailable: the estate is away.
        """
        found = self._estate.held_after(after, limit)
        for held in found:
            self._agenda.note(held.state)
        return found[-1].state.device if len(found) == limit else None

    @property
    def next_due(self) -> float | None:
        """When a device does something by itself next, in seconds since 1970; None if none does."""
        return self._agenda.first

    def run_due(self, at: datetime, limit: int) -> tuple[FromItself, ...]:
        """What at most so many devices say of what they had scheduled until then; all of it is kept.

        Raises:
            Unavailable: as for `obey`; it is due as before.

        Clause: gbcs:CS02b, gbcs:CS06
        """
        devices = self._agenda.due(at.timestamp(), limit)
        turns = self._kept(
            lambda: [self._advanced(held, at) for held in self._estate.held_by(devices).values()]
        )
        return tuple(
            FromItself(device=turn.after.state.device, messages=turn.out) for turn in turns
        )

    def _kept(self, take: Callable[[], list["_Turn"]]) -> list["_Turn"]:
        """The turns, taken until what they made of the devices could be kept.

        Raises:
            Unavailable: it cannot be.
        """
        turns: list[_Turn] = []
        for _ in range(_ATTEMPTS):
            turns = take()
            changed = {turn.after.state.device: turn.after for turn in turns if turn.changed}
            try:
                self._estate.keep(tuple(changed.values()))
            except Unavailable as error:
                if error.rule != _CHANGED:
                    raise
                continue
            for turn in turns:
                self._agenda.note(turn.after.state)
            return turns
        raise Unavailable(
            f"estate: {len(turns)} device(s) were changed by another {_ATTEMPTS} times while"
            " they obeyed; see who writes to the estate",
            rule=_CHANGED,
        )

    def _turns(self, messages: Sequence[ForDevice], at: datetime) -> list["_Turn"]:
        """Each message's turn; the next one to the same device begins where it ended."""
        turns: list[_Turn] = []
        latest: dict[EUI64, _Turn] = {}
        read = self._estate.held_by(tuple({each.device: None for each in messages}))
        for each in messages:
            before = latest.get(each.device)
            held = before.after if before else read.get(each.device)
            turn = self._turn(held, each.message, at)
            if before and before.changed:
                turn = replace(turn, changed=True)
            latest[each.device] = turn
            turns.append(turn)
        return turns

    def _turn(self, held: HeldState | None, message: bytes, at: datetime) -> "_Turn":
        if held is None:
            raise Inconsistent(
                "estate: a device is not there for which a message came, must be: its line was open",
                rule="estate.device",
            )
        due = advance(held.state, at, self._keys, self._rules)
        done: Processed = process(due.state, message, at, self._keys, self._rules)
        return _Turn(
            after=HeldState(state=done.state, revision=held.revision),
            changed=done.state is not held.state,
            out=(*due.out, *done.out),
            outcome=done.dropped.check.name.lower() if done.dropped else OBEYED,
        )

    def _advanced(self, held: HeldState, at: datetime) -> "_Turn":
        done = advance(held.state, at, self._keys, self._rules)
        return _Turn(
            after=HeldState(state=done.state, revision=held.revision),
            changed=done.state is not held.state,
            out=done.out,
            outcome="",
        )

    def _make_of(self, hub: EUI64) -> str:
        row = self._estate.row(hub)
        return row.make if row else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What a message made of a device."""

    after: HeldState
    changed: bool
    out: tuple[bytes, ...]
    outcome: str
