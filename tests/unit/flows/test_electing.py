"""A seat changes hands: from the terms of a new body to who was elected in it."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from smki.adapters.sql import open_database
from smki.adapters.sql.schema import migrate
from smki.flows.electing import (
    begin_terms,
    decide_election,
    install,
    nominate,
    open_elections,
    vote,
)
from smki.flows.keeping import keep
from smki.governance.entities.bodies import (
    Ballot,
    BodyKind,
    Committee,
    Election,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entries import Change
from smki.governance.looking import look
from smki.governance.terms import AnnualReview
from smki.ports.register import Register
from smki.terms import Refused

PEOPLE = tuple(Person(ref=one, name=one.title()) for one in ("ada", "bo", "cy", "dee"))
SEAT = Seat(ref="QPA/1", body="QPA", category=SeatCategory.LARGE_SUPPLIER, votes=True, holder="ada")
SECRETARY = replace(SEAT, ref="QPA/s", category=SeatCategory.SECRETARIAT, votes=False, holder="dee")
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
BEGUN = date(2015, 4, 1)


def at(year: int, month: int, day: int) -> datetime:
    """Noon of that day."""
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.fixture
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A new body, whose seats have no terms yet."""
    url = f"sqlite:///{tmp_path_factory.mktemp('electing') / 'smki.db'}"
    migrate(url)
    register = open_database(url).proceedings
    seats = (SEAT, replace(SEAT, ref="QPA/2", holder="bo"), SECRETARY)
    keep(register, Change(at=at(2015, 3, 1), by="", said="so", entities=(BODY, *PEOPLE, *seats)))
    return register


@pytest.mark.clause("sec:C6")
def test_a_seat_changes_hands_by_election(register: Register) -> None:
    """Half of the seats in the first year: opened in time, nominated, voted, decided, installed."""
    seats = begin_terms(register, "QPA", BEGUN, "", at(2015, 3, 2))
    assert {one.ref: one.end for one in seats} == {
        "QPA/1": date(2017, 3, 31),
        "QPA/2": date(2016, 3, 31),
        "QPA/s": date(2017, 3, 31),
    }
    assert open_elections(register, "QPA", "", at(2015, 12, 30)) == ()
    (election,) = open_elections(register, "QPA", "dee", at(2016, 1, 4))
    assert (election.ref, election.seat) == ("QPA/2/2016", "QPA/2")
    assert open_elections(register, "QPA", "dee", at(2016, 1, 5)) == ()
    nominate(register, election.ref, "bo", "dee", at(2016, 1, 6))
    nominate(register, election.ref, "cy", "ada", at(2016, 1, 7))
    for voter, person in (("Ink Energy", "cy"), ("Nib Power", "bo"), ("Quire Gas", "cy")):
        vote(register, election.ref, Ballot(voter=voter, person=person), "dee", at(2016, 2, 1))
    assert decide_election(register, election.ref, "dee", at(2016, 3, 1)).elected == "cy"
    with pytest.raises(Refused, match="its term ends 2016-03-31, on 2016-03-31 it goes on"):
        install(register, election.ref, "dee", at(2016, 3, 31))
    held = install(register, election.ref, "dee", at(2016, 4, 5))
    assert (held.holder, held.start, held.end) == ("cy", date(2016, 4, 1), date(2018, 3, 31))
    assert look(register, Seat, "QPA/2") == held


@pytest.mark.clause("sec:C6")
def test_who_joins_late_sits_until_a_review(register: Register) -> None:
    """Who is installed months after the term is aligned to the annual review."""
    begin_terms(register, "QPA", BEGUN, "", at(2015, 3, 2))
    (election,) = open_elections(register, "QPA", "", at(2016, 1, 4))
    nominate(register, election.ref, "cy", "", at(2016, 1, 6))
    assert decide_election(register, election.ref, "", at(2016, 4, 1)).elected == "cy"
    review = AnnualReview(month=4, day=1)
    held = install(register, election.ref, "", at(2016, 7, 1), review)
    assert (held.start, held.end) == (date(2016, 7, 1), date(2018, 3, 31))


def test_what_is_out_of_time_is_refused(register: Register) -> None:
    """Nominations and ballots after their days, a result before, a tie without a word, a second start."""
    begin_terms(register, "QPA", BEGUN, "", at(2015, 3, 2))
    with pytest.raises(Refused, match="each of its seats has a term"):
        begin_terms(register, "QPA", BEGUN, "", at(2015, 3, 3))
    (election,) = open_elections(register, "QPA", "", at(2016, 1, 4))
    ref = election.ref
    with pytest.raises(Refused, match="nobody is nominated"):
        decide_election(register, ref, "", at(2016, 3, 1))
    nominate(register, ref, "bo", "", at(2016, 1, 6))
    nominate(register, ref, "cy", "", at(2016, 1, 6))
    with pytest.raises(Refused, match="nominations are changed on 2016-02-02"):
        nominate(register, ref, "dee", "", at(2016, 2, 2))
    with pytest.raises(Refused, match="bo, cy are tied, must be said who is elected"):
        decide_election(register, ref, "", at(2016, 3, 1))
    with pytest.raises(Refused, match="is decided on 2016-02-02, must be after"):
        decide_election(register, ref, "", at(2016, 2, 2), "bo")
    with pytest.raises(Refused, match="is not decided, must be"):
        install(register, ref, "", at(2016, 4, 5))
    with pytest.raises(Refused, match="ballots are cast on 2016-03-02"):
        vote(register, ref, Ballot(voter="Ink", person="bo"), "", at(2016, 3, 2))
    assert decide_election(register, ref, "", at(2016, 3, 1), "bo").elected == "bo"


def test_what_is_not_there_is_refused(register: Register) -> None:
    """No such body, no such election."""
    with pytest.raises(Refused, match="body 'QXX': is not there"):
        open_elections(register, "QXX", "", at(2016, 1, 1))
    with pytest.raises(Refused, match="election 'x': is not there"):
        nominate(register, "x", "bo", "", at(2016, 1, 1))
    assert look(register, Election, "x") is None
