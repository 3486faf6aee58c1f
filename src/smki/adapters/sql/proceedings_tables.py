"""The tables of the policy authority's register, and how values stand in them.

    entry     what somebody changed at once; its octets are made of it and of its states, in their order
    state     what an entry made of an entity: never changed, never gone
    standing  the newest state of each entity, by which it is found; can be made again from the two above
    belongs   what belongs to what; children are numbered in the order of their first entry
    mark      tokens of readers, kinds and standings, by number; `audience` is each set of tokens, once
    seen      who saw what

A state's number is its entry's and its place in the entry. An entity's `place` is its day, its first
entry and its place there, as one number: whatever is listed newest first is listed by it. Its terms
are all that it can be found by, words and readers alike, so that one index answers every question and
passes over nothing that the reader may not see:

    w<word>  a word of its texts          t<mark>  a token that may read it
    k<mark>  its kind, and its standing   u<entity>  what it belongs to

SQLite finds terms by an FTS5 table over `standing`, PostgreSQL by a GIN index on an array.
"""

from datetime import date
from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from smki.adapters.sql.tables import LONG, METADATA

LOCK: Final = "proceedings"
"""Counter whose row whoever changes the register holds."""
TERMS_TABLE: Final = "proceedings_terms"
"""The FTS5 table in SQLite, the GIN index in PostgreSQL; the migration makes it."""
TOKEN_TERM: Final = "t"  # noqa: S105 - the first letter of terms, no password
_WITHIN: Final = 18  # bits: entities that one entry may name
_ENTRIES: Final = 23  # bits: entries that there may be; a day has the other 22 of 63
STATES_MOST: Final = 1 << _WITHIN
ENTRIES_MOST: Final = 1 << _ENTRIES
_LAST: Final = STATES_MOST - 1

ENTRY: Final = Table(
    "proceedings_entry",
    METADATA,
    Column("number", LONG, primary_key=True, autoincrement=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
)

STATE: Final = Table(
    "proceedings_state",
    METADATA,
    Column("state", LONG, primary_key=True, autoincrement=False),
    Column("entity", BigInteger, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Index("ix_proceedings_state_entity", "entity", "state"),
)

STANDING: Final = Table(
    "proceedings_standing",
    METADATA,
    Column("number", LONG, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("state", BigInteger, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("terms", Text().with_variant(ARRAY(Text), "postgresql"), nullable=False),
    UniqueConstraint("kind", "ref"),
    Index("ix_proceedings_standing_place", "place", unique=True),
)
BELONGS: Final = Table(
    "proceedings_belongs",
    METADATA,
    Column("parent", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("child", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

MARK: Final = Table(
    "proceedings_mark",
    METADATA,
    Column("number", LONG, primary_key=True, autoincrement=False),
    Column("mark", Text, nullable=False, unique=True),
)

AUDIENCE: Final = Table(
    "proceedings_audience",
    METADATA,
    Column("number", LONG, primary_key=True, autoincrement=False),
    Column("tokens", Text, nullable=False, unique=True),
)

SEEN: Final = Table(
    "proceedings_seen",
    METADATA,
    Column("kind", Text, primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("reader", Text, primary_key=True),
    Column("entry", BigInteger, primary_key=True, autoincrement=False),
    Column("by", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)


def state_number(entry: int, within: int) -> int:
    """The number of the state that an entry gives to what it names `within`, from 0."""
    return entry << _WITHIN | within


def entry_of_state(state: int) -> int:
    """The entry that made this state."""
    return state >> _WITHIN


def place_of(day: date, first: int) -> int:
    """Where an entity stands among all: higher is listed before, of one entry what it named first."""
    newest = entry_of_state(first) << _WITHIN | _LAST - (first & _LAST)
    return start_of(day) | newest


def start_of(day: date) -> int:
    """The lowest place of that day."""
    return day.toordinal() << _ENTRIES + _WITHIN


def after_of(day: date) -> int:
    """Above every place of that day."""
    return day.toordinal() + 1 << _ENTRIES + _WITHIN
