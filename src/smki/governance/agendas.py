"""Drafts the next agenda of a body: what stands on each, what is open, what comes, what is asked for.

    1 standing items   by their place; one that is left out keeps its reason
    2 actions          those of the body that are open, in one item
    3 conditions       each open one that is due by that day or has no deadline, with its label
    4 ratification     each decision at short notice that waits for it
    5 papers           that somebody asks the body to take
    6 planner          what the next three months bring, in one item

With the meeting it is known when that is due which is due at it, or before it. It is a draft:
entities to be looked at, changed and put by the secretary. An item whose source is
confidential carries its label and no stub, so that nobody else learns of it until one is written.

Clause: sec:C6
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time

from smki.governance.entities import Entity, Key, Known
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Meeting,
    MeetingKind,
    MeetingState,
    StandingItem,
)
from smki.governance.entities.minutes import Action, Condition, ConditionState, Resolution
from smki.governance.labels import Label
from smki.governance.looking import all_under
from smki.governance.next_numbers import next_meeting
from smki.governance.planner import Planned
from smki.governance.reading import label_of
from smki.governance.rules import Ahead
from smki.governance.working_days import due_of
from smki.terms import Finding, Refused

HEADING_MAX = 120  # characters of a heading that is made of a text


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAsked:
    """A paper that the body is asked to take.

    Attributes:
        heading: what it is about.
        ask: what it asks.
        label: its classification; None is the meeting's.
        stub: what the open agenda says instead, if the label is confidential.
        presenter: who presents it.
        minutes: how long it is to take.
    """

    heading: str
    ask: Ask
    label: Label | None = None
    stub: str = ""
    presenter: str = ""
    minutes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the secretary says of the meeting to come.

    Attributes:
        held_on: its day.
        starts: when it begins.
        place: where.
        presider: ref of the person who is to preside.
        secretary: ref of the person who is to take the minutes.
        kind: what kind of meeting.
        omitted: refs of standing items that are left out, each with its reason.
        papers: that the body is asked to take.
        actions_under: ref of the standing item under which actions are gone through; empty if they
            get an item of their own.
        planner_under: the same for the planner.
    """

    held_on: date
    starts: time | None = None
    place: str = ""
    presider: str = ""
    secretary: str = ""
    kind: MeetingKind = MeetingKind.ORDINARY
    omitted: Mapping[str, str] = field(default_factory=dict)
    papers: tuple[PaperAsked, ...] = ()
    actions_under: str = ""
    planner_under: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A drafted agenda.

    Attributes:
        meeting: as it is to be put.
        items: as they are to be put, in running order; those left out come last.
        sources: of each item's ref, what it is there for.
        dated: open actions of which it is known by this meeting on which day they are due.
    """

    meeting: Meeting
    items: tuple[AgendaItem, ...]
    sources: Mapping[str, tuple[Key, ...]]
    dated: tuple[Action, ...] = ()

    @property
    def entities(self) -> tuple[Entity, ...]:
        """All that is to be put."""
        return (self.meeting, *self.items, *self.dated)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    heading: str
    ask: Ask = Ask.INFORMATION
    label: Label | None = None
    stub: str = ""
    presenter: str = ""
    minutes: int = 0
    standing_item: str = ""
    omitted: str = ""
    sources: tuple[Key, ...] = ()


def draft_agenda(
    body: Committee,
    wishes: Wishes,
    known: Known,
    *,
    pending: Iterable[Entity] = (),
    planned: Iterable[Planned] = (),
) -> Draft:
    """The agenda of the body's next meeting, to be put as it is or changed.

    Args:
        body: whose meeting.
        wishes: what is said of it.
        known: the register, as its secretary sees it.
        pending: actions, conditions and decisions of the body, whatever their state, that it may
            have to see to.
        planned: what the planner shows.

    Raises:
        Refused: a standing item is left out without a reason, or there is none of that name; or the
            body meets that day already.

    Clause: sec:C6
    """
    _must_be_free(body, wishes.held_on, known)
    reference = next_meeting(body, wishes.held_on, known)
    standing = _in_force(all_under(known, body, StandingItem), wishes.held_on)
    _must_be_reasoned(standing, wishes)
    waiting = tuple(pending)
    actions = tuple(one.key for one in waiting if isinstance(one, Action) and one.state.is_open)
    coming = tuple(dict.fromkeys(line.source for line in planned))
    lines = (
        *_standing(standing, wishes, actions, coming),
        *_collected("Actions", actions if not wishes.actions_under else ()),
        *_conditions(waiting, wishes.held_on, known),
        *_ratifications(waiting, known),
        *(_paper(one) for one in wishes.papers),
        *_collected("Activity planner", coming if not wishes.planner_under else ()),
    )
    meeting = Meeting(
        ref=str(reference),
        body=body.ref,
        number=reference.number,
        held_on=wishes.held_on,
        starts=wishes.starts,
        place=wishes.place,
        presider=wishes.presider,
        secretary=wishes.secretary,
        kind=wishes.kind,
    )
    draft = _numbered(meeting, sorted(lines, key=lambda line: bool(line.omitted)))
    return replace(draft, dated=tuple(_dated(waiting, Ahead(known, (meeting,)))))


def _dated(pending: Iterable[Entity], ahead: Known) -> Iterator[Action]:
    for one in pending:
        waits = isinstance(one, Action) and one.state.is_open and one.due_on is None
        if isinstance(one, Action) and waits and (day := due_of(one, ahead)) is not None:
            yield replace(one, due_on=day)


def _numbered(meeting: Meeting, lines: Iterable[_Line]) -> Draft:
    items, sources = [], {}
    for number, line in enumerate(lines, start=1):
        item = AgendaItem(
            ref=f"{meeting.ref}/{number}",
            label=line.label,
            meeting=meeting.ref,
            number=number,
            heading=line.heading,
            stub=line.stub,
            place=0 if line.omitted else number,
            minutes=line.minutes,
            ask=line.ask,
            presenter=line.presenter,
            standing_item=line.standing_item,
            omitted=line.omitted,
        )
        items.append(item)
        if line.sources:
            sources[item.ref] = line.sources
    return Draft(meeting=meeting, items=tuple(items), sources=sources)


def _in_force(standing: Iterable[StandingItem], day: date) -> tuple[StandingItem, ...]:
    found = (one for one in standing if one.is_on(day))
    return tuple(sorted(found, key=lambda one: (one.place, one.ref)))


def _must_be_free(body: Committee, day: date, known: Known) -> None:
    """A draft that is kept twice would be two meetings, and none can be deleted."""
    for one in all_under(known, body, Meeting):
        if one.held_on == day and one.state is not MeetingState.CANCELLED:
            raise Refused(
                f"{body.ref} meets on {day} already, must be another day, or what {one.ref} has"
                " must be changed there",
                where="held_on",
                clause="sec:C6",
                rule="agenda.day",
            )


def _must_be_reasoned(standing: Iterable[StandingItem], wishes: Wishes) -> None:
    there = {one.ref for one in standing}
    strange = sorted(set(wishes.omitted) - there)
    silent = sorted(ref for ref in there & set(wishes.omitted) if not wishes.omitted[ref].strip())
    findings = (
        *(_finding(ref, "is none of this body's on that day, must be one") for ref in strange),
        *(_finding(ref, "is left out without a reason, must have one") for ref in silent),
    )
    if findings:
        raise Refused(findings=findings)


def _finding(ref: str, said: str) -> Finding:
    return Finding(
        rule="agenda.omitted",
        message=f"standing item {ref} {said}",
        where="omitted",
        clause="sec:C6",
    )


def _standing(
    standing: Iterable[StandingItem],
    wishes: Wishes,
    actions: tuple[Key, ...],
    coming: tuple[Key, ...],
) -> Iterator[_Line]:
    for one in standing:
        under = actions if one.ref == wishes.actions_under else ()
        ahead = coming if one.ref == wishes.planner_under else ()
        yield _Line(
            heading=one.heading,
            ask=one.ask,
            label=one.label,
            stub=one.stub,
            standing_item=one.ref,
            omitted=wishes.omitted.get(one.ref, ""),
            sources=(one.key, *under, *ahead),
        )


def _collected(heading: str, sources: tuple[Key, ...]) -> Iterator[_Line]:
    """One item for many things: it names none of them, so that it has the meeting's label."""
    if sources:
        yield _Line(heading=heading, ask=Ask.DISCUSSION, sources=sources)


def _conditions(pending: Iterable[Entity], day: date, known: Known) -> Iterator[_Line]:
    for one in pending:
        is_open = isinstance(one, Condition) and one.state is ConditionState.OPEN
        if isinstance(one, Condition) and is_open and (one.deadline or day) <= day:
            yield _of(one, f"Condition {one.ref}: {one.text}", Ask.DECISION, known)


def _ratifications(pending: Iterable[Entity], known: Known) -> Iterator[_Line]:
    decisions = [one for one in pending if isinstance(one, Resolution)]
    ratified = {one.ratifies for one in decisions}
    for one in decisions:
        if one.short_notice and one.withdrawn is None and one.ref not in ratified:
            yield _of(one, f"Ratification of {one.ref}: {one.text}", Ask.DECISION, known)


def _of(one: Entity, heading: str, ask: Ask, known: Known) -> _Line:
    short = heading if len(heading) <= HEADING_MAX else f"{heading[: HEADING_MAX - 4]} ..."
    return _Line(heading=short, ask=ask, label=label_of(one, known), sources=(one.key,))


def _paper(one: PaperAsked) -> _Line:
    return _Line(
        heading=one.heading,
        ask=one.ask,
        label=one.label,
        stub=one.stub,
        presenter=one.presenter,
        minutes=one.minutes,
    )
