"""Meetings, agendas, papers and attendance: what is kept, and what is refused with its reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from tests.support.known import Held

from smki.governance.entities import Entity
from smki.governance.entities.bodies import (
    Alternate,
    BodyKind,
    Committee,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attendance,
    JointItem,
    Meeting,
    MeetingKind,
    MeetingState,
    Paper,
    Presence,
    StandingItem,
)
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.rules import decide_change
from smki.governance.rules_attendance import ATTENDANCE
from smki.governance.rules_meetings import MEETINGS, NEXT_STATES

DAY = date(2016, 3, 8)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
GROUP = Committee(ref="QTG", name="Quill Testing Group", kind=BodyKind.COMMITTEE)
PEOPLE = tuple(Person(ref=one, name=one.title()) for one in ("ada", "bo", "cy", "dee", "eve"))
CHAIR = Seat(ref="QPA/chair", body="QPA", category=SeatCategory.CHAIR, votes=False, holder="ada")
NETWORKS = Seat(
    ref="QPA/1", body="QPA", category=SeatCategory.NETWORKS, votes=True, holder="bo", end=None
)
TESTER = replace(NETWORKS, ref="QTG/1", body="QTG", holder="dee")
ENDED = replace(NETWORKS, ref="QPA/2", holder="eve", end=date(2016, 1, 1))
LATER = replace(NETWORKS, ref="QPA/3", holder="eve", start=date(2016, 4, 1))
STANDS_IN = Alternate(ref="QPA/1/cy", seat="QPA/1", person="cy")
OF_CHAIR = Alternate(ref="QPA/chair/bo", seat="QPA/chair", person="bo", end=date(2016, 2, 1))
ROLLS = StandingItem(ref="QPA/s1", body="QPA", heading="Actions", since=date(2015, 1, 1))
MEETING = Meeting(
    ref="QPA_21_0803",
    label=Label.GREEN,
    body="QPA",
    number=21,
    held_on=DAY,
    presider="ada",
    secretary="eve",
    attendance=(Attendance(person="ada", seat="QPA/chair"),),
)
OTHER = Meeting(ref="QPA_20_0902", body="QPA", number=20, held_on=date(2016, 2, 9))
FIRST = AgendaItem(ref="QPA_21_0803/1", meeting=MEETING.ref, number=1, heading="Minutes")
JOINT = AgendaItem(
    ref="QPA_21_0803/2",
    meeting=MEETING.ref,
    number=2,
    heading="Report",
    joint=JointItem(bodies=("QPA", "QTG")),
)
COPIED = replace(FIRST, ref="QPA_21_0803/3", number=3, standing_item="QPA/s1")
PAPER = Paper(
    ref="QPA_21_0803_01", item=FIRST.ref, heading="Fees", ask=Ask.DECISION, circulated=DAY
)
REGISTER = Held(
    BODY,
    GROUP,
    *PEOPLE,
    CHAIR,
    NETWORKS,
    TESTER,
    ENDED,
    LATER,
    STANDS_IN,
    OF_CHAIR,
    ROLLS,
    MEETING,
    OTHER,
    FIRST,
    JOINT,
    COPIED,
    PAPER,
)
RULES = {kind: (*MEETINGS.get(kind, ()), *ATTENDANCE.get(kind, ())) for kind in MEETINGS}


def refused(entity: Entity, day: date = DAY, register: Held = REGISTER) -> list[str]:
    """The rules that say no to this step; each with a clause."""
    at = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    change = Change(at=at, by="", said="", entities=(entity,))
    findings = decide_change(change, register, RULES)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.") for one in findings]


def with_attendance(*attendance: Attendance) -> Meeting:
    """The meeting with the chair and these."""
    return replace(MEETING, attendance=(*MEETING.attendance, *attendance))


IN_SEAT = Attendance(person="bo", seat="QPA/1", votes=True)
FOR_BO = Attendance(person="cy", seat="QPA/1", votes=True, alternate_for="bo")
WITH_GROUP = Attendance(
    person="dee", seat="QTG/1", votes=True, joint_of="QTG", part=Presence(items=(2,))
)
HELD = replace(MEETING, state=MeetingState.HELD)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "entity",
    [
        HELD,
        replace(MEETING, state=MeetingState.CANCELLED, attendance=()),
        replace(OTHER, ref="QPA_19_3102", number=19, held_on=date(2016, 3, 2)),
        replace(OTHER, ref="QPA_22_1204", number=22, held_on=date(2016, 4, 12)),
        replace(OTHER, next_meeting="QPA_21_0803", starts=time(10), ends=time(12)),
        with_attendance(IN_SEAT),
        with_attendance(FOR_BO),
        with_attendance(WITH_GROUP),
        with_attendance(Attendance(person="eve")),
        with_attendance(Attendance(person="dee", seat="QPA/3", votes=True)),
        with_attendance(
            replace(IN_SEAT, part=Presence(items=(1,))),
            replace(FOR_BO, part=Presence(items=(2, 3), arrived=time(11), left=time(12))),
        ),
        replace(MEETING, apologies=("bo", "cy")),
        replace(FIRST, nothing_to_report=True, pointer="QPA_20_0902"),
        replace(COPIED, omitted="None since the last meeting."),
        replace(FIRST, ref="QPA_21_0803/4", number=4, label=Label.RED),
        replace(PAPER, heading="Fees again", version="1.1"),
        replace(PAPER, copyright="Quill"),
        Paper(
            ref="QPA_21_0803_CONF01", item=FIRST.ref, heading="X", ask=Ask.VIEWS, label=Label.RED
        ),
        replace(ROLLS, until=date(2016, 1, 1)),
    ],
)
def test_what_is_in_order_is_kept(entity: Entity) -> None:
    """Meetings, items, papers and attendance as committees have them: nothing is refused."""
    assert refused(entity) == []


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("entity", "rule"),
    [
        (replace(OTHER, ref="QPA_19_0903", number=19), "meeting.reference"),
        (replace(OTHER, ref="QTG_19_0902", number=19), "meeting.reference"),
        (replace(OTHER, ref="the nineteenth", number=19), "meeting.reference"),
        (replace(OTHER, held_on=date(2016, 2, 10)), "meeting.reference"),
        (
            replace(OTHER, ref="QPA_21_1204", number=21, held_on=date(2016, 4, 12)),
            "meeting.number",
        ),
        (replace(OTHER, starts=time(12), ends=time(10)), "meeting.times"),
        (replace(MEETING, next_meeting="QPA_20_0902"), "meeting.next"),
        (replace(HELD, attendance=()), "meeting.attendance"),
        (replace(HELD, presider="bo"), "meeting.presider"),
        (
            replace(HELD, presider="bo", attendance=(IN_SEAT,)),
            "meeting.presider",
        ),
        (replace(MEETING, secretary="zoe"), "meeting.person"),
        (replace(MEETING, apologies=("ada",)), "meeting.apologies"),
        (with_attendance(replace(IN_SEAT, person="dee")), "meeting.seat"),
        (with_attendance(replace(IN_SEAT, person="cy")), "meeting.seat"),
        (with_attendance(replace(FOR_BO, alternate_for="ada")), "meeting.seat"),
        (with_attendance(replace(FOR_BO, seat="")), "meeting.seat"),
        (with_attendance(Attendance(person="dee", seat="QTG/1")), "meeting.seat"),
        (with_attendance(Attendance(person="eve", seat="QPA/2")), "meeting.seat"),
        (
            replace(MEETING, attendance=(Attendance(person="ada", seat="QPA/chair", votes=True),)),
            "meeting.seat",
        ),
        (with_attendance(IN_SEAT, replace(IN_SEAT, seat="", votes=False)), "meeting.twice"),
        (with_attendance(IN_SEAT, FOR_BO), "meeting.one-seat"),
        (with_attendance(replace(WITH_GROUP, part=None)), "meeting.part"),
        (with_attendance(replace(WITH_GROUP, part=Presence(items=(1, 2)))), "meeting.part"),
        (with_attendance(replace(IN_SEAT, part=Presence(items=()))), "meeting.part"),
        (with_attendance(replace(IN_SEAT, part=Presence(items=(9,)))), "meeting.part"),
        (
            with_attendance(
                replace(IN_SEAT, part=Presence(items=(1,), arrived=time(12), left=time(11)))
            ),
            "meeting.part",
        ),
        (replace(FIRST, ref="QPA_21_0803/one"), "item.reference"),
        (replace(FIRST, place=-1), "item.order"),
        (replace(FIRST, omitted="None."), "item.omitted"),
        (replace(FIRST, standing_item="QTG/s1"), "item.standing"),
        (replace(FIRST, standing_item="QPA/s1"), "item.standing-twice"),
        (replace(FIRST, pointer="QPA_20_0902"), "item.pointer"),
        (replace(FIRST, nothing_to_report=True, pointer="QPA_99_0101"), "item.pointer"),
        (replace(FIRST, joint=JointItem(bodies=("QPA",))), "item.joint"),
        (replace(FIRST, joint=JointItem(bodies=("QTG", "QPA"))), "item.joint"),
        (replace(FIRST, joint=JointItem(bodies=("QPA", "QXX"))), "item.joint"),
        (
            replace(FIRST, joint=JointItem(bodies=("QPA", "QTG"), starts=time(12), ends=time(11))),
            "item.joint-times",
        ),
        (replace(PAPER, ref="QPA_21_0803_02"), "paper.reference"),
        (replace(PAPER, ref="QPA_21_08O3_01"), "paper.reference"),
        (replace(PAPER, ref="QPA_21_0803_CONF01"), "paper.reference"),
        (replace(PAPER, ref="QPA_21_0803_01*", label=Label.RED), "paper.reference"),
        (replace(PAPER, heading="Other fees"), "paper.version"),
        (replace(PAPER, circulated=None), "paper.circulated"),
        (replace(ROLLS, until=date(2014, 1, 1)), "standing.dates"),
    ],
)
def test_what_is_not_in_order_is_refused(entity: Entity, rule: str) -> None:
    """Each step breaks one rule, and that rule alone says so."""
    assert set(refused(entity)) == {rule}


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize("before", MeetingState)
@pytest.mark.parametrize("after", MeetingState)
def test_a_meeting_goes_only_forward(before: MeetingState, after: MeetingState) -> None:
    """Planned, agenda issued, held; cancelled from the first two; nothing from the last two."""
    register = REGISTER.with_these(replace(MEETING, state=before))
    order = list(MeetingState)
    forward = order.index(after) >= order.index(before)
    last = before in (MeetingState.HELD, MeetingState.CANCELLED)
    expected = [] if before is after or (forward and not last) else ["meeting.state"]
    assert refused(replace(MEETING, state=after), register=register) == expected
    assert (after in NEXT_STATES[before]) is (expected == [])


def test_nothing_is_held_that_is_to_come() -> None:
    """The day before it cannot be held."""
    assert refused(HELD, date(2016, 3, 7)) == ["meeting.early"]


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("meeting", "rules"),
    [
        (replace(OTHER, state=MeetingState.AGENDA_ISSUED), ["meeting.standing-item"]),
        (
            replace(OTHER, state=MeetingState.AGENDA_ISSUED, kind=MeetingKind.EXTRAORDINARY),
            [],
        ),
        (replace(MEETING, state=MeetingState.AGENDA_ISSUED), []),
    ],
)
def test_an_agenda_has_each_standing_item(meeting: Meeting, rules: list[str]) -> None:
    """An ordinary meeting's agenda is not issued without them; other meetings do without."""
    assert refused(meeting) == rules


def test_what_was_put_is_not_judged_by_who_sits_there_since() -> None:
    """A meeting gets its end time after the seat went to somebody else; a term then unknown is no fault."""
    held = replace(HELD, attendance=(*MEETING.attendance, IN_SEAT))
    register = REGISTER.with_these(
        held, replace(NETWORKS, holder="eve"), replace(CHAIR, holder="eve")
    )
    assert refused(replace(held, ends=time(16)), register=register) == []
    assert set(refused(replace(held, attendance=MEETING.attendance), register=register)) == {
        "meeting.presider",
        "meeting.seat",
    }
