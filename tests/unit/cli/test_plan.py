"""`smki plan`: what is given is calculated with, what is not is measured, and both are said."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from smki.interfaces.cli import main

GIVEN: Final = ("--making", "10000", "--signing", "1000", "--cores", "2")


def plan(state: Path, *arguments: str) -> tuple[int, Any]:
    """Exit code and document of `smki plan` over a state directory in which there is nothing."""
    done = CliRunner().invoke(
        main, ("plan", *arguments, "--json"), env={"SMKI_STATE": str(state / "none")}
    )
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.clause("sec:L10")
def test_hours_commands_and_disk(tmp_path: Path) -> None:
    """Fifty million devices by contingency: the slowest network decides, and everything is said."""
    code, found = plan(tmp_path, "--devices", "50000000", *GIVEN, "--rate", "north=10")
    assert code == 0
    assert found["devices"] == 50_000_000
    assert found["slowest"] == "network of north"
    north = sum(lot["devices"] for lot in found["lots"] if lot["region"] == "north")
    assert found["hours"] == pytest.approx(north / 0.98 / 10 / 3_600, rel=1e-3)
    assert found["commands"] == pytest.approx(50_000_000 / 0.98, rel=1e-6)
    sent = sum(
        lot["devices"] * (each["command_octets"] + each["response_octets"])
        for lot in found["lots"]
        for each in lot["commands"]
    )
    assert sent < found["disk_octets"] < 2 * sent
    assert found["octets_down"] > found["octets_up"] > 0
    assert found["machine_hours"]["1"] == pytest.approx(found["commands"] / 1e4 / 3_600, rel=1e-3)
    assert any("10 commands" in one for one in found["assumptions"])


def test_devices_are_handed_back_and_read_back(tmp_path: Path) -> None:
    """By method 2 a device is commanded twice, and asked what it holds; hubs are left out."""
    code, found = plan(tmp_path, "--devices", "1000", "--method", "method-2", "--read-back", *GIVEN)
    assert code == 0
    assert {len(lot["commands"]) for lot in found["lots"]} == {3}
    assert set(found["left_out"]) == {"chf", "ppmid"}
    assert found["devices"] + sum(found["left_out"].values()) == 1_000


def test_issuing_is_planned_too(tmp_path: Path) -> None:
    """Certificates come in batches of what the interface takes, worked through by night."""
    code, found = plan(
        tmp_path, "--issue", "1000000", "--issuing", "100", "--cores", "1", "--night", "2"
    )
    assert code == 0
    issuing = found["issuing"]
    assert (issuing["batches"], issuing["nights"], issuing["batches_a_night"]) == (20, 2, 14)
    assert issuing["hours"] == pytest.approx(2.778, abs=0.001)
    assert issuing["record_octets"] > 300_000_000


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        ((), 2, "one of --devices, --estate and --issue"),
        (("--devices", "1", "--estate"), 2, "one of them"),
        (("--devices", "1", "--rate", "north"), 2, "REGION=NUMBER"),
        (("--devices", "1", "--rate", "north=1", "--rate", "north=2"), 2, "each region once"),
        (("--devices", "1", "--rate", "east=1", *GIVEN), 1, "rate of east"),
        (("--devices", "1", "--method", "method-1", "--key", "root-oca"), 1, "by-contingency"),
        (("--estate", *GIVEN), 3, "no estate"),
    ],
)
def test_what_cannot_be_planned(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    """Each wrong question is answered with what was found and what was expected."""
    code, found = plan(tmp_path, *arguments)
    assert (code, said in found["error"]["message"]) == (exit_code, True), found
