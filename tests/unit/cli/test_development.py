"""A development SMKI never goes live, whatever is configured later or lodged; and says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from smki.bootstrap import load_settings, open_front
from smki.flows.gate import gate_now

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import Authority, House

PRETENDING = {
    "SMKI_KIND": "ceremony",
    "SMKI_ENVIRONMENT": "trial",
    "SMKI_LIVE_POLICIES": json.dumps({"device": "2.25.1", "organisation": "2.25.2"}),
}


@pytest.mark.clause("gbcs:12")
def test_its_status_says_that_it_issues_test_certificates_alone(original: House) -> None:
    """And why; so does one that is configured as another than it was made."""
    _, shown = original.json("status")
    assert (shown["gate"]["issues"], shown["gate"]["decision"]) == ("test", None)
    assert "never goes live" in shown["gate"]["reason"]
    assert "gate              test certificates alone" in original.run("status")[1]
    settings = load_settings({"SMKI_STATE": str(original.state), **PRETENDING})
    with open_front(settings) as front:
        gate = gate_now(front)
    assert (gate.live, "never goes live" in gate.reason) == (False, True)


@pytest.mark.clause("gbcs:12")
@pytest.mark.parametrize(
    ("about", "said"), [("log", "a development SMKI never goes live"), ("other", "this log")]
)
def test_a_determination_is_not_lodged_in_it(authority: Authority, about: str, said: str) -> None:
    """Neither about its own log nor about another's."""
    _, status = authority.house.json("status")
    name = status["log"]["origin"] if about == "log" else "another.invalid/log"
    words = authority.decide("G-1", "go-live", name, "--body", "smki-pma", officers=("chair",))
    code, told = authority.house.json("governance", "lodge", *words)
    assert (code, said in told["error"]["message"]) == (1, True), told


def test_init_makes_no_other(house: House, tmp_path: Path) -> None:
    """What custodians make is not made by `smki init`."""
    state = str(tmp_path / "new")
    code, told = house.json("init", SMKI_STATE=state, SMKI_KIND="ceremony")
    assert (code, told["error"]["where"]) == (1, "kind")


@pytest.mark.clause("gbcs:12")
def test_its_profiles_are_changed_without_a_decision(house: House) -> None:
    """It says so, and goes on issuing under them."""
    changed = json.dumps({"iki-officer": 1})
    _, shown = house.json("governance", "profiles", SMKI_LIFETIME_YEARS=changed)
    assert (shown["sha256"] == shown["lodged"], shown["decision_needed"]) == (False, False)
    said = house.run("governance", "profiles", SMKI_LIFETIME_YEARS=changed)[1]
    assert "may be changed without a decision" in said
    refresh = ("registration", "refresh-crl", "issuing-oca")
    assert house.run(*refresh, SMKI_LIFETIME_YEARS=changed)[0] == 0
