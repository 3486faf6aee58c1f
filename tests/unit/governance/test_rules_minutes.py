"""Minutes go only forward, each version on its own, and what was approved stays."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import BodyKind, Committee, MinutesSet
from smki.governance.entities.meetings import AgendaItem, Attendance, Meeting, MeetingState
from smki.governance.entities.minutes import (
    Action,
    Comment,
    Due,
    DueKind,
    Minutes,
    MinutesState,
    Paragraph,
    ParagraphRole,
)
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.rules import decide_change
from smki.governance.rules_minutes import MINUTES, NEXT_MINUTES

DAY = date(2016, 3, 8)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
MEETING = Meeting(ref="QPA_21_0803", body="QPA", number=21, held_on=DAY, state=MeetingState.HELD)
NEXT = replace(MEETING, ref="QPA_22_1204", number=22, held_on=date(2016, 4, 12))
LAST = replace(MEETING, ref="QPA_20_0902", number=20, held_on=date(2016, 2, 9))
OTHERS = replace(NEXT, ref="QTG_05_1204", body="QTG", number=5)
ITEM = AgendaItem(ref="QPA_21_0803/4", meeting=MEETING.ref, number=4, heading="Fees")
ACTION = Action(
    ref="QPA 21/01",
    text="Ask.",
    item=ITEM.ref,
    raised=DAY,
    owner="secretary",
    due=Due(kind=DueKind.NEXT_MEETING),
)
DRAFT = Minutes(ref="QPA_21_0803/open", meeting=MEETING.ref, set=MinutesSet.OPEN)
IN_COMMENT = replace(
    DRAFT, state=MinutesState.IN_COMMENT, comments_close=date(2016, 3, 22), revision=2
)
APPROVED = replace(IN_COMMENT, state=MinutesState.APPROVED_AS_WRITTEN, approved_at=NEXT.ref)
WITHHELD = replace(DRAFT, ref="QPA_21_0803/confidential", set=MinutesSet.CONFIDENTIAL)
FIRST = Paragraph(
    ref="QPA_21_0803/open/001",
    minutes=DRAFT.ref,
    item=ITEM.ref,
    place=1,
    role=ParagraphRole.TEXT,
    text="The fees were weighed.",
)
SECOND = replace(FIRST, ref="QPA_21_0803/open/002", place=2)
COMMENT = Comment(
    ref="1",
    about_kind=Kind.MINUTES,
    about=DRAFT.ref,
    by="ada",
    received=date(2016, 3, 15),
    text="Add the sum.",
)
REGISTER = Held(
    BODY,
    MEETING,
    NEXT,
    LAST,
    OTHERS,
    ITEM,
    ACTION,
    IN_COMMENT,
    WITHHELD,
    FIRST,
    SECOND,
    COMMENT,
)


def refused(
    *entities: Entity, register: Held = REGISTER, day: date = date(2016, 4, 13)
) -> list[str]:
    """The rules that say no to this change; each with a clause."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    change = Change(at=at, by="", said="", entities=entities)
    findings = decide_change(change, register, MINUTES)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.") for one in findings]


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "entities",
    [
        (APPROVED,),
        (replace(APPROVED, state=MinutesState.APPROVED_AS_MODIFIED), replace(FIRST, text="New.")),
        (replace(IN_COMMENT, state=MinutesState.DEFERRED),),
        (replace(IN_COMMENT, revision=3), replace(SECOND, text="Newer.")),
        (replace(WITHHELD, state=MinutesState.IN_COMMENT, comments_close=date(2016, 4, 1)),),
        (replace(FIRST, place=0, text=""), replace(SECOND, place=1)),
        (replace(FIRST, place=2), replace(SECOND, place=1)),
        (replace(SECOND, ref="QPA_21_0803/open/003", place=3, of="QPA 21/01"),),
        (replace(COMMENT, disposition="Added."),),
        (replace(COMMENT, ref="2", text="", received=date(2016, 3, 22)),),
        (replace(COMMENT, ref="3", about_kind=Kind.PARAGRAPH, about=FIRST.ref),),
    ],
)
def test_what_is_in_order_is_kept(entities: tuple[Entity, ...]) -> None:
    """Rounds, deferral, approval as written and as modified, paragraphs moved and struck."""
    assert refused(*entities) == []


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("entity", "rule"),
    [
        (replace(WITHHELD, ref="QPA_21_0803/closed"), "minutes.reference"),
        (replace(WITHHELD, state=MinutesState.IN_COMMENT), "minutes.round"),
        (replace(IN_COMMENT, revision=1), "minutes.revision"),
        (replace(APPROVED, approved_at=""), "minutes.approved-at"),
        (replace(APPROVED, approved_at=LAST.ref), "minutes.approved-at"),
        (replace(APPROVED, approved_at=MEETING.ref), "minutes.approved-at"),
        (replace(APPROVED, approved_at=OTHERS.ref), "minutes.approved-at"),
        (replace(APPROVED, comments_close=date(2016, 4, 12)), "minutes.round"),
        (replace(APPROVED, comments_close=None), "minutes.round"),
        (replace(SECOND, ref="QPA_21_0803/open/2", place=0), "paragraph.reference"),
        (replace(SECOND, ref="QPA_21_0803/other/003", place=3), "paragraph.reference"),
        (replace(SECOND, ref="QPA_21_0803/open/003", place=3, of="QPA 21/9"), "paragraph.of"),
        (replace(SECOND, text=" "), "paragraph.text"),
        (replace(SECOND, place=3), "paragraph.places"),
        (replace(SECOND, place=1), "paragraph.places"),
        (replace(SECOND, place=-1), "paragraph.places"),
        (replace(COMMENT, text="Nothing."), "comment.said"),
        (replace(COMMENT, ref="2", received=date(2016, 3, 23)), "comment.round"),
        (replace(COMMENT, ref="2", about=WITHHELD.ref), "comment.round"),
    ],
)
def test_what_is_not_in_order_is_refused(entity: Entity, rule: str) -> None:
    """Each step breaks one rule, and that rule alone says so."""
    assert refused(entity) == [rule]


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize("before", MinutesState)
@pytest.mark.parametrize("after", MinutesState)
def test_minutes_go_only_forward(before: MinutesState, after: MinutesState) -> None:
    """Draft, in comment, deferred, approved, final; one that is approved is not approved anew."""
    was, becomes = replace(APPROVED, state=before), replace(APPROVED, state=after)
    may = after in NEXT_MINUTES[before]
    order = list(MinutesState)
    assert not may or order.index(after) >= order.index(before)
    found = refused(becomes, register=REGISTER.with_these(was))
    assert ("minutes.state" in found) is not may
    assert not (before is MinutesState.DRAFT and after.is_approved and may)


@pytest.mark.clause("sec:C6")
def test_what_was_approved_stays() -> None:
    """Neither the minutes nor a paragraph changes, none is added; the confidential ones still may."""
    register = REGISTER.with_these(APPROVED)
    third = replace(SECOND, ref="QPA_21_0803/open/003", place=3)
    for entity in (replace(FIRST, text="Otherwise."), replace(SECOND, place=0), third):
        assert "paragraph.approved" in refused(entity, register=register)
    assert refused(replace(APPROVED, revision=3), register=register) == ["minutes.approved"]
    assert refused(replace(APPROVED, state=MinutesState.FINAL), register=register) == []
    body = replace(
        FIRST,
        ref="QPA_21_0803/confidential/001",
        minutes=WITHHELD.ref,
        role=ParagraphRole.WITHHELD_BODY,
    )
    assert refused(body, register=register) == []


@pytest.mark.clause("sec:C6")
def test_an_action_keeps_its_words_once_they_are_approved() -> None:
    """What approved minutes ask for stays, under another label too; who does it and until when may change."""
    register = REGISTER.with_these(APPROVED, replace(MEETING, label=Label.GREEN))
    other = replace(ACTION, text="Do not ask.")
    assert refused(other) == []
    for changed in (other, replace(other, label=Label.AMBER)):
        assert refused(changed, register=register) == ["action.approved"]
    assert refused(replace(ACTION, owner="chair"), register=register) == []
    named = replace(FIRST, role=ParagraphRole.ACTION, of=ACTION.ref)
    raised = register.with_these(named, replace(ITEM, label=Label.RED, stub="An item"))
    assert refused(other, register=raised) == ["action.approved"]


@pytest.mark.clause("sec:M4.13")
def test_nobody_was_at_a_meeting_once_its_minutes_are_approved() -> None:
    """Who was there, which opens what is Red, stays; so does the agenda, but for labels and stubs."""
    register = REGISTER.with_these(APPROVED)
    late = replace(MEETING, attendance=(Attendance(person="eve"),))
    assert refused(late) == []
    assert refused(late, register=register) == ["meeting.approved"]
    assert refused(replace(MEETING, next_meeting=NEXT.ref), register=register) == []
    tenth = replace(ITEM, ref="QPA_21_0803/10", number=10)
    assert refused(tenth) == []
    assert refused(tenth, register=register) == ["item.approved"]
    assert refused(replace(ITEM, heading="Sums"), register=register) == ["item.approved"]
    assert refused(replace(ITEM, label=Label.WHITE, stub="Fees"), register=register) == []


def test_nothing_is_approved_by_a_meeting_to_come() -> None:
    """The day before, the meeting that is to approve them has approved nothing."""
    assert refused(APPROVED, day=date(2016, 4, 11)) == ["minutes.approved-at"]


def test_a_cancelled_meeting_has_no_minutes() -> None:
    """What was cancelled was not minuted."""
    cancelled = replace(MEETING, state=MeetingState.CANCELLED)
    assert refused(WITHHELD, register=REGISTER.with_these(cancelled)) == ["minutes.cancelled"]
