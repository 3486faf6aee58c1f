"""What a reader may not read changes nothing that the reader is given, octet for octet.

Two registers that differ in nothing but what is withheld from a reader give that reader the same,
by every way that there is (`tests.support.register_outputs`). How long it takes is not compared.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text
from tests.support.classified import Standing, who
from tests.support.classified_worlds import MARKER, World, beside, seen_by, withheld_from
from tests.support.register_outputs import USERS, WAYS, Asked, fill, given_to

import smki
from smki.adapters.sql import Database, migrate, open_database
from smki.adapters.sql.proceedings_tables import (
    AUDIENCE,
    BELONGS,
    ENTRY,
    MARK,
    SEEN,
    STANDING,
    STATE,
)
from smki.governance.encoding import encode_entity
from smki.governance.entities import Key, Kind
from smki.governance.seeing import as_seen
from smki.ports.register import Register

READERS = ("outside", "officer", "guest", "absent", "testers", "adviser", "chair", "secretary")
NUMBERS = st.integers(0, 10**6)
# Who keeps a body's part sees numbers of entries, which count what others change, too.
KEEPERS = ("secretary", "chair")
# A number is as small as another: there is nothing to shrink.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Database]]:
    """Two registers beside each other."""
    folder: Path = tmp_path_factory.mktemp("registers")
    opened = []
    for name in ("one", "other"):
        url = f"sqlite:///{folder / name}.db"
        migrate(url)
        opened.append(open_database(url))
    yield opened[0], opened[1]
    for one in opened:
        one.close()


def emptied(database: Database) -> Register:
    """Its register with nothing in it."""
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO proceedings_terms(proceedings_terms) VALUES ('delete-all')")
        )
        for table in (ENTRY, STATE, STANDING, BELONGS, MARK, AUDIENCE, SEEN):
            connection.execute(delete(table))
    return database.proceedings


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=8, deadline=None, phases=PHASES)
@given(number=NUMBERS, role=st.sampled_from(READERS), gone=st.booleans())
def test_what_is_seen(number: int, role: str, *, gone: bool) -> None:
    """What is seen of a register is the same whatever else it holds, or does not."""
    world, reader = World(number), who(role)
    seen = {key: encode_entity(one) for key, one in seen_by(world, reader).items()}
    other = Standing(*beside(world, reader, gone=gone))
    for key in world.entities:
        there = other.get(key)
        found = None if there is None else as_seen(there, reader, other)
        assert (None if found is None else encode_entity(found)) == seen.get(key), key
    withheld = withheld_from(world, reader)
    assert not any(word.encode() in octets for word in withheld for octets in seen.values())


def compared(
    databases: tuple[Database, Database],
    number: int,
    role: str,
    ways: tuple[str, ...],
    *,
    gone: bool,
    every: int = 1,
) -> None:
    """By these ways the reader is given the same of two registers, and no word that is withheld."""
    world, reader = World(number, meetings=1), who(role)
    withheld = withheld_from(world, reader)
    order = tuple(world.entities)
    keys = (
        *order[number % every :: every],
        Key(Kind.PAPER, "no such paper"),
        Key(Kind.MEETING, "NO_00_0000"),
    )
    words = ("common", "nowhere", *sorted(withheld)[:3], "QSC_07_0903", "many words")
    given_by = []
    for database, entities in zip(
        databases, (world.entities.values(), beside(world, reader, gone=gone)), strict=True
    ):
        register = emptied(database)
        fill(register, entities, order)
        given_by.append(given_to(Asked(register, role, keys, words), *ways))
    one, other = given_by
    assert one.keys() == other.keys()
    for name, octets in one.items():
        assert octets == other[name], name
        asked = set(MARKER.findall(name)) | set(words)  # what was asked is said again
        assert not (set(MARKER.findall(octets.decode(errors="replace"))) & withheld) - asked, name


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=2, deadline=None, phases=PHASES)
@given(number=NUMBERS, role=st.sampled_from(READERS), gone=st.booleans())
def test_names_searches_and_refusals(
    databases: tuple[Database, Database], number: int, role: str, *, gone: bool
) -> None:
    """What is found, by name or by search, and what is refused, is the same."""
    compared(databases, number, role, ("names", "search", "refusals"), gone=gone, every=2)


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=1, deadline=None, phases=PHASES)
@given(number=NUMBERS, role=st.sampled_from(READERS), gone=st.booleans())
def test_exports(
    databases: tuple[Database, Database], number: int, role: str, *, gone: bool
) -> None:
    """Every export is the same."""
    compared(databases, number, role, ("exports",), gone=gone)


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=2, deadline=None, phases=PHASES)
@given(number=NUMBERS, role=st.sampled_from(READERS), gone=st.booleans())
def test_pages(databases: tuple[Database, Database], number: int, role: str, *, gone: bool) -> None:
    """Every page is the same."""
    compared(databases, number, role, ("pages",), gone=gone and role not in KEEPERS, every=9)


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=1, deadline=None, phases=PHASES)
@given(number=NUMBERS, role=st.sampled_from((*READERS, "member", "former")), gone=st.booleans())
def test_commands(
    databases: tuple[Database, Database], number: int, role: str, *, gone: bool
) -> None:
    """Every command that shows the register for a reader says the same."""
    compared(databases, number, role, ("commands",), gone=gone, every=4)


def test_every_way_is_known() -> None:
    """What has the whole register at hand is listed, with what it gives to whom: a new one is seen."""
    sources = Path(smki.__file__).parent
    users = {
        str(path.relative_to(sources))
        for path in sources.rglob("*.py")
        if path.parts[-2] != "sql" and re.search(r"\.proceedings\b(?!_)", path.read_text())
    }
    assert users == set(USERS)
    assert set(WAYS) == {"names", "search", "refusals", "exports", "pages", "commands"}
