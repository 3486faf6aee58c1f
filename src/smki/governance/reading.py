"""Who may read what: the one function that every page, search, export, message and API goes by.

An audience is a set of tokens, and so is what a reader holds; whoever holds one of an audience's
tokens may read. What an entity's audience is follows from its label, the body, who was there for
the item, and what was given out:

    label   its body    secretariat   given out                         there for the item
    white   yes         yes           published: everybody              -
    green   yes         yes           distributed: whoever is let in    -
    amber   yes         yes           entitled: the persons named       -
    red     no          yes           entitled: the persons named       yes

Nobody else may know that there is something to read. A draft is its body's and secretariat's
alone until it is given out. The secretariat keeps the register, and reads all of its body.

Clause: sec:M4.13
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final

from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import Person, Seat, SeatCategory
from smki.governance.entities.meetings import AgendaItem, Meeting
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.labels import Label

EVERYBODY: Final = "everybody"
LET_IN: Final = "let-in"  # a party's officer: parties and stakeholders at large
REGISTER: Final = "register"  # what is no body's: whoever keeps the register, or sits in any body
_DEPTH: Final = 8  # a paragraph's footnote is not as deep
DEFAULT: Final = Label.AMBER  # of what belongs to nothing that has a label: it fails closed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads, and what they hold.

    Attributes:
        person: ref of the person in the register; empty if they are in no body.
        name: how the note of what was seen calls them.
        tokens: what they hold.
    """

    person: str = ""
    name: str = ""
    tokens: frozenset[str]


ANYBODY: Final = Reader(name="anybody", tokens=frozenset({EVERYBODY}))
"""Whoever looks from outside."""


def reader(person: Person | None, seats: Iterable[Seat], day: date, name: str = "") -> Reader:
    """What this person holds that day, by the seats that they hold then.

    None is an officer of a party who sits in no body. A term that has ended opens nothing.
    """
    if person is None:
        return Reader(name=name, tokens=frozenset({EVERYBODY, LET_IN}))
    held = [seat for seat in seats if seat.holder == person.ref and seat.is_held_on(day)]
    tokens = {EVERYBODY, LET_IN, person_token(person.ref)}
    tokens |= {body_token(seat.body) for seat in held}
    tokens |= {
        secretariat_token(seat.body) for seat in held if seat.category is SeatCategory.SECRETARIAT
    }
    if held:
        tokens.add(REGISTER)
    return Reader(person=person.ref, name=name or person.name, tokens=frozenset(tokens))


def may_read(who: Reader, audience: AbstractSet[str]) -> bool:
    """Whether this reader is of that audience.

    Clause: sec:M4.13
    """
    return not who.tokens.isdisjoint(audience)


def body_token(body: str) -> str:
    """What who sits in the body holds."""
    return f"body {body}"


def secretariat_token(body: str) -> str:
    """What the body's secretariat holds."""
    return f"secretariat {body}"


def person_token(person: str) -> str:
    """What that person holds."""
    return f"person {person}"


def label_of(entity: Entity, known: Known) -> Label:
    """Its label, or that of the first of what it belongs to that has one.

    Clause: sec:M4.13
    """
    for one in _line(entity, known):
        if one.label is not None:
            return one.label
    return DEFAULT


def audience_of(entity: Entity, known: Known) -> frozenset[str]:
    """Who may read it, as tokens.

    Clause: sec:M4.13
    """
    above = tuple(_all_above(entity, known))
    bodies = {one.ref for one in above if one.KIND is Kind.BODY} | set(_joined(above))
    if not bodies:
        return frozenset({REGISTER})
    label = label_of(entity, known)
    tokens = {secretariat_token(body) for body in bodies}
    if label is not Label.RED:
        tokens |= {body_token(body) for body in bodies}
    else:
        tokens |= {person_token(person) for person in _there(above)}
    for output in _outputs(above, known):
        tokens.update(_given(label, output))
    return frozenset(tokens)


def changes_below(before: Entity | None, after: Entity) -> bool:
    """Whether the step from the one to the other can change who may read what belongs to it."""
    if before is None:
        return False
    if before.label is not after.label:
        return True
    if isinstance(before, Meeting) and isinstance(after, Meeting):
        return before.attendance != after.attendance
    if isinstance(before, AgendaItem) and isinstance(after, AgendaItem):
        return before.joint != after.joint
    return False


def _given(label: Label, output: Output) -> Iterator[str]:
    if (label, output.act) == (Label.WHITE, OutputAct.PUBLISH):
        yield EVERYBODY
    elif (label, output.act) == (Label.GREEN, OutputAct.DISTRIBUTE):
        yield LET_IN
    elif label.is_confidential and output.act is OutputAct.ENTITLE:
        yield from map(person_token, output.readers)


def _outputs(above: Iterable[Entity], known: Known) -> Iterator[Output]:
    for one in above:
        if one.KIND in (Kind.BODY, Kind.OUTPUT):
            continue
        for output in known.under(one.key, Kind.OUTPUT):
            if isinstance(output, Output) and output.withdrawn is None:
                yield output


def _joined(above: Iterable[Entity]) -> Iterator[str]:
    for one in above:
        if isinstance(one, AgendaItem) and one.joint is not None:
            yield from one.joint.bodies


def _there(above: Iterable[Entity]) -> Iterator[str]:
    """Who was there for the items that it belongs to; for a meeting's own, for the whole of it."""
    chain = tuple(above)
    items = [one.number for one in chain if isinstance(one, AgendaItem)]
    for meeting in chain:
        if not isinstance(meeting, Meeting):
            continue
        for one in meeting.attendance:
            whole = one.part is None and not items
            if whole or any(one.is_there_for(item) for item in items):
                yield one.person


def _line(entity: Entity, known: Known) -> Iterator[Entity]:
    """It, the first of what it belongs to, the first of that, and so on."""
    at: Entity | None = entity
    for _ in range(_DEPTH):
        if at is None:
            return
        yield at
        at = known.get(at.parents[0]) if at.parents else None


def _all_above(entity: Entity, known: Known) -> Iterator[Entity]:
    """It and all that it belongs to, each once."""
    seen: dict[Key, Entity] = {}
    waiting = [entity]
    while waiting and len(seen) < _DEPTH**2:
        one = waiting.pop()
        if one.key not in seen:
            seen[one.key] = one
            found = (known.get(parent) for parent in one.parents)
            waiting += [each for each in found if each is not None]
    return iter(seen.values())
