"""Whoever holds a share of a real key was approved by the authority, in a decision that is recorded.

    approve-custodian   object: SHA-256 of the custodian's certificate
                        scope:  whose staff they are

Asked when keys in custody are to be used, and before what a ceremony made is in force. The first
ceremony has no record yet to ask: its custodians are approved on paper, and here before they act again.

Clause: sec-app-l:3
"""

from collections.abc import Iterable, Iterator

from smki.ceremonies.opening import Seat
from smki.flows.deciding import candidates, why_not
from smki.flows.office import FrontOffice
from smki.governance import Act, Question
from smki.terms import Finding, Refused

RULE = "custodians.approved"


def must_be_approved(front: FrontOffice, seats: Iterable[Seat]) -> None:
    """The authority has approved each of these custodians, by decisions that are in force now.

    Raises:
        Refused: every one whom it has not, and why.
        Unavailable: the record or the database is away.

    Clause: sec-app-l:3
    """
    findings = tuple(finding for seat in seats for finding in _lacking(front, seat))
    if findings:
        raise Refused(findings=findings)


def _lacking(front: FrontOffice, seat: Seat) -> Iterator[Finding]:
    """Why the custodian is not approved; nothing if they are."""
    before = front.reader.checkpoint().size
    about = frozenset({seat.credential})
    asked = Question(
        act=Act.APPROVE_CUSTODIAN, about=about, at=front.clock.now(), scope=seat.organisation
    )
    said: list[Finding] = []
    for one in candidates(front, Act.APPROVE_CUSTODIAN, before, about):
        found = why_not(front, one, asked, before)
        if not found:
            return
        said += found
    yield Finding(
        rule=RULE,
        message=f"{seat.custodian} of {seat.organisation}: the authority has not approved them",
        where="custodians",
        clause="sec-app-l:3",
        advice=(
            f"an approve-custodian decision about {seat.credential}, with the scope"
            f" {seat.organisation!r}, must be recorded first"
        ),
    )
    yield from said
