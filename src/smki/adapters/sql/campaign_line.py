"""How far the time of the line has come: kept with what devices became, and never behind it.

A simulated line has a time of its own. Whoever goes on after a process was killed begins no earlier
than what that one heard; else what was spoken with a device would not be in the order of time.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Table, Text, bindparam, case, func, select

from smki.adapters.sql.campaign_tables import METADATA
from smki.adapters.sql.estate_tables import instant, micros
from smki.adapters.sql.store import Store

_LINE: Final = Table(
    "campaign_line",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
)


class LineTime:
    """The time of the line in the campaigns of a store."""

    def __init__(self, store: Store) -> None:
        row = store.insert(_LINE).values(campaign=bindparam("of"), at=bindparam("came_to"))
        later = case((_LINE.c.at < row.excluded.at, row.excluded.at), else_=_LINE.c.at)
        self._came = row.on_conflict_do_update(index_elements=["campaign"], set_={"at": later})

    def came_to(self, connection: Connection, name: str, at: datetime) -> None:
        """It has come to that instant, or further."""
        connection.execute(self._came, {"of": name, "came_to": micros(at)})


def newest(connection: Connection, names: Collection[str]) -> datetime | None:
    """How far it has come in these campaigns; None if no device of them became anything."""
    found = connection.scalar(select(func.max(_LINE.c.at)).where(_LINE.c.campaign.in_(names)))
    return None if found is None else instant(found)
