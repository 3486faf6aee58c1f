import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.founding import copied, founded

from smki.interfaces.cli import main

DEVICES = 60


class Commands:
    """The commands as a user runs them, over one state directory."""

    def __init__(self, state: Path) -> None:
        self._state = state

    def run(self, *arguments: str) -> tuple[int, str]:
        """Exit code and standard output."""
        done = CliRunner().invoke(
            main, ["estate", *arguments], env={"SMKI_STATE": str(self._state)}
        )
        return done.exit_code, done.stdout

    def json(self, *arguments: str) -> tuple[int, Any]:
        """Exit code and the document."""
        code, out = self.run(*arguments, "--json")
        return code, json.loads(out)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Over an SMKI with an estate."""
    state = copied(founded(tmp_path_factory), tmp_path_factory.mktemp("estate") / "state")
    made = Commands(state)
    code, none = made.json("show")
    assert (code, none["error"]["family"]) == (3, "unavailable")
    code, document = made.json("make", "--devices", str(DEVICES), "--processes", "1")
    assert code == 0, document
    assert document["devices"] == document["made"] == DEVICES
    assert document["certificates"] == 2 * DEVICES
    assert 0 < document["octets_per_device"] < 10_000  # of few devices the tables weigh more
    return made


def test_the_same_again_makes_nothing(commands: Commands) -> None:
    """And says so."""
    code, document = commands.json("make", "--devices", str(DEVICES), "--processes", "1")
    assert code == 0
    assert (document["devices"], document["made"]) == (DEVICES, 0)
    assert commands.run("make", "--devices", "1")[1].startswith(f"{DEVICES} devices in the estate")


def test_totals_are_by_kind_region_make_and_status(commands: Commands) -> None:
    """Of all devices, or of those that are meant."""
    code, document = commands.json("show")
    assert (code, document["devices"]) == (0, DEVICES)
    for group in ("kind", "region", "make", "status"):
        assert sum(document[group].values()) == DEVICES
    assert sum(group["devices"] for group in document["groups"]) == DEVICES
    _, meters = commands.json("show", "--kind", "esme")
    assert meters["devices"] == document["kind"]["esme"]
    _, text = commands.run("show", "--region", "nowhere")
    assert text.startswith("0 devices")


def test_lists_go_on_where_they_ended(commands: Commands) -> None:
    """Page after page, each device once."""
    seen: list[str] = []
    after: tuple[str, ...] = ()
    while True:
        code, page = commands.json("list", "--limit", "25", *after)
        assert code == 0
        seen += [row["device"] for row in page["devices"]]
        if page["next"] is None:
            break
        after = ("--after", page["next"])
    assert len(seen) == len(set(seen)) == DEVICES
    hub = page["devices"][-1]["hub"]
    _, behind = commands.json("list", "--hub", hub)
    assert {row["hub"] for row in behind["devices"]} == {hub}
    _, text = commands.run("list", "--limit", "2")
    assert f"next: the same with --after {seen[1]}" in text


@pytest.mark.clause("gbcs:4.3.2.2")
def test_a_device_is_shown_whole(commands: Commands) -> None:
    """Its cells with whose certificates of this SMKI they hold, counters, certificates, history."""
    _, page = commands.json("list", "--kind", "esme", "--limit", "1")
    device = page["devices"][0]
    code, shown = commands.json("show", device["device"])
    assert code == 0
    assert {key: shown[key] for key in device} == device
    cells = {(cell["role"], cell["key_usage"], cell["cell_usage"]): cell for cell in shown["cells"]}
    assert len(cells) == 11
    assert cells["root", "keyCertSign", "management"]["subject_id"] == "0" * 16
    supplier = cells["supplier", "keyAgreement", "prePaymentTopUp"]
    assert supplier["subject_id"] == "0a534d4b49020001"
    assert ("transitionalCoS", "digitalSignature", "management") in cells
    assert all(len(cell["key_id"]) == 16 for cell in shown["cells"])
    assert all(cell["serial"] for cell in shown["cells"])
    assert [each["key_usage"] for each in shown["certificates"]] == [
        "digitalSignature",
        "keyAgreement",
    ]
    assert shown["counters"] == []
    assert [each["status"] for each in shown["history"]] == ["pending", "commissioned"]
    _, text = commands.run("show", device["device"])
    assert supplier["serial"] in text
    assert "no remote party has been obeyed yet" in text


def test_who_is_not_there_is_refused(commands: Commands) -> None:
    """A device of another estate, and what is no identifier."""
    code, document = commands.json("show", "0000000000000001")
    assert (code, document["error"]["family"]) == (1, "refused")
    assert "smki estate list" in document["error"]["message"]
    code, document = commands.json("list", "--hub", "xyz")
    assert (code, document["error"]["family"]) == (1, "malformed")


def test_a_house_without_parties_has_no_estate(tmp_path: Path) -> None:
    """Whom its devices would obey is not there: nothing is made, and it says what is missing."""
    code, document = Commands(tmp_path / "none").json("make", "--devices", "1")
    assert (code, document["error"]["family"]) == (3, "unavailable")
    assert not (tmp_path / "none" / "estate.sqlite").exists()
