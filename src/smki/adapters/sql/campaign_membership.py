"""Which of some devices are in a campaign, and of which kind they are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from smki.adapters.sql.campaign_tables import MEMBER
from smki.adapters.sql.estate_tables import eui64_of, number_of
from smki.adapters.sql.store import Store
from smki.terms import EUI64

_M: Final = MEMBER.c


def kinds_of(store: Store, campaign: str, devices: Sequence[EUI64]) -> Mapping[EUI64, str]:
    """The kind of each of these devices that is in the campaign; others are left out."""
    wanted = select(_M.device, _M.kind).where(
        _M.campaign == campaign, store.among(_M.device, [number_of(one) for one in devices])
    )
    rows: Sequence[Any] = store.read(lambda connection: connection.execute(wanted).all())
    return {eui64_of(row.device): row.kind for row in rows}
