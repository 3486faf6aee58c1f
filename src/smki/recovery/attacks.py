"""What somebody does with a stolen key while devices are recovered, and what of it lasts.

    abuse    what is sent: in the name of who was robbed, or heard before and sent again
    effect   what a device has of it afterwards, whoever asks or looks
    tally    of each: messages, devices that obeyed, devices where it is undone

An abuse that a device answers without changing, as a question repeated, counts as obeyed only if
the question itself was what was wanted; what has no effect that lasts is undone when it is over.
Sends nothing: `simulator.attacker` does.

Clause: sec:L10
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, TypeVar

from smki.merkle.canonical import JSON
from smki.recovery.evidence import Attack, Tried
from smki.recovery.procedures import Compromised
from smki.terms import EUI64, Malformed


class Abuse(Enum):
    """What is done with a stolen key, or with what was heard; the value is told in reports."""

    READS = "asks what cells hold"
    TAKES = "puts certificates of its own into cells"
    SCHEDULES = "has credentials changed long afterwards"
    COUNTS = "sets counters to their end, so that nobody is obeyed"
    COMMANDS = "has a device make a new key pair"
    ADMITS = "lets a device of its own join"
    FORESTALLS = "delivers a command before the line does, and keeps the answer"
    REPEATS = "repeats a command that was obeyed"
    DIVERTS = "sends a command that it heard to another device"
    ALTERS = "sends a command that it heard, with a bit changed"


class Effect(Enum):
    """What a device has of an abuse; the value is told in reports."""

    ANCHOR = "a cell holds a certificate of the thief's"
    WAITING = "a command of the thief's waits for its time"
    SILENCED = "a counter is beyond every clock, so a role is obeyed no more"
    ADMITTED = "a device of the thief's may join"


EFFECT_OF: Final[Mapping[Abuse, Effect]] = MappingProxyType(
    {
        Abuse.TAKES: Effect.ANCHOR,
        Abuse.SCHEDULES: Effect.WAITING,
        Abuse.COUNTS: Effect.SILENCED,
        Abuse.ADMITS: Effect.ADMITTED,
    }
)
"""What an abuse is for, where it leaves something behind."""


@dataclass(slots=True)
class Tally:
    """What was done so far.

    Attributes:
        sent: messages of each abuse.
        obeyed: devices that obeyed each.
        had: effects that each device had at any time.
    """

    sent: Counter[Abuse] = field(default_factory=Counter)
    obeyed: dict[Abuse, set[EUI64]] = field(default_factory=dict)
    had: dict[EUI64, frozenset[Effect]] = field(default_factory=dict)

    def note(
        self, abuse: Abuse, device: EUI64, *, obeyed: bool, effects: frozenset[Effect]
    ) -> None:
        """This was sent to the device, which obeyed or not, and has these effects now."""
        self.sent[abuse] += 1
        if obeyed:
            self.obeyed.setdefault(abuse, set()).add(device)
        if effects:
            self.had[device] = self.had.get(device, frozenset()) | effects

    def devices_with(self, effect: Effect) -> frozenset[EUI64]:
        """The devices that had the effect at any time."""
        return frozenset(device for device, effects in self.had.items() if effect in effects)


def tally_said(tally: Tally) -> dict[str, JSON]:
    """The tally in JSON, to be gone on with."""
    return {
        "had": {str(one): [effect.name for effect in had] for one, had in tally.had.items()},
        "obeyed": {one.name: [str(each) for each in some] for one, some in tally.obeyed.items()},
        "sent": {one.name: count for one, count in tally.sent.items()},
    }


def tally_of(said: JSON) -> Tally:
    """The tally that was kept.

    Raises:
        Malformed: it is not as it was written.
    """
    had, obeyed, sent = _members(said, ("had", "obeyed", "sent"))
    return Tally(
        sent=Counter(
            {
                _named(Abuse, name, "sent"): _count(count, f"sent.{name}")
                for name, count in _object(sent, "sent").items()
            }
        ),
        obeyed={
            _named(Abuse, name, "obeyed"): {
                _device(one, f"obeyed.{name}") for one in _list(some, f"obeyed.{name}")
            }
            for name, some in _object(obeyed, "obeyed").items()
        },
        had={
            _device(device, "had"): frozenset(
                _named(Effect, one, f"had.{device}") for one in _list(some, f"had.{device}")
            )
            for device, some in _object(had, "had").items()
        },
    )


def attack_kept(
    compromised: Compromised,
    planted: tuple[bytes, ...],
    tally: Tally,
    left: Mapping[EUI64, frozenset[Effect]],
) -> Attack:
    """The evidence of it all.

    Args:
        compromised: which key was stolen.
        planted: certificates of the thief's (DER).
        tally: what was done.
        left: what devices have of it at the end; those that have nothing may be left out.

    Clause: sec:L10
    """
    return Attack(
        compromised=compromised,
        planted=planted,
        tried=tuple(_tried(abuse, tally, left) for abuse in Abuse if tally.sent[abuse]),
    )


def lasting(left: Mapping[EUI64, frozenset[Effect]]) -> Mapping[Effect, int]:
    """On how many devices each effect is left; those that are on none are not named."""
    counted = Counter(effect for effects in left.values() for effect in effects)
    return MappingProxyType({effect: counted[effect] for effect in Effect if counted[effect]})


def _tried(abuse: Abuse, tally: Tally, left: Mapping[EUI64, frozenset[Effect]]) -> Tried:
    obeyed = tally.obeyed.get(abuse, set())
    effect = EFFECT_OF.get(abuse)
    still = {device for device in obeyed if effect and effect in left.get(device, frozenset())}
    return Tried(
        what=abuse.value,
        sent=tally.sent[abuse],
        obeyed=len(obeyed),
        undone=len(obeyed - still),
    )


_Member = TypeVar("_Member", bound=Enum)


def _members(said: JSON, names: tuple[str, ...]) -> tuple[JSON, ...]:
    """What an object with exactly these members has, in their order."""
    found = _object(said, "tally")
    if sorted(found) != sorted(names):
        raise _wrong(f"keys {', '.join(sorted(found))[:200]}, must be {', '.join(names)}", "tally")
    return tuple(found[name] for name in names)


def _object(said: JSON, where: str) -> Mapping[str, JSON]:
    if not isinstance(said, Mapping):
        raise _wrong("no object, must be one", where)
    return said


def _list(said: JSON, where: str) -> list[JSON]:
    if not isinstance(said, list):
        raise _wrong("no list, must be one", where)
    return said


def _count(said: JSON, where: str) -> int:
    if type(said) is not int or said < 0:
        raise _wrong(f"{said!r:.40}, must be a whole number from 0 on", where)
    return said


def _device(said: JSON, where: str) -> EUI64:
    try:
        return EUI64.parse(str(said))
    except Malformed as error:
        raise _wrong(f"{said!r:.40}, must be a device", where) from error


def _named(kind: type[_Member], said: JSON, where: str) -> _Member:
    found = kind.__members__.get(str(said))
    if found is None:
        raise _wrong(f"{said!r:.40}, must be one of {', '.join(kind.__members__)}", where)
    return found


def _wrong(what: str, where: str) -> Malformed:
    return Malformed(f"tally: {where}: {what}", where=where, clause="sec:L10", rule="attack")
