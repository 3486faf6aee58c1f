"""A campaign over hubs that another process serves, in their time."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.carried import NAME, PLAN, Campaign, begun
from tests.support.served_line import ServedLine

from smki.interfaces.recovery_carrying import carry
from smki.interfaces.recovery_part import Line
from smki.recovery import Fate, Move
from smki.terms import Unavailable

DEVICES = 8


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Over a calm line whose hours pass in seconds."""
    made = begun(tmp_path / "state", DEVICES, replace(PLAN, canaries=0, waves=(1_000,)))
    calm = "unreachable = 0.0\npower_failure = 0.0\nloss = 0.0\n"
    regions = "".join(f"[line.regions.{name}]\n{calm}" for name in ("central", "south"))
    (made.state / "smki.toml").write_text(f"[line]\nport = 0\npace = 1000.0\n{regions}")
    return made


@pytest.fixture
def hubs(campaign: Campaign) -> Iterator[ServedLine]:
    """The hubs, not served yet; killed afterwards."""
    made = ServedLine(campaign.state)
    yield made
    made.kill()


@pytest.mark.clause("sec:L10")
def test_served_devices_are_recovered(campaign: Campaign, hubs: ServedLine) -> None:
    """Each obeyed once; line time passed as the hubs say; without the hubs it is unavailable."""
    with campaign.key():
        with pytest.raises(Unavailable):
            carry(campaign.settings, NAME, line=Line(served=True))
        hubs.begin()
        started = time.monotonic()
        done = carry(campaign.settings, NAME, line=Line(served=True))
        assert (done.decided.move, done.fates) == (Move.DONE, {Fate.RECOVERED: DEVICES})
        assert done.line_seconds < (time.monotonic() - started) * 1000
    assert set(campaign.changed().values()) == {1}
    assert len(campaign.holding()) == DEVICES
