"""Terms, elections, quorum and votes come out as the committees' customs say."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.governance.entities.bodies import (
    Ballot,
    BodyKind,
    Committee,
    Election,
    Interest,
    Seat,
    SeatCategory,
)
from smki.governance.entities.meetings import Attendance, Meeting, Presence
from smki.governance.entities.minutes import Tally
from smki.governance.terms import (
    AnnualReview,
    election_for,
    end_of_term,
    first_terms,
    months_after,
    seat_after,
)
from smki.governance.voting import Outcome, may_vote, outcome_of, quorum_of, result_of
from smki.terms import Refused

DAY = date(2016, 3, 8)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)


def seat(ref: str, *, votes: bool = True, holder: str = "x", end: date | None = None) -> Seat:
    """A large supplier's seat in QPA."""
    return Seat(
        ref=ref,
        body="QPA",
        category=SeatCategory.LARGE_SUPPLIER,
        votes=votes,
        holder=holder,
        end=end,
    )


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("start", "review", "end"),
    [
        (date(2015, 4, 1), None, date(2017, 3, 31)),
        (date(2016, 2, 29), None, date(2018, 2, 27)),
        (date(2015, 7, 1), AnnualReview(month=4, day=1), date(2017, 3, 31)),
        (date(2015, 11, 1), AnnualReview(month=4, day=1), date(2018, 3, 31)),
        (date(2015, 4, 1), AnnualReview(month=4, day=1), date(2017, 3, 31)),
    ],
)
def test_terms_are_of_24_months_and_meet_the_review(
    start: date, review: AnnualReview | None, end: date
) -> None:
    """A term is of 24 months; who joins in mid-term sits until the review nearest to that."""
    assert end_of_term(start, review=review) == end


@given(start=st.dates(date(2010, 1, 1), date(2090, 1, 1)), month=st.integers(1, 12))
def test_an_aligned_term_is_never_far_from_24_months(*, start: date, month: int) -> None:
    """Aligned to a review, a term is within half a year of 24 months, and ends the day before one."""
    end = end_of_term(start, review=AnnualReview(month=month, day=1))
    assert abs((end - end_of_term(start)).days) <= 183
    assert months_after(end, 0).month == (month - 2) % 12 + 1


@given(day=st.dates(), months=st.integers(-30_000, 30_000))
def test_months_come_to_a_day_or_are_refused(*, day: date, months: int) -> None:
    """So many months later is a day of that month, or the reason why there is none."""
    there = 1 <= (day.year * 12 + day.month - 1 + months) // 12 <= 9999
    if not there:
        with pytest.raises(Refused, match="must be one of a calendar"):
            months_after(day, months)
        return
    found = months_after(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day <= day.day


@pytest.mark.clause("sec:C6")
def test_half_of_a_new_body_is_elected_each_year() -> None:
    """Seats of one category end in turns after 12 and 24 months."""
    seats = first_terms((seat(f"QPA/{n}") for n in (4, 3, 2, 1)), date(2015, 4, 1))
    assert [(one.ref, one.end) for one in seats] == [
        ("QPA/1", date(2017, 3, 31)),
        ("QPA/2", date(2016, 3, 31)),
        ("QPA/3", date(2017, 3, 31)),
        ("QPA/4", date(2016, 3, 31)),
    ]


@pytest.mark.clause("sec:C6")
def test_nominations_and_vote_open_three_months_before_the_end() -> None:
    """An election opens three months before the term ends, and is over before that."""
    found = election_for(seat("QPA/1", end=date(2017, 3, 31)))
    assert (found.ref, found.seat) == ("QPA/1/2017", "QPA/1")
    assert found.opens == date(2016, 12, 31)
    assert found.opens < found.nominations_close < found.vote_closes < date(2017, 3, 31)
    with pytest.raises(Refused, match="has no end, must have one"):
        election_for(seat("QPA/1"))


def test_who_follows_in_turn_has_the_whole_term() -> None:
    """Who follows the day after has 24 months; who joins later is aligned."""
    held = seat("QPA/1", end=date(2017, 3, 31))
    review = AnnualReview(month=4, day=1)
    follows = seat_after(held, "nova", date(2017, 4, 1), review)
    assert (follows.holder, follows.start, follows.end) == (
        "nova",
        date(2017, 4, 1),
        date(2019, 3, 31),
    )
    assert seat_after(held, "nova", date(2017, 6, 1), review).end == date(2019, 3, 31)


def attends(seat: str, *items: int, votes: bool = True, person: str = "") -> Attendance:
    """Somebody in that seat, for these items or all of them."""
    part = Presence(items=items) if items else None
    return Attendance(person=person or f"of {seat}", seat=seat, votes=votes, part=part)


def meeting(*attendance: Attendance) -> Meeting:
    """A meeting of QPA with these."""
    return Meeting(ref="QPA_21_0803", body="QPA", number=21, held_on=DAY, attendance=attendance)


SEATS = (
    seat("1"),
    seat("2"),
    seat("3"),
    seat("4"),
    seat("5", votes=False),
    seat("6", holder=""),
    seat("7", end=date(2016, 3, 7)),
)


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("who", "item", "quorate"),
    [
        ((attends("1"), attends("2"), attends("3")), None, True),
        ((attends("1"), attends("2")), None, False),
        ((attends("1"), attends("2"), attends("2", person="alternate")), None, False),
        ((attends("1"), attends("2"), attends("5")), None, False),
        ((attends("1"), attends("2"), attends("6")), None, False),
        ((attends("1"), attends("2"), attends("7")), None, False),
        ((attends("1"), attends("2"), attends("3", 4)), 4, True),
        ((attends("1"), attends("2"), attends("3", 4)), 5, False),
    ],
)
def test_more_than_half_of_the_voting_seats_are_a_quorum(
    *, who: tuple[Attendance, ...], item: int | None, quorate: bool
) -> None:
    """Three of four voting seats that are held; a seat counts once, whoever is there for it."""
    found = quorum_of(BODY, meeting(*who), SEATS, item)
    assert found.needed == 3
    assert found.is_met is quorate
    assert str(found).endswith(": quorate") is quorate


def test_a_body_may_say_its_own_quorum() -> None:
    """The body's number goes before the half; nobody needs to be there where nobody votes."""
    own = Committee(ref="QPA", name="Quill", kind=BodyKind.PANEL, quorum=2)
    assert quorum_of(own, meeting(attends("1"), attends("2")), SEATS).is_met
    assert quorum_of(BODY, meeting(), ()).needed == 0


def test_who_declared_an_interest_does_not_vote_on_it() -> None:
    """An interest in this item takes the vote on it, one in another item does not."""
    there = meeting(attends("1", person="ada"), attends("2", person="bo"), attends("3", 9))
    interests = (
        Interest(ref="1", body="QPA", person="ada", text="?", declared=DAY, item="QPA_21_0803/4"),
        Interest(ref="2", body="QPA", person="bo", text="?", declared=DAY, item="QPA_21_0803/5"),
    )
    assert may_vote(there, 4, "QPA_21_0803/4", interests) == {"2"}


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("tally", "casting", "expected"),
    [
        (Tally(in_favour=("1", "2"), against=("3",)), "", Outcome.CARRIED),
        (Tally(in_favour=("1",), against=("2", "3"), abstained=("4",)), "", Outcome.LOST),
        (Tally(in_favour=("1",), abstained=("2", "3", "4")), "", Outcome.CARRIED),
        (Tally(in_favour=("1",), against=("2",)), "", Outcome.TIED),
        (Tally(in_favour=("1",), against=("2",)), "1", Outcome.CARRIED),
        (Tally(in_favour=("1",), against=("2",)), "2", Outcome.LOST),
        (Tally(in_favour=("1",), against=("2",)), "3", Outcome.TIED),
    ],
)
def test_a_simple_majority_carries(tally: Tally, casting: str, expected: Outcome) -> None:
    """More in favour than against; a tie is one unless the body gave the chair a casting vote."""
    assert outcome_of(tally, casting) is expected


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("nominated", "votes", "elected", "tied"),
    [
        (("ada", "bo"), "ada ada bo", "ada", ()),
        (("ada", "bo", "cy"), "bo ada", "", ("ada", "bo")),
        (("ada",), "", "ada", ()),
        ((), "", "", ()),
        (("ada", "bo"), "", "", ("ada", "bo")),
    ],
)
def test_who_has_most_votes_is_elected(
    nominated: tuple[str, ...], votes: str, elected: str, tied: tuple[str, ...]
) -> None:
    """Most votes are elected, who is alone without any; a tie is said and elects nobody."""
    ballots = tuple(Ballot(voter=f"{n}", person=one) for n, one in enumerate(votes.split()))
    found = result_of(
        Election(
            ref="QPA/1/2017",
            seat="QPA/1",
            opens=DAY,
            nominations_close=DAY,
            vote_closes=DAY,
            nominated=nominated,
            ballots=ballots,
        )
    )
    assert (found.elected, found.tied) == (elected, tied)
    assert sum(count for _, count in found.counts) == len(ballots)
