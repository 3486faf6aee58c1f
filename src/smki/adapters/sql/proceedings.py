"""`ports.register.Register` over SQL: entries that stay, what stands after the newest, who saw it.

One at a time changes it: SQLite's write lock, in PostgreSQL a row that whoever changes it holds.
What decides sees the register in the very transaction that writes the entry.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, select, tuple_

from smki.adapters.sql import counters
from smki.adapters.sql import proceedings_rows as rows
from smki.adapters.sql.proceedings_finding import find
from smki.adapters.sql.proceedings_keeping import append
from smki.adapters.sql.proceedings_making import make_again
from smki.adapters.sql.proceedings_tables import (
    ENTRY,
    LOCK,
    SEEN,
    STANDING,
    STATE,
    entry_of_state,
    state_number,
)
from smki.adapters.sql.proceedings_verifying import standing_problems
from smki.adapters.sql.store import Store
from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entries import NO_ENTRY, Change, Entry, encode_entry
from smki.governance.remembering import Remembered
from smki.ports.register import Head, Inside, Kept, Page, Seen, Wanted

ENTRIES_PAGE: Final = 50  # in memory at a time
_DAY_SECONDS: Final = 86_400
Audience = Callable[[Entity], frozenset[str]]
_Decided = tuple[Change, Mapping[Key, frozenset[str]]]


class SqlProceedings:
    """`ports.register.Register`. Safe for threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def change(self, decide: Callable[[Inside], _Decided]) -> Head:
        """What `decide` gives is the newest entry.

        Raises:
            Malformed: what it gives could not be read again.
            Unavailable: the database is away.
        """

        def work(connection: Connection) -> Head:
            counters.lock(connection, LOCK)
            change, audiences = decide(_Inside(self._store, connection))
            return append(self._store, connection, change, audiences)

        return self._store.write(work)

    def change_often(self, decided: Iterable[_Decided]) -> Head:
        """All of these are the newest entries, in one transaction: for what was decided upon before.

        Raises:
            Unavailable: the database is away.
        """
        several = tuple(decided)

        def work(connection: Connection) -> Head:
            counters.lock(connection, LOCK)
            for change, audiences in several:
                append(self._store, connection, change, audiences)
            return rows.head(connection)

        return self._store.write(work)

    def get(self, key: Key) -> Entity | None:
        """The entity as it stands, whoever may read it; None if there is none."""
        found = self.kept(key)
        return None if found is None else found.entity

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """All of that kind that belong to `parent`, in the order of their first entry."""
        return self._store.read(lambda connection: rows.under(connection, parent, kind))

    def below(self, key: Key) -> Iterator[Entity]:
        """All that belongs to it, directly or by something else, each once; not itself."""
        return iter(self._store.read(lambda one: tuple(rows.below(self._store, one, key))))

    def kept(self, key: Key) -> Kept | None:
        """The entity as it stands, whoever may read it; None if there is none."""
        return self._store.read(lambda connection: rows.kept(connection, key))

    def history(self, key: Key) -> Sequence[Kept]:
        """Every state that it had, newest first."""
        return self._store.read(lambda connection: rows.history(connection, key))

    def find(self, wanted: Wanted, *, after: str = "", limit: int = 25) -> Page:
        """A page of what is asked for.

        Raises:
            Malformed: `after` is of no page, or there are too many words.
        """
        return self._store.read(
            lambda connection: find(self._store, connection, wanted, after, limit)
        )

    def head(self) -> Head:
        """The newest entry."""
        return self._store.read(rows.head)

    def entries(self, after: int = 0) -> Iterator[bytes]:
        """The entries after that number, oldest first, octet for octet."""
        while page := self._store.read(partial(_entries, after=after)):
            yield from map(encode_entry, page)
            after = page[-1].number

    def problems(self) -> Iterator[str]:
        """A sentence for each thing that does not stand as the entries say.

        Raises:
            Unavailable: the database is away.
            Inconsistent: an entity cannot be read.
        """
        return standing_problems(self._store)

    def make_again(self, readers: Callable[[Known], Audience]) -> None:
        """Everything stands as the entries say and is read by its audience; no entry is touched.

        Raises:
            Unavailable: the database is away.
            Inconsistent: an entity cannot be read.
        """

        def work(connection: Connection) -> None:
            counters.lock(connection, LOCK)
            make_again(self._store, connection, readers(_Now(connection)))

        self._store.write(work)

    def note_seen(self, seen: Iterable[Seen]) -> None:
        """It is on record who saw these; the same again the same day is noted once."""
        wanted = {_seen_key(one): one for one in seen}
        if not wanted:
            return
        there = select(*SEEN.primary_key).where(tuple_(*SEEN.primary_key).in_(wanted))
        known = {
            tuple(row) for row in self._store.read(lambda one: one.execute(there).all())
        }  # a page that is looked at again takes no lock
        values = [(*key, one.at) for key, one in wanted.items() if key not in known]
        if values:
            names = SEEN.columns.keys()
            statement = self._store.insert(SEEN).on_conflict_do_nothing()
            given = [dict(zip(names, row, strict=True)) for row in values]
            self._store.write(lambda connection: connection.execute(statement, given) and None)

    def seen(self, key: Key, limit: int = 100) -> Sequence[Seen]:
        """Who saw it, newest first."""
        query = (
            select(SEEN)
            .where(SEEN.c.kind == key.kind.value, SEEN.c.ref == rows.printable(key.ref))
            .order_by(SEEN.c.day.desc(), SEEN.c.at.desc(), SEEN.c.reader)
            .limit(limit)
        )
        return tuple(map(_to_seen, self._store.read(lambda one: one.execute(query).all())))


class _Now:
    """`Known`, by one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: Key) -> Entity | None:
        found = rows.kept(self._connection, key)
        return None if found is None else found.entity

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        return rows.under(self._connection, parent, kind)


class _Inside(Remembered):
    """`ports.register.Inside`, in one transaction: nothing changes, so nothing is asked for twice."""

    def __init__(self, store: Store, connection: Connection) -> None:
        super().__init__(_Now(connection))
        self._store, self._connection = store, connection

    def below(self, key: Key) -> Iterator[Entity]:
        return rows.below(self._store, self._connection, key)


def _entries(connection: Connection, after: int) -> tuple[Entry, ...]:
    """Some entries after that one, made of what was kept of them."""
    query = select(ENTRY).where(ENTRY.c.number > after).order_by(ENTRY.c.number)
    found = connection.execute(query.limit(ENTRIES_PAGE)).all()
    if not found:
        return ()
    before = select(ENTRY.c.digest).where(ENTRY.c.number == found[0].number - 1)
    previous = bytes(connection.scalar(before) or NO_ENTRY)
    states = _states(connection, found[0].number, found[-1].number)
    made = []
    for row in found:
        made.append(
            Entry(
                number=row.number,
                at=row.at,
                by=row.by,
                said=row.said,
                previous=previous,
                states=tuple(states.get(row.number, ())),
            )
        )
        previous = bytes(row.digest)
    return tuple(made)


def _states(
    connection: Connection, first: int, last: int
) -> Mapping[int, Sequence[tuple[Key, bytes]]]:
    """The states of these entries, in their order."""
    query = (
        select(STATE.c.state, STATE.c.octets, STANDING.c.kind, STANDING.c.ref)
        .join(STANDING, STANDING.c.number == STATE.c.entity)
        .where(STATE.c.state >= state_number(first, 0), STATE.c.state < state_number(last + 1, 0))
        .order_by(STATE.c.state)
    )
    found: dict[int, list[tuple[Key, bytes]]] = {}
    for row in connection.execute(query):
        states = found.setdefault(entry_of_state(row.state), [])
        states.append((rows.key_of(row), bytes(row.octets)))
    return found


def _seen_key(one: Seen) -> tuple[Any, ...]:
    """In the order of the primary key."""
    day = one.at // _DAY_SECONDS
    return (one.key.kind.value, one.key.ref, day, one.reader, one.entry, one.by)


def _to_seen(row: Row[*tuple[Any, ...]]) -> Seen:
    return Seen(
        reader=row.reader,
        key=rows.key_of(row),
        entry=row.entry,
        at=row.at,
        by=row.by,
    )
