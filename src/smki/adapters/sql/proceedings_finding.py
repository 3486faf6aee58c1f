"""What is asked of the register, as terms: one index answers, newest first, page by page.

Readers are terms as words are: what a reader may not see is no part of what the index goes through
for them, is not counted, and comes before or after nothing. Nothing is ranked.
"""

import base64
from binascii import Error
from collections.abc import Iterator, Sequence
from itertools import chain, product
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Text, column, literal, select, text, type_coerce
from sqlalchemy import table as named_table
from sqlalchemy.dialects.postgresql import ARRAY

from smki.adapters.sql.proceedings_rows import (
    DATED,
    STANDS,
    kept,
    kind_mark,
    marks,
    standing_mark,
    standing_rows,
    to_kept,
    token_mark,
)
from smki.adapters.sql.proceedings_tables import (
    STANDING,
    TERMS_TABLE,
    TOKEN_TERM,
    after_of,
    start_of,
)
from smki.adapters.sql.store import Store
from smki.governance.entities import Key, Kind
from smki.governance.wording import words_of
from smki.ports.register import Page, Wanted, holds
from smki.terms import Inconsistent, Malformed

WORDS_MOST: Final = 32  # in one search: nobody remembers more
_S: Final = STANDING.c
_KINDS: Final = {one.value: one for one in Kind}
_Terms = Sequence[Sequence[str]]
_TERMS: Final = named_table(TERMS_TABLE, column("rowid", BigInteger))


def find(store: Store, connection: Connection, wanted: Wanted, after: str, limit: int) -> Page:
    """What `ports.register.Register.find` says."""
    terms = tuple(_terms(store, connection, wanted))
    if not all(terms):
        _must_be_shown(connection, wanted, after)
        return Page(kept=())  # something is asked of which there is none at all
    highest = _must_be_shown(connection, wanted, after)
    query = _found(store, terms).add_columns(_S.place)
    place = _TERMS.c.rowid if store.is_sqlite and terms else _S.place
    if highest is not None:
        query = query.where(place < highest)
    if wanted.since is not None:
        query = query.where(place >= start_of(wanted.since))
    if wanted.until is not None:
        query = query.where(place < after_of(wanted.until))
    rows = connection.execute(query.order_by(place.desc()).limit(limit + 1)).all()
    found = tuple(map(to_kept, rows[:limit]))
    if wanted.tokens is not None and not all(holds(one, wanted.tokens) for one in found):
        raise Inconsistent("register: its index shows what the reader may not read; stop")
    return Page(kept=found, more=_written(found[-1].entity.key) if len(rows) > limit else "")


def _terms(store: Store, connection: Connection, wanted: Wanted) -> Iterator[tuple[str, ...]]:
    """Of each group, what is wanted has one term or more; an empty one has none."""
    words = words_of((wanted.words,))
    if len(words) > WORDS_MOST:
        raise Malformed(
            f"search: {len(words)} words, must be at most {WORDS_MOST}", rule="register.words"
        )
    groups = [tuple(map(token_mark, wanted.tokens))] if wanted.tokens is not None else []
    if wanted.standings:
        kinds = wanted.kinds or tuple(Kind)
        groups.append(tuple(standing_mark(*one) for one in product(kinds, wanted.standings)))
    elif wanted.kinds:
        groups.append(tuple(map(kind_mark, wanted.kinds)))
    if wanted.since is not None or wanted.until is not None:
        groups.append((DATED,))
    numbers = marks(store, connection, set(chain(*groups)))
    for group in groups:
        letter = TOKEN_TERM if group and group[0].startswith("token ") else "k"
        yield tuple(f"{letter}{numbers[one]}" for one in group if one in numbers)
    if wanted.under is not None:
        rows = standing_rows(store, connection, (wanted.under,))
        yield tuple(f"u{row.number}" for row in rows.values())
    for word in sorted(words):
        yield (f"w{word}",)


def _found(store: Store, terms: _Terms) -> Any:
    """The entities that have one of each group of terms."""
    if not terms:
        return STANDS
    if store.is_sqlite:
        asked = " AND ".join(f"({' OR '.join(map(_quoted, group))})" for group in terms)
        # What the index leads to is looked up, never the other way round.
        return STANDS.join_from(STANDING, _TERMS, _TERMS.c.rowid == _S.place).where(
            text(f"{TERMS_TABLE} MATCH :asked").bindparams(asked=asked)
        )
    found, several = STANDS, ARRAY(Text)
    for group in terms:
        held = type_coerce(_S.terms, several)
        found = found.where(held.overlap(literal(list(group), several)))
    return found


def _quoted(term: str) -> str:
    return f'"{term}"'


def _must_be_shown(connection: Connection, wanted: Wanted, after: str) -> int | None:
    """The place of what the page before ended with, which this reader was shown; None if there is none.

    Raises:
        Malformed: there is nothing of that name that they may read.
    """
    if not after:
        return None
    key = _read(after)
    shown = kept(connection, key)
    if shown is None or (wanted.tokens is not None and not holds(shown, wanted.tokens)):
        raise _of_no_page()
    query = select(_S.place).where(_S.kind == key.kind.value, _S.ref == key.ref)  # which is there
    return int(connection.execute(query).scalar_one())


def _written(key: Key) -> str:
    """A name that says nothing which who was shown the entity does not know."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def _read(after: str) -> Key:
    try:
        padded = after + "=" * (-len(after) % 4)
        kind, _, ref = (
            base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(" ")
        )
        found = Key(_KINDS[kind], ref)
    except (Error, ValueError, KeyError):
        raise _of_no_page() from None
    return found


def _of_no_page() -> Malformed:
    return Malformed(
        "after: is of no page, must be as one says", where="after", rule="register.page"
    )
