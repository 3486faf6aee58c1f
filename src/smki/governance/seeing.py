"""What of an entity its reader sees: whatever is shown, sent or exported was given by `as_seen`.

Whole entities are withheld by their audience (`reading.audience_of`). Withheld within one are:

    sections of a paper       with a higher label than the reader may read
    an agenda item            but its number, label and stub, for who may read the meeting alone
    who was there for a part  as far as it is for items that the reader knows
    how a person is called    but to whoever sits in a body
    pointers                  to what the reader may not read, but to who keeps what has them

What is left has no trace of what was cut: no mark, no gap, no length. Earlier states of an entity
are `as_seen_before`'s.

Clause: sec:M4.13
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, is_dataclass, replace
from types import MappingProxyType
from typing import Any, Final, TypeVar

from smki.governance.duties import bodies_of
from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entities.bodies import Person, SeatCategory
from smki.governance.entities.meetings import (
    AgendaItem,
    Attendance,
    Meeting,
    Paper,
    Presence,
    Section,
)
from smki.governance.entities.outputs import Output
from smki.governance.labels import Label, highest
from smki.governance.reading import (
    REGISTER,
    SECRETARIATS,
    Reader,
    audience_at,
    audience_of,
    label_of,
    may_read,
    seat_token,
    secretariat_token,
    touched_by,
    was_there,
)
from smki.governance.remembering import Remembered
from smki.governance.rules import Ahead

_OF_MEETINGS: Final = (Kind.MEETING,)
_ITEMS: Final = (Kind.AGENDA_ITEM,)
_RESOLUTIONS: Final = (Kind.RESOLUTION,)
_ACTIONS: Final = (Kind.ACTION,)
_DOCUMENTS: Final = (Kind.DOCUMENT, Kind.VERSION)
_VERSIONS: Final = (Kind.VERSION,)
_LETTERS: Final = (Kind.CORRESPONDENCE,)
_INTERPRETATIONS: Final = (Kind.INTERPRETATION,)
_ANY: Final = tuple(Kind)

POINTERS: Final[Mapping[str, tuple[Kind, ...]]] = MappingProxyType(
    {
        "Committee.terms_of_reference": _DOCUMENTS,
        "Capacity.terms_of_reference": _DOCUMENTS,
        "Interest.item": _ITEMS,
        "Meeting.next_meeting": _OF_MEETINGS,
        "AgendaItem.standing_item": (Kind.STANDING_ITEM,),
        "AgendaItem.pointer": _OF_MEETINGS,
        "JointItem.record": _ANY,
        "Minutes.approved_at": _OF_MEETINGS,
        "Paragraph.of": (Kind.RESOLUTION, Kind.ACTION),
        "Due.meeting": _OF_MEETINGS,
        "Due.action": _ACTIONS,
        "Resolution.about": _ANY,
        "Resolution.rests_on": (Kind.RESOLUTION, Kind.VERSION),
        "Resolution.ratifies": _RESOLUTIONS,
        "Condition.action": _ACTIONS,
        "Condition.consultation": (Kind.CONSULTATION,),
        "Convening.meeting": _OF_MEETINGS,
        "Convening.resolution": _RESOLUTIONS,
        "Convening.ratified_by": _RESOLUTIONS,
        "Incident.convening": (Kind.CONVENING,),
        "Update.item": _ITEMS,
        "Action.successor": (Kind.ACTION, Kind.BODY),
        "Review.trigger": (Kind.TRIGGER,),
        "DocumentVersion.presented_at": _ITEMS,
        "DocumentVersion.resolutions": _RESOLUTIONS,
        "DocumentVersion.corrects": _VERSIONS,
        "DocumentVersion.superseded_by": _VERSIONS,
        "DocumentVersion.withdrawn_by": _RESOLUTIONS,
        "Direction.version": _VERSIONS,
        "Correspondence.resolution": _RESOLUTIONS,
        "Correspondence.about": (Kind.MODIFICATION, Kind.VERSION),
        "Correspondence.answers": _LETTERS,
        "Correspondence.answered_by": _LETTERS,
        "Interpretation.agreed_by": _RESOLUTIONS,
        "Interpretation.replaces": _INTERPRETATIONS,
        "Interpretation.replaced_by": _INTERPRETATIONS,
        "Guidance.draft_due": _OF_MEETINGS,
        "Guidance.resolution": _RESOLUTIONS,
        "WorkPackage.recommended_by": _RESOLUTIONS,
        "WorkPackage.approved_by": _RESOLUTIONS,
        "Increase.approved_by": _RESOLUTIONS,
        "Risk.decided_by": _RESOLUTIONS,
        "StageReached.resolution": _RESOLUTIONS,
        "ProblemStatement.appended_to": (Kind.MINUTES, Kind.PAPER),
        "ModificationInterest.modification": (Kind.MODIFICATION,),
        "ModificationInterest.resolution": _RESOLUTIONS,
        "ModificationInterest.statement": _LETTERS,
        "ModificationInterest.acknowledgement": _LETTERS,
    }
)
"""Which attribute names something else of the register, of which kinds, by class and attribute."""


def as_seen(
    entity: Entity, who: Reader, known: Known, audience: AbstractSet[str] | None = None
) -> Entity | None:
    """The entity as this reader sees it; None if they may not know of it.

    `audience` is its audience, where that is known.

    Clause: sec:M4.13
    """
    if not may_read(who, audience_of(entity, known) if audience is None else audience):
        return None
    return _Sight(who, known).cut(entity)


def sees_all(entity: Entity, who: Reader, known: Known) -> bool:
    """Whether nothing of it is withheld from this reader: only then may they put it otherwise.

    Clause: sec:M4.13
    """
    return as_seen(entity, who, known) == entity


def withheld_names(entity: Entity, who: Reader, known: Known) -> frozenset[tuple[str, str]]:
    """What it names that this reader may not read, or that is not there: by which attribute, and its ref.

    Clause: sec:M4.13
    """
    sight = _Sight(who, known)
    return frozenset(
        (name, ref) for name, ref, kinds in _named(entity) if not sight.knows(ref, kinds)
    )


def as_seen_before(
    entity: Entity, bodies: Iterable[str], who: Reader, known: Known, then: Known
) -> Entity | None:
    """An earlier state of an entity of these bodies as this reader sees it; None if they may not.

    Earlier states are drafts, and may have stood under another label: they are for who keeps the
    body's part of the register, and each is cut by the label that it had.

    Clause: sec:M4.13
    """
    several = tuple(bodies)
    keepers = {secretariat_token(body) for body in several} or {SECRETARIATS}
    keepers |= {seat_token(body, SeatCategory.CHAIR) for body in several}
    return as_seen_then(entity, who, known, then) if may_read(who, keepers) else None


def as_seen_then(entity: Entity, who: Reader, known: Known, then: Known) -> Entity | None:
    """An earlier state as this reader sees it; None if they may not.

    `then` is the register as it was when that state ended: what was Red by what it belonged to, which
    is lower now, stays Red there.

    Clause: sec:M4.13
    """
    now, was = label_of(entity, known), label_of(entity, then)
    label = highest((now, was))
    if label is not now and not may_read(who, audience_at(label, entity, known)):
        return None
    return as_seen(entity, who, known)


def opened_by(
    output: Output, known: Known, below: Callable[[Key], Iterable[Entity]]
) -> Iterator[Entity]:
    """What others may read when this is given out: what it names, and what goes with that.

    `below` is all that belongs to something.

    Clause: sec:M4.13
    """
    was = Remembered(known)
    ahead = Remembered(Ahead(was, (output,)))
    # Below minutes, and again below their meeting: a paragraph is met twice.
    touched = {one.key: one for one in touched_by(None, output, was, below)}
    for one in touched.values():
        if audience_of(one, ahead) > audience_of(one, was):
            yield one


_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Sight:
    who: Reader
    known: Known

    def cut(self, entity: Entity) -> Entity:
        match entity:
            case AgendaItem() if entity.stub and not self._reads(entity):
                return _by_stub(entity)
            case Paper():
                return self._pointed(replace(entity, sections=tuple(self._sections(entity))))
            case Meeting():
                return self._pointed(replace(entity, attendance=tuple(self._attendance(entity))))
            case Person() if REGISTER not in self.who.tokens:
                return replace(entity, channel="")
        return self._pointed(entity)

    def _reads(self, item: AgendaItem) -> bool:
        return may_read(self.who, audience_at(label_of(item, self.known), item, self.known))

    def _sections(self, paper: Paper) -> Iterator[Section]:
        own = label_of(paper, self.known)
        for one in paper.sections:
            label = highest((own, one.label or own))
            if label is own or may_read(self.who, audience_at(label, paper, self.known)):
                yield one

    def _attendance(self, meeting: Meeting) -> Iterator[Attendance]:
        if all(one.part is None and not one.joint_of for one in meeting.attendance):
            yield from meeting.attendance
            return
        items = [
            one
            for one in self.known.under(meeting.key, Kind.AGENDA_ITEM)
            if isinstance(one, AgendaItem) and may_read(self.who, audience_of(one, self.known))
        ]
        for one in meeting.attendance:
            yield from _there_for(one, items)

    def _pointed(self, entity: _Value) -> _Value:
        """Without pointers to what the reader may not read; who keeps it sees what they wrote."""
        if isinstance(entity, Entity) and self._keeps(entity):
            return entity
        return self._without(entity)

    def _keeps(self, entity: Entity) -> bool:
        own = {secretariat_token(body) for body in bodies_of(entity, self.known)}
        held = self.who.tokens & own
        return bool(held) and not held.isdisjoint(audience_at(Label.RED, entity, self.known))

    def _without(self, value: _Value) -> _Value:
        held: Any = value
        changed: dict[str, Any] = {}
        for name in (field.name for field in fields(held)):
            there = getattr(held, name)
            kinds = POINTERS.get(f"{type(value).__name__}.{name}")
            left = self._inside(there) if kinds is None else self._left(there, kinds)
            if left != there:
                changed[name] = left
        whole: _Value = replace(held, **changed) if changed else held
        return whole

    def _inside(self, held: Any) -> Any:
        if isinstance(held, tuple):
            return tuple(map(self._inside, held))
        return self._without(held) if is_dataclass(held) else held

    def _left(self, held: Any, kinds: tuple[Kind, ...]) -> Any:
        if isinstance(held, tuple):
            return tuple(ref for ref in held if self.knows(ref, kinds))
        return held if self.knows(held, kinds) else ""

    def knows(self, ref: str, kinds: tuple[Kind, ...]) -> bool:
        found = (self.known.get(Key(kind, ref)) for kind in kinds if ref)
        return any(may_read(self.who, audience_of(one, self.known)) for one in found if one)


def _named(value: Any) -> Iterator[tuple[str, str, tuple[Kind, ...]]]:
    """Every pointer in a value: its attribute, what it names, of which kinds."""
    for field in fields(value):
        held = getattr(value, field.name)
        name = f"{type(value).__name__}.{field.name}"
        for one in held if isinstance(held, tuple) else (held,):
            if name in POINTERS and one:
                yield name, one, POINTERS[name]
            elif is_dataclass(one):
                yield from _named(one)


def _by_stub(item: AgendaItem) -> AgendaItem:
    return AgendaItem(
        ref=item.ref,
        label=item.label,
        meeting=item.meeting,
        number=item.number,
        heading=item.stub,
        place=item.place,
    )


def _there_for(one: Attendance, items: Iterable[AgendaItem]) -> Iterator[Attendance]:
    """The attendance as far as it is for these items; nothing if it is for none of them."""
    known = {item.number for item in items}
    if one.part is None:
        if not one.joint_of or any(was_there(one, item) for item in items):
            yield one
    elif known and known <= set(one.part.items):
        yield replace(one, part=None)
    elif left := tuple(number for number in one.part.items if number in known):
        whole = left == one.part.items
        yield one if whole else replace(one, part=Presence(items=left))
