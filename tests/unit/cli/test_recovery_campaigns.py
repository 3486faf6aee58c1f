"""`smki recovery` over a campaign: carried, looked at, steered, and who is left."""

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from tests.support.carried import NAME, PLAN, Campaign, begun

from smki.interfaces.cli import main, recovery_campaigns
from smki.recovery import Fate

DEVICES: Final = 12
SEED: Final = "5"


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Of a dozen devices, with its key open; the tests of this file go through its life in order."""
    state = tmp_path_factory.mktemp("carried") / "state"
    made = begun(
        state, DEVICES, replace(PLAN, stop_at=replace(PLAN.stop_at, failed_per_thousand=999))
    )
    (state / "smki.toml").write_text("[line.regions.central]\nunreachable = 0.5\n")
    with made.key():
        yield made


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(campaign: Campaign) -> Run:
    """The command line over it: exit code and what it says."""

    def invoke(*arguments: str) -> tuple[int, str]:
        environment = {"SMKI_STATE": str(campaign.state), "COLUMNS": "200"}
        done = CliRunner().invoke(main, ["recovery", *arguments], env=environment)
        return done.exit_code, done.stdout

    return invoke


def _json(run: Run, *arguments: str) -> tuple[int, Any]:
    code, out = run(*arguments, "--json")
    return code, json.loads(out)


def test_a_campaign_that_was_begun_is_listed(run: Run) -> None:
    """Its name, how it stands, and that it is no rehearsal; without one there is none."""
    code, listed = _json(run, "list")
    assert code == 0
    (one,) = listed["campaigns"]
    assert (one["name"], one["state"], one["devices"], one["recovered"]) == (NAME, "running", 12, 0)
    assert one["rehearsal"] is False
    code, status = _json(run, "status", NAME)
    assert (code, status["next"]["move"], status["carriers"]) == (0, "go-on", 0)
    assert status["per_second"] is None
    assert "no rate yet" in run("status", NAME)[1]


@pytest.mark.clause("sec:L10")
def test_it_is_carried_to_its_canaries_and_looked_at(run: Run) -> None:
    """The others wait until somebody looked; who did it, and when, is kept."""
    code, carried = _json(run, "carry", NAME, "--seed", SEED)
    assert (code, carried["next"]["move"], carried["fates"]["planned"]) == (0, "look", 8)
    code, out = run("status", NAME)
    assert "its canaries are to be looked at" in out
    assert "smki recovery look smki-53" in out
    assert _json(run, "look", NAME) == (0, {"name": NAME, "state": "running", "looked_at": 0})
    (acted,) = _json(run, "status", NAME)[1]["acts"]
    assert (acted["act"], acted["wave"]) == ("look", 0)
    assert acted["by"].endswith(", by command")


def test_paused_nothing_is_commanded_and_resumed_it_goes_on(run: Run) -> None:
    """Pause and resume, each only where it makes sense."""
    assert run("pause", NAME)[0] == 0
    code, error = _json(run, "pause", NAME)
    assert code == 1
    assert "must be resume or abort" in error["error"]["message"]
    code, carried = _json(run, "carry", NAME, "--seed", SEED)
    assert (code, carried["commands"], carried["state"]) == (0, 0, "paused")
    assert "smki recovery resume" in run("status", NAME)[1]
    assert run("resume", NAME)[0] == 0


def test_a_cluster_that_is_not_there_is_unavailable(run: Run) -> None:
    """No scheduler at that address, or no `distributed` here: exit code 3, with what must be."""
    code, error = _json(run, "carry", NAME, "--dask", "nonsense://nowhere")
    assert (code, error["error"]["family"]) == (3, "unavailable")
    assert "cluster" in error["error"]["message"]


def test_it_is_carried_to_its_end_and_says_who_is_left(
    run: Run, campaign: Campaign, tmp_path: Path
) -> None:
    """Counts, rate and history agree with the devices; the residue names each with its reason."""
    code, carried = _json(run, "carry", NAME, "--seed", SEED)
    assert (code, carried["state"], carried["next"]["move"]) == (0, "ended", "done")
    code, status = _json(run, "status", NAME)
    assert status["recovered"] + status["residue"] == DEVICES
    assert 0 < status["residue"] < DEVICES
    assert status["recovered"] == len(campaign.holding())
    assert status["fates"] == {fate.value: campaign.fates()[fate] for fate in Fate}
    assert sum(wave["devices"] for wave in status["waves"]) == DEVICES
    for groups in ("by_kind", "by_make", "by_region"):
        assert sum(sum(fates.values()) for fates in status[groups].values()) == DEVICES
    assert status["points"][-1]["fates"]["recovered"] == status["recovered"]
    out = tmp_path / "residue.csv"
    code, told = _json(run, "residue", NAME, "--out", str(out))
    assert (code, told["devices"]) == (0, status["residue"])
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == status["residue"]
    assert all(row["why"] and row["tries"] == "4" for row in rows)
    assert _json(run, "residue", NAME)[1]["devices"] == len(rows)
    assert run("residue", NAME, "--out", str(out))[0] == 1  # never overwritten
    assert run("abort", NAME)[0] == 1  # it is over
    campaign.recovery.key_socket.unlink()  # nobody has the key open
    code, again = _json(run, "carry", NAME)
    assert (code, again["state"], again["commands"]) == (0, "ended", 0)
    assert again["fates"] == status["fates"]


def test_rehearsals_are_listed_below(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Their clocks run ahead: what is newest of the SMKI's own stands above them, and is told apart."""
    shape = {"state": "running", "devices": 1, "recovered": 0, "method": "method-3"}
    rows = [
        {**shape, "name": name, "made": made, "rehearsal": name == "drill"}
        for name, made in (("old", "2026"), ("drill", "2099"), ("new", "2027"))
    ]
    monkeypatch.setattr(recovery_campaigns, "_rows", lambda _: iter(rows))
    code, listed = run("list")
    assert (code, [line.split(":")[0] for line in listed.splitlines()]) == (
        0,
        ["new", "old", "rehearsal drill"],
    )


@pytest.mark.parametrize(
    "arguments",
    [("status",), ("pause",), ("carry",), ("residue",), ("look",)],
)
def test_a_campaign_that_is_not_there_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    """Whatever is asked of it, in a house with an estate and in one without."""
    code, error = _json(run, *arguments, "nobody")
    assert (code, error["error"]["family"]) == (1, "refused")
    assert "smki recovery list" in error["error"]["message"]
    assert run(*arguments, "No Name")[0] == 1


def test_without_an_estate_there_is_no_campaign(tmp_path: Path) -> None:
    """An empty state directory lists none and refuses the rest."""
    environment = {"SMKI_STATE": str(tmp_path)}
    listed = CliRunner().invoke(main, ["recovery", "list"], env=environment)
    assert (listed.exit_code, listed.stdout) == (0, "no campaign yet\n")
    status = CliRunner().invoke(main, ["recovery", "status", NAME], env=environment)
    assert status.exit_code == 1


def test_a_seed_is_not_for_hubs_that_are_served(run: Run) -> None:
    """They have their own, and their own figures: wrong use."""
    assert run("carry", NAME, "--served", "--seed", "1")[0] == 2
    assert run("carry", NAME, "--served", "--loss", "0.5")[0] == 2
