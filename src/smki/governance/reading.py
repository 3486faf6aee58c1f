"""Who may read what: the one policy that every page, search, export, message and command goes by.

An audience is a set of tokens, and so is what a reader holds; whoever holds one of an audience's
tokens may read. What an entity's audience is follows from its label, the body, who was there for
the item, and what was given out:

    label   its body         secretariat   given out                         there for the item
    white   yes              yes           published: everybody              -
    green   yes              yes           distributed: whoever is let in    -
    amber   yes, or by seat  yes           entitled: the persons named       as the body handles it
    red     no               unless not    entitled: the persons named       yes

An act opens what is lower, too. What the body may say otherwise is its `Handling`. Nobody else may know that there is something to read; a
draft is its body's alone until it is given out. How much of an entity its audience sees is
`seeing.as_seen`: through that alone is anything shown.

Clause: sec:M4.13
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Final

from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import (
    Alternate,
    Committee,
    Handling,
    MinutesSet,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.meetings import AgendaItem, Attendance, Meeting, Paper
from smki.governance.entities.minutes import Minutes, Paragraph, ParagraphRole
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.labels import Label, highest

EVERYBODY: Final = "everybody"
LET_IN: Final = "let-in"  # a party's officer: parties and stakeholders at large
REGISTER: Final = "register"  # what is no body's: whoever keeps the register, or sits in any body
SECRETARIATS: Final = "secretariats"  # whoever is of any body's secretariat
_DEPTH: Final = 8  # a paragraph's footnote is not as deep
DEFAULT: Final = Label.AMBER  # of what belongs to nothing that has a label: it fails closed

# A body's label says who knows the body and its seats, not how its meetings are classified.
_OF_THE_BODY: Final = frozenset({Kind.BODY, Kind.SEAT, Kind.ALTERNATE})
_REACHED_FROM: Final[Mapping[Kind, frozenset[Kind]]] = {
    Kind.SEAT: frozenset({Kind.BODY}),
    Kind.ALTERNATE: frozenset({Kind.BODY, Kind.SEAT}),
    Kind.AGENDA_ITEM: frozenset({Kind.MEETING}),
    Kind.PAPER: frozenset({Kind.MEETING, Kind.AGENDA_ITEM}),
    Kind.PARAGRAPH: frozenset({Kind.MINUTES}),
    Kind.RESOLUTION: frozenset({Kind.MINUTES}),
    Kind.CONDITION: frozenset({Kind.MINUTES, Kind.RESOLUTION}),
}
"""What is published or distributed with what it belongs to. All else is given out by its own name:
drafts, comments and what is still written on do not go out with the meeting they are of."""
_ENTITLED_TO: Final = frozenset(
    {
        *_REACHED_FROM,
        Kind.MINUTES,
        Kind.ACTION,
        Kind.VERSION,
        Kind.TRIGGER,
        Kind.COMMENT_ROUND,
        Kind.CONSULTATION,
    }
)
"""What whoever is entitled to what it belongs to reads too."""
_RECORDED: Final = frozenset({Kind.RESOLUTION, Kind.CONDITION})  # goes out with its minutes


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


def reader(
    person: Person | None,
    seats: Iterable[Seat],
    day: date,
    name: str = "",
    alternates: Iterable[Alternate] = (),
) -> Reader:
    """What this person holds that day, by the seats that they hold or stand in for then.

    None is an officer of a party who sits in no body. A term that has ended opens nothing; who
    stands in reads as whoever holds the seat, but nobody is of the secretariat by standing in.
    """
    if person is None:
        return Reader(name=name, tokens=frozenset({EVERYBODY, LET_IN}))
    held = tokens_of(person.ref, seats, day, alternates)
    return Reader(person=person.ref, name=name or person.name, tokens=held)


def tokens_of(
    person: str, seats: Iterable[Seat], day: date, alternates: Iterable[Alternate] = ()
) -> frozenset[str]:
    """What the person with this ref holds that day."""
    stands_in = {one.seat for one in alternates if one.person == person and one.is_on(day)}
    tokens = {EVERYBODY, LET_IN, person_token(person)}
    for seat in seats:
        if seat.is_held_on(day) and (seat.holder == person or seat.ref in stands_in):
            tokens |= {REGISTER, body_token(seat.body), seat_token(seat.body, seat.category)}
            if seat.holder == person and seat.category is SeatCategory.SECRETARIAT:
                tokens |= {SECRETARIATS, secretariat_token(seat.body)}
    return frozenset(tokens)


def may_read(who: Reader, audience: AbstractSet[str]) -> bool:
    """Whether this reader is of that audience.

    Clause: sec:M4.13
    """
    return not who.tokens.isdisjoint(audience)


def body_token(body: str) -> str:
    """What who sits in the body holds."""
    return f"body {body}"


def seat_token(body: str, category: SeatCategory) -> str:
    """What who sits in the body in a seat of that category holds."""
    return f"seat {category.value} {body}"


def secretariat_token(body: str) -> str:
    """What the body's secretariat holds."""
    return f"secretariat {body}"


def person_token(person: str) -> str:
    """What that person holds."""
    return f"person {person}"


def label_of(entity: Entity, known: Known) -> Label:
    """Its label, or that of the first of what it belongs to that has one.

    Of confidential minutes and withheld bodies nothing is lower than Amber, whatever was said of it.

    Clause: sec:M4.13
    """
    line = tuple(_line(entity, known))
    label = next((one.label for one in line if one.label is not None), DEFAULT)
    if any(_is_withheld(one) for one in line):
        return highest((label, DEFAULT))
    return label


def audience_of(entity: Entity, known: Known) -> frozenset[str]:
    """Who may know of it and read it, as far as `seeing.as_seen` shows it to them, as tokens.

    A confidential item that has a stub is known to whoever may read its meeting: by the stub.

    Clause: sec:M4.13
    """
    audience = audience_at(label_of(entity, known), entity, known)
    if isinstance(entity, AgendaItem) and entity.stub:
        meeting = known.get(Key(Kind.MEETING, entity.meeting))
        if meeting is not None:
            audience |= audience_at(label_of(meeting, known), entity, known)
    return audience


def audience_at(label: Label, entity: Entity, known: Known) -> frozenset[str]:
    """Who may read of this entity what has that label.

    Clause: sec:M4.13
    """
    above = tuple(_all_above(entity, known))
    tokens = set(_of_bodies(label, above))
    if label is Label.RED or (label is Label.AMBER and any(map(_opens_to_those_there, above))):
        tokens |= {person_token(one) for one in _there(above, known)}
    for named, output in _outputs(label, entity, above, known):
        tokens.update(_given(label, named, output, known))
    return frozenset(tokens)


def touched_by(
    before: Entity | None,
    after: Entity,
    known: Known,
    below: Callable[[Key], Iterable[Entity]],
) -> Iterator[Entity]:
    """What has perhaps another audience since `after` was put after `before`, beside `after` itself.

    `known` and `below` (all that belongs to something) are of the register as it was.
    """
    if isinstance(after, Output):
        tops = after.parents
    elif before is not None and _opens_otherwise(before, after):
        tops = (after.key,)
    else:
        return
    for top in tops:
        yield from _of(known.get(top))
        if top.kind is Kind.BODY and not _handled_otherwise(before, after):
            for seat in known.under(top, Kind.SEAT):
                yield seat
                yield from below(seat.key)
        else:
            yield from below(top)
        minutes = known.get(top) if top.kind is Kind.MINUTES else None
        if isinstance(minutes, Minutes):
            yield from below(Key(Kind.MEETING, minutes.meeting))


def _opens_otherwise(before: Entity, after: Entity) -> bool:
    if before.label is not after.label:
        return True
    match before, after:
        case Meeting(), Meeting():
            return before.attendance != after.attendance
        case AgendaItem(), AgendaItem():
            return (before.joint, before.number) != (after.joint, after.number)
    return _handled_otherwise(before, after)


def _handled_otherwise(before: Entity | None, after: Entity) -> bool:
    return (
        isinstance(before, Committee)
        and isinstance(after, Committee)
        and before.handling != after.handling
    )


def _of(entity: Entity | None) -> Iterator[Entity]:
    if entity is not None:
        yield entity


def _is_withheld(one: Entity) -> bool:
    if isinstance(one, Minutes):
        return one.set is MinutesSet.CONFIDENTIAL
    return isinstance(one, Paragraph) and one.role is ParagraphRole.WITHHELD_BODY


def _of_bodies(label: Label, above: Iterable[Entity]) -> Iterator[str]:
    """What the bodies' own hold, of those that it belongs to and those that joined for the item."""
    chain = tuple(above)
    hosts = {one.ref: one.handling for one in chain if isinstance(one, Committee)}
    bodies = {*hosts, *(body for one in chain for body in _joined(one))}
    if not bodies:
        yield SECRETARIATS if label is Label.RED else REGISTER
    # Who joins for an item reads it as the host handles it: they are the host's minutes.
    handlings = tuple(hosts.values()) or (Handling(),)
    seats = {category for one in handlings for category in one.amber_seats}
    # Of what is no meeting's nobody was there, and somebody must keep it.
    met = any(isinstance(one, Meeting) for one in chain)
    withheld = label is Label.RED and met and not all(one.red_to_secretariat for one in handlings)
    for body in bodies:
        if not withheld:
            yield secretariat_token(body)
        if label is Label.AMBER and seats:
            yield from (seat_token(body, category) for category in seats)
        elif label is not Label.RED:
            yield body_token(body)


def _opens_to_those_there(one: Entity) -> bool:
    return isinstance(one, Committee) and one.handling.amber_to_those_there


def _joined(one: Entity) -> tuple[str, ...]:
    return one.joint.bodies if isinstance(one, AgendaItem) and one.joint is not None else ()


def _there(above: Iterable[Entity], known: Known) -> Iterator[str]:
    """Who was there for the items that it belongs to; for a meeting's own, for the whole of it."""
    chain = tuple(above)
    items = [one for one in chain if isinstance(one, AgendaItem)]
    for item in items:
        meeting = known.get(Key(Kind.MEETING, item.meeting))
        if isinstance(meeting, Meeting):
            yield from (one.person for one in meeting.attendance if was_there(one, item))
    if not items:
        meetings = (one for one in chain if isinstance(one, Meeting))
        everybody = (one for meeting in meetings for one in meeting.attendance)
        yield from (one.person for one in everybody if one.part is None and not one.joint_of)


def was_there(one: Attendance, item: AgendaItem) -> bool:
    """Whether they were there for the item.

    Who came by another body, for a joint item, was there for no more than what it joined for.
    """
    if one.joint_of and one.part is None:
        return one.joint_of in _joined(item)
    return one.is_there_for(item.number)


def _outputs(
    label: Label, entity: Entity, above: Iterable[Entity], known: Known
) -> Iterator[tuple[Entity, Output]]:
    """What of the entity or around it was given out so that it reaches the entity, and by what."""
    chain = {one.key: one for one in above}
    if entity.KIND in _RECORDED:
        for meeting in [one for one in chain.values() if isinstance(one, Meeting)]:
            chain.update({one.key: one for one in known.under(meeting.key, Kind.MINUTES)})
    if entity.KIND is Kind.OUTPUT:
        return
    for one in chain.values():
        for output in _given_out(one, entity, known):
            if one is entity or _reaches(label, one, output, entity, chain.values()):
                yield one, output


def _given_out(one: Entity, entity: Entity, known: Known) -> Iterator[Output]:
    if one.KIND is Kind.BODY and entity.KIND not in _OF_THE_BODY:
        return
    for output in known.under(one.key, Kind.OUTPUT):
        if isinstance(output, Output) and output.withdrawn is None:
            yield output


def _reaches(
    label: Label, named: Entity, output: Output, entity: Entity, above: Iterable[Entity]
) -> bool:
    if isinstance(named, Minutes) and label.is_confidential is not _is_withheld(named):
        return False
    if output.act is OutputAct.ENTITLE:
        return entity.KIND in _ENTITLED_TO
    drafts = (one for one in above if isinstance(one, Paper) and one.circulated is None)
    return named.KIND in _REACHED_FROM.get(entity.KIND, ()) and not any(drafts)


def _given(label: Label, named: Entity, output: Output, known: Known) -> Iterator[str]:
    if output.act is OutputAct.PUBLISH and label is Label.WHITE:
        yield EVERYBODY
    elif output.act is OutputAct.DISTRIBUTE and not label.is_confidential:
        yield LET_IN
    elif output.act is OutputAct.ENTITLE:
        # An Amber thing's readers do not read the Red below it: that is named for itself.
        top = top_label_of(named, known)
        if highest((label, top)) is top:
            yield from map(person_token, output.readers)


def top_label_of(entity: Entity, known: Known) -> Label:
    """The highest label of anything in it.

    Clause: sec:M4.13
    """
    own = label_of(entity, known)
    if isinstance(entity, Paper):
        return highest((own, *(one.label for one in entity.sections if one.label is not None)))
    return own


def _line(entity: Entity, known: Known) -> Iterator[Entity]:
    """It, the first of what it belongs to, the first of that, and so on."""
    at: Entity | None = entity
    for _ in range(_DEPTH):
        if at is None or (at.KIND is Kind.BODY and entity.KIND not in _OF_THE_BODY):
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
