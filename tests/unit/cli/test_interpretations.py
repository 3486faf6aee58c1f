"""Interpretations that the authority agreed and published are shown with their clause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.cli.conftest import House

REGISTER = """
[[body]]
ref = "QPA"
name = "Quill Policy Authority"
kind = "sub-committee"

[[person]]
ref = "chair"
name = "Chair"

[[seat]]
ref = "QPA/chair"
body = "QPA"
category = "chair"
votes = true
holder = "chair"

[[meeting]]
ref = "QPA_01_0302"
body = "QPA"
number = 1
held_on = 2026-02-03
state = "held"
presider = "chair"
attendance = [{ person = "chair", seat = "QPA/chair", votes = true }]

[[agenda-item]]
ref = "QPA_01_0302/1"
meeting = "QPA_01_0302"
number = 1
place = 1
heading = "Interpretations"
label = "white"
ask = "decision"

[[resolution]]
ref = "QPA_01_0302/1/1"
item = "QPA_01_0302/1"
place = 1
verb = "agreed"
bodies = ["QPA"]
text = "Agreed how promptly is read."

[[interpretation]]
ref = "INT-1/1.0"
label = "white"
body = "QPA"
heading = "What promptly means"
number = "1.0"
clauses = ["sec:L10.4.b", "sec:L5"]
text = "Within two working days."
agreed_by = "QPA_01_0302/1/1"
published = 2026-02-10
"""
GIVEN_OUT = """
[[output]]
ref = "1"
act = "publish"
of_kind = "interpretation"
of = "INT-1/1.0"
on = 2026-02-10
"""


@pytest.mark.clause("sec:L1")
def test_a_published_interpretation_stands_with_its_clause(house: House) -> None:
    """Shown with each of its clauses, however they are written, once it is given out; not before."""
    file = house.state / "register.toml"
    file.write_text(REGISTER)
    code, said = house.json("governance", "register", "import", str(file))
    assert code == 0, said
    assert house.json("clause", "sec:L5")[1]["interpretations"] == []
    file.write_text(GIVEN_OUT)
    assert house.run("governance", "register", "import", str(file))[0] == 0
    for clause in ("sec:L5", "sec:L10.4(b)"):
        code, shown = house.json("clause", clause)
        (one,) = shown["interpretations"]
        assert (code, one["ref"], one["text"]) == (0, "INT-1/1.0", "Within two working days.")
    assert house.json("clause", "sec:L6")[1]["interpretations"] == []
    _, text = house.run("clause", "sec:L5")
    assert "Interpretation INT-1/1.0, published 2026-02-10: What promptly means" in text


def test_without_a_database_the_clause_is_shown_all_the_same(house: House) -> None:
    """What cannot be read is said on standard error; the clause itself needs no SMKI."""
    code, shown = house.json("clause", "sec:L5", SMKI_DATABASE="sqlite:////nowhere/smki.sqlite")
    assert (code, shown["interpretations"]) == (0, [])
