"""The planner shows what happens within its months, all of it, in order, and nothing that it was not given."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Alternate, Election, MinutesSet, Seat, SeatCategory
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.correspondence import (
    Correspondence,
    CorrespondenceKind,
    Direction,
    DirectionSource,
)
from smki.governance.entities.documents import (
    ControlledDocument,
    DocumentKind,
    DocumentVersion,
    Review,
    Trigger,
    TriggerKind,
)
from smki.governance.entities.guidance import Guidance
from smki.governance.entities.meetings import Meeting, MeetingKind, MeetingState
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Condition,
    ConditionKind,
    ConditionState,
    Due,
    DueKind,
    Minutes,
    MinutesState,
    Resolution,
    Verb,
)
from smki.governance.entities.work import WorkPackage
from smki.governance.planner import PLANNED_KINDS, Milestone, milestones, plan
from smki.governance.terms import months_after

START = date(2016, 3, 8)
END = date(2016, 6, 8)
DAYS = st.dates(date(2015, 9, 1), date(2016, 12, 31))
REFS = st.text("abc", min_size=1, max_size=3)


def seat(ref: str, end: date) -> Seat:
    """A seat whose term ends that day."""
    return Seat(
        ref=ref,
        body="QPA",
        category=SeatCategory.NETWORKS,
        votes=True,
        holder="ada",
        start=end - timedelta(730),
        end=end,
    )


def election(ref: str, day: date) -> Election:
    """An election of a month that opens that day."""
    closes = day + timedelta(15)
    return Election(
        ref=ref, seat="QPA/9", opens=day, nominations_close=closes, vote_closes=day + timedelta(30)
    )


def meeting(ref: str, day: date) -> Meeting:
    """A meeting that day."""
    return Meeting(ref=ref, body="QPA", number=1, held_on=day)


def action(ref: str, day: date, state: ActionState = ActionState.OPEN) -> Action:
    """An action that is due that day."""
    return Action(
        ref=ref,
        text="Ask.",
        item="QPA_21_0803/1",
        raised=START,
        owner="secretary",
        due=Due(kind=DueKind.DATE, on=day),
        due_on=day,
        state=state,
    )


def condition(ref: str, day: date, state: ConditionState = ConditionState.OPEN) -> Condition:
    """A condition with that deadline."""
    return Condition(
        ref=ref, resolution="r", kind=ConditionKind.PRECEDENT, text="T.", deadline=day, state=state
    )


def resolution(ref: str, day: date) -> Resolution:
    """A decision that holds for ten days."""
    return Resolution(
        ref=ref,
        item="i",
        place=1,
        verb=Verb.AGREED,
        bodies=("QPA",),
        text="So.",
        effective=day,
        until=day + timedelta(10),
    )


def minutes(ref: str, day: date) -> Minutes:
    """Minutes whose comment round ends that day."""
    return Minutes(
        ref=ref,
        meeting="m",
        set=MinutesSet.OPEN,
        state=MinutesState.IN_COMMENT,
        comments_close=day,
    )


def comments(ref: str, day: date) -> CommentRound:
    """A round that ends that day."""
    return CommentRound(
        ref=ref, about_kind=Kind.VERSION, about="v", invitees=(), opens=day, closes=day
    )


def consultation(ref: str, day: date) -> Consultation:
    """A consultation of three weeks."""
    return Consultation(
        ref=ref, version="v", by="QPA", changed=("x",), opens=day, closes=day + timedelta(21)
    )


def direction(ref: str, day: date) -> Direction:
    """A direction that is to be fulfilled by that day."""
    return Direction(
        ref=ref,
        body="QPA",
        source=DirectionSource.PANEL,
        to="operator",
        dated=START,
        demands=("Lodge.",),
        due=day,
    )


def letter(ref: str, day: date) -> Correspondence:
    """A letter whose answer is awaited until that day."""
    return Correspondence(
        ref=ref,
        body="QPA",
        kind=CorrespondenceKind.LETTER,
        sender="QPA",
        recipient="QP",
        dated=START,
        subject="Fees",
        answer_until=day,
    )


def document(ref: str, day: date) -> ControlledDocument:
    """A document whose review is due that day."""
    return ControlledDocument(
        ref=ref, body="QPA", name="Procedure", kind=DocumentKind.PROCEDURE, next_review=day
    )


def version(ref: str, day: date) -> DocumentVersion:
    """A version aligned with a text that comes into force that day."""
    return DocumentVersion(ref=ref, document="d", number="1.0", aligned_from=day)


def trigger(ref: str, day: date) -> Trigger:
    """A trigger by calendar."""
    return Trigger(ref=ref, document="d", kind=TriggerKind.CALENDAR, text="Yearly.", due=day)


def alternate(ref: str, day: date) -> Alternate:
    """Somebody who stands in until that day."""
    return Alternate(ref=ref, seat="QPA/1", person="bo", end=day)


MAKERS = (
    seat,
    election,
    meeting,
    action,
    condition,
    resolution,
    minutes,
    comments,
    consultation,
    direction,
    letter,
    document,
    version,
    trigger,
    alternate,
)
ENTITIES = st.lists(
    st.builds(lambda make, ref, day: make(ref, day), st.sampled_from(MAKERS), REFS, DAYS),
    max_size=30,
)


@given(found=ENTITIES, start=DAYS, days=st.integers(0, 200))
def test_nothing_is_outside_and_nothing_is_missing(
    *, found: list[Entity], start: date, days: int
) -> None:
    """Every milestone of what was given is a line exactly if its day is within, and no other is."""
    end = start + timedelta(days)
    held = {one.key: one for one in found}
    expected = {
        (one.key, milestone, day)
        for one in held.values()
        for milestone, day in milestones(one, held)
        if day is not None and start <= day <= end
    }
    lines = plan(found, start, end)
    assert {(line.source, line.milestone, line.day) for line in lines} == expected
    assert all(start <= line.day <= end for line in lines)
    assert {line.title for line in lines} <= {one.title for one in held.values()}


@given(found=ENTITIES, chance=st.randoms(use_true_random=False))
def test_lines_are_sorted_and_the_order_of_what_is_given_is_no_matter(
    *, found: list[Entity], chance: Random
) -> None:
    """By day; the same whatever order the store found things in."""
    held = list({one.key: one for one in found}.values())
    lines = plan(held, START)
    chance.shuffle(held)
    assert plan(held, START) == lines
    assert [line.day for line in lines] == sorted(line.day for line in lines)


@given(found=ENTITIES, withheld=ENTITIES)
def test_what_is_withheld_shows_in_no_line(*, found: list[Entity], withheld: list[Entity]) -> None:
    """No line comes from, or is titled as, what the reader was not given."""
    seen = {one.key for one in found}
    hidden = [replace(one, ref=f"hidden-{one.ref}") for one in withheld]
    assert all(line.source in seen for line in plan(found, START))
    both = [line for line in plan([*found, *hidden], START) if line.source in seen]
    seats = {Milestone.ELECTION_OPENS}
    assert [one for one in both if one.milestone not in seats] == [
        one for one in plan(found, START) if one.milestone not in seats
    ]


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (meeting("m", date(2016, 4, 12)), [(Milestone.MEETING, date(2016, 4, 12))]),
        (
            seat("QPA/1", date(2016, 6, 8)),
            [
                (Milestone.ELECTION_OPENS, START),
                (Milestone.TERM_ENDS, END),
            ],
        ),
        (
            election("e", date(2016, 4, 1)),
            [
                (Milestone.ELECTION_OPENS, date(2016, 4, 1)),
                (Milestone.NOMINATIONS_CLOSE, date(2016, 4, 16)),
                (Milestone.VOTE_CLOSES, date(2016, 5, 1)),
            ],
        ),
        (action("a", date(2016, 4, 1)), [(Milestone.ACTION_DUE, date(2016, 4, 1))]),
        (condition("c", END), [(Milestone.CONDITION_DUE, END)]),
        (document("d", START), [(Milestone.REVIEW_DUE, START)]),
        (
            WorkPackage(ref="QPA/2016-Q1", body="QPA", year=2016, quarter=1, activities=()),
            [(Milestone.QUARTER_BEGINS, date(2016, 4, 1))],
        ),
    ],
)
def test_each_noun_has_its_milestones(
    entity: Entity, expected: list[tuple[Milestone, date]]
) -> None:
    """Three months from a day, that day and the last included."""
    assert [(line.milestone, line.day) for line in plan((entity,), START)] == expected


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "entity",
    [
        replace(meeting("m", START), state=MeetingState.CANCELLED),
        replace(seat("s", START), holder=""),
        replace(election("e", START), elected="ada"),
        action("a", START, ActionState.CLOSED),
        condition("c", START, ConditionState.MET),
        replace(resolution("r", START), withdrawn=datetime(2016, 3, 1, tzinfo=UTC)),
        replace(minutes("m", START), state=MinutesState.FINAL),
        replace(comments("c", START), compiled_on=START),
        replace(consultation("c", START), concluded=START),
        replace(direction("d", START), fulfilled=START),
        replace(letter("l", START), answered_by="l2"),
        replace(trigger("t", START), review="none needed"),
    ],
)
def test_what_is_settled_is_not_planned(entity: Entity) -> None:
    """Cancelled, vacant, decided, closed, met, withdrawn, concluded, fulfilled: no line."""
    assert plan((entity,), START) == ()


def test_a_term_with_its_election_is_not_reminded_of() -> None:
    """Once there is an election for the term that ends, it is the election that opens."""
    ends = seat("QPA/9", date(2016, 6, 30))
    lines = plan((ends, election("e", date(2016, 3, 20))), START)
    opens = [line.source for line in lines if line.milestone is Milestone.ELECTION_OPENS]
    assert opens == [Key(Kind.ELECTION, "e")]


@pytest.mark.clause("sec:L10.9")
def test_a_decision_at_short_notice_is_ratified_at_the_next_ordinary_meeting() -> None:
    """The first that is to come, of its body; none once it was ratified or withdrawn."""
    urgent = Resolution(
        ref="r",
        item="i",
        place=1,
        verb=Verb.DECIDED,
        bodies=("QPA",),
        text="So.",
        short_notice=True,
    )
    other = replace(meeting("QTG_1", date(2016, 3, 10)), body="QTG")
    past = replace(meeting("QPA_1", START), state=MeetingState.HELD)
    urgently = replace(meeting("QPA_2", date(2016, 3, 11)), kind=MeetingKind.EMERGENCY)
    meetings = (other, past, urgently, meeting("QPA_3", date(2016, 4, 12)), meeting("QPA_4", END))

    def due(*entities: Entity) -> list[date]:
        lines = plan((*meetings, *entities), START)
        return [line.day for line in lines if line.milestone is Milestone.RATIFICATION_DUE]

    assert due(urgent) == [date(2016, 4, 12)]
    assert due(urgent, replace(urgent, ref="s", short_notice=False, ratifies="r")) == []
    assert due(replace(urgent, withdrawn=datetime(2016, 3, 9, tzinfo=UTC))) == []
    assert due(replace(urgent, bodies=("QXX",))) == []


def test_guidance_is_due_at_its_meeting() -> None:
    """A draft is due on the day of the meeting; of one that the reader does not see, never."""
    draft = Guidance(ref="g", body="QPA", name="Triage", audience="suppliers", draft_due="m")
    both = plan((draft, meeting("m", END)), START)
    assert [line.milestone for line in both] == [Milestone.MEETING, Milestone.DRAFT_DUE]
    assert plan((draft,), START) == ()


def test_all_that_has_milestones_is_asked_for() -> None:
    """Whoever asks the register for the planner's kinds gets all that the planner knows of."""
    made = {make("x", START).KIND for make in MAKERS} | {Kind.WORK_PACKAGE, Kind.GUIDANCE}
    assert made == set(PLANNED_KINDS)


@pytest.mark.clause("sec:L9")
@given(done=st.dates(date(2014, 1, 1), date(2040, 1, 1)), months=st.integers(1, 60))
def test_a_review_is_planned_a_cycle_after_the_last(*, done: date, months: int) -> None:
    """So many months after the newest review that was completed, whatever came before; without one, never."""
    older = Review(begun=date(2013, 1, 1), by="QPA", completed=date(2013, 2, 1))
    goes_on = Review(begun=done, by="QPA")
    reviewed = replace(
        document("d", START),
        next_review=None,
        review_months=months,
        reviews=(older, Review(begun=done, by="QPA", completed=done), goes_on),
    )
    due = months_after(done, months)
    lines = plan((reviewed,), due, due)
    assert [(line.milestone, line.day) for line in lines] == [(Milestone.REVIEW_DUE, due)]
    assert plan((reviewed,), due + timedelta(1)) == ()
    assert plan((replace(reviewed, reviews=(goes_on,)),), date(2010, 1, 1), date(2050, 1, 1)) == ()
    assert (due.year * 12 + due.month) - (done.year * 12 + done.month) == months
