"""Rules of bodies and the people in them: seats, terms, alternates, elections, interests.

    body        its prefix is one that references can have, nothing is above itself
    seat        a person holds it for a term with an order, nobody has two votes in one body
    alternate   somebody else than who holds the seat
    election    one ballot for each voter, for who is nominated, within the dates; who has most is elected
    interest    a person's, confirmed by somebody else

An entity that is new comes as it was; what happened in which order is asked of steps alone.

Clause: sec:C6
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from smki.governance.decisions import Body
from smki.governance.entities import Kind
from smki.governance.entities.bodies import (
    Alternate,
    BodyKind,
    Committee,
    Election,
    Interest,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.looking import all_under, look
from smki.governance.numbering import read_meeting
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.governance.voting import result_of
from smki.terms import Finding, Malformed, SerialNumber

CLAUSE: Final = "sec:C6"
_PREFIX: Final = re.compile(r"(?!JM$)[A-Z][A-Z0-9]{1,15}", re.ASCII)  # JM is of joint actions
_VOTELESS: Final = frozenset({SeatCategory.SECRETARIAT, SeatCategory.ADVISER})


def _prefix(_: Step, after: Committee, __: Committee | None) -> Iterator[Finding]:
    if after.kind is not BodyKind.EXTERNAL and not _PREFIX.fullmatch(after.ref):
        yield finding(
            after,
            "body.prefix",
            "is no prefix of references, must be 2 to 16 capital letters and digits, not JM",
            CLAUSE,
            advice="choose a short name in capitals, the full one goes into its name",
        )
    if after.quorum < 0:
        yield finding(after, "body.quorum", f"quorum {after.quorum}, must be 0 or more", CLAUSE)
    if after.signs_as and after.signs_as not in {one.value for one in Body}:
        known = ", ".join(one.value for one in Body)
        yield finding(
            after, "body.signs", f"signs as {after.signs_as!r}, must be one of {known}", CLAUSE
        )


def _above(step: Step, after: Committee, _: Committee | None) -> Iterator[Finding]:
    at, passed = after, {after.ref}
    while at.parent:
        above = look(step.known, Committee, at.parent)
        if above is None or above.ref in passed:
            said = "which is not there" if above is None else "which is under it"
            yield finding(after, "body.above", f"{at.ref} is under {at.parent}, {said}", CLAUSE)
            return
        passed.add(above.ref)
        at = above


def _former(_: Step, after: Committee, __: Committee | None) -> Iterator[Finding]:
    days = [one.until for one in after.former_names]
    if days != sorted(set(days)):
        yield finding(
            after, "body.former", "former names are not in the order of their days", CLAUSE
        )


def _credentials(_: Step, after: Person, __: Person | None) -> Iterator[Finding]:
    if not _are_serials(after.credentials):
        yield finding(
            after,
            "person.credentials",
            "credentials must be serial numbers of at most 40 hexadecimal digits, none twice",
            "sec-app-q:B",
            advice="copy the serial number from the credential's page",
        )


def _are_serials(texts: Iterable[str]) -> bool:
    try:
        numbers = [SerialNumber.parse(one) for one in texts]
    except Malformed:
        return False
    return len(set(numbers)) == len(numbers)


def _term(_: Step, after: Seat, before: Seat | None) -> Iterator[Finding]:
    yield from _in_order(after, after.start, after.end)
    if after.votes and after.category in _VOTELESS:
        yield finding(
            after, "seat.votes", f"a seat of the {after.category.value} votes, must not", CLAUSE
        )
    if before is None or not before.holder or not after.holder or before.holder == after.holder:
        return
    if before.start is not None and (after.start is None or after.start <= before.start):
        yield finding(
            after,
            "seat.term",
            f"{after.holder} follows {before.holder} in the same term, must begin another",
            CLAUSE,
            advice=f"give the new term a first day after {before.start}",
        )


def _holder(step: Step, after: Seat, _: Seat | None) -> Iterator[Finding]:
    if not after.holder:
        return
    if look(step.known, Person, after.holder) is None:
        yield _nobody(after, after.holder)
    body = look(step.known, Committee, after.body)
    others = all_under(step.known, body, Seat) if body is not None and after.votes else ()
    for other in others:
        same = other.ref != after.ref and other.votes and other.holder == after.holder
        if same and _overlap(after, other):
            yield finding(
                after,
                "seat.two-votes",
                f"{after.holder} holds {other.ref} at the same time, must have one vote in a body",
                CLAUSE,
                advice="end one of the terms, or let the seat stay vacant",
            )


def _represents(step: Step, after: Seat, _: Seat | None) -> Iterator[Finding]:
    sister = after.category is SeatCategory.SISTER_BODY
    there = look(step.known, Committee, after.represents) is not None
    if after.represents and (not there or not sister or after.represents == after.body):
        yield finding(
            after,
            "seat.represents",
            f"represents {after.represents}, must be another body, for a seat of a sister body",
            CLAUSE,
        )


def _alternate(step: Step, after: Alternate, _: Alternate | None) -> Iterator[Finding]:
    yield from _in_order(after, after.start, after.end)
    if look(step.known, Person, after.person) is None:
        yield _nobody(after, after.person)
    seat = look(step.known, Seat, after.seat)
    if seat is not None and seat.holder == after.person:
        yield finding(
            after, "alternate.self", f"{after.person} holds that seat, must be another", CLAUSE
        )


def _dates(_: Step, after: Election, __: Election | None) -> Iterator[Finding]:
    if not after.opens <= after.nominations_close <= after.vote_closes:
        yield finding(
            after,
            "election.dates",
            f"opens {after.opens}, nominations close {after.nominations_close}, vote closes"
            f" {after.vote_closes}: must be in this order",
            CLAUSE,
        )


def _nominated(step: Step, after: Election, before: Election | None) -> Iterator[Finding]:
    if len(set(after.nominated)) != len(after.nominated):
        yield finding(after, "election.nominated", "somebody is nominated twice", CLAUSE)
    for person in after.nominated:
        if look(step.known, Person, person) is None:
            yield _nobody(after, person)
    day = step.change.at.date()
    if before is None or set(before.nominated) == set(after.nominated):
        return
    if not after.opens <= day <= after.nominations_close:
        yield finding(
            after,
            "election.nominations-closed",
            f"nominations are changed on {day}, must be from {after.opens} to"
            f" {after.nominations_close}",
            CLAUSE,
        )


def _ballots(step: Step, after: Election, before: Election | None) -> Iterator[Finding]:
    voters = [one.voter for one in after.ballots]
    for voter in sorted({one for one in voters if voters.count(one) > 1}):
        yield finding(after, "election.one-vote", f"{voter} voted twice, must once", CLAUSE)
    for one in after.ballots:
        if one.person not in after.nominated:
            yield finding(
                after, "election.ballot", f"{one.person} has a vote, but is not nominated", CLAUSE
            )
    cast = () if before is None else before.ballots
    if after.ballots[: len(cast)] != cast:
        yield finding(after, "election.cast", "a ballot that was cast is changed", CLAUSE)
    day = step.change.at.date()
    is_late = before is not None and day > after.vote_closes
    if len(after.ballots) > len(cast) and (day < after.opens or is_late):
        yield finding(
            after,
            "election.vote-closed",
            f"ballots are cast on {day}, must be from {after.opens} to {after.vote_closes}",
            CLAUSE,
        )


def _elected(step: Step, after: Election, before: Election | None) -> Iterator[Finding]:
    if not after.elected:
        if before is not None and before.elected:
            yield finding(after, "election.decided", "was decided, must stay so", CLAUSE)
        return
    result = result_of(after)
    if step.change.at.date() <= after.vote_closes:
        yield finding(
            after,
            "election.early",
            f"is decided on {step.change.at.date()}, must be after {after.vote_closes}",
            CLAUSE,
        )
    if after.elected not in (result.tied or (result.elected,)):
        best = " or ".join(result.tied or (result.elected,)) or "nobody"
        yield finding(
            after,
            "election.result",
            f"elects {after.elected}, most votes has {best}",
            CLAUSE,
        )


def _interest(step: Step, after: Interest, before: Interest | None) -> Iterator[Finding]:
    if look(step.known, Person, after.person) is None:
        yield _nobody(after, after.person)
    if after.item and not _is_item_of(after.body, after.item):
        yield finding(
            after,
            "interest.item",
            f"is about {after.item}, must be an item of a meeting of {after.body}",
            CLAUSE,
        )
    newly = after.confirmed and not (before is not None and before.confirmed)
    if newly and step.change.by == after.person:
        yield finding(
            after,
            "interest.confirmed",
            f"{after.person} confirms an interest of their own, must be the body",
            CLAUSE,
            advice="the secretary notes that the body confirmed it",
        )


def _is_item_of(body: str, ref: str) -> bool:
    """Whether it reads as such. Who declares may not know whether there is one, so nobody looks."""
    meeting, _, number = ref.rpartition("/")
    try:
        return read_meeting(meeting).value.prefix == body and number.isdecimal()
    except Malformed:
        return False


def _in_order(after: Seat | Alternate, start: date | None, end: date | None) -> Iterator[Finding]:
    if start is not None and end is not None and end < start:
        yield finding(
            after, f"{after.KIND.value}.dates", f"ends {end}, must be {start} or later", CLAUSE
        )


def _overlap(one: Seat, other: Seat) -> bool:
    first = max(one.start or date.min, other.start or date.min)
    return first <= min(one.end or date.max, other.end or date.max)


def _nobody(after: Seat | Alternate | Election | Interest, person: str) -> Finding:
    return finding(
        after,
        f"{after.KIND.value}.person",
        f"names {person!r}, must be a person of the register",
        CLAUSE,
        advice="put the person first",
    )


PEOPLE: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.BODY: rules_of(Committee, _prefix, _above, _former),
    Kind.PERSON: rules_of(Person, _credentials),
    Kind.SEAT: rules_of(Seat, _term, _holder, _represents),
    Kind.ALTERNATE: rules_of(Alternate, _alternate),
    Kind.ELECTION: rules_of(Election, _dates, _nominated, _ballots, _elected),
    Kind.INTEREST: rules_of(Interest, _interest),
}
