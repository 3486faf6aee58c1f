"""`smki governance election`: terms, nominations, votes, results, and who holds the seat then."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.electing import (
    begin_terms,
    decide_election,
    install,
    nominate,
    open_elections,
    vote,
)
from smki.governance.entities.bodies import Ballot, Election, Seat
from smki.governance.terms import AnnualReview
from smki.governance.voting import result_of
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, reporting
from smki.ports.register import Register
from smki.terms import Malformed

_by_option = click.option("--by", default="", metavar="PERSON", help="Who; the house if nobody.")
_DAY: Final = click.DateTime(["%Y-%m-%d"])
_NO_LEAP_YEAR: Final = 2001


@click.group(cls=WholeSentences, short_help="Terms of seats, and elections for them.")
def election() -> None:
    """Terms begin, elections are opened, nominated and voted in, decided, and seats change hands."""


@election.command("begin")
@click.argument("body")
@click.option("--start", type=_DAY, required=True, help="First day of all terms.")
@_by_option
@json_option
def begin(body: str, *, start: datetime, by: str, as_json: bool) -> None:
    """Give the seats of BODY that have none their first terms: by turns 24 and 12 months."""
    _seats(lambda register: begin_terms(register, body, start.date(), by, _now()), as_json=as_json)


@election.command("open")
@click.argument("body")
@_by_option
@json_option
def open_all(body: str, *, by: str, as_json: bool) -> None:
    """Open an election for each seat of BODY whose term ends within three months."""
    _elections(lambda register: open_elections(register, body, by, _now()), as_json=as_json)


@election.command("nominate")
@click.argument("ref")
@click.argument("person")
@_by_option
@json_option
def nominated(ref: str, person: str, *, by: str, as_json: bool) -> None:
    """Nominate PERSON in the election REF."""
    _elections(lambda register: (nominate(register, ref, person, by, _now()),), as_json=as_json)


@election.command("vote")
@click.argument("ref")
@click.argument("voter")
@click.argument("person")
@_by_option
@json_option
def voted(ref: str, voter: str, person: str, *, by: str, as_json: bool) -> None:
    """Note the ballot of VOTER for PERSON in the election REF; what is cast stays."""
    ballot = Ballot(voter=voter, person=person)
    _elections(lambda register: (vote(register, ref, ballot, by, _now()),), as_json=as_json)


@election.command("decide")
@click.argument("ref")
@click.option("--chosen", default="", metavar="PERSON", help="Of those tied.")
@_by_option
@json_option
def decided(ref: str, *, chosen: str, by: str, as_json: bool) -> None:
    """Decide the election REF for who has most votes, after the vote has closed."""
    _elections(
        lambda register: (decide_election(register, ref, by, _now(), chosen),), as_json=as_json
    )


@election.command("install")
@click.argument("ref")
@click.option("--review", default="", metavar="MM-DD", help="Joins late: until that review.")
@_by_option
@json_option
def installed(ref: str, *, review: str, by: str, as_json: bool) -> None:
    """Give the seat to who was elected in REF, once the term before has ended."""
    _seats(lambda register: (install(register, ref, by, _now(), _review(review)),), as_json=as_json)


def _review(text: str) -> AnnualReview | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(f"{_NO_LEAP_YEAR}-{text}")
    except ValueError:
        raise Malformed(
            f"review: {text[:20]!r}, must be a day that each year has, as 04-01", where="--review"
        ) from None
    return AnnualReview(month=day.month, day=day.day)


_NONE: Final = "nothing to open: no term ends within three months but those whose election is open"


def _elections(done: Callable[[Register], tuple[Election, ...]], *, as_json: bool) -> None:
    found = _perform(done, as_json=as_json)
    rows = [
        {
            "ref": one.ref,
            "seat": one.seat,
            "opens": one.opens.isoformat(),
            "nominations_close": one.nominations_close.isoformat(),
            "vote_closes": one.vote_closes.isoformat(),
            "votes": dict(result_of(one).counts),
            "elected": one.elected,
        }
        for one in found
    ]
    lines = [
        f"{one.ref}: nominations until {one.nominations_close}, vote until {one.vote_closes};"
        f" {', '.join(f'{who} {count}' for who, count in result_of(one).counts) or 'nobody nominated'}"
        f"{f'; elected: {one.elected}' if one.elected else ''}"
        for one in found
    ]
    emit({"elections": rows}, lines or (_NONE,), as_json=as_json)


def _seats(done: Callable[[Register], tuple[Seat, ...]], *, as_json: bool) -> None:
    found = _perform(done, as_json=as_json)
    rows = [
        {"ref": one.ref, "holder": one.holder, "start": str(one.start), "end": str(one.end)}
        for one in found
    ]
    lines = [f"{one.ref}: {one.holder or 'vacant'} from {one.start} to {one.end}" for one in found]
    emit({"seats": rows}, lines, as_json=as_json)


def _perform(done: Callable[[Register], Any], *, as_json: bool) -> Any:
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        return done(front.proceedings)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
