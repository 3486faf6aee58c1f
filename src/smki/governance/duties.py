"""Who may put what into the register: one table, by the seat that they hold in the body it is of.

    secretariat   all of its body
    chair         all of its body, but whom aliases stand for
    member        comments, interests, elections, emergencies: what is theirs to say
    nobody        nothing

What is no body's, a person, is kept by the secretariat or chair of a body in which they sit; who
sits nowhere, by that of any.

A change without a person is made by whoever runs the house, in the state directory, and says so.

Clause: sec:C6
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from enum import Enum
from typing import Final

from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import Person, Seat, SeatCategory
from smki.governance.entries import Change
from smki.governance.rules import Ahead, finding
from smki.terms import Finding


class Duty(Enum):
    """What somebody is to a body."""

    SECRETARIAT = "secretariat"
    CHAIR = "chair"
    MEMBER = "member"


_OF_SEAT: Final[Mapping[SeatCategory, Duty]] = {
    SeatCategory.SECRETARIAT: Duty.SECRETARIAT,
    SeatCategory.CHAIR: Duty.CHAIR,
}
_KEEPERS: Final = frozenset({Duty.SECRETARIAT, Duty.CHAIR})
_MEMBERS: Final = frozenset({Duty.MEMBER})
_MAY: Final[Mapping[Kind, frozenset[Duty]]] = {
    Kind.COMMENT: _KEEPERS | _MEMBERS,
    Kind.INTEREST: _KEEPERS | _MEMBERS,
    Kind.ELECTION: _KEEPERS | _MEMBERS,
    Kind.CONVENING: _KEEPERS | _MEMBERS,
    Kind.ALIAS: frozenset({Duty.SECRETARIAT}),
}


def decide_duties(change: Change, known: Known, seats: Iterable[Seat]) -> tuple[Finding, ...]:
    """Empty if who makes the change may make all of it; `seats` are all that there are.

    Clause: sec:C6
    """
    if not change.by:
        return ()
    held: dict[str, set[Duty]] = {}
    sits: dict[str, set[str]] = {}
    for seat in seats:
        if seat.end is None or change.at.date() <= seat.end:
            sits.setdefault(seat.holder, set()).add(seat.body)
        if seat.holder == change.by and seat.is_held_on(change.at.date()):
            held.setdefault(seat.body, set()).add(_OF_SEAT.get(seat.category, Duty.MEMBER))
    ahead = Ahead(known, change.entities)
    return tuple(_found(change, ahead, held, sits))


def bodies_of(entity: Entity, known: Known) -> frozenset[str]:
    """The bodies whose it is."""
    waiting, seen, found = [entity], {entity.key}, set()
    while waiting:
        one = waiting.pop()
        if one.KIND is Kind.BODY:
            found.add(one.ref)
            continue
        above = (known.get(key) for key in one.parents if key not in seen)
        waiting += [each for each in above if each is not None]
        seen.update(one.parents)
    return frozenset(found)


def is_keeper(person: str, entity: Entity, known: Known, day: date) -> bool:
    """Whether this person is of the secretariat or in the chair of a body whose it is, that day.

    Clause: sec:C6
    """
    seats = (one for ref in bodies_of(entity, known) for one in _seats(ref, known))
    return any(
        one.holder == person and one.is_held_on(day) and _OF_SEAT.get(one.category) in _KEEPERS
        for one in seats
    )


def _seats(body: str, known: Known) -> Iterator[Seat]:
    for one in known.under(Key(Kind.BODY, body), Kind.SEAT):
        if isinstance(one, Seat):
            yield one


def _found(
    change: Change, known: Known, held: Mapping[str, set[Duty]], sits: Mapping[str, set[str]]
) -> Iterator[Finding]:
    for after in change.entities:
        bodies = bodies_of(after, known)
        may = _MAY.get(after.KIND, _KEEPERS)
        sat_in = frozenset(sits.get(after.ref, ())) if isinstance(after, Person) else frozenset()
        asked = bodies or sat_in or frozenset(held)
        if not any(may & held.get(body, set()) for body in asked):
            who = " or ".join(sorted(duty.value for duty in may))
            # In which bodies somebody sits is perhaps not for who asks.
            whose = " or ".join(sorted(bodies)) or "a body, for a person one in which they sit"
            yield finding(after, "duty", f"{change.by} may not change it, must be {who} of {whose}")


def seats_of(person: str, seats: Iterable[Entity]) -> tuple[Seat, ...]:
    """Those of the seats that this person holds."""
    return tuple(one for one in seats if isinstance(one, Seat) and one.holder == person)
