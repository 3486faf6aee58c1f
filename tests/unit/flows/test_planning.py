"""Planner and draft agendas, asked of a register for one reader: the example year, in one database."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from smki.adapters.sql import open_database
from smki.adapters.sql.schema import migrate
from smki.bootstrap.example_year import example_year, whole_year
from smki.flows.importing_register import bring_in
from smki.flows.keeping import keep
from smki.flows.planning import agenda_for, planner_for
from smki.flows.reading_register import ReadersOfRegister, Reading
from smki.governance.agendas import Wishes
from smki.governance.entities import Key, Kind
from smki.governance.entities.minutes import Action
from smki.governance.entries import Change
from smki.governance.planner import Milestone
from smki.ports.register import Register, Wanted
from smki.terms import Refused

NOW = datetime(2026, 10, 14, 9, tzinfo=UTC)
BROUGHT = datetime(2026, 12, 31, tzinfo=UTC)
START = date(2026, 2, 11)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """The example year in a database of its own."""
    url = f"sqlite:///{tmp_path_factory.mktemp('planning') / 'smki.db'}"
    migrate(url)
    register = open_database(url).proceedings
    year = whole_year(example_year({}))
    bring_in(register, year.meetings, year.tables, at=BROUGHT, said=year.said)
    return register


@pytest.fixture(scope="module")
def reads(register: Register) -> Callable[[str], Reading]:
    """The register as somebody sees it; nobody's name is everybody."""
    readers = ReadersOfRegister(register, lambda: NOW)

    def of(person: str) -> Reading:
        found = readers.member(person) if person else readers.anybody()
        assert found is not None
        return found

    return of


@pytest.mark.clause("sec:C6")
def test_the_planner_is_of_what_its_reader_reads(reads: Callable[[str], Reading]) -> None:
    """The secretary sees meetings and work to come; everybody sees less, and nothing else."""
    secretary = planner_for(reads("pma-secretary"), START)
    outside = planner_for(reads(""), START)
    kinds = {one.milestone for one in secretary}
    assert kinds >= {Milestone.MEETING, Milestone.QUARTER_BEGINS}
    assert {one.source for one in outside} < {one.source for one in secretary}
    reading = reads("")
    assert all(reading.get(one.source) is not None for one in outside)
    assert all(date(2026, 2, 11) <= one.day <= date(2026, 5, 11) for one in secretary)


def test_the_planner_of_one_body_is_of_that_body(reads: Callable[[str], Reading]) -> None:
    """Asked for one body, it has that body's lines alone."""
    lines = planner_for(reads("pma-secretary"), START, "PMA")
    meetings = [one.source.ref for one in lines if one.milestone is Milestone.MEETING]
    assert meetings
    assert all(one.startswith("PMA_") for one in meetings)


@pytest.mark.clause("sec:C6")
def test_the_next_agenda_can_be_put_as_it_is_drafted(
    register: Register, reads: Callable[[str], Reading]
) -> None:
    """Numbered on, with every open action of the body, and kept by the rules as it is."""
    reading = reads("pma-secretary")
    draft = agenda_for(reading, "PMA", Wishes(held_on=date(2027, 1, 12)))
    assert draft.meeting.ref == "PMA_29_1201"
    named = {key for sources in draft.sources.values() for key in sources}
    wanted = Wanted(tokens=None, kinds=(Kind.ACTION,), standings=("open", "on-target", "complete"))
    still = {one.key for one in reading.all(wanted) if one.ref.startswith("PMA ")}
    assert still
    assert still <= named
    assert {one.standing_item for one in draft.items} > {""}
    actions = [reading.get(key) for key in named if key.kind is Kind.ACTION]
    assert all(isinstance(one, Action) and one.state.is_open for one in actions)
    change = Change(at=BROUGHT, by="pma-secretary", said="drafted", entities=draft.entities)
    assert keep(register, change).number == 2
    again = agenda_for(reads("pma-secretary"), "PMA", Wishes(held_on=date(2027, 2, 9)))
    assert again.meeting.ref == "PMA_30_0902"


def test_nobody_drafts_for_a_body_that_is_not_there(reads: Callable[[str], Reading]) -> None:
    """A body that there is not has no agenda."""
    with pytest.raises(Refused, match="there is no body 'QXX'"):
        agenda_for(reads("pma-secretary"), "QXX", Wishes(held_on=START))
    assert reads("pma-secretary").get(Key(Kind.BODY, "PMA")) is not None
