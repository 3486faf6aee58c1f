"""Members speak for themselves: nobody comments, declares or votes in another's name."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import (
    Ballot,
    BodyKind,
    Committee,
    Election,
    Interest,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.minutes import Comment
from smki.governance.entries import Change
from smki.governance.rules import decide_change
from smki.governance.rules_voices import VOICES

pytestmark = pytest.mark.clause("sec:C6")
DAY = date(2026, 3, 2)
BODY = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
PEOPLE = tuple(
    Person(ref=one, name=one.title(), organisation=f"{one} Energy") for one in ("ada", "bo", "sec")
)
SEATS = tuple(
    Seat(ref=f"QPA/{who}", body="QPA", category=category, votes=False, holder=who)
    for who, category in (
        ("ada", SeatCategory.LARGE_SUPPLIER),
        ("bo", SeatCategory.NETWORKS),
        ("sec", SeatCategory.SECRETARIAT),
    )
)
ELECTION = Election(
    ref="e",
    seat="QPA/ada",
    opens=DAY,
    nominations_close=DAY,
    vote_closes=DAY,
    nominated=("ada",),
    ballots=(Ballot(voter="sec", person="ada"),),
)
INTEREST = Interest(ref="i", body="QPA", person="ada", text="Shares.", declared=DAY)
COMMENT = Comment(
    ref="c", about_kind=Kind.BODY, about="QPA", by="ada", received=DAY, text="I agree."
)
REGISTER = Held(BODY, *PEOPLE, *SEATS, ELECTION, INTEREST, COMMENT)


def refused(by: str, after: Entity) -> bool:
    """Whether these rules say no when this person puts it; each with its clause."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    change = Change(at=at, by=by, said="", entities=(after,))
    findings = decide_change(change, REGISTER, VOICES)
    assert {one.rule for one in findings} <= {"register.voice"}
    assert all(one.clause == "sec:C6" for one in findings)
    return bool(findings)


def voted(voter: str) -> Election:
    """One more ballot."""
    return replace(ELECTION, ballots=(*ELECTION.ballots, Ballot(voter=voter, person="ada")))


FORGED = [
    replace(COMMENT, ref="new", by="ada"),
    replace(COMMENT, text="I do not agree."),
    replace(COMMENT, by="bo"),
    replace(INTEREST, ref="new"),
    replace(INTEREST, person="bo"),
    replace(INTEREST, text="None."),
    replace(INTEREST, ref="new", person="bo", confirmed=True),
    replace(ELECTION, ref="new"),
    replace(ELECTION, vote_closes=date(2027, 1, 1)),
    replace(ELECTION, elected="ada"),
    replace(ELECTION, nominated=("bo",)),
    voted("ada"),
    voted("ada Energy"),
]
OWN = [
    replace(COMMENT, ref="new", by="bo"),
    replace(COMMENT, disposition="Taken over."),
    replace(INTEREST, ref="new", person="bo"),
    replace(ELECTION, nominated=("ada", "bo")),
    voted("bo"),
    voted("bo Energy"),
]


@pytest.mark.parametrize("after", FORGED, ids=range(len(FORGED)))
def test_not_for_another(after: Entity) -> None:
    """What a member would say in another's name, or decide for the body, is refused to the member."""
    assert refused("bo", after)


@pytest.mark.parametrize("after", OWN, ids=range(len(OWN)))
def test_for_themselves(after: Entity) -> None:
    """What a member says in their own name is kept."""
    assert not refused("bo", after)


@pytest.mark.parametrize("after", FORGED, ids=range(len(FORGED)))
def test_who_keeps_the_body_writes_it_down(after: Entity) -> None:
    """The secretary writes down what others say, but never puts what they said otherwise."""
    others_words = isinstance(after, Comment) and after.ref == COMMENT.ref
    assert refused("sec", after) is others_words
    assert not refused("", after)
