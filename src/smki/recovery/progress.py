"""How far a campaign has come, as a value: the same for the terminal, for pages and for files.

    counts    of the devices of each wave, by fate
    totals    by kind, make, region, fate and why
    points    counts at instants since it began, a few hundred at the most, however many devices

The rate is that of the last fifth of the time; who was tried again and is silent keeps it from
being steady, and the end is an estimate that supposes it is. Time is the line's. Reads nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from smki.recovery.campaign import CampaignPlan, Decided, Fate, WaveCounts, ended_of

_RECENT: Final = 5  # the rate is that of the last fifth of the time
_END_MOST: Final = timedelta(days=3_660)  # what would take longer has no end worth telling

Totals = Mapping[tuple[str, str, str, Fate, str], int]
Fates = Mapping[Fate, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How many devices had each fate at an instant of the line."""

    at: datetime
    fates: Fates

    @property
    def ended(self) -> int:
        """How many had come to an end, whichever."""
        return ended_of(self.fates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why devices have a fate: of those that ended, or that are to be tried again."""

    fate: Fate
    why: str
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a campaign has come.

    Attributes:
        name: of the campaign.
        state: whether it goes on, as commands name it.
        plan: as it was decided.
        begun: when.
        at: the instant of the line that this is about.
        decided: what is next, and why if it stops.
        waves: what became of the devices of each wave, in order.
        fates: of all devices.
        by_kind, by_make, by_region: the same for each of these.
        reasons: why devices were not recovered or are tried again, the most frequent first.
        points: how it came here, the oldest first.
    """

    name: str
    state: str
    plan: CampaignPlan
    begun: datetime
    at: datetime
    decided: Decided
    waves: tuple[WaveCounts, ...]
    fates: Fates
    by_kind: Mapping[str, Fates] = field(default_factory=dict)
    by_make: Mapping[str, Fates] = field(default_factory=dict)
    by_region: Mapping[str, Fates] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    points: tuple[Point, ...] = ()

    @property
    def devices(self) -> int:
        """How many there are."""
        return sum(self.fates.values())

    @property
    def ended(self) -> int:
        """How many came to an end, whichever."""
        return ended_of(self.fates)

    @property
    def recovered(self) -> int:
        """How many are recovered."""
        return self.fates.get(Fate.RECOVERED, 0)

    @property
    def residue(self) -> int:
        """How many came to another end."""
        return self.ended - self.recovered

    @property
    def per_second(self) -> float | None:
        """Devices that come to an end in a second of the line, lately; None if that is not known.

        It is not if more came to an end after the last point than between the points: a wave that
        has just begun is not judged by the wait for the last hubs of the wave before.
        """
        recent = _recent(self.points)
        if len(recent) < 2:
            return None
        first, last = recent[0], recent[-1]
        if self.ended - last.ended > last.ended - first.ended:
            return None
        return (last.ended - first.ended) / (last.at - first.at).total_seconds()

    @property
    def ends(self) -> datetime | None:
        """When it would end at that rate; None if that is not known, or nothing is left."""
        rate, left = self.per_second, self.devices - self.ended
        if not rate or rate < 0 or not left:
            return None
        seconds = left / rate
        return self.at + timedelta(seconds=seconds) if seconds < _END_MOST.total_seconds() else None


def fates_of(counts: Iterable[WaveCounts]) -> Fates:
    """How many devices of all waves have each fate, in the fates' order."""
    found: Counter[Fate] = Counter()
    for wave in counts:
        found.update(wave.fates)
    return {fate: found[fate] for fate in Fate if found[fate]}


def thinned(points: Sequence[datetime], most: int) -> tuple[datetime, ...]:
    """The instants of those points that go, so that at most `most` stay; first and last stay."""
    gone: list[datetime] = []
    kept = list(points)
    while len(kept) > max(2, most):
        every_second = kept[1:-1:2]
        gone += every_second
        kept = [kept[0], *kept[2:-1:2], kept[-1]]
    return tuple(gone)


def fates_by(totals: Totals, place: int) -> Mapping[str, Fates]:
    """How many devices of each kind (0), make (1) or region (2) have each fate."""
    found: dict[str, Counter[Fate]] = {}
    for key, count in totals.items():
        found.setdefault(str(key[place]), Counter())[key[3]] += count
    return {
        name: {fate: found[name][fate] for fate in Fate if found[name][fate]}
        for name in sorted(found)
    }


def reasons_of(totals: Totals) -> tuple[Reason, ...]:
    """Why devices were not recovered or are tried again, the most frequent first."""
    found: Counter[tuple[Fate, str]] = Counter()
    for (_, _, _, fate, why), count in totals.items():
        if fate is not Fate.RECOVERED and (why or fate.is_final):
            found[fate, why] += count
    order = list(Fate)
    return tuple(
        Reason(fate=fate, why=why, devices=count)
        for (fate, why), count in sorted(
            found.items(), key=lambda one: (-one[1], order.index(one[0][0]), one[0][1])
        )
    )


def _recent(points: Sequence[Point]) -> Sequence[Point]:
    """The points of the last fifth of the time, two at least; none if there is but one."""
    if len(points) < 2:
        return ()
    since = points[-1].at - (points[-1].at - points[0].at) / _RECENT
    start = next(number for number, point in enumerate(points) if point.at >= since)
    return points[min(start, len(points) - 2) :]
