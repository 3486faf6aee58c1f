"""Seats, terms, alternates, elections and interests: what is kept, and what is refused with its reason."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.entities import Entity
from smki.governance.entities.bodies import (
    Alternate,
    Ballot,
    BodyKind,
    Committee,
    Election,
    FormerName,
    Interest,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entries import Change
from smki.governance.rules import decide_change
from smki.governance.rules_people import PEOPLE

BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
PANEL = Committee(ref="QP", name="Quill Panel", kind=BodyKind.PANEL)
ADA, BO, CY = (Person(ref=one, name=one.title()) for one in ("ada", "bo", "cy"))
SEAT = Seat(
    ref="QPA/1",
    body="QPA",
    category=SeatCategory.LARGE_SUPPLIER,
    votes=True,
    holder="ada",
    start=date(2015, 4, 1),
    end=date(2017, 3, 31),
)
OTHER = replace(SEAT, ref="QPA/2", holder="bo")
STAND_IN = Alternate(ref="QPA/1/cy", seat="QPA/1", person="cy")
ELECTION = Election(
    ref="QPA/1/2017",
    seat="QPA/1",
    opens=date(2016, 12, 31),
    nominations_close=date(2017, 1, 31),
    vote_closes=date(2017, 2, 28),
    nominated=("ada", "bo"),
    ballots=(Ballot(voter="Ink Energy", person="ada"), Ballot(voter="Nib Power", person="ada")),
)
INTEREST = Interest(ref="1", body="QPA", person="bo", text="Shares.", declared=date(2016, 3, 8))
REGISTER = Held(BODY, PANEL, ADA, BO, CY, SEAT, OTHER, STAND_IN, ELECTION, INTEREST)
VOTED = (*ELECTION.ballots, Ballot(voter="Quire Gas", person="bo"))


def refused(entity: Entity, day: date = date(2017, 2, 1), by: str = "") -> list[str]:
    """The rules that say no to this step; each with a clause."""
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    change = Change(at=at, by=by, said="", entities=(entity,))
    findings = decide_change(change, REGISTER, PEOPLE)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.") for one in findings]


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    "entity",
    [
        replace(BODY, parent="QP", former_names=(FormerName(name="Q", until=date(2014, 1, 1)),)),
        replace(BODY, ref="ministry", kind=BodyKind.EXTERNAL),
        replace(ADA, credentials=("0" * 39 + "A", "1" * 32)),
        replace(SEAT, holder="", start=None, end=None),
        replace(SEAT, holder="cy", start=date(2017, 4, 1), end=None),
        replace(OTHER, holder="ada", votes=False, start=date(2015, 5, 1)),
        replace(OTHER, holder="ada", start=date(2017, 4, 1), end=None),
        replace(SEAT, ref="QPA/3", category=SeatCategory.SISTER_BODY, represents="QP", holder="cy"),
        replace(STAND_IN, end=date(2018, 1, 1)),
        replace(ELECTION, ballots=VOTED),
        replace(INTEREST, confirmed=True, item="QPA_21_0803/4"),
    ],
)
def test_what_is_in_order_is_kept(entity: Entity) -> None:
    """Bodies, seats, terms that follow each other, ballots in their time: nothing is refused."""
    assert refused(entity) == []


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("entity", "rule"),
    [
        (replace(BODY, ref="JM"), "body.prefix"),
        (replace(BODY, ref="Quill"), "body.prefix"),
        (replace(BODY, quorum=-1), "body.quorum"),
        (replace(BODY, signs_as="nobody"), "body.signs"),
        (replace(BODY, parent="QPA"), "body.above"),
        (replace(BODY, parent="QXX"), "body.above"),
        (replace(BODY, former_names=(FormerName(name="Q", until=date.min),) * 2), "body.former"),
        (replace(ADA, credentials=("1" * 41,)), "person.credentials"),
        (replace(ADA, credentials=("a" * 32, "0A" + "A" * 31)), "person.credentials"),
        (replace(SEAT, end=date(2015, 1, 1)), "seat.dates"),
        (replace(SEAT, category=SeatCategory.ADVISER), "seat.votes"),
        (replace(SEAT, holder="cy"), "seat.term"),
        (replace(SEAT, holder="dee", start=date(2017, 4, 1), end=None), "seat.person"),
        (replace(SEAT, holder="bo", start=date(2016, 4, 1)), "seat.two-votes"),
        (replace(SEAT, represents="QP"), "seat.represents"),
        (
            replace(SEAT, category=SeatCategory.SISTER_BODY, represents="QPA"),
            "seat.represents",
        ),
        (replace(STAND_IN, person="ada"), "alternate.self"),
        (replace(STAND_IN, person="dee"), "alternate.person"),
        (replace(STAND_IN, start=date(2016, 1, 1), end=date(2015, 1, 1)), "alternate.dates"),
        (replace(ELECTION, opens=date(2017, 3, 1)), "election.dates"),
        (replace(ELECTION, nominated=("ada", "bo", "bo")), "election.nominated"),
        (replace(ELECTION, nominated=("ada", "bo", "cy")), "election.nominations-closed"),
        (replace(ELECTION, ballots=(*VOTED, VOTED[0])), "election.one-vote"),
        (
            replace(ELECTION, ballots=(*VOTED[:2], Ballot(voter="Quire Gas", person="cy"))),
            "election.ballot",
        ),
        (replace(ELECTION, ballots=VOTED[1:]), "election.cast"),
        (replace(ELECTION, elected="ada"), "election.early"),
        (replace(INTEREST, person="dee"), "interest.person"),
        (replace(INTEREST, item="QTG_21_0803/4"), "interest.item"),
        (replace(INTEREST, item="fees"), "interest.item"),
    ],
)
def test_what_is_not_in_order_is_refused(entity: Entity, rule: str) -> None:
    """Each step breaks one rule, and that rule alone says so."""
    assert set(refused(entity)) == {rule}


@pytest.mark.clause("sec:C6")
@pytest.mark.parametrize(
    ("election", "day", "rules"),
    [
        (replace(ELECTION, ballots=VOTED), date(2017, 3, 1), ["election.vote-closed"]),
        (replace(ELECTION, ballots=VOTED), date(2016, 12, 30), ["election.vote-closed"]),
        (replace(ELECTION, elected="ada"), date(2017, 3, 1), []),
        (replace(ELECTION, elected="bo"), date(2017, 3, 1), ["election.result"]),
        (replace(ELECTION, ref="QPA/1/old", elected="ada"), date(2020, 1, 1), []),
    ],
)
def test_an_election_keeps_its_dates(election: Election, day: date, rules: list[str]) -> None:
    """No ballot before or after; decided after the vote, for who has most; an old one comes as it was."""
    assert refused(election, day) == rules


def test_a_tie_is_decided_for_one_of_those_tied() -> None:
    """Where two have as many, either can be who is elected, by the body's own way; nobody else."""
    tied = replace(
        ELECTION,
        ref="QPA/1/tied",
        nominated=("ada", "bo", "cy"),
        ballots=(Ballot(voter="1", person="ada"), Ballot(voter="2", person="bo")),
    )
    after = date(2017, 3, 1)
    assert refused(replace(tied, elected="bo"), after) == []
    assert refused(replace(tied, elected="cy"), after) == ["election.result"]


def test_what_was_decided_stays_decided() -> None:
    """Who was elected cannot be taken back; a body confirms an interest, not whose it is."""
    decided = replace(ELECTION, elected="ada")
    register = REGISTER.with_these(decided)
    at = datetime(2017, 3, 2, tzinfo=UTC)
    change = Change(at=at, by="", said="", entities=(ELECTION,))
    assert [one.rule for one in decide_change(change, register, PEOPLE)] == [
        "register.election.decided"
    ]
    assert refused(replace(INTEREST, confirmed=True), by="bo") == ["interest.confirmed"]
