"""A campaign in PostgreSQL: leased by several at once, taken over, settled, with its history."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.support.postgresql import postgresql_server

from smki.adapters.sql.campaign_parts import Share, SqlCampaignPart, at_work
from smki.adapters.sql.campaign_points import SqlCampaignPoints
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.store import Store
from smki.adapters.world import SystemClock
from smki.ports.campaigns import Became, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method
from smki.terms import EUI64

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NAME: Final = "first"
SECOND: Final = "second"
DEVICES: Final = 200
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.RECOVERY,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=60),
    per_second={},
)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A database of PostgreSQL, in which each test has a campaign of its own."""
    with postgresql_server() as server, closing(SqlEstate(server.get_uri())) as estate:
        yield estate.store


def _part(
    store: Store, place: str, process: str, silence: timedelta, name: str = NAME
) -> SqlCampaignPart:
    share = Share(campaign=name, place=place, worker=f"{place}/{process}", parts=3)
    return SqlCampaignPart(
        store, share, clock=SystemClock(), line=lambda: AT + timedelta(minutes=1), silence=silence
    )


def _leased(part: SqlCampaignPart, most: int, name: str = NAME) -> set[EUI64]:
    found = part.lease(name, 1, part.worker, at=AT, until=AT, most={"north": most})
    return {one.device for one in found}


@pytest.mark.clause("sec:L10")
def test_processes_share_a_campaign_in_postgresql(store: Store) -> None:
    """No device is two's; who died is taken over in its place, or when it is silent; all settle."""
    day = timedelta(days=1)
    one, two, three = (_part(store, f"run-{n}", "a", day) for n in range(3))
    campaigns = SqlCampaigns(store)
    campaigns.begin(NAME, PLAN, AT)
    members = (
        Member(
            device=EUI64(number.to_bytes(8, "big")), kind="esme", make="m", region="north", wave=1
        )
        for number in range(DEVICES)
    )
    assert campaigns.enlist(NAME, members) == DEVICES
    for part in (one, two, three):
        part.begin_part()
    assert at_work(store, NAME, SystemClock().now() - timedelta(minutes=1)) == 3
    with ThreadPoolExecutor(3) as pool:
        had = list(pool.map(lambda part: _leased(part, 50), (one, two, three)))
    assert [len(each) for each in had] == [50, 50, 50]
    assert len(set().union(*had)) == 150
    again = _part(store, "run-0", "b", day)
    assert again.begin_part() == 50
    impatient = _part(store, "run-3", "a", timedelta())
    assert impatient.beat() == 150 - 50  # those of whom nobody said anything just now
    became = [
        Became(device=device, fate=Fate.RECOVERED, command=b"c", response=b"r", at=AT)
        for device in had[1]
    ]
    assert two.settle(NAME, two.worker, became) == 0  # it was believed dead
    mine = _leased(again, DEVICES)
    assert mine > had[0] | had[1]
    final = [
        Became(device=device, fate=Fate.RECOVERED, command=b"c", response=b"r", at=AT)
        for device in mine
    ]
    assert again.settle(NAME, again.worker, final) == len(mine)
    again.count(last=True)
    (wave,) = campaigns.counts(NAME)
    assert wave.fates[Fate.RECOVERED] == len(mine)
    points = SqlCampaignPoints(store).points(NAME)
    assert points[-1].fates == {Fate.RECOVERED: len(mine), **_left(len(mine))}
    again.end_part()


def _left(settled: int) -> dict[Fate, int]:
    return {} if settled == DEVICES else {Fate.PLANNED: DEVICES - settled}


class _Slow(SqlCampaigns):
    """Campaigns of a process that something happens to between two statements of one transaction."""

    happens: Callable[[], object] = staticmethod(lambda: None)

    def _keep_fates(self, *given: Any) -> None:
        self.happens()
        super()._keep_fates(*given)


@pytest.mark.clause("sec:L10")
def test_whoever_is_believed_dead_while_it_settles_settles_first(store: Store) -> None:
    """Its devices are not released before what it keeps is kept: each is counted once."""
    slow, other = _Slow(store), _part(store, "run-1", "a", timedelta(), SECOND)
    slow.begin(SECOND, PLAN, AT)
    device = EUI64(bytes(8))
    slow.enlist(SECOND, [Member(device=device, kind="esme", make="m", region="north", wave=1)])
    dead = _part(store, "run-0", "a", timedelta(), SECOND)
    dead.begin_part()
    assert _leased(dead, 1, SECOND) == {device}
    became = [Became(device=device, fate=Fate.RECOVERED, command=b"c", response=b"r", at=AT)]

    with ThreadPoolExecutor(1) as pool:
        released: list[Future[int]] = []

        def believed_dead() -> None:
            released.append(pool.submit(other.beat))
            wait(released, timeout=0.3)

        slow.happens = believed_dead
        assert slow.settle(SECOND, dead.worker, became) == 1
        assert released[0].result() == 0
    assert _leased(other, 1, SECOND) == set()
    (wave,) = slow.counts(SECOND)
    assert wave.fates == {Fate.RECOVERED: 1}
