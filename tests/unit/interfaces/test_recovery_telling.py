"""What is told of a campaign ends with what can be done about it, and nothing that cannot."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from smki.flows.steering import acts_for
from smki.interfaces.recovery_telling import next_words
from smki.ports.campaign_acts import Act
from smki.ports.campaigns import CampaignState, Carried
from smki.recovery import CampaignPlan, Compromised, Fate, Method, WaveCounts, decide

AT: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=30),
    per_second={},
)
_COMMANDS: Final = {
    Act.LOOK: "smki recovery look lost",
    Act.RESUME: "smki recovery resume lost",
    Act.ABORT: "smki recovery abort lost",
}


@pytest.mark.parametrize(
    ("fates", "at", "advised"),
    [
        ({Fate.RECOVERED: 6}, AT, {Act.LOOK}),
        ({Fate.RECOVERED: 3, Fate.SILENT: 3}, AT, {Act.LOOK, Act.ABORT}),
        ({Fate.PLANNED: 6}, PLAN.expires, {Act.ABORT}),
    ],
    ids=["canaries ended", "too many failed", "decision expired"],
)
def test_what_is_advised_can_be_done(
    fates: dict[Fate, int], at: datetime, advised: set[Act]
) -> None:
    """Looking lets a stopped campaign go on, resuming does not; an expired one can be ended only."""
    decided = decide(PLAN, [WaveCounts(wave=0, fates=fates)], at)
    running = Carried(
        name="lost", plan=PLAN, state=CampaignState.RUNNING, looked_at=-1, begun=AT, whole=True
    )
    said = next_words("lost", "running", decided)
    assert {act for act, command in _COMMANDS.items() if command in said} == advised
    assert advised <= set(acts_for(running, decided, at))


def test_a_campaign_that_is_paused_is_resumed_first() -> None:
    """Whatever is next in it."""
    decided = decide(PLAN, [WaveCounts(wave=0, fates={Fate.PLANNED: 6})], AT)
    assert "smki recovery resume lost" in next_words("lost", "paused", decided)
    assert "smki recovery carry lost" in next_words("lost", "running", decided)


def test_a_rehearsals_campaign_is_carried_by_the_rehearsal() -> None:
    """It has the keys; whoever carries it by itself would wait for them in vain."""
    decided = decide(PLAN, [WaveCounts(wave=0, fates={Fate.PLANNED: 6})], AT)
    assert "smki recovery rehearse" in next_words("lost", "running", decided, rehearsal=True)
    assert "smki recovery resume lost" in next_words("lost", "paused", decided, rehearsal=True)
