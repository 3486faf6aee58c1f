"""Each method and each key, rehearsed with a thief on the line: what was achieved, and that it is gone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from tests.support.founding import copied, founded, quick_stores

from smki.bootstrap import load_settings
from smki.bootstrap.recoveries import open_kept
from smki.devices import kinds
from smki.interfaces.cli import main
from smki.interfaces.rehearsal.scenarios import SCENARIOS
from smki.interfaces.rehearsal.thief import THEFTS
from smki.interfaces.rosters import devices_of, held_in
from smki.recovery.attacks import EFFECT_OF, Abuse
from smki.recovery.evidence import Attack, EvidenceKind, parse_document
from smki.recovery.report import Criterion, Report, parse_report
from smki.terms import RemotePartyRole

DEVICES: Final = 16
SUITE: Final = "method-2"  # the others are rehearsed by `make soak`
HEARD: Final = (Abuse.REPEATS, Abuse.DIVERTS, Abuse.ALTERS)


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """A rehearsal that was held.

    Attributes:
        folder: where everything of it is.
        said: by the command, as JSON.
        story: that it told.
        verified: exit code of verifying its report.
    """

    folder: Path
    said: Mapping[str, Any]
    story: str
    verified: int

    @property
    def report(self) -> Report:
        """Its report."""
        return parse_report((self.folder / "report.json").read_bytes())

    @property
    def attack(self) -> Attack:
        """What the thief did, as it is evidence."""
        octets = (self.folder / "evidence" / "attack" / "attack").read_bytes()
        found = parse_document(EvidenceKind.ATTACK, octets)
        assert isinstance(found, Attack)
        return found

    def made(self, step: str) -> dict[str, Any]:
        """What that step made."""
        (place,) = (self.folder / "steps").glob(f"*-{step}.json")
        return dict(json.loads(place.read_bytes()))


def rehearse(scenario: str, factory: pytest.TempPathFactory) -> Rehearsed:
    """The scenario, beside an SMKI of its own."""
    state = copied(founded(factory), factory.mktemp(scenario) / "state")
    environment = {"SMKI_STATE": str(state)}
    asked = ("recovery", "rehearse", "--scenario", scenario, "--devices", str(DEVICES))
    with quick_stores():
        done = CliRunner().invoke(main, (*asked, "--name", "test", "--json"), env=environment)
        assert done.exit_code == 0, (done.stdout, done.stderr, done.exception)
        report = str(state / "recoveries" / "test" / "report.json")
        verified = CliRunner().invoke(main, ("recovery", "verify", report), env=environment)
    return Rehearsed(
        folder=state / "recoveries" / "test",
        said=json.loads(done.stdout),
        story=done.stderr,
        verified=verified.exit_code,
    )


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    """The scenario of the suite, held once for all."""
    return rehearse(SUITE, tmp_path_factory)


def must_be_whole(found: Rehearsed) -> None:
    """Devices are recovered, the report is good, and nothing of the thief's is left."""
    assert found.said["passed"], found.said
    assert found.said["recovered"] * 100 >= found.said["devices"] * 97
    assert found.verified == 0
    checks = {check.name: check for check in found.report.checks}
    assert checks[Criterion.ATTACKER.value].passed
    assert checks[Criterion.ATTACKER.value].of
    left = found.made("left")
    assert (left["left"], left["devices"]) == ({}, [])
    tried = {one.what: one for one in found.attack.tried}
    assert sum(tried[one.value].sent for one in HEARD if one.value in tried)
    assert not any(tried[one.value].obeyed for one in HEARD if one.value in tried)
    assert all(one.undone == one.obeyed for one in found.attack.tried)


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_a_suppliers_key_is_lost_and_nothing_of_the_thief_is_left(rehearsed: Rehearsed) -> None:
    """Method 2, with a thief whom the broker served at first: the report says what was achieved."""
    must_be_whole(rehearsed)
    tried = {one.what: one for one in rehearsed.attack.tried}
    achieved = [one for one in EFFECT_OF if (found := tried.get(one.value)) and found.obeyed]
    assert Abuse.TAKES in achieved
    assert rehearsed.made("left")["had"]["ANCHOR"]
    said = [one for one in rehearsed.report.lessons if one.startswith("the thief")]
    assert len(said) == len(rehearsed.attack.tried)
    assert "of the thief's doings there is left on devices: nothing" in rehearsed.story


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_devices_are_handed_back_to_the_supplier(rehearsed: Rehearsed) -> None:
    """The broker had each device in between; now the supplier's newest certificates are in its cells."""
    (ran,) = rehearsed.made("hand-back")["ran"]
    assert ran["recovered"] == ran["devices"] == rehearsed.said["recovered"]
    house = load_settings({"SMKI_STATE": str(rehearsed.said["estate"])})
    with open_kept(house) as kept:
        held = [held_in(one.state) for one in devices_of(kept.estate)]
        holders = {
            cells[kinds.SUPPLIER_DS].unique_id for cells in held if kinds.SUPPLIER_DS in cells
        }
        broker = {cells[kinds.BROKER_KA].unique_id for cells in held}
    assert len(holders) == 1
    assert holders.isdisjoint(broker)


@pytest.mark.clause("sec-app-b:B-crl")
def test_what_was_lost_is_revoked(rehearsed: Rehearsed) -> None:
    """The supplier's old certificates are on a list, as compromised; its new ones are not."""
    made = rehearsed.made("revocation")
    assert made["revoked"] == len(made["asked"]) == 3
    assert made["crl"]


def test_only_devices_that_are_concerned_are_counted(rehearsed: Rehearsed) -> None:
    """Hubs hold no supplier's certificate: they are no part of this recovery."""
    role = SCENARIOS[SUITE].role
    assert role is RemotePartyRole.SUPPLIER
    assert 0 < rehearsed.said["devices"] < DEVICES


def test_every_scenario_but_the_first_has_a_thief() -> None:
    """Each method and each key that can be lost is there, and somebody uses what was stolen."""
    assert set(SCENARIOS) == {"smki-53", *THEFTS}
    lost = {row.compromised for row in SCENARIOS.values() if row.attacked}
    assert {one.value for one in lost} == {
        "organisation",
        "recovery",
        "issuing-oca",
        "root-oca",
        "contingency",
        "contingency-symmetric",
    }


@pytest.mark.soak
@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize("scenario", sorted(set(THEFTS) - {SUITE}))
def test_each_method_and_key_is_rehearsed(
    scenario: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever the thief had of devices is undone, and the report is verified by the record alone."""
    must_be_whole(rehearse(scenario, tmp_path_factory))
