"""A campaign as one of several processes sees it: its share of the rates, who else lives, what is left.

Each process says that it lives every few seconds of the machine's clock. One that does not, for so
long as would be odd, is believed dead: its devices are anybody's, from that instant of the line on
at which it took them. A lease ends with its process, because simulated lines have times of their own,
and nothing is heard from a device before what was heard from it already. Whoever was
wrongly believed dead does no harm: what it settles is passed over, and a device that obeyed it is
read back before it is commanded again.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    delete,
    func,
    inspect,
    select,
    update,
)

from smki.adapters.sql.campaign_points import SqlCampaignPoints
from smki.adapters.sql.campaign_tables import MEMBER
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate_tables import micros
from smki.adapters.sql.store import Store
from smki.ports import Clock
from smki.ports.campaigns import Became, Carried, Member
from smki.recovery import CampaignPlan
from smki.recovery.progress import Point, fates_of
from smki.terms import Refused

SILENCE: Final = timedelta(seconds=60)  # longer than a write waits for the database
_LEASE: Final = timedelta(days=36_500)  # until its process is gone
_MICROSECOND: Final = timedelta(microseconds=1)
_WAIT_SECONDS: Final = 0.05  # for others who are at work
_COUNTED_SECONDS: Final = 0.25  # between two points of the history, at the least
_COUNTED_SHARE: Final = 20  # and counting takes at most this part of the time

_METADATA: Final = MetaData()
_WORKER: Final = Table(
    "campaign_worker",
    _METADATA,
    Column("campaign", Text, primary_key=True),
    Column("worker", Text, primary_key=True),
    Column("seen", BigInteger, nullable=False),  # microseconds since 1970
)
_W: Final = _WORKER.c
_M: Final = MEMBER.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which part of a campaign's work is one process's.

    Attributes:
        campaign: its name.
        place: of the process among the others of this run: who takes it over has the same.
        worker: unique name of the process, beginning with its place.
        parts: how many processes share the rates.
    """

    campaign: str
    place: str
    worker: str
    parts: int


class SqlCampaignPart(SqlCampaigns):
    """`ports.Campaigns` of one process beside others.

    Args:
        store: of the campaign.
        share: of this process.
        clock: of the machine.
        line: the line's time.
        silence: whoever says nothing for so long is dead.
    """

    def __init__(
        self,
        store: Store,
        share: Share,
        *,
        clock: Clock,
        line: Callable[[], datetime],
        silence: timedelta = SILENCE,
    ) -> None:
        super().__init__(store)
        self._own = store
        self._own.write(_METADATA.create_all)
        self._share, self._clock, self._line, self._silence = share, clock, line, silence
        self._points = SqlCampaignPoints(store)
        self._next_count = 0.0

    @property
    def worker(self) -> str:
        """The name of this process."""
        return self._share.worker

    def campaign(self, name: str) -> Carried | None:
        """The campaign, with this process's share of its rates."""
        found = super().campaign(name)
        return None if found is None else replace(found, plan=self._plan(found))

    def _plan(self, found: Carried) -> CampaignPlan:
        plan, parts = found.plan, self._share.parts
        slowest = min((plan.otherwise, *plan.per_second.values()))
        if parts > slowest:
            raise Refused(
                f"campaign {found.name}: {parts} processes, must be at most {slowest}: as many as"
                " commands a second in its slowest region",
                clause="sec:L10",
                rule="campaign.rate",
            )
        shares = {region: rate // parts for region, rate in plan.per_second.items()}
        return replace(plan, per_second=shares, otherwise=plan.otherwise // parts)

    def lease(
        self,
        name: str,
        wave: int,
        worker: str,
        *,
        at: datetime,
        until: datetime,
        most: Mapping[str, int],
    ) -> tuple[Member, ...]:
        """Devices of the wave that are this process's as long as it lives."""
        until = max(until, at + _LEASE)
        return super().lease(name, wave, worker, at=at, until=until, most=most)

    def settle(self, name: str, worker: str, became: Sequence[Became]) -> int:
        """So many of these became what is said; now and then the history is told."""
        settled = super().settle(name, worker, became)
        if became and time.monotonic() >= self._next_count:
            self.count()
        return settled

    def next_due(self, name: str, wave: int) -> datetime | None:
        """When the next device is due; while others are at work, at once, after a while."""
        due = super().next_due(name, wave)
        if due is None or due <= self._line() or not self._others(name, wave):
            return due
        time.sleep(_WAIT_SECONDS)
        return min(due, self._line())

    def count(self, *, last: bool = False) -> None:
        """What became of the devices so far is in the campaign's history."""
        started = time.monotonic()
        point = Point(at=self._line(), fates=fates_of(self.counts(self._share.campaign)))
        self._points.note(self._share.campaign, point, last=last)
        took = time.monotonic() - started
        self._next_count = time.monotonic() + max(_COUNTED_SECONDS, took * _COUNTED_SHARE)

    def begin_part(self) -> int:
        """This process lives, and has what those had who were in its place; so many devices."""
        self.beat()
        campaign, place = self._share.campaign, self._share.place

        def work(connection: Connection) -> int:
            found = _in_places(connection, campaign, (place,))
            before = [worker for worker in found if worker != self._share.worker]
            return _released(connection, campaign, before)

        return self._own.write(work)

    def beat(self) -> int:
        """This process lives; so many devices are nobody's, because theirs does not any more."""
        now = micros(self._clock.now())
        row = {"campaign": self._share.campaign, "worker": self._share.worker, "seen": now}
        kept = (
            self._own.insert(_WORKER)
            .values(row)
            .on_conflict_do_update(index_elements=["campaign", "worker"], set_={"seen": now})
        )
        silent = now - self._silence // _MICROSECOND

        def work(connection: Connection) -> int:
            connection.execute(kept)
            query = select(_W.worker).where(_W.campaign == self._share.campaign, _W.seen < silent)
            dead = list(connection.execute(query).scalars())
            return _released(connection, self._share.campaign, dead)

        return self._own.write(work)

    def end_part(self) -> None:
        """This process is at work no more; what it still had is nobody's."""
        campaign, mine = self._share.campaign, [self._share.worker]
        self._own.write(lambda connection: _released(connection, campaign, mine))

    def _others(self, name: str, wave: int) -> bool:
        query = (
            select(_M.worker)
            .where(
                _M.campaign == name,
                _M.wave == wave,
                _M.due.is_not(None),
                _M.worker.not_in(["", self._share.worker]),
            )
            .limit(1)
        )
        found = self._own.read(lambda connection: connection.execute(query).first())
        return found is not None


def leave(store: Store, campaign: str, places: Sequence[str]) -> int:
    """Whoever had these places is gone; so many devices that they had are anybody's."""

    def work(connection: Connection) -> int:
        return _released(connection, campaign, _in_places(connection, campaign, places))

    store.write(_METADATA.create_all)
    return store.write(work)


def _in_places(connection: Connection, campaign: str, places: Sequence[str]) -> list[str]:
    """Who said that they carry the campaign, in one of these places."""
    query = select(_W.worker).where(_W.campaign == campaign)
    return [
        worker
        for worker in connection.execute(query).scalars()
        if worker.rpartition("/")[0] in places
    ]


def _released(connection: Connection, campaign: str, workers: Sequence[str]) -> int:
    """What these had is due from when they took it, and they are forgotten; how many it was."""
    if not workers:
        return 0
    theirs = (_M.campaign == campaign) & _M.worker.in_(workers) & _M.due.is_not(None)
    freed = update(MEMBER).where(theirs).values(due=_M.due - _LEASE // _MICROSECOND, worker="")
    count = connection.execute(freed).rowcount
    connection.execute(delete(_WORKER).where(_W.campaign == campaign, _W.worker.in_(workers)))
    return count


def at_work(store: Store, campaign: str, since: datetime) -> int:
    """How many processes have said since then that they carry the campaign."""
    query = (
        select(func.count())
        .select_from(_WORKER)
        .where(_W.campaign == campaign, _W.seen >= micros(since))
    )

    def work(connection: Connection) -> int:
        if not inspect(connection).has_table(_WORKER.name):  # nobody has carried any yet
            return 0
        return int(connection.scalar(query) or 0)

    return store.read(work)
