"""How fast devices are commanded: as the networks take, whoever is silent, and no more after the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from tests.support.carried import NAME, PLAN, Campaign, begun

from smki.adapters.world import SystemClock
from smki.bootstrap.recoveries import Kept
from smki.interfaces.recovery_carrying import carry
from smki.interfaces.recovery_part import Line
from smki.ports.links import DeviceLink, FromDevice, NotDelivered
from smki.recovery import CampaignPlan, Fate, Move
from smki.terms import EUI64
from smki.wire.gbcs.frame import parse_message

RATE: Final = 2  # commands a second in each of two regions
BURST_SECONDS: Final = 10  # that a carrier looks at it again at the latest, while it is busy
ALL: Final = replace(
    PLAN,
    canaries=0,
    waves=(1_000,),
    otherwise=RATE,
    stop_at=replace(PLAN.stop_at, failed_per_thousand=1_000),
)
READ: Final = 0x0008  # CS02a


class Noted:
    """A line; each first sending of a message is noted with its time."""

    def __init__(self, link: DeviceLink) -> None:
        self._link = link
        self.sent: dict[bytes, tuple[EUI64, int, datetime]] = {}

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._link.now

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way."""
        code = parse_message(message).header.message_code
        self.sent.setdefault(message, (device, code, self.now))
        self._link.send(device, message)

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then."""
        return self._link.events(until)


def _carried(campaign: Campaign, figures: dict[str, float]) -> tuple[Noted, Move]:
    lines: list[Noted] = []

    def through(link: DeviceLink) -> Noted:
        lines.append(Noted(link))
        return lines[-1]

    with campaign.key():
        done = carry(campaign.settings, NAME, line=Line(figures=figures), through=through)
    return lines[0], done.decided.move


@pytest.mark.clause("sec:L10")
def test_a_network_is_given_what_it_takes_and_nobody_is_waited_for(tmp_path: Path) -> None:
    """No stretch of time has more commands than its rate; devices that are silent hold nobody up."""
    campaign = begun(tmp_path / "state", 80, ALL)
    line, move = _carried(campaign, {"unreachable": 0.1, "power_failure": 0.0})
    assert move is Move.DONE
    silent = 80 - campaign.fates()[Fate.RECOVERED]
    assert silent > 0
    first: dict[EUI64, datetime] = {}
    for device, code, at in line.sent.values():
        if code != READ:
            first.setdefault(device, at)
    times = sorted(first.values())
    assert len(times) == 80
    for start in times:
        together = sum(start <= at < start + timedelta(seconds=BURST_SECONDS) for at in times)
        assert together <= 2 * 2 * RATE * BURST_SECONDS
    assert times[-1] - times[0] < timedelta(minutes=5)  # to wait for the silent ones takes hours
    assert times[-1] - times[0] > timedelta(seconds=80 / (2 * RATE) / 2)


def test_what_came_to_an_end_is_kept_soon(tmp_path: Path) -> None:
    """As long as others are under way for hours, what is known of the rest is on the disk."""
    campaign = begun(tmp_path / "state", 30, replace(ALL, otherwise=1_000))
    found: list[Counter[Fate]] = []

    class Looked(Noted):
        def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
            if not found and self.now > began + timedelta(hours=1):
                found.append(campaign.fates())
            return super().events(until)

    began = SystemClock().now()
    with campaign.key():
        carry(
            campaign.settings,
            NAME,
            line=Line(figures={"unreachable": 0.2, "power_failure": 0.0}),
            through=Looked,
        )
    assert found[0][Fate.RECOVERED] == campaign.fates()[Fate.RECOVERED] > 0
    assert found[0][Fate.UNDER_WAY] > 0


def _leased_by_the_dead(kept: Kept, plan: CampaignPlan) -> None:
    """Somebody had them all, and died."""
    now = SystemClock().now()
    most = dict.fromkeys(("central", "south"), 100)
    leased = kept.campaigns.lease(
        NAME, 1, "dead", at=now, until=now + timedelta(seconds=1), most=most
    )
    assert len(leased) == 8
    assert plan.expires > now


@pytest.mark.clause("sec:L10")
def test_after_the_decision_expired_nothing_is_commanded(tmp_path: Path) -> None:
    """Devices that a process left are asked before that; what they say leads to no command after it."""
    plan = replace(ALL, expires=(SystemClock().now() + timedelta(hours=2)).replace(microsecond=0))
    campaign = begun(tmp_path / "state", 8, plan)
    with campaign.kept() as kept:
        _leased_by_the_dead(kept, plan)
    line, move = _carried(campaign, {"unreachable": 0.0, "power_failure": 0.0, "loss": 0.0})
    assert move is Move.STOP
    assert {code for _, code, _ in line.sent.values()} == {READ}
    assert campaign.holding() == set()
    assert campaign.fates() == {Fate.PLANNED: 8}
