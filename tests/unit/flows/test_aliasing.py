"""Aliases are given by the secretariat, kept, and told to nobody else."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.support.classified import BODIES, PEOPLE, SEATS

from smki.adapters.sql import migrate, open_database
from smki.flows.aliasing import Unnamed, alias_for
from smki.flows.keeping import keep
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.ports.register import Register
from smki.terms import Refused

AT = datetime(2026, 3, 9, tzinfo=UTC)
BROOK = Unnamed(body="QSC", category="Large Supplier", party="Brook Energy")


class Counted:
    """Chance that counts."""

    def __init__(self) -> None:
        self._at = 0

    def octets(self, count: int) -> bytes:
        """The next number."""
        self._at += 1
        return self._at.to_bytes(count, "big")


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    """Bodies, people and seats."""
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        there = (*BODIES, *PEOPLE, *SEATS)
        keep(database.proceedings, Change(at=AT, by="", said="", entities=there))
        yield database.proceedings


@pytest.mark.clause("sec:M4.13")
def test_given_once(register: Register) -> None:
    """A party has one alias in a category, whoever of the secretariat asks, and however it is spelt."""
    chance = Counted()
    first = alias_for(register, BROOK, chance, by="secretary", at=AT)
    assert (first.name, first.label) == ("Large Supplier B", Label.RED)
    again = Unnamed(body="QSC", category="Large Supplier", party="BROOK ENERGY")
    entries = register.head().number
    assert alias_for(register, again, chance, by="", at=AT) == first
    assert register.head().number == entries
    other = Unnamed(body="QSC", category="Large Supplier", party="Fen Power")
    assert alias_for(register, other, chance, by="secretary", at=AT).letters != first.letters


@pytest.mark.clause("sec:M4.13")
def test_told_to_the_secretariat_alone(register: Register) -> None:
    """The chair is refused in the same words for a party that has an alias and for one that has none."""
    chance, said = Counted(), set()
    alias_for(register, BROOK, chance, by="", at=AT)
    for party in ("Brook Energy", "Fen Power"):
        asked = Unnamed(body="QSC", category="Large Supplier", party=party)
        with pytest.raises(Refused, match="of its secretariat") as refused:
            alias_for(register, asked, chance, by="chair", at=AT)
        said.add(str(refused.value))
    assert len(said) == 1
    with pytest.raises(Refused, match="must be a body"):
        alias_for(register, Unnamed(body="X", category="Y", party="Z"), chance, by="", at=AT)
