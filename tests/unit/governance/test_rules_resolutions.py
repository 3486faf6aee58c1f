"""Resolutions: whose they are, what they need before they bind, and that they stay as they are minuted."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.entities import Entity
from smki.governance.entities.bodies import (
    BodyKind,
    Committee,
    Interest,
    MinutesSet,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.meetings import (
    AgendaItem,
    Attendance,
    JointItem,
    Meeting,
    MeetingKind,
    MeetingState,
    Presence,
)
from smki.governance.entities.minutes import (
    Criterion,
    Minutes,
    MinutesState,
    Resolution,
    Tally,
    Verb,
)
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.rules import decide_change
from smki.governance.rules_resolutions import BINDING, RESOLUTIONS

DAY = date(2016, 3, 8)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
GROUP = Committee(ref="QTG", name="Quill Testing Group", kind=BodyKind.COMMITTEE)
ADA, BO, CY, DEE = (Person(ref=one, name=one.title()) for one in ("ada", "bo", "cy", "dee"))
CHAIR = Seat(ref="QPA/c", body="QPA", category=SeatCategory.CHAIR, votes=True, holder="ada")
SEATS = (
    CHAIR,
    replace(CHAIR, ref="QPA/1", category=SeatCategory.NETWORKS, holder="bo"),
    replace(CHAIR, ref="QPA/2", category=SeatCategory.OTHER_USER, holder="cy"),
    replace(CHAIR, ref="QTG/1", body="QTG", holder="dee"),
)
THERE = (
    Attendance(person="ada", seat="QPA/c", votes=True),
    Attendance(person="bo", seat="QPA/1", votes=True),
    Attendance(person="dee", seat="QTG/1", votes=True, joint_of="QTG", part=Presence(items=(5,))),
)
MEETING = Meeting(
    ref="QPA_21_0803",
    label=Label.GREEN,
    body="QPA",
    number=21,
    held_on=DAY,
    presider="ada",
    state=MeetingState.HELD,
    attendance=THERE,
)
NEXT = replace(MEETING, ref="QPA_22_1204", number=22, held_on=date(2016, 4, 12))
URGENT = replace(
    MEETING, ref="QPA_19_0102", number=19, held_on=date(2016, 2, 1), kind=MeetingKind.EMERGENCY
)
ITEM = AgendaItem(ref="QPA_21_0803/4", meeting=MEETING.ref, number=4, heading="Fees")
JOINT = replace(ITEM, ref="QPA_21_0803/5", number=5, joint=JointItem(bodies=("QPA", "QTG")))
LATER = replace(ITEM, ref="QPA_22_1204/1", meeting=NEXT.ref, number=1)
AT_ONCE = replace(ITEM, ref="QPA_19_0102/1", meeting=URGENT.ref, number=1)
AGREED = Resolution(
    ref="QPA_21_0803/4/1",
    item=ITEM.ref,
    place=1,
    verb=Verb.AGREED,
    bodies=("QPA",),
    text="The fees stay.",
)
SHORT = replace(
    AGREED, ref="QPA_19_0102/1/1", item=AT_ONCE.ref, verb=Verb.DECIDED, short_notice=True
)
RECORDED = Minutes(
    ref="QPA_21_0803/open",
    meeting=MEETING.ref,
    set=MinutesSet.OPEN,
    state=MinutesState.APPROVED_AS_WRITTEN,
)
REGISTER = Held(
    BODY,
    GROUP,
    ADA,
    BO,
    CY,
    DEE,
    *SEATS,
    MEETING,
    NEXT,
    URGENT,
    ITEM,
    JOINT,
    LATER,
    AT_ONCE,
    SHORT,
)
SHOWN = Criterion(text="Consumers, sec:G9", shown="paper, section 2")
UNSHOWN = Criterion(text="Urgency")


def refused(*entities: Entity, register: Held = REGISTER) -> list[str]:
    """The rules that say no to this change; each with a clause."""
    change = Change(at=datetime(2016, 4, 13, tzinfo=UTC), by="", said="", entities=entities)
    findings = decide_change(change, register, RESOLUTIONS)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.resolution.") for one in findings]


def of_joint(*bodies: str, place: int = 1) -> Resolution:
    """A resolution of the joint item."""
    return replace(AGREED, ref=f"{JOINT.ref}/{place}", item=JOINT.ref, place=place, bodies=bodies)


def later(ratifies: str) -> Resolution:
    """A resolution of the next ordinary meeting."""
    return replace(AGREED, ref=f"{LATER.ref}/1", item=LATER.ref, ratifies=ratifies)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "entities",
    [
        (AGREED,),
        (replace(AGREED, verb=Verb.DETERMINED, criteria=(SHOWN,)),),
        (replace(AGREED, verb=Verb.DECIDED),),
        (replace(AGREED, verb=Verb.CONSIDERED, criteria=(UNSHOWN,)),),
        (AGREED, replace(AGREED, ref="QPA_21_0803/4/2", place=2, verb=Verb.NOTED)),
        (of_joint("QPA", "QTG"), of_joint("QTG", place=2)),
        (replace(AGREED, tally=Tally(in_favour=("QPA/c",), abstained=("QPA/1",))),),
        (replace(AGREED, verb=Verb.CONSIDERED, tally=Tally(in_favour=(), against=("QPA/c",))),),
        (replace(AGREED, effective=DAY, until=DAY),),
        (replace(SHORT, withdrawn=datetime(2016, 4, 1, tzinfo=UTC)),),
        (later(SHORT.ref),),
    ],
)
def test_what_is_in_order_is_kept(entities: tuple[Entity, ...]) -> None:
    """Compound decisions in their order, of one body or of two, with votes and criteria."""
    assert refused(*entities) == []


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("entity", "rule"),
    [
        (replace(AGREED, ref="QPA_21_0803/4/one"), "reference"),
        (replace(AGREED, ref="QPA_21_0803/4/2", place=2), "place"),
        (replace(AGREED, text=" "), "text"),
        (replace(AGREED, effective=DAY, until=date(2016, 3, 1)), "dates"),
        (replace(AGREED, bodies=()), "bodies"),
        (replace(AGREED, bodies=("QPA", "QPA")), "bodies"),
        (of_joint("QP"), "bodies"),
        (replace(AGREED, verb=Verb.DETERMINED), "criteria"),
        (replace(AGREED, verb=Verb.DETERMINED, criteria=(SHOWN, UNSHOWN)), "criteria"),
        (replace(AGREED, verb=Verb.DECIDED, criteria=(UNSHOWN,)), "criteria"),
        (
            replace(AGREED, tally=Tally(in_favour=("QPA/c", "QPA/1"), against=("QPA/1",))),
            "one-vote",
        ),
        (replace(AGREED, tally=Tally(in_favour=("QPA/c", "QPA/2"))), "vote"),
        (replace(AGREED, tally=Tally(in_favour=("QPA/c", "QTG/1"))), "vote"),
        (replace(AGREED, tally=Tally(in_favour=("QPA/c",), against=("QPA/1",))), "carried"),
        (replace(AGREED, tally=Tally(in_favour=(), against=("QPA/c", "QPA/1"))), "carried"),
        (later("QPA_21_0803/4/9"), "ratifies"),
        (replace(later(SHORT.ref), verb=Verb.NOTED), "ratifies"),
        (replace(SHORT, short_notice=False), "short-notice"),
    ],
)
def test_what_is_not_in_order_is_refused(entity: Entity, rule: str) -> None:
    """Each step breaks one rule, and that rule alone says so."""
    assert refused(entity) == [rule]


def test_only_bodies_that_join_decide() -> None:
    """Outside a joint item nobody but the meeting's own body takes a decision."""
    assert "bodies" in refused(replace(AGREED, bodies=("QPA", "QTG")))


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize("verb", Verb)
def test_what_binds_needs_a_quorum_at_a_meeting_that_was_held(verb: Verb) -> None:
    """One of three is no quorum: nothing that binds is recorded; noting and considering are."""
    one = replace(AGREED, verb=verb, criteria=(SHOWN,))
    alone = REGISTER.with_these(replace(MEETING, attendance=THERE[:1]))
    planned = REGISTER.with_these(replace(MEETING, state=MeetingState.PLANNED))
    assert refused(one, register=alone) == (["quorum"] if verb in BINDING else [])
    assert refused(one, register=planned) == (["held"] if verb in BINDING else [])
    assert (verb in BINDING) is (
        verb.value in ("approved", "agreed", "recommended", "decided", "determined")
    )


def test_each_body_of_a_joint_item_needs_its_own_quorum() -> None:
    """The other body's members were not there for the item: it took no decision."""
    gone = REGISTER.with_these(replace(MEETING, attendance=THERE[:2]))
    assert refused(of_joint("QPA", "QTG"), register=gone) == ["quorum"]
    assert refused(of_joint("QPA"), register=gone) == []


def test_a_declared_interest_takes_the_vote() -> None:
    """Who declared an interest in the item does not vote on it."""
    interest = Interest(ref="1", body="QPA", person="bo", text="?", declared=DAY, item=ITEM.ref)
    voted = replace(AGREED, tally=Tally(in_favour=("QPA/c", "QPA/1")))
    assert refused(voted, register=REGISTER.with_these(interest)) == ["vote"]


def test_a_casting_vote_is_the_bodys_to_give() -> None:
    """With it, the chair's seat carries a tie; without it, a tie carries nothing."""
    tied = replace(AGREED, tally=Tally(in_favour=("QPA/c",), against=("QPA/1",)))
    casting = REGISTER.with_these(replace(BODY, casting_vote=True))
    assert refused(tied, register=casting) == []
    assert refused(tied) == ["carried"]


@pytest.mark.clause("sec:C6")
def test_what_approved_minutes_record_stays() -> None:
    """It can be withdrawn and tied to its decision file; nothing else of it changes, nothing is added."""
    register = REGISTER.with_these(AGREED, RECORDED)
    when = datetime(2016, 4, 1, tzinfo=UTC)
    gone = replace(AGREED, withdrawn=when, decision="QPA-1")
    second = replace(AGREED, ref="QPA_21_0803/4/2", place=2)
    withheld = replace(second, label=Label.RED)
    assert refused(gone, register=register) == []
    assert refused(replace(AGREED, text="Other."), register=register) == ["approved"]
    hidden = replace(AGREED, text="Other.", label=Label.AMBER)
    assert refused(hidden, register=register) == ["approved"]
    assert refused(second, register=register) == ["approved"]
    assert refused(withheld, register=register) == []
    assert refused(AGREED, register=register.with_these(gone)) == ["withdrawn"]
