"""`ports.campaign_points.CampaignPoints` over SQL, in a table beside the campaigns'."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    delete,
    select,
)

from smki.adapters.sql.estate_tables import instant, micros
from smki.adapters.sql.store import Store
from smki.merkle.canonical import encode_json
from smki.recovery import Fate
from smki.recovery.progress import Point, thinned

POINTS_MOST: Final = 400  # of a campaign: as many as a chart shows
_METADATA: Final = MetaData()
_POINT: Final = Table(
    "campaign_point",
    _METADATA,
    Column("campaign", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),  # microseconds since 1970
    Column("fates", Text, nullable=False),
)


class SqlCampaignPoints:
    """Safe for threads, processes and machines, as the database is."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._store.write(_METADATA.create_all)

    def note(self, campaign: str, point: Point, *, last: bool = False) -> None:
        """The point is kept, unless it is too near the newest one, or before it."""
        self._store.write(lambda connection: self._note(connection, campaign, point, last=last))

    def points(self, campaign: str) -> Sequence[Point]:
        """The points of the campaign of that name, the oldest first."""
        query = (
            select(_POINT.c.at, _POINT.c.fates)
            .where(_POINT.c.campaign == campaign)
            .order_by(_POINT.c.at)
        )
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(Point(at=instant(at), fates=_fates(fates)) for at, fates in rows)

    def _note(self, connection: Connection, campaign: str, point: Point, *, last: bool) -> None:
        mine = _POINT.c.campaign == campaign
        query = select(_POINT.c.at).where(mine).order_by(_POINT.c.at)
        there = list(connection.execute(query).scalars())
        at = micros(point.at)
        if there and not last and at - there[-1] <= (there[-1] - there[0]) // POINTS_MOST:
            return
        if there and last:
            if _said_at(connection, campaign, there[-1]) == _said(point.fates):
                return
            at = max(at, there[-1] + 1)
        row = {"campaign": campaign, "at": at, "fates": _said(point.fates)}
        connection.execute(self._store.insert(_POINT).on_conflict_do_nothing(), [row])
        gone = thinned([instant(one) for one in (*there, at)], POINTS_MOST)
        if gone:
            connection.execute(delete(_POINT).where(mine, _POINT.c.at.in_(list(map(micros, gone)))))


def _said_at(connection: Connection, campaign: str, at: int) -> str:
    query = select(_POINT.c.fates).where(_POINT.c.campaign == campaign, _POINT.c.at == at)
    return str(connection.execute(query).scalar_one())


def _said(fates: Mapping[Fate, int]) -> str:
    return encode_json({fate.value: count for fate, count in fates.items()}).decode()


def _fates(said: str) -> Mapping[Fate, int]:
    found = json.loads(said)
    return {fate: found[fate.value] for fate in Fate if fate.value in found}
