"""The tables of campaigns, which lie beside an estate or an inventory, and codes that stand in them."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from smki.adapters.sql.estate_tables import eui64_of
from smki.ports.campaigns import Member
from smki.recovery import Fate

FATES: Final = tuple(Fate)  # a new one is added at the end
CODES: Final = {fate: code for code, fate in enumerate(FATES)}

METADATA: Final = MetaData()
CAMPAIGN: Final = Table(
    "campaign",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("plan", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    Column("looked_at", Integer, nullable=False),
    Column("begun", BigInteger, nullable=False),  # microseconds since 1970, as all instants here
)
MEMBER: Final = Table(
    "campaign_member",
    METADATA,
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
_M: Final = MEMBER.c
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
EVIDENCE: Final = Table(
    "campaign_evidence",
    METADATA,
    Column("campaign", Text, primary_key=True),
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("command", LargeBinary, nullable=False),  # as in `forms`
    Column("response", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
)


SORT: Final = (_M.kind, _M.make, _M.region, _M.wave, _M.fate, _M.why)
"""What devices are counted by."""
DEVICE: Final = (_M.device, _M.tries, *SORT)
"""What is read of a device."""
_UNDER_WAY: Final = CODES[Fate.UNDER_WAY]


def member_of(row: Any, *, leased: bool = False) -> Member:
    """The device of a row of `DEVICE`; under way from now on, if it is leased."""
    device, tries, kind, make, region, wave, fate, why = row
    left = leased and fate == _UNDER_WAY
    return Member(
        device=eui64_of(device),
        kind=kind,
        make=make,
        region=region,
        wave=wave,
        fate=Fate.UNDER_WAY if leased else FATES[fate],
        tries=tries + (leased and not left),
        why=why,
        taken_over=left,
    )
