"""The register as one reader sees it: nothing else is given to a page.

    credential of the officer > person of the register > what they hold (`governance.reading`)

What a reader may not read is as what is not there: the same answer, None. What was shown and is
Amber or Red is noted. Here nothing is changed (`changing_register`).

Clause: sec:M4.13
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final

from smki.governance.duties import bodies_of
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Alternate, Person, Seat, SeatCategory
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.labels import Label
from smki.governance.reading import ANYBODY, Reader, label_of, reader, top_label_of
from smki.governance.remembering import Remembered
from smki.governance.rules_classification import fits
from smki.governance.seeing import as_seen, as_seen_before, as_seen_then, opened_by
from smki.merkle.canonical import parse_json
from smki.ports.register import Kept, Page, Register, Seen, Wanted
from smki.steps import Requester

PAGE: Final = 25  # of a list: a screen or two
_ALL: Final = 200  # at once, when all that belongs to something is wanted
_MOST: Final = 5_000  # of it: no meeting has so many paragraphs
# Who sits where is on record with the seats; that somebody looked at it is of no use to anyone.
_NOT_NOTED: Final = frozenset({Kind.BODY, Kind.PERSON, Kind.SEAT, Kind.ALTERNATE, Kind.OUTPUT})
_KEEPERS: Final = frozenset({SeatCategory.CHAIR, SeatCategory.SECRETARIAT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A state of an entity, and what the entry that brought it says.

    Attributes:
        kept: the state.
        at: when, as the entry has it.
        by: ref of the person; empty for whoever runs the house.
        said: why.
    """

    kept: Kept
    at: str
    by: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reader, for one answer. Not shared between threads.

    Attributes:
        register: what is read.
        reader: who reads.
        now: the instant of the question.
        person: who that is in the register; None if in no body.
        seats: those that they hold today.
        by: how they read: `page`, `search`, `export`.
    """

    register: Register
    reader: Reader
    now: datetime
    person: Person | None = None
    seats: tuple[Seat, ...] = ()
    by: str = "page"
    _known: dict[Key, Kept | None] = field(default_factory=dict)
    _shown: dict[Key, Kept] = field(default_factory=dict)
    _remembered: Remembered = field(init=False)

    def __post_init__(self) -> None:
        """What is asked of the register for one answer is asked once."""
        object.__setattr__(self, "_remembered", Remembered(self.register))

    @property
    def today(self) -> date:
        """The day of the question, UTC."""
        return self.now.date()

    def kept(self, key: Key) -> Kept | None:
        """The entity as it stands, as far as this reader may see it; None if they may not know of it."""
        if key not in self._shown:
            found = self._stands(key)
            seen = None if found is None else self._seen(found)
            if seen is None:
                return None
            self._shown[key] = seen
        return self._shown[key]

    def get(self, key: Key) -> Entity | None:
        """The entity; see `kept`."""
        found = self.kept(key)
        return None if found is None else found.entity

    def find(self, wanted: Wanted, *, after: str = "", limit: int = PAGE) -> Page:
        """A page of what is asked for, of what this reader may read; `wanted.tokens` counts not.

        Raises:
            Malformed: `after` is of no page.
        """
        own = replace(wanted, tokens=self.reader.tokens)
        page = self.register.find(own, after=after, limit=limit)
        kept = tuple(seen for seen in map(self._seen, page.kept) if seen is not None)
        self._shown.update({one.entity.key: one for one in kept})
        return replace(page, kept=kept)

    def all(self, wanted: Wanted) -> tuple[Entity, ...]:
        """All that is asked for, in the order of their first entry."""
        found: list[Kept] = []
        after = ""
        while len(found) < _MOST:
            page = self.find(wanted, after=after, limit=_ALL)
            found += page.kept
            after = page.more
            if not after:
                break
        return tuple(one.entity for one in sorted(found, key=lambda one: one.first))

    def under(self, parent: Key, *kinds: Kind) -> tuple[Entity, ...]:
        """All of these kinds that belong to `parent` directly, in the order of their first entry."""
        return self.all(Wanted(tokens=None, kinds=kinds, under=parent))

    def keeps(self, entity: Entity) -> bool:
        """Whether this reader is of the secretariat or in the chair of a body whose it is.

        Clause: sec:C6
        """
        held = {one.body for one in self.seats if one.category in _KEEPERS}
        bodies = bodies_of(entity, self._remembered)
        return bool(held & bodies) if bodies else bool(held)

    @property
    def keeps_any(self) -> bool:
        """Whether this reader keeps some body's part of the register."""
        return any(one.category in _KEEPERS for one in self.seats)

    def sits_in(self, entity: Entity) -> bool:
        """Whether this reader sits in a body whose it is."""
        return bool({one.body for one in self.seats} & bodies_of(entity, self._remembered))

    def label(self, entity: Entity) -> Label:
        """Its label, its own or that of what it belongs to."""
        return label_of(entity, self._remembered)

    def history(self, entity: Entity) -> tuple[Said, ...]:
        """Every state that it had, newest first; to who keeps it, as far as they see it.

        A state is judged by the label that it had last, its own or of what it belonged to: what was Red
        and is White now stays Red there. One that differs from the one before in what is withheld alone is none.
        """
        bodies = bodies_of(entity, self._remembered)
        seen: list[Kept] = []
        for one, then in reversed(tuple(self._states(entity.key))):
            state = as_seen_before(one.entity, bodies, self.reader, self._remembered, then)
            if state is not None and not (seen and seen[-1].entity == state):
                seen.append(replace(one, entity=state))
        return tuple(self._said(one) for one in reversed(seen))

    def state(self, key: Key, entry: int) -> Entity | None:
        """The entity as that entry left it; None if it did not name it, or the reader may not see it."""
        for one, then in self._states(key):
            if one.entry == entry:
                return as_seen_then(one.entity, self.reader, self._remembered, then)
        return None

    def _states(self, key: Key) -> Iterator[tuple[Kept, "_Then"]]:
        """Every state that it had, newest first, each with the register as it was to the state's end."""
        last = self.register.head().number
        for one in self.register.history(key):
            yield one, _Then(self.register, last)
            last = one.entry - 1

    def opened_by(self, output: Output) -> tuple[Entity, ...]:
        """What others may read when this is given out, as far as this reader sees it.

        Clause: sec:M4.13
        """
        found = opened_by(output, self._remembered, self.register.below)
        seen = (self.get(one.key) for one in found)
        return tuple(one for one in seen if one is not None)

    def fits(self, act: OutputAct, entity: Entity) -> bool:
        """Whether the label of an entity lets it be given out so."""
        return fits(act, entity, self._remembered)

    def seen(self, entity: Entity) -> Sequence[Seen]:
        """Who saw it, newest first; to who keeps it alone.

        Clause: sec:M4.13
        """
        whole = self.get(entity.key) == self._remembered.get(entity.key)
        return self.register.seen(entity.key) if whole and self.keeps(entity) else ()

    def note(self) -> None:
        """What was shown and is Amber or Red is on record as seen by this reader.

        Clause: sec:M4.13
        """
        at = int(self.now.timestamp())
        name = self.reader.person or self.reader.name
        shown = [
            Seen(reader=name, key=key, entry=kept.entry, at=at, by=self.by)
            for key, kept in self._shown.items()
            if key.kind not in _NOT_NOTED and self._is_confidential(kept.entity)
        ]
        self._shown.clear()
        if shown:
            self.register.note_seen(shown)

    def _stands(self, key: Key) -> Kept | None:
        if key not in self._known:
            self._known[key] = self.register.kept(key)
        return self._known[key]

    def _is_confidential(self, entity: Entity) -> bool:
        if entity.KIND is Kind.AGENDA_ITEM and entity != self._remembered.get(entity.key):
            return False  # it was seen by its stub
        return top_label_of(entity, self._remembered).is_confidential

    def _seen(self, kept: Kept) -> Kept | None:
        seen = as_seen(kept.entity, self.reader, self._remembered, kept.audience)
        return None if seen is None else replace(kept, entity=seen)

    def _said(self, kept: Kept) -> Said:
        octets = next(iter(self.register.entries(kept.entry - 1)))
        entry = parse_json(octets, "entry")
        fields: Mapping[str, object] = entry if isinstance(entry, Mapping) else {}
        return Said(
            kept=kept,
            at=str(fields.get("at", "")),
            by=str(fields.get("by", "")),
            said=str(fields.get("said", "")),
        )


@dataclass(frozen=True, slots=True)
class _Then:
    """The register as that entry left it."""

    register: Register
    entry: int

    def get(self, key: Key) -> Entity | None:
        """The entity as it stood then."""
        states = self.register.history(key)
        return next((one.entity for one in states if one.entry <= self.entry), None)

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """All of that kind that belonged to `parent` then: nothing ever belongs elsewhere."""
        found = (self.get(one.key) for one in self.register.under(parent, kind))
        return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class _People:
    """Who holds which credential and seat, and stands in, as of one entry of the register."""

    entry: int
    by_credential: Mapping[str, Person]
    seats: tuple[Seat, ...]
    alternates: tuple[Alternate, ...]


class ReadersOfRegister:
    """Knows who reads. Safe for any number of threads: at worst people are read twice."""

    def __init__(self, register: Register, now: Callable[[], datetime]) -> None:
        self._register = register
        self._now = now
        self._people: _People | None = None

    def officer(self, who: Requester, user: str, by: str = "page") -> Reading:
        """The register as the officer with this credential sees it.

        An officer who is no person of the register reads what is published and distributed.
        """
        person = self._present().by_credential.get(_plain(str(who.credential or "")))
        return self._reading(person, f"{user}, {who.name}", by)

    def member(self, ref: str, by: str = "export") -> Reading | None:
        """The register as the person of that name sees it; None if there is no such person."""
        person = self._register.get(Key(Kind.PERSON, ref))
        return self._reading(person, "", by) if isinstance(person, Person) else None

    def anybody(self) -> Reading:
        """The register as it is published."""
        return Reading(register=self._register, reader=ANYBODY, now=self._now())

    def _reading(self, person: Person | None, name: str, by: str) -> Reading:
        now, people = self._now(), self._present()
        made = reader(person, people.seats, now.date(), name, people.alternates)
        held = [
            one
            for one in people.seats
            if person is not None and one.holder == person.ref and one.is_held_on(now.date())
        ]
        return Reading(
            register=self._register,
            reader=made,
            now=now,
            person=person,
            seats=tuple(held),
            by=by,
        )

    def _present(self) -> _People:
        entry = self._register.head().number
        known = self._people
        if known is None or known.entry != entry:
            persons = [one for one in self._all(Kind.PERSON) if isinstance(one, Person)]
            seats = tuple(one for one in self._all(Kind.SEAT) if isinstance(one, Seat))
            stand_in = tuple(one for one in self._all(Kind.ALTERNATE) if isinstance(one, Alternate))
            known = _People(entry, _by_credential(persons), seats, stand_in)
            self._people = known
        return known

    def _all(self, kind: Kind) -> Iterator[Entity]:
        after = ""
        while True:
            page = self._register.find(Wanted(tokens=None, kinds=(kind,)), after=after, limit=_ALL)
            yield from (one.entity for one in page.kept)
            after = page.more
            if not after:
                return


def _by_credential(persons: Iterable[Person]) -> Mapping[str, Person]:
    """Persons by credential; one that two persons claim opens nothing to either."""
    found: dict[str, Person] = {}
    twice: set[str] = set()
    for person in persons:
        for serial in person.credentials:
            name = _plain(serial)
            if name in found:
                twice.add(name)
            found[name] = person
    return {serial: person for serial, person in found.items() if serial not in twice}


def _plain(serial: str) -> str:
    """A serial number without the zeros before it, which some write and some do not."""
    return serial.strip().lower().lstrip("0")
