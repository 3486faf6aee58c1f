"""However the register came to be what it is: each entity is read by whom the policy says, kept or asked anew."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from smki.adapters.sql import Database, migrate, open_database
from smki.adapters.sql.proceedings_tables import BELONGS, ENTRY, STANDING, STATE
from smki.flows.keeping import audiences_after
from smki.flows.register_verifying import audience_problems
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import BodyKind, Committee, Handling, MinutesSet, SeatCategory
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attendance,
    JointItem,
    Meeting,
    Paper,
    Presence,
)
from smki.governance.entities.minutes import (
    Action,
    Condition,
    ConditionKind,
    Due,
    DueKind,
    Minutes,
    Paragraph,
    ParagraphRole,
    Resolution,
    Verb,
)
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.ports.register import Inside

DAY = date(2026, 11, 21)
LABELS = st.none() | st.sampled_from(Label)
REFS = st.sampled_from(["M/1", "M/2"])
PEOPLE = st.sampled_from(["ann", "bob", "cy"])
PARTS = st.none() | st.sampled_from(
    [Presence(items=(1,)), Presence(items=(2,)), Presence(items=())]
)
HANDLINGS = st.builds(
    Handling,
    amber_seats=st.sampled_from([(), (SeatCategory.CHAIR,)]),
    amber_to_those_there=st.booleans(),
    red_to_secretariat=st.booleans(),
)
COMMITTEE = partial(Committee, name="Policy Authority", kind=BodyKind.COMMITTEE)
BODIES = st.builds(COMMITTEE, ref=st.just("PMA"), handling=HANDLINGS)
MEETINGS = st.builds(
    Meeting,
    ref=st.just("M"),
    label=LABELS,
    body=st.just("PMA"),
    number=st.just(1),
    held_on=st.just(DAY),
    attendance=st.lists(
        st.builds(Attendance, person=PEOPLE, part=PARTS, joint_of=st.sampled_from(["", "SEC"])),
        max_size=3,
    ).map(tuple),
)
ITEMS = st.builds(
    lambda ref, **others: AgendaItem(ref=ref, meeting="M", number=int(ref[-1]), **others),
    REFS,
    label=LABELS,
    heading=st.just("h"),
    stub=st.sampled_from(["", "stub"]),
    joint=st.none() | st.just(JointItem(bodies=("PMA", "SEC"))),
)
MINUTES = st.builds(
    lambda of, label: Minutes(ref=f"M/{of.value}", label=label, meeting="M", set=of),
    st.sampled_from(MinutesSet),
    LABELS,
)
PAPERS = st.builds(
    lambda item, **others: Paper(ref=f"P{item}", item=item, heading="h", ask=Ask.VIEWS, **others),
    REFS,
    label=LABELS,
    circulated=st.sampled_from([None, DAY]),
)
PARAGRAPHS = st.builds(
    lambda of, item, **others: Paragraph(
        ref=f"M/{of.value}/{item[-1]}",
        minutes=f"M/{of.value}",
        item=item,
        place=1,
        text="t",
        **others,
    ),
    st.sampled_from(MinutesSet),
    REFS,
    label=LABELS,
    role=st.sampled_from(ParagraphRole),
)
RECORDED = st.builds(
    lambda item, label: Resolution(
        ref=f"{item}/r", label=label, item=item, place=1, verb=Verb.NOTED, bodies=("PMA",), text="t"
    ),
    REFS,
    LABELS,
)
CONDITIONS = st.builds(
    lambda item, label: Condition(
        ref=f"{item}/r/c",
        label=label,
        resolution=f"{item}/r",
        kind=ConditionKind.AMENDMENT,
        text="t",
    ),
    REFS,
    LABELS,
)
ACTIONS = st.builds(
    lambda item, label: Action(
        ref=f"A{item}",
        label=label,
        text="t",
        item=item,
        raised=DAY,
        owner="ann",
        due=Due(kind=DueKind.NEXT_MEETING),
    ),
    REFS,
    LABELS,
)
GIVEN = [
    Key(Kind.MEETING, "M"),
    Key(Kind.AGENDA_ITEM, "M/1"),
    Key(Kind.MINUTES, "M/open"),
    Key(Kind.MINUTES, "M/confidential"),
    Key(Kind.PAPER, "PM/1"),
    Key(Kind.PARAGRAPH, "M/open/1"),
    Key(Kind.RESOLUTION, "M/1/r"),
    Key(Kind.ACTION, "AM/2"),
    Key(Kind.BODY, "PMA"),
]
OUTPUTS = st.builds(
    lambda act, of, **others: Output(
        ref=f"{act.value} {of}", act=act, of_kind=of.kind, of=of.ref, on=DAY, **others
    ),
    st.sampled_from(OutputAct),
    st.sampled_from(GIVEN),
    readers=st.lists(PEOPLE, max_size=2).map(tuple),
    withdrawn=st.sampled_from([None, None, DAY]),
)
THERE: tuple[Entity, ...] = (
    COMMITTEE(ref="PMA"),
    COMMITTEE(ref="SEC"),
    Meeting(ref="M", label=Label.GREEN, body="PMA", number=1, held_on=DAY),
    *(AgendaItem(ref=f"M/{one}", meeting="M", number=one, heading="h") for one in (1, 2)),
    *(Minutes(ref=f"M/{one.value}", meeting="M", set=one) for one in MinutesSet),
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for all of them."""
    url = f"sqlite:///{tmp_path_factory.mktemp('audiences') / 'smki.sqlite'}"
    migrate(url)
    with open_database(url) as opened:
        yield opened


def empty(database: Database) -> None:
    """There is nothing in the register any more."""
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO proceedings_terms(proceedings_terms) VALUES ('delete-all')")
        )
        for table in (ENTRY, STATE, STANDING, BELONGS):
            connection.execute(delete(table))


def decided(change: Change, known: Inside) -> tuple[Change, Mapping[Key, frozenset[str]]]:
    """Past the rules: what is careless must be read by nobody else either."""
    return change, audiences_after(change, known)


def is_whole(database: Database, entity: Entity) -> bool:
    """Whether what it belongs to is there."""
    return all(database.proceedings.get(parent) is not None for parent in entity.parents)


@pytest.mark.clause("sec:M4.13")
@settings(max_examples=30, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            *(BODIES, MEETINGS, ITEMS, MINUTES, PAPERS, PARAGRAPHS),
            *(RECORDED, CONDITIONS, ACTIONS, OUTPUTS, OUTPUTS),
        ),
        max_size=25,
    )
)
def test_who_reads_it_is_never_out_of_date(database: Database, steps: list[Any]) -> None:
    """After any changes in any order the audience that is kept is the one that the policy gives now."""
    empty(database)
    register, at = database.proceedings, datetime(2026, 11, 21, tzinfo=UTC)
    for number, entities in enumerate([THERE, *((one,) for one in steps)]):
        if number == 0 or all(is_whole(database, one) for one in entities):
            change = Change(at=at, by="", said="", entities=entities)
            register.change(partial(decided, change))
    assert list(audience_problems(register)) == []
    assert list(register.problems()) == []
