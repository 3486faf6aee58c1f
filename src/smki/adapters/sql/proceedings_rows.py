"""Rows of the register read as values: the few SELECTs that reading and changing it share."""

import json
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from smki.adapters.sql.proceedings_tables import (
    AUDIENCE,
    BELONGS,
    ENTRY,
    MARK,
    STANDING,
    STATE,
    entry_of_state,
)
from smki.adapters.sql.store import Store
from smki.governance.encoding import parse_entity
from smki.governance.entities import Entity, Key, Kind
from smki.ports.register import Head, Kept
from smki.terms import Inconsistent, Malformed

BELOW_PAGE: Final = 500  # entities in memory at a time
_REMEMBERED: Final = 4_096  # entities: what the pages of a few meetings show
_KINDS: Final = {one.value: one for one in Kind}
_S: Final = STANDING.c

STANDS: Final[Select[Any]] = (
    select(_S.kind, _S.ref, _S.first, _S.state, STATE.c.octets, AUDIENCE.c.tokens)
    .select_from(STANDING)
    .join(STATE, STATE.c.state == _S.state)
    .join(AUDIENCE, AUDIENCE.c.number == _S.audience)
)
"""What `to_kept` reads."""


def head(connection: Connection) -> Head:
    """The newest entry."""
    row = connection.execute(
        select(ENTRY.c.number, ENTRY.c.digest).order_by(ENTRY.c.number.desc()).limit(1)
    ).first()
    return Head() if row is None else Head(number=row.number, digest=bytes(row.digest))


def to_kept(row: Row[*tuple[Any, ...]]) -> Kept:
    """The state that a row of `STANDS` holds.

    Raises:
        Inconsistent: it is not what was written there.
    """
    return Kept(
        entity=entity_of(key_of(row), bytes(row.octets)),
        entry=entry_of_state(row.state),
        first=entry_of_state(row.first),
        audience=tokens_of(row.tokens),
    )


def key_of(row: Row[*tuple[Any, ...]]) -> Key:
    """What the row's columns `kind` and `ref` name.

    Raises:
        Inconsistent: a kind that this version does not know.
    """
    kind = _KINDS.get(row.kind)
    if kind is None:
        raise Inconsistent(
            f"register: there is a {row.kind!r}, of a newer version than this; use that",
            rule="register.newer",
        )
    return Key(kind, row.ref)


@lru_cache(maxsize=_REMEMBERED)
def entity_of(key: Key, octets: bytes) -> Entity:
    """The entity that is kept so.

    Raises:
        Inconsistent: it cannot be read, as all that was ever kept can.
    """
    try:
        return parse_entity(key, octets)
    except Malformed as error:
        raise Inconsistent(
            f"register: {key} cannot be read ({error.message}); stop, keep a copy",
            rule="register.damaged",
        ) from error


@lru_cache(maxsize=_REMEMBERED)
def tokens_of(text: str) -> frozenset[str]:
    """The audience that is written so."""
    return frozenset(json.loads(text))


def audience_text(tokens: Iterable[str]) -> str:
    """The one way in which this audience is written."""
    return json.dumps(sorted(tokens), ensure_ascii=False)


def kept(connection: Connection, key: Key) -> Kept | None:
    """The entity as it stands."""
    row = connection.execute(STANDS.where(*_is(key))).first()
    return None if row is None else to_kept(row)


def history(connection: Connection, key: Key) -> tuple[Kept, ...]:
    """Every state that it had, newest first."""
    query = (
        select(_S.kind, _S.ref, _S.first, STATE.c.state, STATE.c.octets, AUDIENCE.c.tokens)
        .select_from(STANDING)
        .join(STATE, STATE.c.entity == _S.number)
        .join(AUDIENCE, AUDIENCE.c.number == _S.audience)
        .where(*_is(key))
        .order_by(STATE.c.state.desc())
    )
    return tuple(map(to_kept, connection.execute(query)))


def under(connection: Connection, parent: Key, kind: Kind) -> tuple[Entity, ...]:
    """All of that kind that belong to it, in the order of their first entry."""
    above = select(_S.number).where(*_is(parent))
    query = (
        STANDS.join(BELONGS, BELONGS.c.child == _S.number)
        .where(BELONGS.c.parent == above.scalar_subquery(), BELONGS.c.kind == kind.value)
        .order_by(BELONGS.c.child)
    )
    return tuple(to_kept(row).entity for row in connection.execute(query))


def below(store: Store, connection: Connection, key: Key) -> Iterator[Entity]:
    """All that belongs to it, directly or by something else, each once, in order of first entries."""
    top = select(_S.number).where(*_is(key)).scalar_subquery()
    reached = select(BELONGS.c.child).where(BELONGS.c.parent == top).cte(recursive=True)
    reached = reached.union(
        select(BELONGS.c.child).join(reached, BELONGS.c.parent == reached.c.child)
    )
    # Numbers of all of them fit into memory, entities perhaps not.
    query = select(reached.c.child).where(reached.c.child != top).order_by(reached.c.child)
    numbers = connection.scalars(query).all()
    for start in range(0, len(numbers), BELOW_PAGE):
        page = STANDS.where(store.among(_S.number, numbers[start : start + BELOW_PAGE]))
        rows = connection.execute(page.order_by(_S.number)).all()
        yield from (to_kept(row).entity for row in rows)


def standing_rows(
    store: Store, connection: Connection, keys: Iterable[Key]
) -> dict[Key, Row[*tuple[Any, ...]]]:
    """The rows of `STANDING` of those keys that are there."""
    by_kind: dict[Kind, set[str]] = {}
    for key in keys:
        by_kind.setdefault(key.kind, set()).add(printable(key.ref))
    return {
        Key(kind, row.ref): row
        for kind, refs in by_kind.items()
        for row in connection.execute(
            select(STANDING).where(_S.kind == kind.value, store.among(_S.ref, sorted(refs)))
        )
    }


def marks(store: Store, connection: Connection, wanted: Collection[str]) -> dict[str, int]:
    """The numbers of those marks that there are."""
    query = select(MARK.c.mark, MARK.c.number).where(
        store.among(MARK.c.mark, sorted(map(printable, wanted)))
    )
    return {row.mark: row.number for row in connection.execute(query)}


def printable(name: str) -> str:
    """The name, or one that nothing has: what cannot be printed names nothing, and no driver likes it."""
    return name if name.isprintable() else "\n"


def next_number(connection: Connection, column: Any) -> int:
    """One more than the highest there is; whoever asks holds the lock."""
    return int(connection.scalar(select(func.max(column))) or 0) + 1


def _is(key: Key) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _S.kind == key.kind.value, _S.ref == printable(key.ref)


def kind_mark(kind: Kind) -> str:
    """The mark of all of a kind."""
    return f"kind {kind.value}"


def standing_mark(kind: Kind, standing: str) -> str:
    """The mark of all of a kind that stand so."""
    return f"standing {kind.value} {standing}"


def token_mark(token: str) -> str:
    """The mark of all that whoever holds the token may read."""
    return f"token {token}"


DATED: Final = "dated"
"""The mark of all that has a day."""
