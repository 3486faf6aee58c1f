"""An entry is written, and what stands after it: the one place that writes to the register.

All in the caller's transaction, under the lock that the caller holds. What is written could be read
again, or nothing is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Table, bindparam, delete, insert, select, update

from smki.adapters.sql.proceedings_rows import (
    DATED,
    audience_text,
    head,
    kind_mark,
    marks,
    next_number,
    standing_mark,
    standing_rows,
    token_mark,
)
from smki.adapters.sql.proceedings_tables import (
    AUDIENCE,
    BELONGS,
    ENTRIES_MOST,
    ENTRY,
    MARK,
    STANDING,
    STATE,
    STATES_MOST,
    TOKEN_TERM,
    entry_of_state,
    place_of,
    state_number,
)
from smki.adapters.sql.store import Store
from smki.governance.encoding import REF_MAX, parse_entity
from smki.governance.entities import Entity, Key
from smki.governance.entries import Change, Entry, digest, encode_entry, entry_of
from smki.governance.wording import words_of
from smki.ports.register import Head
from smki.terms import Inconsistent, Malformed, Refused

_S: Final = STANDING.c
_STANDING_ROW: Final = (
    update(STANDING)
    .where(_S.number == bindparam("of"))
    .values({name: bindparam(f"new_{name}") for name in ("place", "state", "audience", "terms")})
)
# FTS5 takes out what it is told was there: the terms are kept as they were put in.
_INDEX: Final = "INSERT INTO proceedings_terms (rowid, terms) VALUES (?, ?)"
_UNINDEX: Final = (
    "INSERT INTO proceedings_terms (proceedings_terms, rowid, terms) VALUES ('delete', ?, ?)"
)
Audiences = Mapping[Key, frozenset[str]]
_Row = Row[*tuple[Any, ...]]


class Stood(NamedTuple):
    """A row of `STANDING` as it is to be; in the order of its columns."""

    number: int
    kind: str
    ref: str
    place: int
    first: int
    state: int
    audience: int
    terms: Any


def append(store: Store, connection: Connection, change: Change, audiences: Audiences) -> Head:
    """The change is the newest entry, and what it names stands as it says.

    Raises:
        Malformed: what it says could not be read again.
        Refused: it names more than an entry may.
        Inconsistent: it names something twice, or something that belongs to what is not there.
    """
    before = head(connection)
    try:
        entry = entry_of(change, before.number + 1, before.digest)
        octets = _readable(entry)
    except UnicodeEncodeError as error:
        raise Malformed(f"register: cannot be written ({error.reason}), must be Unicode") from error
    connection.execute(
        insert(ENTRY).values(
            number=entry.number,
            at=entry.at,
            by=entry.by,
            said=entry.said,
            digest=digest(octets),
        )
    )
    writing = _Writing(store, connection, change.entities, audiences, change.at.date())
    writing.write(entry)
    return Head(number=entry.number, digest=digest(octets))


def stand_again(
    store: Store, connection: Connection, entities: Sequence[Entity], audiences: Audiences
) -> None:
    """These, which are there, stand as this version has them stand, and are read by those audiences."""
    _Writing(store, connection, entities, audiences, date.min).stand({})


def _readable(entry: Entry) -> bytes:
    """Its octets; what it says of each entity was read again."""
    if len(entry.states) > STATES_MOST or entry.number >= ENTRIES_MOST:
        raise Refused(
            f"entry {entry.number}: names {len(entry.states)} entities, must be at most"
            f" {STATES_MOST}, in at most {ENTRIES_MOST} entries",
            rule="register.size",
        )
    if len(dict(entry.states)) != len(entry.states):
        raise Inconsistent(f"entry {entry.number}: names something twice", rule="register.twice")
    for text in (entry.by, entry.said.replace("\n", " ")):
        if not text.isprintable():
            raise Malformed(f"entry {entry.number}: by and said must be printable")
    for key, state in entry.states:
        if not (key.ref.isprintable() and 1 <= len(key.ref) <= REF_MAX):
            raise Malformed(f"{key.kind.value}: ref must be 1 to {REF_MAX} printable characters")
        parse_entity(key, state)
    return encode_entry(entry)


class _Writing:
    """What entities of one entry do to the tables."""

    def __init__(
        self,
        store: Store,
        connection: Connection,
        entities: Sequence[Entity],
        audiences: Audiences,
        day: date,
    ) -> None:
        self._store, self._connection = store, connection
        self._entities = {one.key: one for one in entities}
        self._audiences, self._day = audiences, day
        parents = {parent for one in entities for parent in one.parents}
        self._known = standing_rows(store, connection, {*self._entities, *parents, *audiences})
        self._numbers = {key: row.number for key, row in self._known.items()}
        fresh = count(next_number(connection, _S.number))
        for key in self._entities:
            self._numbers.setdefault(key, -1)
        self._numbers |= {key: next(fresh) for key, it in self._numbers.items() if it < 0}
        if missing := (parents | set(audiences)) - set(self._numbers):
            raise Inconsistent(f"register: {min(map(str, missing))} is not there, must be")

    def write(self, entry: Entry) -> None:
        """States, what stands, and what belongs to what."""
        numbers = {
            key: state_number(entry.number, within) for within, (key, _) in enumerate(entry.states)
        }
        states = [(numbers[key], self._numbers[key], octets) for key, octets in entry.states]
        self._store.load(self._connection, STATE, states)
        self.stand(numbers)
        self._write_belongs()

    def stand(self, states: Mapping[Key, int]) -> None:
        """How all of them stand, with these new states; and what they are found by."""
        self._marks = self._made_marks()
        self._sets = self._made_audiences()
        self._first_days = self._read_first_days()
        keys = {**self._entities, **self._audiences}
        stood = {key: self._stood(key, states.get(key)) for key in keys}
        new = [one for key, one in stood.items() if key not in self._known]
        self._store.load(self._connection, STANDING, new)
        changed = [(one, self._known[key]) for key, one in stood.items() if key in self._known]
        if changed:
            self._connection.execute(_STANDING_ROW, [_changes(one) for one, _ in changed])
        if self._store.is_sqlite:
            _index_terms(self._connection, new, changed)

    def _stood(self, key: Key, state: int | None) -> Stood:
        """How it stands from now on; without a state of this entry, only who may read it is new."""
        old, entity = self._known.get(key), self._entities.get(key)
        terms = set() if old is None else set(unpacked(old.terms))
        may_read = {one for one in terms if one[0] == TOKEN_TERM}
        tokens = self._audiences.get(key, frozenset() if old is None else None)
        audience = -1 if old is None else old.audience
        if tokens is not None:
            may_read = set(reader_terms(tokens, self._marks))
            audience = self._sets[audience_text(tokens)]
        place, first, newest = (0, state, state) if old is None else old[3:6]
        if entity is not None:
            terms = set(own_terms(entity, self._marks, self._numbers))
            place = place_of(entity.day or self._first_day(first), first)
        terms = may_read | {one for one in terms if one[0] != TOKEN_TERM}
        return Stood(
            number=self._numbers[key],
            kind=key.kind.value,
            ref=key.ref,
            place=place,
            first=first,
            state=newest if state is None else state,
            audience=audience,
            terms=self._packed(sorted(terms)),
        )

    def _packed(self, terms: Sequence[str]) -> Any:
        return " ".join(terms) if self._store.is_sqlite else terms

    def _made_marks(self) -> dict[str, int]:
        """The numbers of all marks that are needed; new ones are given one."""
        wanted = {token_mark(one) for tokens in self._audiences.values() for one in tokens}
        wanted.update(mark for one in self._entities.values() for mark in _marks_of(one))
        found = marks(self._store, self._connection, wanted)
        return self._numbered(MARK, wanted, found)

    def _made_audiences(self) -> dict[str, int]:
        wanted = {audience_text(tokens) for tokens in (*self._audiences.values(), ())}
        rows = self._connection.execute(
            select(AUDIENCE).where(self._store.among(AUDIENCE.c.tokens, sorted(wanted)))
        )
        return self._numbered(AUDIENCE, wanted, {row.tokens: row.number for row in rows})

    def _numbered(self, table: Table, wanted: set[str], found: dict[str, int]) -> dict[str, int]:
        """All that is wanted has its number."""
        missing = sorted(wanted - set(found))
        if missing:
            first = next_number(self._connection, table.c.number)
            made = dict(zip(missing, count(first), strict=False))
            self._store.load(self._connection, table, [(it, one) for one, it in made.items()])
            found |= made
        return found

    def _read_first_days(self) -> dict[int, date]:
        """The days of the entries that first named what was there before."""
        firsts = {
            entry_of_state(self._known[key].first) for key in self._entities if key in self._known
        }
        query = select(ENTRY.c.number, ENTRY.c.at).where(
            self._store.among(ENTRY.c.number, sorted(firsts))
        )
        rows = self._connection.execute(query) if firsts else ()
        return {row.number: day_of_entry(row.at) for row in rows}

    def _first_day(self, first: int) -> date:
        return self._first_days.get(entry_of_state(first), self._day)

    def _write_belongs(self) -> None:
        rows = []
        for key, one in self._entities.items():
            child = self._numbers[key]
            parents = {self._numbers[parent] for parent in one.parents}
            old = self._known.get(key)
            before = set() if old is None else _parents(old.terms)
            for gone in before - parents:
                own = (BELONGS.c.parent == gone) & (BELONGS.c.child == child)
                self._connection.execute(delete(BELONGS).where(own))
            rows += [(parent, key.kind.value, child) for parent in sorted(parents - before)]
        self._store.load(self._connection, BELONGS, rows)


def own_terms(
    entity: Entity, marks: Mapping[str, int], numbers: Mapping[Key, int]
) -> Iterator[str]:
    """What it is found by, but for its readers; marks and what it belongs to have these numbers."""
    yield from (f"w{word}" for word in words_of(entity.texts))
    yield from (f"k{marks[mark]}" for mark in _marks_of(entity))
    yield from (f"u{numbers[parent]}" for parent in entity.parents)


def reader_terms(tokens: Iterable[str], marks: Mapping[str, int]) -> Iterator[str]:
    """By what it is found for those who hold one of these tokens."""
    return (f"{TOKEN_TERM}{marks[token_mark(one)]}" for one in tokens)


def day_of_entry(at: str) -> date:
    """The day in an entry's instant."""
    return date.fromisoformat(at[:10])


def _marks_of(entity: Entity) -> Iterator[str]:
    yield kind_mark(entity.KIND)
    yield standing_mark(entity.KIND, entity.standing)
    if entity.day is not None:
        yield DATED


def _parents(terms: Any) -> set[int]:
    return {int(one[1:]) for one in unpacked(terms) if one[0] == "u"}


def unpacked(terms: Any) -> Sequence[str]:
    """Terms as either database keeps them."""
    return terms.split() if isinstance(terms, str) else terms


def _changes(stood: Stood) -> dict[str, Any]:
    return {
        "of": stood.number,
        "new_place": stood.place,
        "new_state": stood.state,
        "new_audience": stood.audience,
        "new_terms": stood.terms,
    }


def _index_terms(
    connection: Connection, new: Iterable[Stood], changed: Iterable[tuple[Stood, _Row]]
) -> None:
    """SQLite finds what stands now by its terms, and what stood before no more."""
    moved = [(one, old) for one, old in changed if (one.place, one.terms) != (old.place, old.terms)]
    gone = [(old.place, old.terms) for _, old in moved]
    rows = [(one.place, one.terms) for one in (*new, *(one for one, _ in moved))]
    for statement, values in ((_UNINDEX, gone), (_INDEX, rows)):
        if values:
            connection.exec_driver_sql(statement, values)
