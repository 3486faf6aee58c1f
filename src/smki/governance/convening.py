"""Calls a body together in an emergency: by which criteria, who may, who is called, and what they are told.

    1 somebody who may triggers it by a criterion of the body, and names the options
    2 every voting seat and the chair, and the secretariat; an alternate where the holder has no channel
    3 each is told what their channel's label permits; the least is that they are called, and by whom
    4 they acknowledge; the body resolves at short notice; the next ordinary meeting ratifies

Criteria and who may trigger are the body's (`Committee.convening`); where it says nothing, `CRITERIA`
holds: no public text has them. Composes; sends nothing.

Clause: sec:L10.9
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from smki.governance.entities import Known
from smki.governance.entities.bodies import (
    Alternate,
    Committee,
    EmergencyCriterion,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.convening import Call, Choice, Convening
from smki.governance.labels import Label, highest
from smki.governance.looking import all_under, look
from smki.governance.reading import audience_of, label_of, may_read, reader

DO_NOT_USE: Final = Choice(
    text="Do not use the key.",
    consequences="What is compromised stays in use until another way is found.",
)
"""Always before the body."""

CHANNEL_LABEL: Final = Label.AMBER
"""The highest label that an encrypted message may carry; Red is told to who is there, not sent."""

_CHAIR_AND_SECRETARY: Final = (SeatCategory.CHAIR, SeatCategory.SECRETARIAT)
_OPERATOR_TOO: Final = (*_CHAIR_AND_SECRETARY, SeatCategory.OPERATOR)

CRITERIA: Final = (
    EmergencyCriterion(
        name="key-compromise",
        text="A key of an authority, or the recovery or contingency key, is or may be compromised.",
        triggered_by=(*_OPERATOR_TOO, SeatCategory.SISTER_BODY),
    ),
    EmergencyCriterion(
        name="key-use",
        text="A key must be used that only the body may authorise, before its next meeting.",
        triggered_by=_OPERATOR_TOO,
    ),
    EmergencyCriterion(
        name="supplier-failure",
        text="A supplier fails, and its certificates must not be revoked before they are replaced.",
        triggered_by=_OPERATOR_TOO,
    ),
    EmergencyCriterion(
        name="direction",
        text="A direction from outside must be met before the next meeting.",
        triggered_by=_CHAIR_AND_SECRETARY,
    ),
)
"""Where a body says nothing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message to somebody who is called.

    Attributes:
        person: whom.
        text: what it says.
        label: its classification: White for the bare call.
    """

    person: Person
    text: str
    label: Label


def criteria_of(body: Committee) -> tuple[EmergencyCriterion, ...]:
    """By what the body can be called together, and who may."""
    return body.convening or CRITERIA


def may_trigger(
    body: Committee, criterion: EmergencyCriterion, person: str, seats: Iterable[Seat], day: date
) -> bool:
    """Whether that person holds one of the seats that may, that day.

    Clause: sec:L10.9
    """
    return any(
        seat.body == body.ref
        and seat.holder == person
        and seat.category in criterion.triggered_by
        and seat.is_held_on(day)
        for seat in seats
    )


def calls_for(body: Committee, known: Known, day: date) -> tuple[Call, ...]:
    """Who is to be called: for each seat its holder, or who stands in where the holder has no channel.

    Clause: sec:L10.9
    """
    calls: dict[str, Call] = {}
    for seat in must_be_called(body, known, day):
        people = tuple(_people(seat, known, day))
        person = next((one for one in people if one.channel), people[0] if people else None)
        if person is not None:
            calls.setdefault(
                person.ref, Call(person=person.ref, seat=seat.ref, channel=person.channel)
            )
    return tuple(calls.values())


def must_be_called(body: Committee, known: Known, day: date) -> tuple[Seat, ...]:
    """The seats for which somebody must be called: those that vote, the chair and the secretariat."""
    return tuple(
        seat
        for seat in all_under(known, body, Seat)
        if seat.is_held_on(day) and (seat.votes or seat.category in _CHAIR_AND_SECRETARY)
    )


def told(
    convening: Convening, call: Call, known: Known, permitted: Label = CHANNEL_LABEL
) -> Told | None:
    """What whoever is called is told: no more than they may read, and their channel may carry.

    None if there is no such person or body.

    Clause: sec:M4.13
    """
    person = look(known, Person, call.person)
    body = look(known, Committee, convening.body)
    if person is None or body is None:
        return None
    label = label_of(convening, known)
    fits = highest((label, permitted)) is permitted and _may_know(convening, person, known)
    said = label if fits else Label.WHITE
    lines = [
        f"Classification: {said.value.capitalize()}",
        *_bare(convening, body, call),
        *(_circumstances(convening, body) if fits else ()),
    ]
    return Told(person=person, text="\n".join(lines) + "\n", label=said)


def _bare(convening: Convening, body: Committee, call: Call) -> Iterator[str]:
    yield f"You are called to an emergency meeting of {body.ref}."
    yield f"Reference: {convening.ref}"
    yield f"Called: {convening.triggered:%Y-%m-%d %H:%M} UTC"
    yield f"By: {call.channel or 'no channel is known'}"
    yield "Answer by the channel that this came by, with the reference, as soon as you have it."


def _circumstances(convening: Convening, body: Committee) -> Iterator[str]:
    criterion = next((one.text for one in criteria_of(body) if one.name == convening.criterion), "")
    yield ""
    yield f"Criterion: {convening.criterion}: {criterion}"
    yield f"Circumstances: {convening.circumstances}"
    yield "Options:"
    for one in convening.options:
        yield f"  - {one.text}" + (f" ({one.consequences})" if one.consequences else "")


def _may_know(convening: Convening, person: Person, known: Known) -> bool:
    body = look(known, Committee, convening.body)
    seats = all_under(known, body, Seat) if body is not None else ()
    alternates = [one for seat in seats for one in all_under(known, seat, Alternate)]
    day = convening.triggered.date()
    who = reader(person, seats, day, alternates=alternates)
    return may_read(who, audience_of(convening, known))


def _people(seat: Seat, known: Known, day: date) -> Iterator[Person]:
    """Who holds it, then who may stand in."""
    alternates = (one.person for one in all_under(known, seat, Alternate) if one.is_on(day))
    for ref in (seat.holder, *alternates):
        person = look(known, Person, ref)
        if person is not None:
            yield person
