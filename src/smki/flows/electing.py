"""Seats change hands: elections are opened in time, nominated and voted in, decided, and the seat follows.

1 open      for each seat of a body whose term ends within three months and has no election yet
2 nominate  persons, while nominations are open
3 vote      one ballot for each voter, until the vote closes
4 decide    who has most votes; a tie is decided by the body, and said
5 install   who was elected, on the day after the term, or later: then aligned to the annual review

Each step is a change of the register by its rules (`governance.rules_people`); none is taken by itself.

Clause: sec:C6
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from smki.flows.keeping import keep
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Ballot, Committee, Election, Seat
from smki.governance.entries import Change
from smki.governance.looking import all_under, look
from smki.governance.terms import AnnualReview, election_for, first_terms, opens_on, seat_after
from smki.governance.voting import result_of
from smki.ports.register import Register
from smki.terms import Refused

CLAUSE: Final = "sec:C6"


def begin_terms(
    register: Register, body: str, start: date, by: str, at: datetime
) -> tuple[Seat, ...]:
    """The seats of a body that have no terms yet have their first ones, by turns of 24 and 12 months.

    Raises:
        Refused: there is no such body, or each of its seats has a term; whoever asks may not.
        Unavailable: the database is away.

    Clause: sec:C6
    """
    committee = _body(register, body)
    seats = [one for one in all_under(register, committee, Seat) if not one.start and not one.end]
    if not seats:
        raise _refused(f"body {body}: each of its seats has a term", "terms.begun")
    begun = first_terms(seats, start)
    _keep(register, begun, by, at, f"terms of {body} begin")
    return begun


def open_elections(register: Register, body: str, by: str, at: datetime) -> tuple[Election, ...]:
    """Every seat of the body whose term ends within three months has an election; those that are new.

    Raises:
        Refused: there is no such body; whoever asks may not.
        Unavailable: the database is away.

    Clause: sec:C6
    """
    today = at.date()
    opened = tuple(
        election_for(seat)
        for seat in all_under(register, _body(register, body), Seat)
        if seat.holder
        and seat.end is not None
        and opens_on(seat.end) <= today <= seat.end
        and look(register, Election, election_for(seat).ref) is None
    )
    if opened:
        _keep(register, opened, by, at, f"elections of {body} open")
    return opened


def nominate(register: Register, ref: str, person: str, by: str, at: datetime) -> Election:
    """That person is nominated.

    Raises:
        Refused: there is no such election or person, or nominations are closed.
        Unavailable: the database is away.

    Clause: sec:C6
    """
    election = _election(register, ref)
    after = replace(election, nominated=(*election.nominated, person))
    _keep(register, (after,), by, at, f"nomination for {election.seat}", election)
    return after


def vote(register: Register, ref: str, ballot: Ballot, by: str, at: datetime) -> Election:
    """The ballot is cast.

    Raises:
        Refused: there is no such election, the voter voted already, or the vote is closed.
        Unavailable: the database is away.

    Clause: sec:C6
    """
    election = _election(register, ref)
    after = replace(election, ballots=(*election.ballots, ballot))
    _keep(register, (after,), by, at, f"vote for {election.seat}", election)
    return after


def decide_election(
    register: Register, ref: str, by: str, at: datetime, chosen: str = ""
) -> Election:
    """The election is decided for who has most votes; of those tied, for `chosen`.

    Raises:
        Refused: there is no such election, the vote is not closed, nobody was nominated, or a tie
            is decided for nobody or somebody else.
        Unavailable: the database is away.

    Clause: sec:C6
    """
    election = _election(register, ref)
    result = result_of(election)
    elected = chosen or result.elected
    if not elected:
        tied = ", ".join(result.tied)
        raise _refused(
            f"election {ref}: {f'{tied} are tied' if tied else 'nobody is nominated'},"
            " must be said who is elected",
            "election.tied",
        )
    after = replace(election, elected=elected)
    _keep(register, (after,), by, at, f"{election.seat} is decided", election)
    return after


def install(
    register: Register, ref: str, by: str, at: datetime, review: AnnualReview | None = None
) -> Seat:
    """Who was elected holds the seat: from the day after the term if that is past, else they wait.

    Raises:
        Refused: there is no such election, it is not decided, or the term goes on.
        Unavailable: the database is away.

    Clause: sec:C6
    """
    election = _election(register, ref)
    seat = look(register, Seat, election.seat)
    today = at.date()
    if seat is None or not election.elected:
        raise _refused(f"election {ref}: is not decided, must be", "election.open")
    if seat.end is None or today <= seat.end:
        raise _refused(
            f"seat {seat.ref}: its term ends {seat.end}, on {today} it goes on", "terms.goes-on"
        )
    # Who comes later than in turn joins in mid-term.
    joins = seat.end + timedelta(days=1) if review is None else today
    after = seat_after(seat, election.elected, joins, review)
    _keep(register, (after,), by, at, f"{seat.ref} has its next holder", seat)
    return after


def _body(register: Register, ref: str) -> Committee:
    found = look(register, Committee, ref)
    if found is None:
        raise _refused(f"body {ref!r}: is not there, must be", "body.none")
    return found


def _election(register: Register, ref: str) -> Election:
    found = register.get(Key(Kind.ELECTION, ref))
    if not isinstance(found, Election):
        raise _refused(f"election {ref!r}: is not there, must be", "election.none")
    return found


def _refused(message: str, rule: str) -> Refused:
    return Refused(message, clause=CLAUSE, rule=rule)


def _keep(
    register: Register,
    entities: tuple[Entity, ...],
    by: str,
    at: datetime,
    said: str,
    before: Entity | None = None,
) -> None:
    expected = {} if before is None else {before.key: before}
    keep(register, Change(at=at, by=by, said=said, entities=entities), expected)
