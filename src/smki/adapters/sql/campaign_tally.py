"""How many devices of each wave have each fate, counted as it changes.

To count a million devices takes a tenth of a second, and a carrier asks every few thousand. Kept in
the transaction in which fates change; a campaign that was begun before there was a tally is counted
once.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    SmallInteger,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)

from smki.adapters.sql.campaign_tables import CAMPAIGN, MEMBER, METADATA
from smki.adapters.sql.store import Store

_TALLY: Final = Table(
    "campaign_tally",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("wave", Integer, primary_key=True, autoincrement=False),
    Column("fate", SmallInteger, primary_key=True, autoincrement=False),
    Column("devices", BigInteger, nullable=False),
)
_T: Final = _TALLY.c
_M: Final = MEMBER.c

Counts = Counter[tuple[int, int]]
"""Devices by wave and code of their fate."""


def state_of(name: str) -> Any:
    """Whether the campaign goes on; nobody counts its devices anew until the transaction ends."""
    return select(CAMPAIGN.c.state).where(CAMPAIGN.c.name == name).with_for_update(read=True)


def count_anew(connection: Connection, name: str) -> None:
    """The tally is that of the devices; who changes their fates waits meanwhile."""
    connection.execute(select(CAMPAIGN.c.name).where(CAMPAIGN.c.name == name).with_for_update())
    connection.execute(delete(_TALLY).where(_T.campaign == name))
    _add(connection, insert(_TALLY), name, connection.execute(_counting(name)).all())


def recount(store: Store, connection: Connection, name: str, before: Counts, after: Counts) -> None:
    """The tally goes with devices whose fates were so before, and are so after."""
    known = select(_T.wave).where(_T.campaign == name).limit(1)
    if connection.scalar(known) is None:
        count_anew(connection, name)
        return
    after.subtract(before)
    # In one order: no two that do so at once wait for each other.
    changes = [(wave, fate, change) for (wave, fate), change in sorted(after.items()) if change]
    counted = store.insert(_TALLY)
    added = counted.on_conflict_do_update(
        index_elements=["campaign", "wave", "fate"],
        set_={"devices": _T.devices + counted.excluded.devices},
    )
    _add(connection, added, name, changes)


def counted(connection: Connection, name: str) -> Sequence[Any]:
    """Wave, code of a fate, and how many devices, in the order of waves."""
    tally = (
        select(_T.wave, _T.fate, _T.devices)
        .where(_T.campaign == name, _T.devices != 0)
        .order_by(_T.wave, _T.fate)
    )
    return connection.execute(tally).all() or connection.execute(_counting(name)).all()


def _counting(name: str) -> Any:
    return (
        select(_M.wave, _M.fate, func.count())
        .where(_M.campaign == name)
        .group_by(_M.wave, _M.fate)
        .order_by(_M.wave, _M.fate)
    )


def _add(connection: Connection, added: Any, name: str, counts: Sequence[Any]) -> None:
    rows = [
        {"campaign": name, "wave": wave, "fate": fate, "devices": devices}
        for wave, fate, devices in counts
    ]
    if rows:
        connection.execute(added, rows)
