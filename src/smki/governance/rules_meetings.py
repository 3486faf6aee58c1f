"""Rules of meetings, their agendas and papers. Who was there is `rules_attendance`'s.

    planned > agenda issued > held
          |              |
          +--------------+----> cancelled

    meeting        PREFIX_NN_DDMM of its body, number and day; a number is one meeting's that was not
                   cancelled; days that no calendar has stay as old papers have them
    agenda         of an ordinary meeting: every standing item is on it, or left out with a reason
    agenda item    the meeting's reference, a stroke and its number
    paper          the meeting's reference and the item's number, CONF before it if it is confidential;
                   sent out, it changes under a new version only

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import (
    AgendaItem,
    Meeting,
    MeetingKind,
    MeetingState,
    Paper,
    StandingItem,
)
from smki.governance.looking import all_under, look
from smki.governance.numbering import (
    MeetingReference,
    PaperReference,
    read_meeting,
    read_paper,
    read_version,
)
from smki.governance.reading import label_of
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding, Malformed

CLAUSE: Final = "sec:C6"
_S = MeetingState
NEXT_STATES: Final[Mapping[MeetingState, frozenset[MeetingState]]] = {
    _S.PLANNED: frozenset({_S.PLANNED, _S.AGENDA_ISSUED, _S.HELD, _S.CANCELLED}),
    _S.AGENDA_ISSUED: frozenset({_S.AGENDA_ISSUED, _S.HELD, _S.CANCELLED}),
    _S.HELD: frozenset({_S.HELD}),
    _S.CANCELLED: frozenset({_S.CANCELLED}),
}
"""What may follow each state: only forward."""

_WITH_AGENDA: Final = frozenset({_S.AGENDA_ISSUED, _S.HELD})
_WORDS: Final = ("heading", "purpose", "requested", "sections", "attachments", "ask")


def _reference(_: Step, after: Meeting, __: Meeting | None) -> Iterator[Finding]:
    read = _read_meeting(after.ref)
    form = MeetingReference(
        prefix=after.body,
        number=after.number,
        day=after.held_on.day,
        month=after.held_on.month,
    )
    if read is not None and not read.is_possible:
        form = MeetingReference(
            prefix=after.body, number=after.number, day=read.day, month=read.month
        )
    if after.ref != str(form):
        yield finding(
            after,
            "meeting.reference",
            f"must be {form}: of its body, its number and its day",
            CLAUSE,
            advice="a meeting that is moved is cancelled, and put anew with its number and the new day",
        )


def _number(step: Step, after: Meeting, before: Meeting | None) -> Iterator[Finding]:
    if before is not None:
        return  # the number is in the reference, and none that is cancelled comes back
    body = look(step.known, Committee, after.body)
    for other in all_under(step.known, body, Meeting) if body is not None else ():
        both = _S.CANCELLED not in (other.state, after.state)
        if both and other.ref != after.ref and other.number == after.number:
            yield finding(
                after,
                "meeting.number",
                f"number {after.number} is that of {other.ref}, must be another",
                CLAUSE,
                advice="take the next number, or cancel the other first",
            )


def _state(step: Step, after: Meeting, before: Meeting | None) -> Iterator[Finding]:
    if before is not None and after.state not in NEXT_STATES[before.state]:
        yield finding(
            after,
            "meeting.state",
            f"was {before.state.value}, cannot become {after.state.value}",
            CLAUSE,
        )
    day = step.change.at.date()
    if after.state is _S.HELD and after.held_on > day:
        yield finding(
            after, "meeting.early", f"is held on {after.held_on}, on {day} it is to come", CLAUSE
        )


def _times(step: Step, after: Meeting, _: Meeting | None) -> Iterator[Finding]:
    if after.starts is not None and after.ends is not None and after.ends < after.starts:
        yield finding(
            after, "meeting.times", f"ends {after.ends:%H:%M}, begins {after.starts:%H:%M}", CLAUSE
        )
    if not after.next_meeting:
        return
    following = look(step.known, Meeting, after.next_meeting)
    if following is None or following.body != after.body or following.held_on <= after.held_on:
        yield finding(
            after,
            "meeting.next",
            f"next meeting {after.next_meeting} must be a later one of {after.body}",
            CLAUSE,
        )


def _standing(step: Step, after: Meeting, before: Meeting | None) -> Iterator[Finding]:
    issued = before is not None and before.state in _WITH_AGENDA
    if issued or after.state not in _WITH_AGENDA or after.kind is not MeetingKind.ORDINARY:
        return
    body = look(step.known, Committee, after.body)
    there = {one.standing_item for one in all_under(step.known, after, AgendaItem)}
    for one in all_under(step.known, body, StandingItem) if body is not None else ():
        if one.is_on(after.held_on) and one.ref not in there:
            yield finding(
                after,
                "meeting.standing-item",
                f"standing item {one.ref} is not on the agenda, must be, or have a reason",
                CLAUSE,
                advice="put an agenda item for it that says why it is left out",
            )


def _item_reference(_: Step, after: AgendaItem, __: AgendaItem | None) -> Iterator[Finding]:
    if after.number < 1 or after.ref != f"{after.meeting}/{after.number}":
        yield finding(
            after,
            "item.reference",
            f"must be {after.meeting}, a stroke and its number from 1",
            CLAUSE,
        )
    if after.place < 0 or after.minutes < 0:
        yield finding(after, "item.order", "place and minutes must be 0 or more", CLAUSE)


def _item_standing(step: Step, after: AgendaItem, _: AgendaItem | None) -> Iterator[Finding]:
    meeting = look(step.known, Meeting, after.meeting)
    standing = look(step.known, StandingItem, after.standing_item)
    if after.omitted and not after.standing_item:
        yield finding(after, "item.omitted", "is left out, must be a standing item", CLAUSE)
    if after.standing_item and (
        standing is None or meeting is None or standing.body != meeting.body
    ):
        yield finding(
            after,
            "item.standing",
            f"is copied from {after.standing_item}, must be a standing item of its body",
            CLAUSE,
        )
    others = all_under(step.known, meeting, AgendaItem) if meeting is not None else ()
    twice = [
        one.ref
        for one in others
        if after.standing_item and one.standing_item == after.standing_item and one.ref != after.ref
    ]
    if twice:
        yield finding(
            after, "item.standing-twice", f"{twice[0]} is that standing item already", CLAUSE
        )


def _item_pointer(step: Step, after: AgendaItem, _: AgendaItem | None) -> Iterator[Finding]:
    if not after.pointer:
        return
    if not after.nothing_to_report or look(step.known, Meeting, after.pointer) is None:
        yield finding(
            after,
            "item.pointer",
            f"points at {after.pointer}, must be a meeting, and nothing to report here",
            CLAUSE,
        )


def _item_joint(step: Step, after: AgendaItem, _: AgendaItem | None) -> Iterator[Finding]:
    joint = after.joint
    if joint is None:
        return
    meeting = look(step.known, Meeting, after.meeting)
    host = meeting.body if meeting is not None else ""
    bodies = joint.bodies
    there = all(look(step.known, Committee, one) is not None for one in bodies)
    if not there or len(set(bodies)) < 2 or len(set(bodies)) != len(bodies) or bodies[0] != host:
        yield finding(
            after,
            "item.joint",
            f"is joint of {', '.join(bodies) or 'nobody'}, must be two bodies or more, {host} first",
            CLAUSE,
        )
    if joint.starts is not None and joint.ends is not None and joint.ends < joint.starts:
        yield finding(after, "item.joint-times", "the bodies part before they meet", CLAUSE)


def _paper_reference(step: Step, after: Paper, before: Paper | None) -> Iterator[Finding]:
    item = look(step.known, AgendaItem, after.item)
    meeting = _read_meeting(item.meeting) if item is not None else None
    if before is not None or item is None or meeting is None:
        return
    confidential = label_of(after, step.known).is_confidential
    form = PaperReference(meeting=meeting, item=item.number, confidential=confidential)
    if after.ref != str(form):
        yield finding(
            after,
            "paper.reference",
            f"must be {form}: of its meeting and item, CONF if it is confidential",
            CLAUSE,
            advice=_paper_advice(after.ref),
        )


def _paper_advice(ref: str) -> str:
    try:
        read = read_paper(ref)
    except Malformed:
        return ""
    return read.notes[0] if read.notes else ""


def _paper_version(_: Step, after: Paper, before: Paper | None) -> Iterator[Finding]:
    if before is None or before.circulated is None:
        return
    if after.circulated is None:
        yield finding(after, "paper.circulated", "was sent out, must stay so", CLAUSE)
    changed = [name for name in _WORDS if getattr(before, name) != getattr(after, name)]
    if changed and not _is_newer(after.version, before.version):
        yield finding(
            after,
            "paper.version",
            f"{changed[0]} changed after it was sent out, version {after.version} must be higher",
            CLAUSE,
            advice="give it the next version, and send it out again",
        )


def _until(_: Step, after: StandingItem, __: StandingItem | None) -> Iterator[Finding]:
    if after.until is not None and after.until < after.since:
        yield finding(after, "standing.dates", f"ends {after.until}, begins {after.since}", CLAUSE)


def _is_newer(after: str, before: str) -> bool:
    try:
        return read_version(after).value > read_version(before).value
    except Malformed:
        return after != before


def _read_meeting(ref: str) -> MeetingReference | None:
    try:
        return read_meeting(ref).value
    except Malformed:
        return None


MEETINGS: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.MEETING: rules_of(Meeting, _reference, _number, _state, _times, _standing),
    Kind.AGENDA_ITEM: rules_of(
        AgendaItem, _item_reference, _item_standing, _item_pointer, _item_joint
    ),
    Kind.PAPER: rules_of(Paper, _paper_reference, _paper_version),
    Kind.STANDING_ITEM: rules_of(StandingItem, _until),
}
