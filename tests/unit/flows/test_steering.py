"""What people may do to a campaign, and that it is known who did."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from smki.adapters.sql.campaign_acts import SqlCampaignActs
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.flows.steering import acts_for, steer
from smki.ports.campaign_acts import Act, Acted
from smki.ports.campaigns import Became, CampaignState, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method, decide
from smki.terms import EUI64, Refused

AT: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=1),
    waves=(1_000,),
    canaries=1,
    per_second={},
)
Kept = tuple[SqlCampaigns, SqlCampaignActs]
pytestmark = pytest.mark.clause("sec:L10")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """A campaign of a canary and another device."""
    with closing(SqlEstate(f"sqlite:///{tmp_path}/estate.sqlite")) as estate:
        campaigns = SqlCampaigns(estate.store)
        campaigns.begin("first", PLAN, AT)
        campaigns.enlist("first", [member(n) for n in (0, 1)])
        yield campaigns, SqlCampaignActs(estate.store)


def member(number: int) -> Member:
    """A meter; the first is the canary."""
    device = EUI64(bytes([*bytes(7), number]))
    return Member(device=device, kind="esme", make="a", region="north", wave=number)


def end(campaigns: SqlCampaigns, wave: int, fate: Fate = Fate.RECOVERED) -> None:
    """The device of that wave has come to this end."""
    until = AT + timedelta(hours=1)
    (one,) = campaigns.lease("first", wave, "w", at=AT, until=until, most={"north": 1})
    became = Became(device=one.device, fate=fate, command=b"c", response=b"r", at=AT)
    assert campaigns.settle("first", "w", [became]) == 1


def may(campaigns: SqlCampaigns, at: datetime = AT) -> tuple[Act, ...]:
    """What may be done then."""
    carried = campaigns.campaign("first")
    assert carried is not None
    decided = decide(PLAN, campaigns.counts("first"), at, carried.looked_at)
    return acts_for(carried, decided, at)


def test_whoever_looks_does_not_undo_a_pause(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused by somebody else between two lines: it stays paused, and what was looked at is kept."""
    campaigns, acts = kept
    end(campaigns, 0)
    note = SqlCampaignActs.note

    def meanwhile(self: SqlCampaignActs, name: str, acted: Acted) -> None:
        note(self, name, acted)
        campaigns.let(name, CampaignState.PAUSED)

    monkeypatch.setattr(SqlCampaignActs, "note", meanwhile)
    looked = steer(campaigns, acts, "first", Act.LOOK, by="cat", at=AT)
    assert (looked.state, looked.looked_at) == (CampaignState.PAUSED, 0)


def test_each_act_takes_effect_and_says_who(kept: Kept) -> None:
    """Paused, resumed, looked at, ended: the state follows, and who did each is kept in order."""
    campaigns, acts = kept
    assert may(campaigns) == (Act.PAUSE, Act.ABORT)
    assert steer(*kept, "first", Act.PAUSE, by="ann", at=AT).state is CampaignState.PAUSED
    assert may(campaigns) == (Act.RESUME, Act.ABORT)
    assert steer(*kept, "first", Act.RESUME, by="ben", at=AT).state is CampaignState.RUNNING
    end(campaigns, 0)
    assert may(campaigns) == (Act.LOOK, Act.PAUSE, Act.ABORT)
    looked = steer(*kept, "first", Act.LOOK, by="cat", at=AT)
    assert (looked.state, looked.looked_at) == (CampaignState.RUNNING, 0)
    assert steer(*kept, "first", Act.ABORT, by="dan", at=AT).state is CampaignState.ABORTED
    assert may(campaigns) == ()
    assert [(one.act, one.by, one.wave) for one in acts.acts("first")] == [
        (Act.ABORT, "dan", None),
        (Act.LOOK, "cat", 0),
        (Act.RESUME, "ben", None),
        (Act.PAUSE, "ann", None),
    ]
    assert acts.acts("first")[-1] == Acted(act=Act.PAUSE, by="ann", at=AT)
    assert acts.acts("other") == ()


def test_a_look_leaves_a_pause(kept: Kept) -> None:
    """Whoever looks at the canaries of a paused campaign does not let it run."""
    end(kept[0], 0)
    steer(*kept, "first", Act.PAUSE, by="ann", at=AT)
    assert may(kept[0]) == (Act.LOOK, Act.RESUME, Act.ABORT)
    assert steer(*kept, "first", Act.LOOK, by="ann", at=AT).state is CampaignState.PAUSED


def test_what_makes_no_sense_is_refused(kept: Kept) -> None:
    """Nothing is noted of what is refused, and the refusal says what may be done."""
    campaigns, acts = kept
    with pytest.raises(Refused, match=r"look asked for .* wave 0 goes on, must be pause or abort"):
        steer(*kept, "first", Act.LOOK, by="ann", at=AT)
    with pytest.raises(Refused, match="there is none"):
        steer(*kept, "other", Act.PAUSE, by="ann", at=AT)
    assert acts.acts("first") == ()
    end(campaigns, 0)
    steer(*kept, "first", Act.LOOK, by="ann", at=AT)
    end(campaigns, 1)
    assert may(campaigns) == ()
    with pytest.raises(Refused, match="must be nothing any more"):
        steer(*kept, "first", Act.PAUSE, by="ann", at=AT)


def test_looking_does_not_outlive_the_decision(kept: Kept) -> None:
    """A campaign whose decision expired can be paused or ended, but not looked at to go on."""
    late = PLAN.expires
    assert may(kept[0], late) == (Act.PAUSE, Act.ABORT)
    end(kept[0], 0, Fate.REFUSED)
    assert Act.LOOK in may(kept[0])
    assert Act.LOOK not in may(kept[0], late)
