"""What became of a campaign's devices, in the rows that pages show. Counts in, rows out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, assert_never

from smki.interfaces.web.portal.recovery import words
from smki.interfaces.web.portal.recovery.chart import Chart, Mark, chart
from smki.ports.campaigns import CampaignState
from smki.recovery import Fate, Move, WaveCounts
from smki.recovery.progress import Fates, Point, Progress, Reason, fates_of

FAILED: Final = (Fate.PARTLY, Fate.REFUSED, Fate.SILENT, Fate.OUT_OF_REACH)
NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})
_GOES_ON: Final = (Fate.PLANNED, Fate.UNDER_WAY)
_NEEDED: Final = {Move.LOOK: "look", Move.STOP: "stop"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Some devices of a campaign, under a name that they have in common.

    Attributes:
        name: a region, kind, make or wave.
        fates: how many devices have each fate; one that is not named has none.
    """

    name: str
    fates: Fates

    @property
    def devices(self) -> int:
        """How many there are."""
        return sum(self.fates.values())

    @property
    def recovered(self) -> int:
        """How many are recovered."""
        return self.fates.get(Fate.RECOVERED, 0)

    @property
    def failed(self) -> int:
        """How many came to an end, and are not recovered."""
        return sum(self.fates.get(fate, 0) for fate in FAILED)

    @property
    def under_way(self) -> int:
        """How many were commanded, and have not answered."""
        return self.fates.get(Fate.UNDER_WAY, 0)

    @property
    def to_come(self) -> int:
        """How many are still to be commanded."""
        return self.fates.get(Fate.PLANNED, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the page of a campaign shows, worked out.

    Attributes:
        whole: all devices.
        said: how it stands, in a sentence.
        needed: what people are needed for: empty, `look` or `stop`.
        chart: the picture over time; None if there is too little to draw.
        waves, regions, kinds, makes: a row for each.
        tried_again: why devices are tried again, the most frequent reason first.
        failed: why devices failed, likewise.
    """

    whole: Row
    said: str
    needed: str
    chart: Chart | None
    waves: tuple[Row, ...]
    regions: tuple[Row, ...]
    kinds: tuple[Row, ...]
    makes: tuple[Row, ...]
    tried_again: tuple[Reason, ...]
    failed: tuple[Reason, ...]


def view_of(found: Progress) -> View:
    """What the page shows of it."""
    whole = Row(name="", fates=found.fates)
    return View(
        whole=whole,
        said=f"{whole.recovered:,} of {whole.devices:,} devices recovered, {whole.failed:,} failed,"
        f" {whole.under_way:,} under way. {_standing(found)}",
        needed=_NEEDED.get(found.decided.move, ""),
        chart=chart(_marks(_history(found)), whole.devices),
        waves=tuple(
            Row(name=words.wave(one.wave).capitalize(), fates=one.fates) for one in found.waves
        ),
        regions=_rows(found.by_region),
        kinds=_rows(found.by_kind, words.KINDS),
        makes=tuple(sorted(_rows(found.by_make), key=lambda row: -row.failed)),
        tried_again=tuple(one for one in found.reasons if one.fate in _GOES_ON),
        failed=tuple(one for one in found.reasons if one.fate not in _GOES_ON),
    )


def row_of_all(waves: Sequence[WaveCounts]) -> Row:
    """All devices of these waves."""
    return Row(name="", fates=fates_of(waves))


def _standing(found: Progress) -> str:
    match found.decided.move:
        case Move.GO_ON:
            return f"{words.STATES[CampaignState(found.state)]}: {words.wave(found.decided.wave)}."
        case Move.LOOK:
            return "It waits until somebody has looked at the canaries."
        case Move.STOP:
            return f"It has stopped in {words.wave(found.decided.wave)}: people must look."
        case Move.DONE:
            return "All devices have come to an end."
    assert_never(found.decided.move)


def _rows(by_name: Mapping[str, Fates], shown: Mapping[str, str] = NO_WORDS) -> tuple[Row, ...]:
    """A row for each name, the one with the most devices first."""
    made = (Row(name=shown.get(name, name), fates=fates) for name, fates in by_name.items())
    return tuple(sorted(made, key=lambda row: (-row.devices, row.name)))


def _history(found: Progress) -> tuple[Point, ...]:
    """From its beginning over the points to now; what is over ends with its last point."""
    points = found.points
    if points and points[0].at > found.begun:
        begun = Point(at=found.begun, fates={Fate.PLANNED: found.devices})
        points = (begun, *points)
    if not points or found.ended == found.devices or found.state in words.OVER:
        return points
    before = (point for point in points if point.at < found.at)
    return (*before, Point(at=found.at, fates=found.fates))


def _marks(points: Sequence[Point]) -> tuple[Mark, ...]:
    """The points as the picture has them."""
    rows = ((point.at, Row(name="", fates=point.fates)) for point in points)
    return tuple(
        Mark(at=at, recovered=row.recovered, failed=row.failed, under_way=row.under_way)
        for at, row in rows
    )
