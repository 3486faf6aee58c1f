"""A campaign: in which order devices are commanded, how fast, how often, and when it stops.

    wave 0     canaries: so many of each kind, make and region; nothing else before they are looked at
    wave 1...  the others, by share, as they come in the inventory's order
    within a wave no faster than the network of each region takes

Planned purely. `decide` says what is next from what became of the devices so far: whoever carries a
campaign out, or takes it over from somebody who died, gives the same counts and hears the same.
Sending again does no harm: floors and counters make a repeated command one that has no effect.

Clause: sec:L10
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from smki.recovery.procedures import Compromised, Method
from smki.terms import Finding, Malformed


class Fate(Enum):
    """What became of a device so far; the value is how reports name it."""

    PLANNED = "planned"
    UNDER_WAY = "under-way"
    RECOVERED = "recovered"
    PARTLY = "partly"
    REFUSED = "refused"
    SILENT = "silent"
    OUT_OF_REACH = "out-of-reach"
    EXCLUDED = "excluded"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is sent to it in this run."""
        return self not in _GOES_ON


NAME_MOST: Final = 200  # characters: what was refused of it is in the record for ever
_GOES_ON: Final = frozenset({Fate.PLANNED, Fate.UNDER_WAY})
_FAILED: Final = (Fate.PARTLY, Fate.REFUSED, Fate.SILENT, Fate.OUT_OF_REACH)


def ended_of(fates: Mapping[Fate, int]) -> int:
    """How many of so many devices with each fate came to an end, whichever."""
    return sum(count for fate, count in fates.items() if fate.is_final)


class Move(Enum):
    """What is next."""

    GO_ON = "go-on"
    LOOK = "look"
    STOP = "stop"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a device is tried, and after what time again.

    Attributes:
        tries: commands to one device at the most, 1 to 16.
        first: after which time it is tried again; twice that after each further try.
        longest: no pause is longer.
    """

    tries: int = 4
    first: timedelta = timedelta(minutes=15)
    longest: timedelta = timedelta(days=1)

    def __post_init__(self) -> None:
        """Refuses what can never end, or never begin."""
        if not 1 <= self.tries <= 16 or not timedelta() < self.first <= self.longest:
            raise Malformed(
                f"campaign: {self.tries} tries from {self.first} to {self.longest}, must be 1 to 16"
                " with pauses above none",
                rule="campaign.patience",
            )

    def pause(self, tries: int) -> timedelta | None:
        """How long after that many tries the next one is; None if there is none."""
        if tries >= self.tries:
            return None
        return min(self.longest, self.first * (1 << (tries - 1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAt:
    """When a campaign stops by itself, for people to look.

    Attributes:
        failed_per_thousand: devices that failed, of those that came to an end in this wave.
        not_before: so many must have come to an end before that counts.
        refused: so many refusals in this wave, whatever the share.
    """

    failed_per_thousand: int = 50
    not_before: int = 100
    refused: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPlan:
    """A campaign, as it was decided.

    Attributes:
        incident: ref of the incident.
        decision: id of the decision that permits it; empty where none is needed.
        compromised: which key was lost.
        method: how it is recovered from.
        expires: no command is made from then on.
        waves: share of the devices in each wave after the canaries, per thousand; 1,000 together.
        canaries: devices of each kind, make and region in the first wave.
        per_second: commands that each region's network takes; a region that is not named takes
            `otherwise`.
        otherwise: the same for other regions.
        patience: how often a device is tried.
        stop_at: when it stops by itself.
    """

    incident: str
    decision: str
    compromised: Compromised
    method: Method
    expires: datetime
    waves: tuple[int, ...] = (10, 90, 900)
    canaries: int = 3
    per_second: Mapping[str, int]
    otherwise: int = 50
    patience: Patience = Patience()
    stop_at: StopAt = StopAt()

    def __post_init__(self) -> None:
        """Refuses what cannot be carried out."""
        if sum(self.waves) != 1_000 or min(self.waves) < 1:
            raise Malformed(
                f"campaign: waves of {self.waves} per thousand, must be 1,000 together, none empty",
                rule="campaign.waves",
            )
        if self.otherwise < 1 or any(rate < 1 for rate in self.per_second.values()):
            raise Malformed(
                "campaign: a rate below 1 a second, must be 1 or more", rule="campaign.rate"
            )
        for what, text in (
            ("incident", self.incident),
            ("decision", self.decision),
            *(("region", region) for region in self.per_second),
        ):
            if len(text) > NAME_MOST or not text.isprintable():
                raise Malformed(
                    f"campaign: {what} {text[:40]!r}, must be at most {NAME_MOST} printable characters",
                    where=what,
                    rule="campaign.names",
                )

    def rate(self, region: str) -> int:
        """Commands a second that the region's network takes."""
        return self.per_second.get(region, self.otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveCounts:
    """What became of the devices of one wave.

    Attributes:
        wave: 0 are the canaries.
        fates: how many devices have each fate; one that is not named has none.
    """

    wave: int
    fates: Mapping[Fate, int]

    @property
    def devices(self) -> int:
        """How many there are."""
        return sum(self.fates.values())

    @property
    def ended(self) -> int:
        """How many came to an end, whichever."""
        return ended_of(self.fates)

    @property
    def failed(self) -> int:
        """How many came to an end that is none to be proud of."""
        return sum(self.fates.get(fate, 0) for fate in _FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What is next, and why.

    Attributes:
        move: what.
        wave: of which wave; the last one if all is done.
        findings: why it stops; empty otherwise.
    """

    move: Move
    wave: int
    findings: tuple[Finding, ...] = ()


def decide(
    plan: CampaignPlan, waves: Iterable[WaveCounts], at: datetime, looked_at: int = -1
) -> Decided:
    """What is next at that instant.

    Args:
        plan: what was decided.
        waves: what became of each wave so far, in order, those without devices left out.
        at: the instant.
        looked_at: the newest wave whose end people looked at and let go on; the canaries' always
            wants that.

    Clause: sec:L10
    """
    newest = -1
    for counts in waves:
        newest = counts.wave
        findings = tuple(_stops(plan, counts)) if looked_at < counts.wave else ()
        if findings:
            return Decided(move=Move.STOP, wave=newest, findings=findings)
        if counts.ended < counts.devices:
            if at >= plan.expires:
                return Decided(move=Move.STOP, wave=newest, findings=(_expired(plan, at),))
            return Decided(move=Move.GO_ON, wave=newest)
        if newest == 0 and looked_at < 0:
            return Decided(move=Move.LOOK, wave=0)
    return Decided(move=Move.DONE, wave=newest)


def _stops(plan: CampaignPlan, counts: WaveCounts) -> Iterable[Finding]:
    stop, refused = plan.stop_at, counts.fates.get(Fate.REFUSED, 0)
    if refused >= stop.refused:
        yield _finding(
            f"{refused} devices of wave {counts.wave} refused, must be below {stop.refused}"
        )
    enough = counts.ended >= min(stop.not_before, counts.devices)
    if enough and counts.failed * 1_000 > stop.failed_per_thousand * counts.ended:
        yield _finding(
            f"{counts.failed} of {counts.ended} devices of wave {counts.wave} failed, must be at"
            f" most {stop.failed_per_thousand} in a thousand"
        )


def _expired(plan: CampaignPlan, at: datetime) -> Finding:
    what = f"decision {plan.decision}" if plan.decision else "time"
    return _finding(
        f"its {what} expired on {plan.expires:%F %T} UTC, it is {at:%F %T}",
        "'smki recovery abort NAME' ends it; whom it did not reach is for another campaign, by a"
        " decision that is in force",
    )


_LOOK: Final = (
    "'smki recovery status NAME' shows what failed; 'smki recovery look NAME' lets it go on,"
    " 'smki recovery abort NAME' ends it"
)


def _finding(what: str, advice: str = _LOOK) -> Finding:
    return Finding(
        rule="campaign.stop",
        message=f"campaign: {what}",
        where="campaign",
        clause="sec:L10",
        advice=advice,
    )


class Waves:
    """Which wave each device is in, as they come in one lasting order.

    A device's wave hangs on those before it alone: whoever goes through the same inventory gives
    each the same one.

    Args:
        plan: how many canaries, and the shares.
        devices: how many there are.
    """

    def __init__(self, plan: CampaignPlan, devices: int) -> None:
        self._plan = plan
        self._devices = devices
        self._canaries: dict[tuple[str, ...], int] = {}
        self._place = 0

    def wave(self, kind: str, make: str, region: str) -> int:
        """The wave of the next device."""
        sort = (kind, make, region)
        self._place += 1
        before = self._canaries.get(sort, 0)
        if before < self._plan.canaries:
            self._canaries[sort] = before + 1
            return 0
        share, limit = self._place * 1_000, 0
        for number, wave in enumerate(self._plan.waves, start=1):
            limit += wave
            if share <= limit * self._devices:
                return number
        return len(self._plan.waves)
