"""Nobody opens to themselves what they may not read; somebody else may, and whoever runs the house."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.classified import (
    ALL,
    BODIES,
    DAY,
    ITEMS,
    MET,
    PEOPLE,
    RED_BODY,
    RED_FOUR,
    SEATS,
    who,
)
from tests.support.register_outputs import fill

from smki.adapters.sql import migrate, open_database
from smki.flows.keeping import audiences_after
from smki.governance.entities import Entity
from smki.governance.entities.bodies import Alternate, Handling, Person, SeatCategory
from smki.governance.entities.meetings import Attendance, Presence
from smki.governance.entities.outputs import Output, OutputAct
from smki.governance.entries import Change
from smki.governance.opening import decide_claims, decide_opening
from smki.ports.register import Register

HERE = Attendance(person="absent", part=Presence(items=(4,)))


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """The body with its classified meeting."""
    url = f"sqlite:///{tmp_path_factory.mktemp('register') / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        fill(database.proceedings, ALL, tuple(one.key for one in ALL))
        yield database.proceedings


def entitled(of: Entity, reader: str) -> Output:
    """That reader is entitled to it."""
    return Output(
        ref="o", act=OutputAct.ENTITLE, of_kind=of.KIND, of=of.ref, on=DAY, readers=(reader,)
    )


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    "after",
    [
        entitled(ITEMS[3], "absent"),
        entitled(RED_BODY, "absent"),
        replace(MET, attendance=(*MET.attendance, HERE)),
        replace(RED_FOUR, label=None),
        replace(SEATS[3], category=SeatCategory.SECRETARIAT),
        Alternate(ref="x", seat=SEATS[5].ref, person="absent"),
        Alternate(ref="x", seat=SEATS[5].ref, person="absent", start=date(2026, 4, 1)),
        replace(SEATS[3], ref="new", category=SeatCategory.SECRETARIAT, start=date(2026, 4, 1)),
    ],
    ids=lambda one: f"{one.KIND.value}",
)
def test_not_to_themselves(register: Register, after: Entity) -> None:
    """What opens something to its maker is refused; made by the secretary, or opening nothing, it is not."""

    def refused(by: str) -> list[str]:
        change = Change(at=datetime(2026, 3, 9, tzinfo=UTC), by=by, said="", entities=(after,))
        audiences = audiences_after(change, register)
        seats = [one for one in SEATS if one.holder == by]
        found = decide_opening(change, register, audiences, who(by), seats)
        return [one.rule for one in found]

    assert refused("absent") == ["register.opening"]
    assert refused("secretary") == []


@pytest.mark.clause("sec:M4.13")
def test_how_the_body_handles_it(register: Register) -> None:
    """A secretary who is kept from Red does not let themselves in."""
    strict = replace(BODIES[0], handling=Handling(red_to_secretariat=False))
    fill(register, (strict,), (strict.key,))
    change = Change(
        at=datetime(2026, 3, 9, tzinfo=UTC), by="secretary", said="", entities=(BODIES[0],)
    )
    audiences = audiences_after(change, register)
    found = decide_opening(change, register, audiences, who("secretary"), (SEATS[0],))
    assert [one.rule for one in found] == ["register.opening"]
    fill(register, (BODIES[0],), (BODIES[0].key,))


@pytest.mark.clause("sec:C6")
def test_credentials(register: Register) -> None:
    """A credential is a new person's that nobody has; whose it is changes by the house alone."""
    member = next(one for one in PEOPLE if one.ref == "member")

    def refused(person: Person) -> bool:
        change = Change(
            at=datetime(2026, 3, 9, tzinfo=UTC), by="chair", said="", entities=(person,)
        )
        return bool(decide_claims(change, register, PEOPLE))

    assert not refused(replace(member, organisation="Another"))
    assert refused(replace(member, credentials=("00FF",)))
    assert refused(replace(member, credentials=()))
    assert refused(Person(ref="new", name="New", credentials=member.credentials))
    assert not refused(Person(ref="new", name="New", credentials=("00FF",)))
