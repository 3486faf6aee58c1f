"""`ports.campaigns.Campaigns` over SQL, in tables of its own beside the estate or the inventory.

A lease is a name and a time in the device's row. Two processes never lease the same: SQLite lets one
write at a time, PostgreSQL passes over rows that another is just leasing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)

from smki.adapters.sql.estate_tables import eui64_of, instant, micros, number_of
from smki.adapters.sql.forms import SqlForms
from smki.adapters.sql.many import Many
from smki.adapters.sql.store import Store
from smki.ports.campaigns import Became, CampaignState, Carried, Evidence, Member
from smki.recovery import CampaignPlan, Fate, WaveCounts
from smki.recovery.encoding import encode_plan, parse_plan
from smki.terms import EUI64, Refused
from smki.wire.gbcs.forms import whole

FATES: Final = tuple(Fate)  # a new one is added at the end
_CODES: Final = {fate: code for code, fate in enumerate(FATES)}
_PAGE: Final = 5_000  # devices that are enlisted at once
_OVER: Final = (CampaignState.ABORTED, CampaignState.ENDED)

_METADATA: Final = MetaData()
_CAMPAIGN: Final = Table(
    "campaign",
    _METADATA,
    Column("name", Text, primary_key=True),
    Column("plan", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("looked_at", Integer, nullable=False),
    Column("begun", BigInteger, nullable=False),  # microseconds since 1970, as all instants here
)
_MEMBER: Final = Table(
    "campaign_member",
    _METADATA,
    Column("campaign", Text, primary_key=True),
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("make", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("fate", SmallInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("why", Text, nullable=False),
    Column("due", BigInteger),  # also when a lease ends; null if nothing more is sent
    Column("worker", Text, nullable=False),
)
_M: Final = _MEMBER.c
# Only those that are still to be sent to: what has ended costs a lease nothing.
Index(
    "campaign_member_due",
    _M.campaign,
    _M.wave,
    _M.region,
    _M.due,
    _M.device,
    sqlite_where=_M.due.is_not(None),
    postgresql_where=_M.due.is_not(None),
)
_EVIDENCE: Final = Table(
    "campaign_evidence",
    _METADATA,
    Column("campaign", Text, primary_key=True),
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("command", LargeBinary, nullable=False),  # as in `forms`
    Column("response", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)


class SqlCampaigns:
    """Safe for threads, processes and machines, as the database is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._store.write(_METADATA.create_all)
        self._forms = SqlForms(store)

    def begin(self, name: str, plan: CampaignPlan, at: datetime) -> Carried:
        """The campaign is there; the same again changes nothing.

        Raises:
            Refused: there is one of that name with another plan.
        """
        row = {
            "name": name,
            "plan": encode_plan(plan),
            "state": CampaignState.RUNNING.value,
            "looked_at": -1,
            "begun": micros(at),
        }
        kept = self._store.insert(_CAMPAIGN).on_conflict_do_nothing()
        self._store.write(partial(_execute, kept, [row]))
        found = self._there(name)
        if encode_plan(found.plan) != row["plan"]:
            raise _refused(f"{name}: is there with another plan, must be another name")
        return found

    def enlist(self, name: str, members: Iterable[Member]) -> int:
        """These are devices of it, those that are already stay as they are."""
        begun = micros(self._there(name).begun)
        kept = self._store.insert(_MEMBER).on_conflict_do_nothing()
        for _, page in groupby(enumerate(members), lambda pair: pair[0] // _PAGE):
            rows = [_row(name, member, begun) for _, member in page]
            self._store.write(partial(_execute, kept, rows))
        query = select(func.count()).select_from(_MEMBER).where(_M.campaign == name)
        return int(self._store.read(lambda connection: connection.scalar(query) or 0))

    def campaign(self, name: str) -> Carried | None:
        """The campaign of that name; None if there is none."""
        query = select(_CAMPAIGN).where(_CAMPAIGN.c.name == name)
        row = self._store.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _carried(row)

    def campaigns(self) -> Sequence[Carried]:
        """All campaigns, newest first."""
        query = select(_CAMPAIGN).order_by(_CAMPAIGN.c.begun.desc(), _CAMPAIGN.c.name)
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(map(_carried, rows))

    def let(self, name: str, state: CampaignState, looked_at: int | None = None) -> Carried:
        """The campaign is in this state from now on.

        Raises:
            Refused: there is none of that name, or it is over.
        """
        values: dict[str, Any] = {"state": state.value}
        if looked_at is not None:
            values["looked_at"] = looked_at
        over = [one.value for one in _OVER if one is not state]
        changed = (
            update(_CAMPAIGN)
            .where(_CAMPAIGN.c.name == name, _CAMPAIGN.c.state.not_in(over))
            .values(values)
        )
        if not self._store.write(lambda connection: connection.execute(changed).rowcount):
            found = self._there(name)
            raise _refused(f"{name}: is {found.state.value}, nothing of it can be changed any more")
        return self._there(name)

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
        """Devices of the wave that are this process's until then."""

        def work(connection: Connection) -> tuple[Member, ...]:
            state = select(_CAMPAIGN.c.state).where(_CAMPAIGN.c.name == name)
            if connection.scalar(state) != CampaignState.RUNNING.value:
                return ()
            found: list[Any] = []
            for region, limit in most.items():
                if limit > 0:
                    query = _due(name, wave, region, micros(at)).limit(limit)
                    found += connection.execute(query).all()
            left = micros(until)
            _LEASED.run(
                connection,
                [(_UNDER_WAY, row.tries + 1, left, worker, name, row.device) for row in found],
            )
            return tuple(_member(row, tried=1) for row in found)

        return self._store.write(work)

    def settle(self, name: str, worker: str, became: Sequence[Became]) -> int:
        """So many of these became what is said, with their evidence."""
        columns = self._forms.columns(one.command for one in became)

        def work(connection: Connection) -> int:
            mine = self._mine(connection, name, worker, became)
            kept = [
                (one, column, number)
                for one, column in zip(became, columns, strict=True)
                if (number := number_of(one.device)) in mine
            ]
            _SETTLED.run(connection, [_settled(name, one, number) for one, _, number in kept])
            _PROVEN.run(
                connection,
                [
                    (name, number, mine[number], column, one.response, micros(one.at))
                    for one, column, number in kept
                ],
            )
            return len(kept)

        return self._store.write(work) if became else 0

    def _mine(
        self, connection: Connection, name: str, worker: str, became: Sequence[Became]
    ) -> Mapping[int, int]:
        """The tries of those of these devices that this worker has."""
        numbers = self._store.among(_M.device, [number_of(one.device) for one in became])
        query = select(_M.device, _M.tries).where(_M.campaign == name, numbers, _M.worker == worker)
        return {device: tries for device, tries in connection.execute(query).all()}  # noqa: C416

    def next_due(self, name: str, wave: int) -> datetime | None:
        """When the next device of the wave is due or left; None if none is."""
        query = select(func.min(_M.due)).where(
            _M.campaign == name, _M.wave == wave, _M.due.is_not(None)
        )
        found = self._store.read(lambda connection: connection.scalar(query))
        return None if found is None else instant(found)

    def counts(self, name: str) -> tuple[WaveCounts, ...]:
        """What became of the devices of each wave so far."""
        query = (
            select(_M.wave, _M.fate, func.count())
            .where(_M.campaign == name)
            .group_by(_M.wave, _M.fate)
            .order_by(_M.wave)
        )
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(
            WaveCounts(wave=wave, fates={FATES[fate]: count for _, fate, count in group})
            for wave, group in groupby(rows, lambda row: row[0])
        )

    def regions(self, name: str) -> tuple[str, ...]:
        """The regions in which it has devices, in alphabetical order."""
        query = select(_M.region).distinct().where(_M.campaign == name).order_by(_M.region)
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(region for (region,) in rows)

    def totals(self, name: str) -> Mapping[tuple[str, str, str, Fate, str], int]:
        """How many devices there are by kind, make, region, fate and why."""
        columns = (_M.kind, _M.make, _M.region, _M.fate, _M.why)
        query = select(*columns, func.count()).where(_M.campaign == name).group_by(*columns)
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return {
            (kind, make, region, FATES[fate], why): count
            for kind, make, region, fate, why, count in sorted(rows)
        }

    def members(self, name: str, after: EUI64 | None, limit: int) -> tuple[Member, ...]:
        """At most so many devices in one lasting order."""
        query = select(_MEMBER).where(_M.campaign == name).order_by(_M.device).limit(limit)
        if after is not None:
            query = query.where(_M.device > number_of(after))
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(map(_member, rows))

    def evidence(self, name: str, after: EUI64 | None, limit: int) -> tuple[Evidence, ...]:
        """The evidence of at most so many devices, in that order."""
        devices = select(_EVIDENCE.c.device).distinct().where(_EVIDENCE.c.campaign == name)
        if after is not None:
            devices = devices.where(_EVIDENCE.c.device > number_of(after))
        some = devices.order_by(_EVIDENCE.c.device).limit(limit).subquery()
        query = (
            select(_EVIDENCE)
            .join(some, some.c.device == _EVIDENCE.c.device)
            .where(_EVIDENCE.c.campaign == name)
            .order_by(_EVIDENCE.c.device, _EVIDENCE.c.attempt)
        )
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(map(self._evidence, rows))

    def _evidence(self, row: Any) -> Evidence:
        return Evidence(
            device=eui64_of(row["device"]),
            attempt=row["attempt"],
            command=whole(self._forms.message(bytes(row["command"]))),
            response=bytes(row["response"]),
            at=instant(row["at"]),
        )

    def _there(self, name: str) -> Carried:
        found = self.campaign(name)
        if found is None:
            raise _refused(f"{name}: there is none; 'smki recovery list' names them")
        return found


def _execute(statement: Any, rows: Sequence[Mapping[str, Any]], connection: Connection) -> None:
    connection.execute(statement, rows)


def _due(name: str, wave: int, region: str, at: int) -> Any:
    return (
        select(_MEMBER)
        .where(_M.campaign == name, _M.wave == wave, _M.region == region, _M.due <= at)
        .order_by(_M.due, _M.device)
        .with_for_update(skip_locked=True)
    )


_UNDER_WAY: Final = _CODES[Fate.UNDER_WAY]
_OF: Final = (_M.campaign == bindparam("of")) & (_M.device == bindparam("which"))
_LEASED: Final = Many(
    update(_MEMBER)
    .where(_OF)
    .values(
        fate=bindparam("new_fate"),
        tries=bindparam("new_tries"),
        due=bindparam("new_due"),
        worker=bindparam("new_worker"),
    ),
    *("new_fate", "new_tries", "new_due", "new_worker", "of", "which"),
)
_SETTLED: Final = Many(
    update(_MEMBER)
    .where(_OF)
    .values(
        fate=bindparam("new_fate"),
        why=bindparam("new_why"),
        due=bindparam("new_due"),
        worker=bindparam("nobody"),
    ),
    *("new_fate", "new_why", "new_due", "nobody", "of", "which"),
)
_PROVEN: Final = Many(insert(_EVIDENCE), *(column.name for column in _EVIDENCE.columns))


def _settled(name: str, one: Became, number: int) -> tuple[Any, ...]:
    due = None if one.due is None else micros(one.due)
    return _CODES[one.fate], one.why, due, "", name, number


def _row(name: str, member: Member, due: int) -> dict[str, Any]:
    return {
        "campaign": name,
        "device": number_of(member.device),
        "kind": member.kind,
        "make": member.make,
        "region": member.region,
        "wave": member.wave,
        "fate": _CODES[member.fate],
        "tries": member.tries,
        "why": member.why,
        "due": None if member.fate.is_final else due,
        "worker": "",
    }


def _member(row: Any, tried: int = 0) -> Member:
    _, device, kind, make, region, wave, fate, tries, why, *_ = row
    return Member(
        device=eui64_of(device),
        kind=kind,
        make=make,
        region=region,
        wave=wave,
        fate=Fate.UNDER_WAY if tried else FATES[fate],
        tries=tries + tried,
        why=why,
    )


def _carried(row: Any) -> Carried:
    return Carried(
        name=row["name"],
        plan=parse_plan(bytes(row["plan"])),
        state=CampaignState(row["state"]),
        looked_at=row["looked_at"],
        begun=instant(row["begun"]),
    )


def _refused(what: str) -> Refused:
    return Refused(f"campaign {what}", where="campaign", clause="sec:L10", rule="campaign.name")
