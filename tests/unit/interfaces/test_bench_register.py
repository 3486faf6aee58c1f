"""What the register's benchmark is filled with is a register like any, and it finds what it asks for."""

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from smki.adapters.sql import Database, migrate, open_database
from smki.adapters.sql.proceedings_tables import (
    AUDIENCE,
    BELONGS,
    ENTRY,
    MARK,
    STANDING,
    STATE,
)
from smki.flows.register_verifying import audience_problems
from smki.governance.entities import Key, Kind
from smki.governance.entries import Change
from smki.interfaces.bench_meetings import Audiences, MadeRegister, meeting_ref, rare_word
from smki.interfaces.bench_register import ALL, LITTLE, bench_register
from smki.ports.register import Inside, Wanted

Decided = tuple[Change, Audiences]


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A register filled in one transaction: some meetings, one of them published."""
    url = f"sqlite:///{tmp_path_factory.mktemp('register') / 'together.sqlite'}"
    migrate(url)
    database, made = open_database(url), MadeRegister()
    changes = [made.founding(), *(one for number in (23, 24, 25) for one in made.meeting(number))]
    database.proceedings.change_often(changes)
    return database


def rows(database: Database) -> list[list[tuple[object, ...]]]:
    """All that is in the tables, in order."""
    with database.engine.connect() as connection:
        return [
            [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
            for table in (ENTRY, STATE, STANDING, BELONGS, MARK, AUDIENCE)
        ]


def test_filled_together_as_one_by_one(together: Database, tmp_path: Path) -> None:
    """Many entries of one transaction leave the very rows that each by itself would."""
    url, made = f"sqlite:///{tmp_path / 'single.sqlite'}", MadeRegister()
    migrate(url)
    with open_database(url) as single:
        register = single.proceedings
        for change in (made.founding(), *(one for of in (23, 24, 25) for one in made.meeting(of))):
            register.change(partial(_decided, change))
        assert rows(single) == rows(together)
        assert list(register.problems()) == list(together.proceedings.problems()) == []


def _decided(change: Decided, _: Inside) -> Decided:
    return change


@pytest.mark.clause("sec:M4.13")
def test_read_as_the_policy_says(together: Database) -> None:
    """Who may read each paragraph is what the policy makes of the whole register."""
    register = together.proceedings
    assert list(audience_problems(register)) == []
    wanted = Wanted(tokens=frozenset({"everybody"}), kinds=(Kind.PARAGRAPH,))
    found = register.find(wanted, limit=200).kept
    published = Key(Kind.MINUTES, f"{meeting_ref(25)}/open")
    assert {one.entity.parents[0] for one in found} == {published}
    assert len(found) == 80


def test_figures(tmp_path: Path) -> None:
    """Each question is answered for each reader, at a tenth and at the whole; the progress is told."""
    told = set[str]()
    figures = bench_register(tmp_path / "scratch", 30, lambda what, *_: told.add(what), rounds=3)
    assert told == {"filling", "asking"}
    assert (figures.count, figures.meetings) == (3_000, 30)
    assert {one.reader for one in figures.medians} == {ALL, LITTLE}
    assert len(figures.medians) == 10
    assert 0 < figures.ratio < 1
    assert all(one.tenth_milliseconds > 0 < one.whole_milliseconds for one in figures.medians)
    meeting = next(one for one in figures.medians if one.question == "a meeting")
    assert meeting.whole_shown > 80
    assert rare_word(3) == "case3"
