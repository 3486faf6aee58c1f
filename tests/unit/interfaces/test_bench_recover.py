"""What `smki bench recover` finds is found over real devices, and says what it counted."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.store import Store
from smki.interfaces.bench_recover import MODES, bench_recover
from smki.interfaces.cli import main
from smki.recovery import Fate
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

KEYS = {
    "count",
    "processes",
    "mode",
    "seconds",
    "per_second",
    "limit_per_second",
    "ratio",
    "device_seconds",
    "command_octets",
    "kept_octets",
    "peak_rss_mib",
}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: f"mode-{int(mode)}")
def test_every_device_is_recovered_and_its_evidence_kept(
    tmp_path: Path, mode: CredentialsReplacementMode
) -> None:
    """One command and one answer of each, whole; what they took is told apart from the devices."""
    figures = bench_recover(tmp_path / "state", 21, mode, lambda *_: None)
    assert (figures.count, figures.mode) == (21, int(mode))
    assert figures.device_seconds > 0
    assert figures.ratio == pytest.approx(figures.per_second / figures.limit_per_second, abs=0.01)
    store = Store(f"sqlite:///{tmp_path / 'state' / 'recovery.sqlite'}")
    campaigns = SqlCampaigns(store)
    canaries, rest = campaigns.counts("benchmark")
    evidence = campaigns.evidence("benchmark", None, 100)
    store.engine.dispose()
    assert rest.fates == {Fate.RECOVERED: 21}
    assert set(canaries.fates) == {Fate.RECOVERED}
    assert len(evidence) == canaries.devices + rest.devices
    assert max(len(one.command) for one in evidence) <= figures.command_octets
    for one in evidence:
        command, response = parse_message(one.command).header, parse_message(one.response).header
        assert command.message_code == response.message_code == mode.message_code
        assert command.recipient == response.originator == one.device
        assert command.counter == response.counter


def test_the_command_prints_one_document() -> None:
    """`--json`: the promised keys; without it, what a person wants to know."""
    words = ["bench", "recover", "--devices", "7"]
    done = CliRunner().invoke(main, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert set(json.loads(done.stdout)) == KEYS
    told = CliRunner().invoke(main, [*words, "--mode", "8"])
    assert told.exit_code == 0, told.output
    assert "7 devices recovered by mode 8" in told.stdout
    assert "inside devices" in told.stdout
    assert CliRunner().invoke(main, [*words, "--mode", "2"]).exit_code == 2
