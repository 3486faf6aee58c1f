"""Whether what stands in the tables of the register is what its entries make stand.

Goes through all of it, a page at a time, and changes nothing. Whether the entries are what they were
is seen by their chain, and who should read what by the policy: both are `flows.register_verifying`'s.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, Text, any_, cast, func, select, type_coerce
from sqlalchemy.dialects.postgresql import ARRAY

from smki.adapters.sql.proceedings_keeping import (
    day_of_entry,
    own_terms,
    reader_terms,
    unpacked,
)
from smki.adapters.sql.proceedings_rows import STANDS, standing_rows, to_kept
from smki.adapters.sql.proceedings_tables import (
    BELONGS,
    ENTRY,
    MARK,
    STANDING,
    STATE,
    place_of,
)
from smki.adapters.sql.store import Store
from smki.governance.entities import Key
from smki.ports.register import Kept
from smki.terms import Inconsistent

PAGE: Final = 1_000  # entities in memory at a time
_S: Final = STANDING.c
_CHECK_TERMS: Final = (
    "INSERT INTO proceedings_terms (proceedings_terms, rank) VALUES ('integrity-check', 1)"
)
_Row = Row[*tuple[Any, ...]]


def standing_problems(store: Store) -> Iterator[str]:
    """A sentence for each thing that does not stand as the entries say.

    Raises:
        Unavailable: the database is away.
        Inconsistent: an entity cannot be read.
    """
    marks = store.read(_marks)
    after = belonging = read = 0
    while rows := store.read(partial(_page, after=after)):
        kept = {row.number: to_kept(row) for row in rows}
        named = {parent for one in kept.values() for parent in one.entity.parents}
        days, states, parents = store.read(partial(_beside, store, kept=kept, named=named))
        for row in rows:
            one = kept[row.number]
            belonging += len(set(one.entity.parents))
            day = one.entity.day or days.get(one.first)
            ends, place = states.get(row.number), day and place_of(day, row.first)
            stands = ((row.first, row.state), row.place) == (ends, place)
            if not (stands and _has_terms(row, one, marks, parents)):
                yield f"{one.entity.key}: does not stand as its entries say"
        after, read = rows[-1].number, read + len(rows)
    there = store.read(lambda one: one.scalar(select(func.count()).select_from(STANDING)))
    if there != read:
        yield f"register: {there} entities, of {read} it is known how they stand and who reads them"
    there, astray = store.read(partial(_belongs, store))
    if astray or there != belonging:
        yield f"register: {there} belong to something, {astray} of them wrongly, must be {belonging}"
    yield from _index_problems(store)


def _page(connection: Connection, after: int) -> list[_Row]:
    columns = STANDS.add_columns(_S.number, _S.place, _S.terms)
    query = columns.where(_S.number > after).order_by(_S.number).limit(PAGE)
    return list(connection.execute(query))


def _marks(connection: Connection) -> dict[str, int]:
    return {row.mark: row.number for row in connection.execute(select(MARK))}


def _beside(
    store: Store, connection: Connection, kept: Mapping[int, Kept], named: set[Key]
) -> tuple[dict[int, Any], dict[int, tuple[int, int]], dict[Key, int]]:
    """Days of first entries, oldest and newest state of each, numbers of what they belong to."""
    firsts = sorted({one.first for one in kept.values()})
    at = select(ENTRY.c.number, ENTRY.c.at).where(store.among(ENTRY.c.number, firsts))
    days = {row.number: day_of_entry(row.at) for row in connection.execute(at)}
    ends = (
        select(STATE.c.entity, func.min(STATE.c.state), func.max(STATE.c.state))
        .where(store.among(STATE.c.entity, sorted(kept)))
        .group_by(STATE.c.entity)
    )
    states = {entity: (first, last) for entity, first, last in connection.execute(ends)}
    above = standing_rows(store, connection, named)
    return days, states, {key: row.number for key, row in above.items()}


def _has_terms(row: _Row, one: Kept, marks: Mapping[str, int], parents: Mapping[Key, int]) -> bool:
    try:
        terms = {*own_terms(one.entity, marks, parents), *reader_terms(one.audience, marks)}
    except KeyError:  # a mark or a parent that is not there
        return False
    return terms == set(unpacked(row.terms))


def _belongs(store: Store, connection: Connection) -> tuple[int, int]:
    """How many rows say what belongs to what, and how many of them say it of what does not."""
    parent = "u" + cast(BELONGS.c.parent, Text)
    if store.is_sqlite:
        found = (" " + _S.terms + " ").contains(" " + parent + " ")
    else:
        found = parent == any_(type_coerce(_S.terms, ARRAY(Text)))
    rightly = (
        select(func.count())
        .select_from(BELONGS)
        .join(STANDING, _S.number == BELONGS.c.child)
        .where(found, _S.kind == BELONGS.c.kind)
    )
    there = connection.execute(select(func.count()).select_from(BELONGS)).scalar_one()
    return there, there - connection.execute(rightly).scalar_one()


def _index_problems(store: Store) -> Iterator[str]:
    """PostgreSQL keeps its index by itself; in SQLite the register writes it."""
    if not store.is_sqlite:
        return
    try:
        store.write(lambda connection: connection.exec_driver_sql(_CHECK_TERMS) and None)
    except Inconsistent:
        yield "register: its index of words is not that of what stands"
