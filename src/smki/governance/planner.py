"""The activity planner: what the next three months bring, from what was found for one reader.

    people      terms and alternates end, elections open, nominations and votes close
    meetings    their days; comment rounds close
    decisions   take effect, expire, are to be ratified; conditions, actions, directions and answers are due
    documents   reviews, triggers and guidance are due, texts come into force, consultations
    work        packages begin

Knows nothing but what it is given: whoever gives it what a reader may see is given nothing else back.
Each line names the entity it comes from, and says no more of it than its title.

Clause: sec:C6
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Alternate, Election, Seat
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.correspondence import Correspondence, Direction
from smki.governance.entities.documents import ControlledDocument, DocumentVersion, Trigger
from smki.governance.entities.guidance import Guidance, GuidanceState
from smki.governance.entities.meetings import Meeting, MeetingKind, MeetingState
from smki.governance.entities.minutes import (
    Action,
    Condition,
    ConditionState,
    Minutes,
    MinutesState,
    Resolution,
)
from smki.governance.entities.work import WorkPackage
from smki.governance.terms import months_after, opens_on

MONTHS: Final = 3
_TO_COME: Final = frozenset({MeetingState.PLANNED, MeetingState.AGENDA_ISSUED})


class Milestone(Enum):
    """What happens on a day, in the words of the planner."""

    MEETING = "meeting"
    TERM_ENDS = "term ends"
    ALTERNATE_ENDS = "alternate ends"
    ELECTION_OPENS = "election opens"
    NOMINATIONS_CLOSE = "nominations close"
    VOTE_CLOSES = "vote closes"
    COMMENTS_CLOSE = "comments close"
    TAKES_EFFECT = "takes effect"
    EXPIRES = "expires"
    RATIFICATION_DUE = "ratification due"
    CONDITION_DUE = "condition due"
    ACTION_DUE = "action due"
    DIRECTION_DUE = "direction due"
    ANSWER_AWAITED = "answer awaited"
    REVIEW_DUE = "review due"
    TRIGGER_DUE = "trigger due"
    DRAFT_DUE = "draft due"
    TEXT_IN_FORCE = "text it is aligned with comes into force"
    CONSULTATION_OPENS = "consultation opens"
    CONSULTATION_CLOSES = "consultation closes"
    QUARTER_BEGINS = "quarter begins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A line of the planner.

    Attributes:
        day: when.
        milestone: what happens.
        title: of the entity it comes from.
        source: what names that entity.
    """

    day: date
    milestone: Milestone
    title: str
    source: Key


_Dated = Iterator[tuple[Milestone, date | None]]


def plan(found: Iterable[Entity], start: date, end: date | None = None) -> tuple[Planned, ...]:
    """What happens from `start` to `end`, both included; by day, then by milestone and source.

    Args:
        found: entities as the reader sees them; one that is not among them does not exist here.
        start: first day.
        end: last day; None is three months after the first.

    Raises:
        Refused: three months after the first day no calendar goes.

    Clause: sec:C6
    """
    last = months_after(start, MONTHS) if end is None else end
    held = {one.key: one for one in found}
    lines = {
        Planned(day=day, milestone=milestone, title=one.title, source=one.key)
        for one in held.values()
        for milestone, day in milestones(one, held)
        if day is not None and start <= day <= last
    }
    return tuple(sorted(lines, key=_order))


def milestones(one: Entity, held: Mapping[Key, Entity]) -> _Dated:
    """All that will happen with an entity, with its days; None is not known yet."""
    of = _MILESTONES.get(one.KIND)
    if of is not None:
        yield from of(one)
    if isinstance(one, Seat) and one.end is not None and one.holder and not _elected(one, held):
        yield Milestone.ELECTION_OPENS, opens_on(one.end) if one.end.year > date.min.year else None
    if isinstance(one, Resolution) and one.short_notice and one.withdrawn is None:
        yield Milestone.RATIFICATION_DUE, _ratified_on(one, held)
    if isinstance(one, Guidance) and one.state is GuidanceState.DRAFT:
        meeting = held.get(Key(Kind.MEETING, one.draft_due))
        yield Milestone.DRAFT_DUE, None if meeting is None else meeting.day


def _order(line: Planned) -> tuple[date, int, str, str]:
    return (line.day, _PLACES[line.milestone], line.source.kind.value, line.source.ref)


def _elected(seat: Seat, held: Mapping[Key, Entity]) -> bool:
    """Whether there is an election for the term that ends."""
    elections = (one for one in held.values() if isinstance(one, Election))
    return any(
        one.seat == seat.ref and seat.start is not None and one.opens > seat.start
        for one in elections
    )


def _ratified_on(one: Resolution, held: Mapping[Key, Entity]) -> date | None:
    """The next ordinary meeting of its body, as long as no resolution ratified it."""
    if any(isinstance(other, Resolution) and other.ratifies == one.ref for other in held.values()):
        return None
    return min(
        (
            other.held_on
            for other in held.values()
            if isinstance(other, Meeting)
            and other.body in one.bodies
            and other.kind is MeetingKind.ORDINARY
            and other.state in _TO_COME
        ),
        default=None,
    )


def _seat(one: Seat) -> _Dated:
    yield Milestone.TERM_ENDS, one.end if one.holder else None


def _alternate(one: Alternate) -> _Dated:
    yield Milestone.ALTERNATE_ENDS, one.end


def _election(one: Election) -> _Dated:
    if not one.elected:
        yield Milestone.ELECTION_OPENS, one.opens
        yield Milestone.NOMINATIONS_CLOSE, one.nominations_close
        yield Milestone.VOTE_CLOSES, one.vote_closes


def _meeting(one: Meeting) -> _Dated:
    if one.state is not MeetingState.CANCELLED:
        yield Milestone.MEETING, one.held_on


def _minutes(one: Minutes) -> _Dated:
    if one.state is MinutesState.IN_COMMENT:
        yield Milestone.COMMENTS_CLOSE, one.comments_close


def _round(one: CommentRound) -> _Dated:
    if one.compiled_on is None:
        yield Milestone.COMMENTS_CLOSE, one.closes


def _resolution(one: Resolution) -> _Dated:
    if one.withdrawn is None:
        yield Milestone.TAKES_EFFECT, one.effective
        yield Milestone.EXPIRES, one.until


def _condition(one: Condition) -> _Dated:
    if one.state is ConditionState.OPEN:
        yield Milestone.CONDITION_DUE, one.deadline


def _action(one: Action) -> _Dated:
    if one.state.is_open:
        yield Milestone.ACTION_DUE, one.due_on


def _direction(one: Direction) -> _Dated:
    if one.fulfilled is None:
        yield Milestone.DIRECTION_DUE, one.due


def _correspondence(one: Correspondence) -> _Dated:
    if not one.answered_by:
        yield Milestone.ANSWER_AWAITED, one.answer_until


def _document(one: ControlledDocument) -> _Dated:
    yield Milestone.REVIEW_DUE, one.day


def _version(one: DocumentVersion) -> _Dated:
    yield Milestone.TEXT_IN_FORCE, one.aligned_from


def _trigger(one: Trigger) -> _Dated:
    if one.pulled is None and not one.review:
        yield Milestone.TRIGGER_DUE, one.due


def _consultation(one: Consultation) -> _Dated:
    if one.concluded is None:
        yield Milestone.CONSULTATION_OPENS, one.opens
        yield Milestone.CONSULTATION_CLOSES, one.closes


def _package(one: WorkPackage) -> _Dated:
    yield Milestone.QUARTER_BEGINS, one.day


_MILESTONES: Final[Mapping[Kind, Callable[[Any], _Dated]]] = {
    Kind.SEAT: _seat,
    Kind.ALTERNATE: _alternate,
    Kind.ELECTION: _election,
    Kind.MEETING: _meeting,
    Kind.MINUTES: _minutes,
    Kind.COMMENT_ROUND: _round,
    Kind.RESOLUTION: _resolution,
    Kind.CONDITION: _condition,
    Kind.ACTION: _action,
    Kind.DIRECTION: _direction,
    Kind.CORRESPONDENCE: _correspondence,
    Kind.DOCUMENT: _document,
    Kind.VERSION: _version,
    Kind.TRIGGER: _trigger,
    Kind.CONSULTATION: _consultation,
    Kind.WORK_PACKAGE: _package,
}
_PLACES: Final = {milestone: place for place, milestone in enumerate(Milestone)}
PLANNED_KINDS: Final = (*_MILESTONES, Kind.GUIDANCE)
"""What the planner wants to be given."""
