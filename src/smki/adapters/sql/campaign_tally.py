"""How many devices of each sort have each fate, counted as it changes.

To count a million devices takes seconds, and carriers and pages ask again and again. Kept in the
transaction in which fates change; a campaign that was begun before there was a tally is counted once.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    Select,
    SmallInteger,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from smki.adapters.sql.campaign_tables import CAMPAIGN, MEMBER, METADATA, SORT
from smki.adapters.sql.many import Many
from smki.adapters.sql.store import Store

_TALLY: Final = Table(
    "campaign_sorts",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("make", Text, primary_key=True),
    Column("region", Text, primary_key=True),
    Column("wave", Integer, primary_key=True, autoincrement=False),
    Column("fate", SmallInteger, primary_key=True, autoincrement=False),
    Column("why", Text, primary_key=True),
    Column("devices", BigInteger, nullable=False),
)
_T: Final = _TALLY.c
_M: Final = MEMBER.c

_NAMES: Final = tuple(column.name for column in SORT)

Sort = tuple[str, str, str, int, int, str]
"""What devices are counted by, in the order of `SORT`."""
Moved = tuple[Sort, int, str, int]
"""By what devices were counted, the code of the fate that they have now, why, and how many."""


def state_of(connection: Connection, name: str) -> str | None:
    """Whether the campaign goes on; nobody counts its devices anew until the transaction ends."""
    found: str | None = connection.scalar(_STATE, {"of": name})
    return found


_STATE: Final = (
    select(CAMPAIGN.c.state).where(CAMPAIGN.c.name == bindparam("of")).with_for_update(read=True)
)


class Tally:
    """How many devices there are of each sort, of all campaigns in the store."""

    def __init__(self, store: Store) -> None:
        added = store.insert(_TALLY)
        self._added = Many(
            added.on_conflict_do_update(
                index_elements=["campaign", *_NAMES],
                set_={"devices": _T.devices + added.excluded.devices},
            ),
            *(column.name for column in _TALLY.columns),
        )
        self._counted: set[str] = set()  # campaigns of which there is a tally

    def count_anew(self, connection: Connection, name: str) -> None:
        """The tally is that of the devices; who changes their fates waits meanwhile."""
        connection.execute(select(CAMPAIGN.c.name).where(CAMPAIGN.c.name == name).with_for_update())
        connection.execute(delete(_TALLY).where(_T.campaign == name))
        counting = select(_M.campaign, *SORT, func.count()).where(_M.campaign == name)
        counting = counting.group_by(_M.campaign, *SORT)
        names = [column.name for column in _TALLY.columns]
        connection.execute(insert(_TALLY).from_select(names, counting))

    def recount(self, connection: Connection, name: str, moved: Iterable[Moved]) -> None:
        """The tally goes with devices that have other fates now."""
        if name not in self._counted:
            known = select(_T.wave).where(_T.campaign == name).limit(1)
            if connection.scalar(known) is None:
                self.count_anew(connection, name)
                return
            self._counted.add(name)
        changes: Counter[Sort] = Counter()
        for sort, fate, why, devices in moved:
            kind, make, region, wave, _, _ = sort
            changes[sort] -= devices
            changes[kind, make, region, wave, fate, why] += devices
        # In one order: no two that do so at once wait for each other.
        rows = [(name, *sort, change) for sort, change in sorted(changes.items()) if change]
        self._added.run(connection, rows)


def counted(connection: Connection, name: str, *by: str) -> Sequence[Any]:
    """What devices are counted by, of `wave`, `fate` and the others, and how many, in that order."""
    of = {"of": name}
    return connection.execute(_tallied(by), of).all() or connection.execute(_anew(by), of).all()


@cache
def _tallied(by: tuple[str, ...]) -> Select[Any]:
    return _summed(_TALLY, func.sum(_T.devices), by)


@cache
def _anew(by: tuple[str, ...]) -> Select[Any]:
    return _summed(MEMBER, func.count(), by)


def _summed(table: Table, devices: ColumnElement[int], by: Sequence[str]) -> Select[Any]:
    columns = [table.c[column] for column in by]
    mine = select(*columns, devices).where(table.c.campaign == bindparam("of"))
    return mine.group_by(*columns).having(devices != 0).order_by(*columns)
