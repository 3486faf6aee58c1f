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
from typing import Final

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
    try:
        had, obeyed, sent = (dict(said[name]) for name in ("had", "obeyed", "sent"))  # type: ignore[index, arg-type, call-overload] # whatever is not as it was written fails
        return Tally(
            sent=Counter({Abuse[name]: int(count) for name, count in sent.items()}),
            obeyed={Abuse[name]: set(map(EUI64.parse, some)) for name, some in obeyed.items()},
            had={
                EUI64.parse(device): frozenset(Effect[name] for name in names)
                for device, names in had.items()
            },
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"tally: {error!r}, must be as it was written", rule="attack") from error


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
