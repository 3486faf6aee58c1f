"""`ports.campaigns.Campaigns` over SQL, in tables of its own beside the estate or the inventory.

A lease is a name and a time in the device's row. Two processes never lease the same: SQLite lets one
write at a time, PostgreSQL passes over rows that another is just leasing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import groupby
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)

from smki.adapters.sql.campaign_line import LineTime, newest
from smki.adapters.sql.campaign_tables import (
    CAMPAIGN,
    CODES,
    DEVICE,
    EVIDENCE,
    FATES,
    MEMBER,
    METADATA,
    member_of,
)
from smki.adapters.sql.campaign_tally import Moved, Sort, Tally, counted, state_of
from smki.adapters.sql.estate_tables import eui64_of, instant, micros, number_of
from smki.adapters.sql.forms import SqlForms
from smki.adapters.sql.in_order import halves, page_of
from smki.adapters.sql.many import Many
from smki.adapters.sql.store import Store
from smki.ports.campaigns import Became, CampaignState, Carried, Evidence, Member
from smki.recovery import CampaignPlan, Fate, WaveCounts
from smki.recovery.encoding import encode_plan, parse_plan
from smki.terms import EUI64, Refused
from smki.wire.gbcs.forms import whole

_PAGE: Final = 5_000  # devices that are enlisted at once
_OVER: Final = (CampaignState.ABORTED, CampaignState.ENDED)
_NOT_LOOKED: Final = -1  # of a campaign: people have looked at no wave
_NOT_WHOLE: Final = -2  # and its devices are not all there yet
_M: Final = MEMBER.c
_ITS: Final = _M.worker == bindparam("whose")
_SORT: Final = slice(2, None)  # of the columns of a device: what it is counted by


class SqlCampaigns:
    """Safe for threads, processes and machines, as the database is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._store.write(METADATA.create_all)
        self._forms = SqlForms(store)
        self._tally, self._line_time = Tally(store), LineTime(store)
        # Built once: to put a statement together takes as long as to change a hundred devices.
        these = (_M.campaign == bindparam("of")) & store.among_bound(_M.device, "these")
        self._leased = update(MEMBER).where(these).values(_LEASED)
        self._settled = update(MEMBER).where(these, _ITS).values(_SETTLED)
        # Locked: who is believed dead just now loses them before this, or not until it is kept.
        had = select(*DEVICE).where(these, _ITS)
        self._had = had.with_for_update()

    def begin(self, name: str, plan: CampaignPlan, at: datetime) -> Carried:
        """The campaign is there; the same again changes nothing.

        Raises:
            Refused: there is one of that name with another plan.
        """
        row = {
            "name": name,
            "plan": encode_plan(plan),
            "state": CampaignState.RUNNING.value,
            "looked_at": _NOT_WHOLE,
            "begun": micros(at),
        }
        kept = self._store.insert(CAMPAIGN).on_conflict_do_nothing()
        self._store.write(partial(_execute, kept, [row]))
        found = self._there(name)
        if encode_plan(found.plan) != row["plan"]:
            raise _refused(f"{name}: is there with another plan, must be another name")
        return found

    def enlist(self, name: str, members: Iterable[Member]) -> int:
        """These are devices of it, and all of them; those that are already stay as they are.

        Raises:
            Refused: there is no such campaign, or it has all its devices and some of these are none.
        """
        begun = micros(self._there(name).begun)
        for _, page in groupby(enumerate(members), lambda pair: pair[0] // _PAGE):
            rows = [_row(name, member, begun) for _, member in page]
            self._store.write(partial(self._put, name, rows))
        not_whole = (CAMPAIGN.c.name == name) & (CAMPAIGN.c.looked_at == _NOT_WHOLE)
        whole = update(CAMPAIGN).where(not_whole).values(looked_at=_NOT_LOOKED)

        def work(connection: Connection) -> None:
            self._tally.count_anew(connection, name)
            connection.execute(whole)

        self._store.write(work)
        query = select(func.count()).select_from(MEMBER).where(_M.campaign == name)
        return int(self._store.read(lambda connection: connection.scalar(query) or 0))

    def _put(self, name: str, rows: Sequence[Mapping[str, Any]], connection: Connection) -> None:
        """These are in it; where all are, nobody else comes: its roster does not know them."""
        whole = select(CAMPAIGN.c.looked_at != _NOT_WHOLE).where(CAMPAIGN.c.name == name)
        if not connection.scalar(whole):
            connection.execute(self._store.insert(MEMBER).on_conflict_do_nothing(), rows)
            return
        these = self._store.among(_M.device, [row["device"] for row in rows])
        known = select(func.count()).select_from(MEMBER).where(_M.campaign == name, these)
        others = len(rows) - int(connection.scalar(known) or 0)
        if others:
            raise _refused(
                f"{name}: is there without {others} of these devices, must be another name for them"
            )

    def campaign(self, name: str) -> Carried | None:
        """The campaign of that name; None if there is none."""
        row = self._store.read(
            lambda connection: connection.execute(_CAMPAIGN, {"of": name}).mappings().first()
        )
        return None if row is None else _carried(row)

    def campaigns(self) -> Sequence[Carried]:
        """All campaigns, newest first."""
        query = select(CAMPAIGN).order_by(CAMPAIGN.c.begun.desc(), CAMPAIGN.c.name)
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(map(_carried, rows))

    def let(self, name: str, state: CampaignState | None, looked_at: int | None = None) -> Carried:
        """The campaign is in this state from now on; None leaves it as it is.

        Raises:
            Refused: there is none of that name, or it is over.
        """
        values: dict[str, Any] = {"name": name} if state is None else {"state": state.value}
        if looked_at is not None:
            values["looked_at"] = looked_at
        over = [one.value for one in _OVER if one is not state]
        changed = (
            update(CAMPAIGN)
            .where(CAMPAIGN.c.name == name, CAMPAIGN.c.state.not_in(over))
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
            if state_of(connection, name) != CampaignState.RUNNING.value:
                return ()
            found: list[Any] = []
            for region, limit in most.items():
                if limit > 0:
                    which = {"of": name, "in_wave": wave, "where": region, "by": micros(at)}
                    found += connection.execute(_DUE, {**which, "most": limit}).all()
            if found:
                these = self._these(name, [row[0] for row in found])
                connection.execute(self._leased, {**these, "until": micros(until), "whose": worker})
                sorts = Counter(row[_SORT] for row in found)
                moved = [(sort, _UNDER_WAY, sort[-1], count) for sort, count in sorts.items()]
                self._tally.recount(connection, name, moved)
            return tuple(member_of(row, leased=True) for row in found)

        return self._store.write_ahead(work)

    def settle(self, name: str, worker: str, became: Sequence[Became]) -> int:
        """So many of these became what is said, with their evidence."""
        if not became:
            return 0
        columns = self._forms.columns(one.command for one in became)
        numbers = [number_of(one.device) for one in became]
        unheard = self._unheard(became)

        def work(connection: Connection, mine: _Leased | None = None) -> int:
            state_of(connection, name)
            if mine is None:
                mine = self._mine(connection, name, worker, numbers)
            kept = [one for one in zip(numbers, became, columns, strict=True) if one[0] in mine]
            self._keep_fates(connection, name, worker, kept, mine)
            rows = [
                (name, number, 2 * mine[number][0], column, one.response, micros(one.at))
                for number, one, column in kept
            ]
            rows += [
                (name, number, 2 * mine[number][0] - 1, column, b"", at)
                for number, column, at in unheard
                if number in mine
            ]
            _PROVEN.run(connection, rows)
            self._line_time.came_to(connection, name, max(one.at for one in became))
            return len(kept)

        leased = _as_leased(numbers, became)
        try:
            return self._store.write(partial(work, mine=leased))
        except _TakenOver:
            return self._store.write(work)

    def line_came_to(self, names: Collection[str]) -> datetime | None:
        """How far the time of the line has come in these campaigns; None if no device became anything."""
        return self._store.read(lambda connection: newest(connection, names))

    def _keep_fates(
        self,
        connection: Connection,
        name: str,
        worker: str,
        kept: Sequence[tuple[int, Became, bytes]],
        mine: "_Leased",
    ) -> None:
        """Of thousands all but a few have the same: each such group takes one statement.

        Raises:
            _TakenOver: another process has one of them by now.
        """
        alike: dict[tuple[Fate, str, datetime | None], list[int]] = defaultdict(list)
        for number, one, _ in kept:
            alike[one.fate, one.why, one.due].append(number)
        moved: list[Moved] = []
        changed = 0
        for (fate, why, due), numbers in alike.items():
            code = CODES[fate]
            now = {"now": code, "because": why, "again": due and micros(due), "whose": worker}
            changed += connection.execute(
                self._settled, {**self._these(name, numbers), **now}
            ).rowcount
            sorts = Counter(mine[number][1] for number in numbers)
            moved += [(sort, code, why, count) for sort, count in sorts.items()]
        if changed != len(kept):
            raise _TakenOver
        self._tally.recount(connection, name, moved)

    def _these(self, name: str, numbers: Sequence[int]) -> dict[str, Any]:
        return {"of": name, "these": self._store.listed(numbers)}

    def _unheard(self, became: Sequence[Became]) -> list[tuple[int, bytes, int]]:
        """Number, column and instant of each command that nobody answered beside what was."""
        found = [(one.device, *one.unanswered) for one in became if one.unanswered]
        columns = self._forms.columns(command for _, command, _ in found)
        return [
            (number_of(device), column, micros(at))
            for (device, _, at), column in zip(found, columns, strict=True)
        ]

    def _mine(
        self, connection: Connection, name: str, worker: str, numbers: Sequence[int]
    ) -> "_Leased":
        """Those of these devices that this worker has."""
        rows = connection.execute(self._had, {**self._these(name, numbers), "whose": worker}).all()
        return {row[0]: (row[1], row[_SORT]) for row in rows}

    def next_due(self, name: str, wave: int) -> datetime | None:
        """When the next device of the wave is due or left; None if none is."""
        query = select(func.min(_M.due)).where(
            _M.campaign == name, _M.wave == wave, _M.due.is_not(None)
        )
        found = self._store.read(lambda connection: connection.scalar(query))
        return None if found is None else instant(found)

    def counts(self, name: str) -> tuple[WaveCounts, ...]:
        """What became of the devices of each wave so far."""
        rows = self._store.read(lambda connection: counted(connection, name, "wave", "fate"))
        return tuple(
            WaveCounts(wave=wave, fates={FATES[fate]: int(count) for _, fate, count in group})
            for wave, group in groupby(rows, lambda row: row[0])
        )

    def regions(self, name: str) -> tuple[str, ...]:
        """The regions in which it has devices, in alphabetical order."""
        rows = self._store.read(lambda connection: counted(connection, name, "region"))
        return tuple(region for region, _ in rows)

    def totals(self, name: str) -> Mapping[tuple[str, str, str, Fate, str], int]:
        """How many devices there are by kind, make, region, fate and why."""
        by = ("kind", "make", "region", "fate", "why")
        rows = self._store.read(lambda connection: counted(connection, name, *by))
        return {
            (kind, make, region, FATES[fate], why): int(count)
            for kind, make, region, fate, why, count in sorted(rows)
        }

    def members(self, name: str, after: EUI64 | None, limit: int) -> tuple[Member, ...]:
        """At most so many devices by their EUI-64, ascending."""
        query = select(*DEVICE).where(_M.campaign == name)
        rows = self._store.read(
            lambda connection: page_of(connection, query, _M.device, after, limit)
        )
        return tuple(map(member_of, rows))

    def evidence(self, name: str, after: EUI64 | None, limit: int) -> tuple[Evidence, ...]:
        """The evidence of at most so many devices, in that order."""

        def work(connection: Connection) -> list[Any]:
            rows: list[Any] = []
            for half in halves(EVIDENCE.c.device, after):
                room = limit - len({row["device"] for row in rows})
                if room:
                    rows += connection.execute(_evidence_of(name, half, room)).mappings().all()
            return rows

        return tuple(map(self._evidence, self._store.read(work)))

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


class _TakenOver(Exception):
    """Another process has devices that this one leased."""


_Leased: TypeAlias = Mapping[int, tuple[int, Sort]]
"""Of devices by number: tries, with the one under way, and by what they are counted."""


def _as_leased(numbers: Sequence[int], became: Sequence[Became]) -> _Leased | None:
    """What they were when they were leased; None if that is not told of each."""
    members = [one.leased for one in became if one.leased is not None]
    if len(members) != len(became):
        return None
    return {
        number: (one.tries, (one.kind, one.make, one.region, one.wave, CODES[one.fate], one.why))
        for number, one in zip(numbers, members, strict=True)
    }


def _execute(statement: Any, rows: Sequence[Mapping[str, Any]], connection: Connection) -> None:
    connection.execute(statement, rows)


_plan_of: Final = lru_cache(maxsize=16)(parse_plan)  # carriers ask for theirs again and again
_CAMPAIGN: Final = select(CAMPAIGN).where(CAMPAIGN.c.name == bindparam("of"))
_DUE: Final = (
    select(*DEVICE)
    .where(
        _M.campaign == bindparam("of"),
        _M.wave == bindparam("in_wave"),
        _M.region == bindparam("where"),
        _M.due <= bindparam("by"),
    )
    .order_by(_M.due, _M.device)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_UNDER_WAY: Final = CODES[Fate.UNDER_WAY]
_LEASED: Final = {
    "fate": _UNDER_WAY,
    "tries": _M.tries + case((_M.fate == _UNDER_WAY, 0), else_=1),  # a try that was left goes on
    "due": bindparam("until"),
    "worker": bindparam("whose"),
}
_SETTLED: Final = {
    "fate": bindparam("now"),
    "why": bindparam("because"),
    "due": bindparam("again"),
    "worker": "",
}
_PROVEN: Final = Many(insert(EVIDENCE), *(column.name for column in EVIDENCE.columns))


def _row(name: str, member: Member, due: int) -> dict[str, Any]:
    return {
        "campaign": name,
        "device": number_of(member.device),
        "kind": member.kind,
        "make": member.make,
        "region": member.region,
        "wave": member.wave,
        "fate": CODES[member.fate],
        "tries": member.tries,
        "why": member.why,
        "due": None if member.fate.is_final else due,
        "worker": "",
    }


def _evidence_of(name: str, which: ColumnElement[bool], limit: int) -> Select[Any]:
    """The evidence of the first so many devices of these."""
    devices = select(EVIDENCE.c.device).distinct().where(EVIDENCE.c.campaign == name, which)
    some = devices.order_by(EVIDENCE.c.device).limit(limit).subquery()
    return (
        select(EVIDENCE)
        .join(some, some.c.device == EVIDENCE.c.device)
        .where(EVIDENCE.c.campaign == name)
        .order_by(EVIDENCE.c.device, EVIDENCE.c.attempt)
    )


def _carried(row: Any) -> Carried:
    return Carried(
        name=row["name"],
        plan=_plan_of(bytes(row["plan"])),
        state=CampaignState(row["state"]),
        looked_at=max(row["looked_at"], _NOT_LOOKED),
        whole=row["looked_at"] != _NOT_WHOLE,
        begun=instant(row["begun"]),
    )


def _refused(what: str) -> Refused:
    return Refused(f"campaign {what}", where="campaign", clause="sec:L10", rule="campaign.name")
