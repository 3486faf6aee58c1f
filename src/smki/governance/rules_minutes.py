"""Rules of minutes: each version of a meeting's is drafted, commented and approved on its own.

    draft > in comment > approved as written, or as modified > final
                   |        ^
                   +--> deferred

    approved    by a later meeting of the same body, after the comment round
    then        nothing of them changes, no paragraph and no resolution of theirs is added or changed;
                who was at the meeting stays, its agenda but for labels and stubs, and the words of
                its actions
    paragraph   the minutes' reference, a stroke and three digits or more; places run from 1 without
                gaps, a place of 0 is that of one that was struck from a draft
    comment     within the round; what was said stays, what became of it is added

What goes into which version is `rules_classification`'s.

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from smki.governance.entities import Key, Kind, Known
from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.meetings import AgendaItem, Meeting, MeetingState
from smki.governance.entities.minutes import (
    Action,
    Comment,
    Minutes,
    MinutesState,
    Paragraph,
    Resolution,
)
from smki.governance.looking import all_under, look
from smki.governance.reading import label_of
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:C6"
_S = MinutesState
_APPROVALS: Final = frozenset({_S.APPROVED_AS_WRITTEN, _S.APPROVED_AS_MODIFIED})
NEXT_MINUTES: Final[Mapping[MinutesState, frozenset[MinutesState]]] = {
    _S.DRAFT: frozenset({_S.DRAFT, _S.IN_COMMENT}),
    _S.IN_COMMENT: frozenset({_S.IN_COMMENT, _S.DEFERRED, *_APPROVALS}),
    _S.DEFERRED: frozenset({_S.DEFERRED, *_APPROVALS}),
    _S.APPROVED_AS_WRITTEN: frozenset({_S.APPROVED_AS_WRITTEN, _S.FINAL}),
    _S.APPROVED_AS_MODIFIED: frozenset({_S.APPROVED_AS_MODIFIED, _S.FINAL}),
    _S.FINAL: frozenset({_S.FINAL}),
}
"""What may follow each state: only forward."""

_NUMBER_DIGITS: Final = 3  # of a paragraph, or more


def _reference(step: Step, after: Minutes, _: Minutes | None) -> Iterator[Finding]:
    if after.ref != f"{after.meeting}/{after.set.value}":
        yield finding(
            after, "minutes.reference", f"must be {after.meeting}/{after.set.value}", CLAUSE
        )
    meeting = look(step.known, Meeting, after.meeting)
    if meeting is not None and meeting.state is MeetingState.CANCELLED:
        yield finding(after, "minutes.cancelled", f"{meeting.ref} was cancelled", CLAUSE)


def _forward(_: Step, after: Minutes, before: Minutes | None) -> Iterator[Finding]:
    if after.state is _S.IN_COMMENT and after.comments_close is None:
        yield finding(
            after,
            "minutes.round",
            "are in comment, must say until when",
            CLAUSE,
            advice="give the last day of the comment round",
        )
    if before is None:
        return
    if after.state not in NEXT_MINUTES[before.state]:
        yield finding(
            after,
            "minutes.state",
            f"were {before.state.value}, cannot become {after.state.value}",
            CLAUSE,
        )
    if after.revision < before.revision:
        yield finding(after, "minutes.revision", "drafts are counted upwards", CLAUSE)
    if before.state.is_approved and _kept(before) != _kept(after):
        yield finding(after, "minutes.approved", "are approved, must stay as they are", CLAUSE)


def _approved(step: Step, after: Minutes, before: Minutes | None) -> Iterator[Finding]:
    if not after.state.is_approved or (before is not None and before.state.is_approved):
        return
    own = look(step.known, Meeting, after.meeting)
    by = look(step.known, Meeting, after.approved_at)
    day = step.change.at.date()
    if (
        own is None
        or by is None
        or (by.body != own.body or by.held_on <= own.held_on)
        or (by.state is MeetingState.CANCELLED or by.held_on > day)
    ):
        yield finding(
            after,
            "minutes.approved-at",
            f"are approved at {after.approved_at or 'no meeting'}, must be at a later one of the body"
            " that was held",
            CLAUSE,
        )
    elif after.comments_close is None or after.comments_close >= by.held_on:
        yield finding(
            after,
            "minutes.round",
            f"comments close {after.comments_close}, must be before {by.ref} that approves them",
            CLAUSE,
            advice="defer them to the next meeting",
        )


def _kept(minutes: Minutes) -> tuple[object, ...]:
    return (minutes.label, minutes.revision, minutes.comments_close, minutes.approved_at)


def _meeting(step: Step, after: Meeting, before: Meeting | None) -> Iterator[Finding]:
    if before is None or not _is_approved(step.was, before):
        return
    allowed = replace(before, label=after.label, next_meeting=after.next_meeting)
    if allowed != after:
        yield finding(
            after,
            "meeting.approved",
            "its minutes are approved: who was there, and all else of it, stays",
            CLAUSE,
            advice="a later meeting may note a correction in its own minutes",
        )


def _item(step: Step, after: AgendaItem, before: AgendaItem | None) -> Iterator[Finding]:
    meeting = look(step.was, Meeting, after.meeting)
    if meeting is None or before == after or not _is_approved(step.was, meeting):
        return
    if before is None or replace(before, label=after.label, stub=after.stub) != after:
        yield finding(
            after,
            "item.approved",
            f"the minutes of {meeting.ref} are approved, its agenda stays",
            CLAUSE,
            advice="label and stub may change, nothing else",
        )


def _action(step: Step, after: Action, before: Action | None) -> Iterator[Finding]:
    item = look(step.known, AgendaItem, after.item)
    if before is None or before.text == after.text or item is None:
        return
    minutes = approved_minutes(step, item.meeting)
    if minutes is not None:
        yield finding(
            after,
            "action.approved",
            f"{minutes.ref} is approved, what it asks for stays in its words",
            CLAUSE,
            advice="say in an update what changed, or raise a new action",
        )


def approved_minutes(step: Step, meeting: str) -> Minutes | None:
    """The minutes of the meeting that record the step's entity, if they were approved before it.

    They name it in a paragraph, or are those for the label that it has, or had: nobody changes what
    was approved by putting it under another label.

    Clause: sec:C6
    """
    labels = [label_of(step.after, step.known)]
    if step.before is not None:
        labels.append(label_of(step.before, step.was))
    sets = {MinutesSet.CONFIDENTIAL if one.is_confidential else MinutesSet.OPEN for one in labels}
    for one in MinutesSet:
        found = look(step.was, Minutes, f"{meeting}/{one.value}")
        if found is not None and found.state.is_approved:
            paragraphs = all_under(step.was, found, Paragraph)
            if one in sets or any(each.of == step.after.ref for each in paragraphs):
                return found
    return None


def _is_approved(known: Known, meeting: Meeting) -> bool:
    """Whether some version of the meeting's minutes is approved."""
    return any(one.state.is_approved for one in all_under(known, meeting, Minutes))


def _paragraph(step: Step, after: Paragraph, before: Paragraph | None) -> Iterator[Finding]:
    number = after.ref.removeprefix(f"{after.minutes}/")
    is_number = number.isascii() and number.isdigit() and len(number) >= _NUMBER_DIGITS
    if number == after.ref or not is_number:
        yield finding(
            after, "paragraph.reference", f"must be {after.minutes}/ and three digits", CLAUSE
        )
    if after.of and not _recorded(step.known, after.of):
        yield finding(
            after, "paragraph.of", f"records {after.of}, no resolution or action is there", CLAUSE
        )
    if after.place > 0 and not after.text.strip():
        yield finding(
            after,
            "paragraph.text",
            "says nothing",
            CLAUSE,
            advice="what is struck from a draft has the place 0",
        )
    was = look(step.was, Minutes, after.minutes)
    if was is not None and was.state.is_approved and before != after:
        yield finding(
            after,
            "paragraph.approved",
            f"{was.ref} is approved, no paragraph is changed or added",
            CLAUSE,
            advice="a later meeting may note a correction in its own minutes",
        )


def _places(step: Step, after: Paragraph, _: Paragraph | None) -> Iterator[Finding]:
    mine = (one for one in step.change.entities if isinstance(one, Paragraph))
    minutes = look(step.known, Minutes, after.minutes)
    if minutes is None or next(one for one in mine if one.minutes == after.minutes) != after:
        return  # asked once of each set
    places = sorted(one.place for one in all_under(step.known, minutes, Paragraph) if one.place)
    if places != list(range(1, len(places) + 1)):
        yield finding(
            after,
            "paragraph.places",
            f"places of {minutes.ref} must run from 1 to {len(places)}, each once",
            CLAUSE,
            advice="move what comes after in the same change",
        )


def _comment(step: Step, after: Comment, before: Comment | None) -> Iterator[Finding]:
    minutes = step.known.get(Key(after.about_kind, after.about))
    if not isinstance(minutes, Minutes):
        return
    if before is not None:
        said = (before.by, before.received, before.text)
        if said != (after.by, after.received, after.text):
            yield finding(after, "comment.said", "what was said must stay", CLAUSE)
        return
    closes = minutes.comments_close
    if closes is None or after.received > closes:
        yield finding(
            after,
            "comment.round",
            f"came {after.received}, comments on {minutes.ref} close {closes or 'not yet open'}",
            CLAUSE,
            advice="raise it at the meeting that approves them",
        )


def _recorded(known: Known, ref: str) -> bool:
    found = look(known, Resolution, ref) or look(known, Action, ref)
    return found is not None


MINUTES: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.MINUTES: rules_of(Minutes, _reference, _forward, _approved),
    Kind.PARAGRAPH: rules_of(Paragraph, _paragraph, _places),
    Kind.COMMENT: rules_of(Comment, _comment),
    Kind.MEETING: rules_of(Meeting, _meeting),
    Kind.AGENDA_ITEM: rules_of(AgendaItem, _item),
    Kind.ACTION: rules_of(Action, _action),
}
