"""Who saw what is Amber or Red is on record, for who keeps it and reads all of it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.support.classified import ALL, AMBER_BODY, BODIES, ITEMS, MEETING, RED_BODY, STUB
from tests.support.register_outputs import Asked, fill

from smki.adapters.sql import migrate, open_database
from smki.flows.exporting_register import gather
from smki.governance.entities import Entity, Key
from smki.governance.entities.bodies import Handling
from smki.ports.register import Register, Wanted


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """The body with its classified meeting."""
    url = f"sqlite:///{tmp_path_factory.mktemp('register') / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        fill(database.proceedings, ALL, tuple(one.key for one in ALL))
        yield database.proceedings


def asked(register: Register, role: str) -> Asked:
    """That role, who asks for nothing yet."""
    return Asked(register, role, (), ())


def noted(register: Register, key: Key) -> set[tuple[str, str]]:
    """Who saw it, and how."""
    return {(one.reader, one.by) for one in register.seen(key)}


@pytest.mark.clause("sec:M4.13")
def test_what_is_shown_is_noted(register: Register) -> None:
    """A reader of a Red item is on record; who saw its stub alone is not, nor who saw what is Green."""
    for role in ("member", "absent"):
        reading = asked(register, role).reading
        for entity in (ITEMS[2], AMBER_BODY, STUB):
            assert reading.get(entity.key) is not None
        reading.note()
    assert noted(register, ITEMS[2].key) == {("member", "page")}
    assert noted(register, AMBER_BODY.key) == {("member", "page"), ("absent", "page")}
    assert noted(register, STUB.key) == set()


@pytest.mark.clause("sec:M4.13")
def test_exports_and_searches_are_noted(register: Register) -> None:
    """Whatever goes into a copy or is found is on record with the way that it took."""
    reading = asked(register, "former").services.readers.member("member")
    assert reading is not None
    gather(reading, MEETING)
    assert ("member", "export") in noted(register, RED_BODY.key)
    searching = asked(register, "chair").services.readers.member("chair", "search")
    assert searching is not None
    searching.find(Wanted(tokens=None, words="red body"))
    searching.note()
    assert ("chair", "search") in noted(register, RED_BODY.key)


@pytest.mark.clause("sec:M4.13")
def test_who_is_told_who_saw(register: Register) -> None:
    """The secretary is shown who saw a Red body; members are not, nor a secretary who may not read it."""

    def told(role: str, of: Entity) -> list[str]:
        return [one.reader for one in asked(register, role).reading.seen(of)]

    reading = asked(register, "member").reading
    reading.get(RED_BODY.key)
    reading.note()
    assert "member" in told("secretary", RED_BODY)
    assert told("member", RED_BODY) == []
    assert told("outside", RED_BODY) == []
    strict = replace(BODIES[0], handling=Handling(red_to_secretariat=False))
    fill(register, (strict,), (strict.key,))
    assert told("secretary", RED_BODY) == []
