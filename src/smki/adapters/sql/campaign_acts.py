"""`ports.campaign_acts.CampaignActs` over SQL, in a table beside the campaigns'."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, insert, select

from smki.adapters.sql.estate_tables import instant, micros
from smki.adapters.sql.store import Store
from smki.ports.campaign_acts import Act, Acted

_METADATA: Final = MetaData()
_ACT: Final = Table(
    "campaign_act",
    _METADATA,
    Column("number", Integer, primary_key=True),
    Column("campaign", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
    Column("wave", Integer),
    Index("campaign_act_campaign", "campaign"),
)


class SqlCampaignActs:
    """Safe for threads, processes and machines, as the database is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._store.write(_METADATA.create_all)

    def note(self, campaign: str, acted: Acted) -> None:
        """It is kept."""
        row = insert(_ACT).values(
            campaign=campaign,
            act=acted.act.value,
            by=acted.by,
            at=micros(acted.at),
            wave=acted.wave,
        )
        self._store.write(lambda connection: connection.execute(row))

    def acts(self, campaign: str) -> Sequence[Acted]:
        """All that was done to the campaign of that name, newest first."""
        query = select(_ACT).where(_ACT.c.campaign == campaign).order_by(_ACT.c.number.desc())
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(map(_acted, rows))


def _acted(row: Any) -> Acted:
    return Acted(act=Act(row["act"]), by=row["by"], at=instant(row["at"]), wave=row["wave"])
