"""`ports.holdings.Holdings` over an estate: pages by key, of each state no more than the anchors is read."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, func, select

from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.estate_tables import (
    ANCHOR,
    DEVICE,
    STATE,
    STATUS,
    STATUSES,
    anchor_of_row,
    eui64_of,
    micros,
    number_of,
)
from smki.adapters.sql.in_order import page_of
from smki.devices import TrustAnchor
from smki.devices.encoding import AnchorNumbers
from smki.ports.holdings import Holding
from smki.terms import EUI64, SmiStatus

_ASKED_TOGETHER: Final = 500
_HEAD_OCTETS: Final = 11 + 127 + 9 * 16  # before the anchors at the most, and 16 of these


class EstateHoldings:
    """What an estate's devices hold.

    Args:
        estate: open.
    """

    def __init__(self, estate: SqlEstate) -> None:
        self._store = estate.store
        self._numbers = AnchorNumbers()

    def anchors(self) -> Iterator[tuple[int, TrustAnchor]]:
        """Every trust anchor that some device has or had: as many as parties had keys."""
        query = select(ANCHOR).order_by(ANCHOR.c.number)
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        for row in rows:
            yield row["number"], anchor_of_row(dict(row))

    def held(self, after: EUI64 | None, limit: int) -> Sequence[Holding]:
        """At most `limit` devices in the order of their identifiers, from the first after `after`.

        Raises:
            Inconsistent: a state cannot be read.
        """
        columns = DEVICE.c
        query = select(
            columns.device,
            columns.make,
            columns.region,
            columns.status,
            func.substr(STATE.c.state, 1, _HEAD_OCTETS),
        ).join(STATE, STATE.c.device == columns.device)
        rows = self._store.read(
            lambda connection: page_of(connection, query, columns.device, after, limit)
        )
        return [self._holding(*row) for row in rows]

    def statuses_at(self, devices: Sequence[EUI64], at: datetime) -> dict[EUI64, SmiStatus]:
        """The status that each of these devices had at that instant; who had none is not in it."""
        found: dict[EUI64, SmiStatus] = {}

        def work(connection: Connection) -> None:
            for start in range(0, len(devices), _ASKED_TOGETHER):
                numbers = [number_of(each) for each in devices[start : start + _ASKED_TOGETHER]]
                query = (
                    select(STATUS.c.device, STATUS.c.status)
                    .where(and_(STATUS.c.device.in_(numbers), STATUS.c.at <= micros(at)))
                    .order_by(STATUS.c.at)
                )
                for number, status in connection.execute(query):
                    found[eui64_of(number)] = STATUSES[status]

        self._store.read(work)
        return found

    def _holding(self, device: int, make: str, region: str, status: int, state: bytes) -> Holding:
        kind, anchors = self._numbers.of(bytes(state))
        return Holding(
            device=eui64_of(device),
            kind=kind,
            make=make,
            region=region,
            status=STATUSES[status],
            anchors=anchors,
        )
