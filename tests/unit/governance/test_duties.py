"""Who may put what into the register, by the seats that they hold."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.known import Held

from smki.governance.duties import decide_duties
from smki.governance.entities import Entity
from smki.governance.entities.bodies import BodyKind, Committee, Person, Seat, SeatCategory
from smki.governance.entities.outputs import Alias
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.rules import decide_change
from smki.governance.rules_classification import CLASSIFICATION

pytestmark = pytest.mark.clause("sec:C6")
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
BODIES = tuple(Committee(ref=one, name=one, kind=BodyKind.COMMITTEE) for one in ("QPA", "QTG"))
MEMBER, NEW = Person(ref="member", name="The member"), Person(ref="new", name="Somebody")
SEATS = (
    Seat(ref="QPA/1", body="QPA", category=SeatCategory.SECRETARIAT, votes=False, holder="sec"),
    Seat(ref="QPA/2", body="QPA", category=SeatCategory.NETWORKS, votes=True, holder="member"),
    Seat(ref="QTG/1", body="QTG", category=SeatCategory.SECRETARIAT, votes=False, holder="other"),
)
REGISTER = Held(*BODIES, MEMBER, *SEATS)


def refused(by: str, after: Entity, seats: tuple[Seat, ...] = SEATS) -> list[str]:
    """What is said to who puts it."""
    change = Change(at=AT, by=by, said="", entities=(after,))
    return [one.message for one in decide_duties(change, REGISTER, seats)]


def test_a_person_is_kept_where_they_sit() -> None:
    """Another body's secretary cannot say how somebody is called, and is not told where they sit."""
    moved = replace(MEMBER, channel="elsewhere")
    assert refused("sec", moved) == []
    (said,) = refused("other", moved)
    assert "QPA" not in said
    assert refused("member", moved) != []


def test_who_sits_nowhere_is_any_secretarys() -> None:
    """Somebody new, or whose terms have all ended, is put by the secretariat of any body."""
    ended = (SEATS[0], replace(SEATS[1], end=date(2026, 3, 1)), SEATS[2])
    assert refused("other", NEW) == []
    assert refused("other", MEMBER, ended) == []
    assert refused("member", NEW) != []


def test_whom_an_alias_stands_for_is_the_secretariats() -> None:
    """The chair, who perhaps may not know, gives no alias: so trying one out tells nothing."""
    alias = Alias(
        ref="QPA Supplier A",
        label=Label.RED,
        body="QPA",
        category="Supplier",
        letters="A",
        party="Zephyr Energy",
    )
    chair = Seat(ref="QPA/3", body="QPA", category=SeatCategory.CHAIR, votes=False, holder="chair")
    seats = (*SEATS, chair)
    assert refused("sec", alias, seats) == []
    assert refused("chair", alias, seats) != []
    asked = replace(alias, ref="QPA Supplier B", letters="B")
    known = REGISTER.with_these(chair, alias)
    for by, told in (("chair", False), ("sec", True)):
        change = Change(at=AT, by=by, said="", entities=(asked,))
        found = decide_change(change, known, CLASSIFICATION)
        assert any("is Supplier A already" in one.message for one in found) is told
