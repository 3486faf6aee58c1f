"""Campaigns carried in a process: paused, ended, expired, with the wrong key and without one."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from tests.support.carried import NAME, PLAN, Campaign, begun

from smki.adapters.keys import SoftwareAgreementKey
from smki.adapters.sql.campaign_parts import Share, SqlCampaignPart, leave
from smki.adapters.sql.store import Store
from smki.adapters.world import SystemClock
from smki.bootstrap.recoveries import (
    Kept,
    arrangement_of,
    begin_campaign,
    houses,
    members_of,
    recovery_of,
)
from smki.flows.steering import acts_for
from smki.interfaces.key_serving import ServedKey, serve_key
from smki.interfaces.line_time import line_time
from smki.interfaces.recovery_carrying import carry
from smki.interfaces.recovery_part import Line
from smki.ports.campaign_acts import Act
from smki.ports.campaigns import Became, CampaignState, Carried, Member
from smki.ports.links import DeviceLink, FromDevice, NotDelivered
from smki.recovery import Fate, Move, Patience, decide
from smki.recovery.arranging import encode_arranged
from smki.simulator.keys import loaded
from smki.terms import EUI64, Malformed, Refused, Unavailable

CALM: Final = Line(figures={"unreachable": 0.0, "power_failure": 0.0, "loss": 0.0})
ALL_AT_ONCE: Final = replace(PLAN, canaries=0, waves=(1_000,))
DEAF: Final = Line(figures={"unreachable": 1.0})


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Of 24 devices, not carried yet."""
    return begun(tmp_path / "state", 24)


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_a_campaign_is_carried_from_what_is_kept(campaign: Campaign) -> None:
    """Canaries are looked at, the others follow; each device obeyed once, and there is a history."""
    told: list[tuple[int, int]] = []
    with campaign.key():
        first = carry(campaign.settings, NAME, line=CALM)
        assert (first.decided.move, first.fates) == (
            Move.LOOK,
            {Fate.PLANNED: 20, Fate.RECOVERED: 4},
        )
        campaign.look()
        done = carry(campaign.settings, NAME, line=CALM, tell=lambda *each: told.append(each))
        again = carry(campaign.settings, NAME, line=CALM)
    assert (done.decided.move, done.fates) == (Move.DONE, {Fate.RECOVERED: 24})
    assert done.carried.state is CampaignState.ENDED
    assert done.commands >= 20
    assert again.commands == 0
    assert told[-1] == (24, 24)
    assert set(campaign.changed().values()) == {1}
    assert len(campaign.holding()) == 24
    with campaign.kept() as kept:
        points = kept.points.points(NAME)
    assert points[-1].fates == {Fate.RECOVERED: 24}
    assert [one.at for one in points] == sorted(one.at for one in points)


@pytest.mark.clause("sec:L10.9")
def test_nobody_carries_without_the_key_or_with_another(campaign: Campaign) -> None:
    """Without its holder it is unavailable; another key than the decided one commands nothing."""
    with pytest.raises(Unavailable, match="smki recovery activate"):
        carry(campaign.settings, NAME, key_patience=0)
    other = SoftwareAgreementKey(loaded(bytes([7] * 32)), deterministic=True)
    served = ServedKey(name="another", public_key=other.public_key, key=other)
    with (
        serve_key(campaign.recovery.key_socket, served),
        pytest.raises(Refused, match="another is open"),
    ):
        carry(campaign.settings, NAME, line=CALM)
    assert campaign.fates() == {Fate.PLANNED: 24}
    with campaign.key():
        assert carry(campaign.settings, NAME, line=CALM).decided.move is Move.LOOK


class Watched:
    """A line; something happens when the first message is sent over it."""

    def __init__(self, link: DeviceLink, happens: Callable[[], object]) -> None:
        self._link = link
        self._happens = happens
        self.sent = 0

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._link.now

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way."""
        self._link.send(device, message)
        self.sent += 1
        if self.sent == 1:
            self._happens()

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then."""
        return self._link.events(until)


def test_a_pause_takes_effect_within_a_batch(tmp_path: Path) -> None:
    """Who is under way ends, nobody else begins, and that is said; resumed, it goes on; aborted, never."""
    said: list[str] = []
    campaign = begun(tmp_path / "state", 24, replace(ALL_AT_ONCE, otherwise=2))
    with campaign.key(), campaign.kept() as kept:

        def let(state: CampaignState) -> Callable[[DeviceLink], DeviceLink]:
            return lambda link: Watched(link, lambda: kept.campaigns.let(NAME, state))

        through = let(CampaignState.PAUSED)
        paused = carry(campaign.settings, NAME, line=CALM, through=through, say=said.append)
        assert said == [f"{NAME} is paused: what is under way ends first"]
        assert paused.fates == {Fate.PLANNED: 20, Fate.RECOVERED: 4}
        assert carry(campaign.settings, NAME, line=CALM).commands == 0
        kept.campaigns.let(NAME, CampaignState.RUNNING)
        aborted = carry(campaign.settings, NAME, line=CALM, through=let(CampaignState.ABORTED))
        assert aborted.fates == {Fate.PLANNED: 16, Fate.RECOVERED: 8}
        assert aborted.carried.state is CampaignState.ABORTED
        assert carry(campaign.settings, NAME, line=CALM).commands == 0
    assert len(campaign.holding()) == 8


def test_a_campaign_that_is_paused_as_its_last_devices_end_has_ended(tmp_path: Path) -> None:
    """Nothing is left for which it could be resumed."""
    campaign = begun(tmp_path / "state", 4, ALL_AT_ONCE)
    with campaign.key(), campaign.kept() as kept:
        pause = partial(kept.campaigns.let, NAME, CampaignState.PAUSED)
        done = carry(campaign.settings, NAME, line=CALM, through=lambda link: Watched(link, pause))
    assert done.fates == {Fate.RECOVERED: 4}
    assert (done.decided.move, done.carried.state) == (Move.DONE, CampaignState.ENDED)


@pytest.mark.clause("sec:L10")
def test_an_expired_decision_stops_it(tmp_path: Path) -> None:
    """After the instant that the decision names nothing is commanded, and it is said why."""
    expired = replace(PLAN, expires=datetime(2026, 1, 1, tzinfo=UTC))
    campaign = begun(tmp_path / "state", 8, expired)
    with campaign.key():
        done = carry(campaign.settings, NAME, line=CALM)
    assert (done.decided.move, done.commands) == (Move.STOP, 0)
    assert "decision PMA/21/4 expired" in done.decided.findings[0].message
    assert campaign.fates() == {Fate.PLANNED: 8}
    assert campaign.holding() == set()


def test_devices_that_are_never_reached_are_a_residue_with_reasons(tmp_path: Path) -> None:
    """Tried as often as was planned, each says why; nothing in it was recovered."""
    plan = replace(
        ALL_AT_ONCE,
        patience=Patience(tries=2, first=timedelta(hours=1)),
        stop_at=replace(PLAN.stop_at, failed_per_thousand=1_000),
    )
    campaign = begun(tmp_path / "state", 8, plan)
    with campaign.key():
        done = carry(campaign.settings, NAME, line=DEAF)
    assert (done.decided.move, done.fates) == (Move.DONE, {Fate.OUT_OF_REACH: 8})
    with campaign.kept() as kept:
        members = kept.campaigns.members(NAME, None, 10)
    assert {(one.tries, one.why) for one in members} == {(2, "the line did not deliver it")}


def test_more_processes_than_the_slowest_network_takes_are_refused(tmp_path: Path) -> None:
    """A share of a rate below one command a second is none: the decided rate is kept."""
    campaign = begun(tmp_path / "state", 4, replace(PLAN, per_second={"south": 3}))
    with campaign.kept() as kept:
        for parts, rates in ((3, {"south": 1}), (2, {"south": 1}), (1, {"south": 3})):
            one = _part(kept.estate.store, f"a-{parts}", parts).campaign(NAME)
            assert one is not None
            assert (one.plan.per_second, one.plan.otherwise) == (rates, 50 // parts)
        with pytest.raises(Refused, match="4 processes, must be at most 3"):
            _part(kept.estate.store, "a-4", 4).campaign(NAME)


def test_who_takes_over_a_place_has_its_devices_at_once(campaign: Campaign) -> None:
    """A process that died is replaced in its place, or believed dead when it is silent; never before."""
    with campaign.kept() as kept:
        dead, beside = (_part(kept.estate.store, place) for place in ("run-0", "run-1"))
        dead.begin_part()
        beside.begin_part()
        had = _leased(dead)
        assert len(had) == 4
        assert _leased(beside) == set()
        assert beside.beat() == 0
        again = _part(kept.estate.store, "run-0", 2)
        assert again.begin_part() == 4
        assert _leased(again) == had
        assert _leased(_part(kept.estate.store, "run", 3)) == set()
        impatient = _part(kept.estate.store, "run-2", silence=timedelta())
        assert impatient.beat() == 4
        assert _leased(impatient) == had
        impatient.end_part()
        assert _leased(beside) == had


@pytest.mark.clause("sec:L10")
def test_time_never_goes_back_because_a_process_was_killed(campaign: Campaign) -> None:
    """Its devices are taken over no earlier than it took them; the line begins where devices ended."""
    with campaign.kept() as kept:
        dead, after = (_part(kept.estate.store, place) for place in ("run-0", "run-1"))
        dead.begin_part()
        far = SystemClock().now() + timedelta(days=3)  # a simulated line was ahead of the clock
        had = _leased(dead, far)
        first = min(had)
        assert line_time(kept) < far
        ended = far + timedelta(hours=6)
        said = Became(device=first, fate=Fate.SILENT, command=b"\xdf", at=ended)
        assert dead.settle(NAME, dead.worker, [said]) == 1
        assert line_time(kept) == ended
        leave(kept.estate.store, NAME, ["run-0"])
        assert _leased(after, far - timedelta(microseconds=1)) == set()
        assert _leased(after, far) == had - {first}


def _leased(part: SqlCampaignPart, at: datetime | None = None) -> set[EUI64]:
    now = at or SystemClock().now()
    found = part.lease(NAME, 0, part.worker, at=now, until=now, most={"central": 100, "south": 100})
    return {one.device for one in found}


def test_a_campaign_is_found_where_it_is(campaign: Campaign, tmp_path: Path) -> None:
    """Its name leads to its house; other materials under the same name, or no name, are refused."""
    recovery = campaign.recovery
    assert not recovery.rehearsal
    (tmp_path / "state" / "recoveries" / "drill" / "house").mkdir(parents=True)
    drill = recovery_of(campaign.settings, "drill.second")
    assert drill.rehearsal
    assert drill.house.state == tmp_path / "state" / "recoveries" / "drill" / "house"
    assert [one.state for one in houses(campaign.settings)] == [tmp_path / "state"]
    (drill.house.state / "estate.sqlite").touch()
    assert [one.state for one in houses(campaign.settings)] == [
        tmp_path / "state",
        drill.house.state,
    ]
    for name in ("../x", "a.b.c", "A", "", "a" * 65):
        with pytest.raises(Malformed, match="small letters"):
            recovery_of(campaign.settings, name)
    with pytest.raises(Refused, match="there is none"):
        carry(campaign.settings, "nobody")
    arranged = arrangement_of(recovery)
    with campaign.kept() as kept:
        now = SystemClock().now()
        begin_campaign(recovery, kept, PLAN, arranged, (), now)
        with pytest.raises(Refused, match="other materials"):
            begin_campaign(recovery, kept, PLAN, replace(arranged, top_up_floor=1), (), now)


def test_a_beginning_that_was_cut_off_is_begun_again(campaign: Campaign) -> None:
    """Materials were written, the campaign was not: later floors take their place, and it is there."""
    recovery = recovery_of(campaign.settings, "cut-off")
    arranged = arrangement_of(campaign.recovery)
    recovery.arrangement.parent.mkdir(parents=True)
    recovery.arrangement.write_bytes(encode_arranged(arranged))
    later = replace(arranged, top_up_floor=arranged.top_up_floor + 1)
    with campaign.kept() as kept:
        begin_campaign(recovery, kept, PLAN, later, (), SystemClock().now())
    assert arrangement_of(recovery) == later


def _part(
    store: Store, place: str, parts: int = 1, silence: timedelta = timedelta(days=1)
) -> SqlCampaignPart:
    return SqlCampaignPart(
        store,
        Share(campaign=NAME, place=place, worker=f"{place}/{parts}", parts=parts),
        clock=SystemClock(),
        line=SystemClock().now,
        silence=silence,
    )


@pytest.mark.clause("sec:L10")
def test_what_follows_in_a_recovery_is_later_on_its_line(campaign: Campaign) -> None:
    """The next campaign of the recovery begins where the one before ended, not where the clock is."""
    name = f"{NAME}.later"
    with campaign.kept() as kept:
        first = _part(kept.estate.store, "run-0")
        first.begin_part()
        ended = SystemClock().now() + timedelta(days=3)
        became = [
            Became(device=one, fate=Fate.SILENT, command=b"\xdf", at=ended)
            for one in _leased(first)
        ]
        assert first.settle(NAME, first.worker, became) == len(became)
        _begin(campaign, kept, name)
        assert line_time(kept, "another") < ended
    with _key_for(campaign, name):
        done = carry(campaign.settings, name, line=CALM)
    assert done.fates == {Fate.RECOVERED: 24}
    with campaign.kept() as kept:
        assert min(one.at for one in kept.campaigns.evidence(name, None, 100)) > ended


@pytest.mark.clause("sec:L10")
def test_a_campaign_without_all_its_devices_is_not_carried(campaign: Campaign) -> None:
    """Cut off while devices were put in: nobody takes the others for recovered; begun again, it goes on."""
    name = f"{NAME}.cut"
    with campaign.kept() as kept:

        def some(devices: Iterator[Member]) -> Iterator[Member]:
            yield next(devices)
            raise Unavailable("cut off")

        with pytest.raises(Unavailable, match="cut off"):
            _begin(campaign, kept, name, some)
        with _key_for(campaign, name), pytest.raises(Refused, match="not all its devices"):
            carry(campaign.settings, name, line=CALM)
        there = kept.campaigns.campaign(name)
        assert there is not None
        assert (there.state, there.whole) == (CampaignState.RUNNING, False)
        assert Act.ABORT in acts_for(there, decide(there.plan, (), there.begun), there.begun)
        assert _begin(campaign, kept, name).whole
    with _key_for(campaign, name):
        assert carry(campaign.settings, name, line=CALM).fates == {Fate.RECOVERED: 24}


def _begin(
    campaign: Campaign,
    kept: Kept,
    name: str,
    given: Callable[[Iterator[Member]], Iterator[Member]] = iter,
) -> Carried:
    """A campaign of that name, of all devices, with what the first one places."""
    return begin_campaign(
        recovery_of(campaign.settings, name),
        kept,
        ALL_AT_ONCE,
        arrangement_of(campaign.recovery),
        given(members_of(kept.estate, ALL_AT_ONCE, lambda _: True)),
        SystemClock().now(),
    )


def _key_for(campaign: Campaign, name: str) -> AbstractContextManager[None]:
    """The contingency key is open for that campaign."""
    served = ServedKey(
        name="contingency",
        public_key=campaign.signer.public_key,
        key=campaign.signer,
        symmetric=lambda: campaign.symmetric_key,
    )
    return serve_key(recovery_of(campaign.settings, name).key_socket, served)
