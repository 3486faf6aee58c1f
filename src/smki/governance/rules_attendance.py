"""Rules of who was at a meeting: in which seat, for whom, for which part, and who presided.

    seat        of this body, or of the body that joined; its holder that day, or who may stand in
    vote        a seat that votes; a seat has one person at a time, a person one
    part        real items of the agenda; who joined with another body is there for joint items alone
    apologies   of persons who were not there for the whole
    presider    holds the chair, or may stand in for it, and was there

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Final

from smki.governance.entities import Kind, Known
from smki.governance.entities.bodies import Alternate, Committee, Person, Seat, SeatCategory
from smki.governance.entities.meetings import AgendaItem, Attendance, Meeting, MeetingState
from smki.governance.looking import all_under, look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:C6"


def _held(step: Step, after: Meeting, before: Meeting | None) -> Iterator[Finding]:
    if after.state is not MeetingState.HELD or (before is not None and _same(before, after)):
        return
    there = {one.person for one in after.attendance}
    if not there:
        yield finding(
            after,
            "meeting.attendance",
            "is held, must have somebody who was there",
            CLAUSE,
            advice="put the attendance with the state",
        )
        return
    if after.presider not in there:
        said = f"presider {after.presider!r}, must be somebody who was there"
        yield finding(after, "meeting.presider", said, CLAUSE)
    chairs = _chairs(step.known, after)
    if chairs and not any(_may_sit(step.known, seat, after.presider, after) for seat in chairs):
        yield finding(
            after,
            "meeting.presider",
            f"{after.presider!r} presides, must hold the chair or stand in for it",
            CLAUSE,
            advice="put who stands in for the chair as an alternate of that seat",
        )


def _same(before: Meeting, after: Meeting) -> bool:
    return (before.state, before.presider, before.attendance) == (
        after.state,
        after.presider,
        after.attendance,
    )


def _people(step: Step, after: Meeting, _: Meeting | None) -> Iterator[Finding]:
    named = (after.presider, after.secretary, *after.apologies)
    named += tuple(one.person for one in after.attendance)
    for person in sorted(set(named) - {""}):
        if look(step.known, Person, person) is None:
            yield finding(
                after,
                "meeting.person",
                f"names {person!r}, must be a person of the register",
                CLAUSE,
                advice="put the person first",
            )
    whole = {one.person for one in after.attendance if one.part is None}
    for person in sorted(whole & set(after.apologies)):
        yield finding(after, "meeting.apologies", f"{person} was there, and sent apologies", CLAUSE)


def _seats(step: Step, after: Meeting, before: Meeting | None) -> Iterator[Finding]:
    if before is not None and before.attendance == after.attendance:
        return  # asked when it was put; seats have other holders since
    for one in after.attendance:
        if said := _wrong_seat(step.known, after, one):
            yield finding(
                after,
                "meeting.seat",
                f"{one.person} {said}",
                CLAUSE,
                advice="attendance without a seat is that of an adviser or visitor",
            )
    for one, other in combinations(after.attendance, 2):
        if one.person == other.person:
            yield finding(after, "meeting.twice", f"{one.person} is there twice", CLAUSE)
        elif one.seat and one.seat == other.seat and _at_once(one, other):
            yield finding(
                after,
                "meeting.one-seat",
                f"{one.person} and {other.person} are in {one.seat} at once, must be one",
                CLAUSE,
            )


def _wrong_seat(known: Known, meeting: Meeting, one: Attendance) -> str:
    """What is wrong with somebody's seat; empty if nothing is."""
    if not one.seat:
        alone = not one.votes and not one.alternate_for
        return "" if alone else "votes or stands in, must do so in a seat"
    body = one.joint_of or meeting.body
    seat = look(known, Seat, one.seat)
    if seat is None or seat.body != body:
        return f"is in {one.seat}, must be a seat of {body}"
    if one.votes and not seat.votes:
        return f"votes in {one.seat}, which has no vote"
    return _wrong_sitter(known, meeting, seat, one)


def _wrong_sitter(known: Known, meeting: Meeting, seat: Seat, one: Attendance) -> str:
    """What is wrong with who sits there; of a term before the present one nothing is known here."""
    if not seat.holder or (seat.start is not None and meeting.held_on < seat.start):
        return ""
    if one.alternate_for and one.alternate_for != seat.holder:
        return f"stands in for {one.alternate_for} in {one.seat}, which {seat.holder} holds"
    if not _may_sit(known, seat, one.person, meeting):
        return f"is in {one.seat}, must hold it that day or be an alternate for it"
    if (seat.holder != one.person) != bool(one.alternate_for):
        return f"is in {one.seat}, must say for whom exactly if it is another's"
    return ""


def _parts(step: Step, after: Meeting, _: Meeting | None) -> Iterator[Finding]:
    partial = [one for one in after.attendance if one.part is not None or one.joint_of]
    if not partial:
        return
    items = {one.number: one for one in all_under(step.known, after, AgendaItem)}
    for one in partial:
        if said := _wrong_part(one, items):
            yield finding(after, "meeting.part", f"{one.person} {said}", CLAUSE)


def _wrong_part(one: Attendance, items: Mapping[int, AgendaItem]) -> str:
    """What is wrong with the part for which somebody was there; empty if nothing is."""
    part = one.part
    if part is None:
        return f"came with {one.joint_of}, must be there for the joint items alone"
    missing = [number for number in part.items if number not in items]
    if missing or not part.items:
        return f"was there for {missing or 'no item'}, must be items of the agenda"
    if part.arrived is not None and part.left is not None and part.left < part.arrived:
        return "left before they came"
    joint = [items[number].joint for number in part.items]
    if one.joint_of and not all(each and one.joint_of in each.bodies for each in joint):
        return f"came with {one.joint_of}, must be there for the joint items alone"
    return ""


def _chairs(known: Known, meeting: Meeting) -> tuple[Seat, ...]:
    body = look(known, Committee, meeting.body)
    seats = all_under(known, body, Seat) if body is not None else ()
    return tuple(
        one
        for one in seats
        if one.category is SeatCategory.CHAIR and one.is_held_on(meeting.held_on)
    )


def _may_sit(known: Known, seat: Seat, person: str, meeting: Meeting) -> bool:
    """Whether that person holds the seat on the day of the meeting, or may stand in."""
    day = meeting.held_on
    if not seat.is_held_on(day):
        return False
    return seat.holder == person or any(
        one.person == person and one.is_on(day) for one in all_under(known, seat, Alternate)
    )


def _at_once(one: Attendance, other: Attendance) -> bool:
    if one.part is None or other.part is None:
        return True
    return not set(one.part.items).isdisjoint(other.part.items)


ATTENDANCE: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.MEETING: rules_of(Meeting, _held, _people, _seats, _parts),
}
