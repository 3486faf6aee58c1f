"""Several processes change the register at once, and some are killed: an entry is there or not."""

import os
import signal
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.engine.default import DefaultDialect

from smki.adapters.sql import migrate, open_database, proceedings_keeping
from smki.adapters.sql.store import Store
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import BodyKind, Committee, Interest, Person
from smki.governance.entries import Change
from smki.ports.register import Inside, Register, Wanted

AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
COUNTER = Key(Kind.PERSON, "counter")
Decided = tuple[Change, Mapping[Key, frozenset[str]]]
EACH = 15


def one_more(known: Inside) -> Decided:
    """A count that goes up by one, an interest that belongs to a body, and who may read it."""
    before = known.get(COUNTER)
    count = int(before.name) + 1 if isinstance(before, Person) else 1
    interest = Interest(
        ref=f"i{count}", body="PMA", person="counter", text=f"number {count}", declared=AT.date()
    )
    entities: tuple[Entity, ...] = (
        Committee(ref="PMA", name="Policy Authority", kind=BodyKind.COMMITTEE),
        Person(ref="counter", name=str(count)),
        interest,
    )
    change = Change(at=AT, by="", said="one more", entities=entities)
    return change, {interest.key: frozenset({f"person p{count}"})}


def forked(work: Callable[[], None]) -> int:
    """A process that does the work, and ends."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def counted(register: Register) -> int:
    """How far the count is; there are as many entries, and all stands as they say."""
    head, counter = register.head().number, register.get(COUNTER)
    assert len(list(register.entries())) == head
    assert list(register.problems()) == []
    found = register.find(Wanted(tokens=None, kinds=(Kind.INTEREST,)), limit=1_000).kept
    assert [one.entity.ref for one in found] == [f"i{one}" for one in range(head, 0, -1)]
    assert (counter.name if isinstance(counter, Person) else "0") == str(head)
    return head


def test_two_at_once(url: str) -> None:
    """Each sees what the other left: none is lost, none is done twice, and the chain is whole."""
    migrate(url)

    def work() -> None:
        with open_database(url) as database:
            for _ in range(EACH):
                database.proceedings.change(one_more)

    children = [forked(work) for _ in range(2)]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    with open_database(url) as database:
        assert counted(database.proceedings) == 2 * EACH


POINTS = (  # what writes, which call of it, whether it was done
    ("_readable", 1, True),
    ("load", 1, False),  # marks
    ("load", 3, True),  # states
    ("load", 5, True),  # what belongs to what
    ("do_commit", 1, False),
    ("do_commit", 1, True),
)


def killed_at(name: str, nth: int, *, done: bool) -> None:
    """This process is killed at that call of what writes, before or after its effect."""
    of: Any = {"load": Store, "_readable": proceedings_keeping, "do_commit": DefaultDialect}[name]
    real, calls = getattr(of, name), [0]

    def fatal(*arguments: object) -> object:
        calls[0] += 1
        if calls[0] == nth and not done:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments)
        if calls[0] == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(of, name, fatal)


@pytest.mark.clause("sec:L1")
def test_killed_in_mid_change(url: str) -> None:
    """Killed before or after anything that is written: the whole entry is there, or nothing of it."""
    migrate(url)
    with open_database(url) as database:
        database.proceedings.change(one_more)
    before = 1
    for name, nth, done in POINTS:

        def work(name: str = name, nth: int = nth, *, done: bool = done) -> None:
            with open_database(url) as database:
                killed_at(name, nth, done=done)
                database.proceedings.change(one_more)

        assert os.waitstatus_to_exitcode(os.waitpid(forked(work), 0)[1]) == -signal.SIGKILL
        with open_database(url) as database:
            register = database.proceedings
            there = counted(register)
            assert there == before + (done and name == "do_commit")
            register.change(one_more)
            before = there + 1
    with open_database(url) as database:
        assert counted(database.proceedings) == before
