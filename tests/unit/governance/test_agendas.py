"""The next agenda is drafted from what stands on each, what is open, and what comes; numbers are the next."""

from dataclasses import replace
from datetime import date, time

import pytest
from tests.support.known import Held

from smki.governance.agendas import Draft, PaperAsked, Wishes, draft_agenda
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import BodyKind, Committee
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    JointItem,
    Meeting,
    MeetingState,
    StandingItem,
)
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Condition,
    ConditionKind,
    ConditionState,
    Due,
    DueKind,
    Resolution,
    Verb,
)
from smki.governance.labels import Label
from smki.governance.next_numbers import (
    next_action,
    next_meeting,
    next_version,
    paper_reference,
)
from smki.governance.numbering import Version
from smki.governance.planner import plan
from smki.governance.reading import label_of
from smki.terms import Refused

BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
LAST = Meeting(
    ref="QPA_21_0803",
    label=Label.GREEN,
    body="QPA",
    number=21,
    held_on=date(2016, 3, 8),
    state=MeetingState.HELD,
)
ITEM = AgendaItem(ref="QPA_21_0803/1", meeting=LAST.ref, number=1, heading="One", label=Label.RED)
ROLLS = StandingItem(
    ref="QPA/s1", body="QPA", heading="Minutes", since=date(2014, 1, 1), place=1, ask=Ask.APPROVAL
)
RISKS = replace(ROLLS, ref="QPA/s2", heading="Risks", place=2, ask=Ask.DISCUSSION)
ENDED = replace(ROLLS, ref="QPA/s3", heading="Old", until=date(2016, 4, 11))
ACTION = Action(
    ref="QPA 21/01",
    text="Ask the makers.",
    item=ITEM.ref,
    raised=LAST.held_on,
    owner="secretary",
    due=Due(kind=DueKind.NEXT_MEETING),
    due_on=date(2016, 4, 12),
)
URGENT = Resolution(
    ref="QPA_21_0803/1/1",
    item=ITEM.ref,
    place=1,
    verb=Verb.DECIDED,
    bodies=("QPA",),
    text="The key is not used.",
    short_notice=True,
)
OPEN = Condition(
    ref="QPA_21_0803/1/1/c1",
    resolution=URGENT.ref,
    kind=ConditionKind.SUBSEQUENT,
    text="The makers confirm. " * 20,
    deadline=date(2016, 4, 1),
)
REGISTER = Held(BODY, LAST, ITEM, ROLLS, RISKS, ENDED, ACTION, URGENT, OPEN)
WISHES = Wishes(held_on=date(2016, 4, 12), starts=time(10), place="Room 1", presider="ada")
PENDING = (ACTION, URGENT, OPEN)


def headings(draft: Draft) -> list[str]:
    """What stands on it, in order."""
    return [one.heading for one in draft.items]


@pytest.mark.clause("sec:C6")
def test_an_agenda_has_all_that_there_is_to_see_to() -> None:
    """Standing items roll on in their order, then actions, conditions, ratifications, papers, planner."""
    wishes = replace(WISHES, papers=(PaperAsked(heading="Fees", ask=Ask.DECISION, presenter="bo"),))
    planned = plan((LAST, ACTION), date(2016, 3, 9))
    draft = draft_agenda(BODY, wishes, REGISTER, pending=PENDING, planned=planned)
    condition, ratification = draft.items[3], draft.items[4]
    assert headings(draft) == [
        "Minutes",
        "Risks",
        "Actions",
        condition.heading,
        ratification.heading,
        "Fees",
        "Activity planner",
    ]
    assert condition.heading.startswith("Condition QPA_21_0803/1/1/c1: The makers confirm.")
    assert len(condition.heading) <= 120
    assert ratification.heading == "Ratification of QPA_21_0803/1/1: The key is not used."
    assert [one.number for one in draft.items] == [one.place for one in draft.items]
    assert (draft.meeting.ref, draft.meeting.number) == ("QPA_22_1204", 22)
    assert draft.entities == (draft.meeting, *draft.items)
    assert draft.sources["QPA_22_1204/3"] == (ACTION.key,)
    assert draft.sources["QPA_22_1204/7"] == (ACTION.key,)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (Due(kind=DueKind.NEXT_MEETING), date(2016, 4, 12)),
        (Due(kind=DueKind.BEFORE_MEETING, meeting="QPA_22_1204"), date(2016, 4, 11)),
        (Due(kind=DueKind.BEFORE_MEETING, meeting="QPA_23_1005"), None),
        (Due(kind=DueKind.CONTINGENT, action="QPA 21/02"), None),
    ],
)
def test_what_is_due_at_the_meeting_gets_its_day(due: Due, expected: date | None) -> None:
    """An open action that waited for its meeting is dated with the draft; one that has its day stays."""
    waits = replace(ACTION, due=due, due_on=None)
    draft = draft_agenda(BODY, WISHES, REGISTER, pending=(waits,))
    assert [one.due_on for one in draft.dated] == ([] if expected is None else [expected])
    assert draft.entities == (draft.meeting, *draft.items, *draft.dated)
    assert draft_agenda(BODY, WISHES, REGISTER, pending=(ACTION,)).dated == ()


@pytest.mark.clause("sec:M4.13")
def test_an_item_is_as_confidential_as_its_source() -> None:
    """A condition of a Red item makes a Red item without a stub; a collected one names nothing."""
    draft = draft_agenda(BODY, WISHES, REGISTER, pending=PENDING)
    known = REGISTER.with_these(*draft.entities)
    for item, sources in draft.sources.items():
        entity = known.get(Key(Kind.AGENDA_ITEM, item))
        source = known.get(sources[0])
        assert isinstance(entity, AgendaItem)
        assert source is not None
        if entity.heading != "Actions":
            assert entity.label is source.label or entity.label is label_of(source, known)
        assert "makers" not in entity.stub
        assert ACTION.text not in entity.heading


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "settled",
    [
        replace(ACTION, state=ActionState.CLOSED),
        replace(OPEN, state=ConditionState.MET),
        replace(OPEN, deadline=date(2016, 4, 13)),
        replace(URGENT, short_notice=False),
    ],
)
def test_what_is_settled_or_later_is_on_no_agenda(settled: Entity) -> None:
    """Closed actions, conditions that are met or due later, decisions that need no ratification."""
    draft = draft_agenda(BODY, WISHES, REGISTER, pending=(settled,))
    assert headings(draft) == ["Minutes", "Risks"]


def test_what_was_ratified_is_not_ratified_again() -> None:
    """A decision that ratifies another takes it off the next agenda."""
    ratifies = replace(
        URGENT, ref="QPA_21_0803/1/2", place=2, short_notice=False, ratifies=URGENT.ref
    )
    draft = draft_agenda(BODY, WISHES, REGISTER, pending=(URGENT, ratifies))
    assert headings(draft) == ["Minutes", "Risks"]


@pytest.mark.clause("sec:C6")
def test_a_standing_item_is_left_out_with_a_reason() -> None:
    """It stays on record with its reason, after the others; without one the draft is refused."""
    draft = draft_agenda(BODY, replace(WISHES, omitted={"QPA/s1": "none yet"}), REGISTER)
    assert [(one.heading, one.omitted, one.place) for one in draft.items] == [
        ("Risks", "", 1),
        ("Minutes", "none yet", 0),
    ]
    for ref, said in (("QPA/s1", "without a reason"), ("QPA/s3", "is none of this body's")):
        with pytest.raises(Refused, match=f"standing item {ref} .*{said}"):
            draft_agenda(BODY, replace(WISHES, omitted={ref: " "}), REGISTER)


@pytest.mark.clause("sec:C6")
def test_no_second_meeting_is_drafted_for_a_day() -> None:
    """A draft that was kept once is refused the second time; a cancelled meeting is in nobody's way."""
    there = replace(LAST, ref="QPA_22_1204", number=22, held_on=WISHES.held_on)
    with pytest.raises(Refused, match=r"meets on 2016-04-12 already.*QPA_22_1204"):
        draft_agenda(BODY, WISHES, REGISTER.with_these(there))
    cancelled = replace(there, state=MeetingState.CANCELLED)
    draft = draft_agenda(BODY, WISHES, REGISTER.with_these(cancelled))
    assert draft.meeting.ref == "QPA_23_1204"


def test_actions_and_planner_may_have_standing_items() -> None:
    """Where a standing item is named for them, they get none of their own."""
    wishes = replace(WISHES, actions_under="QPA/s2", planner_under="QPA/s1")
    planned = plan((LAST,), LAST.held_on)
    draft = draft_agenda(BODY, wishes, REGISTER, pending=(ACTION,), planned=planned)
    assert headings(draft) == ["Minutes", "Risks"]
    assert draft.sources["QPA_22_1204/1"] == (ROLLS.key, LAST.key)
    assert draft.sources["QPA_22_1204/2"] == (RISKS.key, ACTION.key)


@pytest.mark.parametrize(
    ("meetings", "day", "expected"),
    [
        ((), date(2016, 4, 12), "QPA_22_1204"),
        ((replace(LAST, ref="QPA_22_1204", number=22),), date(2016, 5, 10), "QPA_23_1005"),
        (
            (replace(LAST, ref="QPA_22_1204", number=22, state=MeetingState.CANCELLED),),
            date(2016, 4, 13),
            "QPA_22_1304",
        ),
        (
            (replace(LAST, ref="QPA_22_1204", number=22, state=MeetingState.CANCELLED),),
            date(2016, 4, 12),
            "QPA_23_1204",
        ),
    ],
)
def test_meetings_are_numbered_on(meetings: tuple[Meeting, ...], day: date, expected: str) -> None:
    """One more than the highest; one that was cancelled frees its number for another day."""
    assert str(next_meeting(BODY, day, REGISTER.with_these(*meetings))) == expected


def test_papers_actions_and_versions_are_numbered_on() -> None:
    """A paper by its item, an action by its meeting, a joint one by day and month, a version by size."""
    assert str(paper_reference(ITEM, confidential=False)) == "QPA_21_0803_01"
    assert str(paper_reference(ITEM, confidential=True)) == "QPA_21_0803_CONF01"
    joint = replace(ITEM, ref="QPA_21_0803/2", number=2, joint=JointItem(bodies=("QPA", "QTG")))
    older = replace(ACTION, ref="JM_0803/01", item=joint.ref, raised=date(2015, 3, 8))
    known = REGISTER.with_these(joint, older)
    assert str(next_action(LAST, known)) == "QPA 21/02"
    assert str(next_action(LAST, known, joint=True)) == "JM_0803/02"
    assert str(next_version(Version(major=3, minor=8))) == "3.9"
    assert str(next_version(Version(major=3, minor=8), major=True)) == "4.0"
    assert str(next_version(None)) == "0.1"
