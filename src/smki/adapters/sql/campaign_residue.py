"""Devices of a campaign by what became of them, read page by page from the campaigns' table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from smki.adapters.sql.campaign_tables import DEVICE, FATES, MEMBER, member_of
from smki.adapters.sql.in_order import page_of
from smki.adapters.sql.store import Store
from smki.ports.campaigns import Member
from smki.recovery import Fate
from smki.terms import EUI64

_M: Final = MEMBER.c


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidueQuery:
    """Which devices of a campaign.

    Attributes:
        campaign: its name.
        fates: what became of them.
        why: for this reason alone; None for any.
        region: in this one alone; empty for any.
        kind: of this one alone; empty for any.
    """

    campaign: str
    fates: frozenset[Fate]
    why: str | None = None
    region: str = ""
    kind: str = ""


def residue_page(
    store: Store, query: ResidueQuery, after: EUI64 | None, limit: int
) -> tuple[Member, ...]:
    """At most so many of these devices by their EUI-64, from the first one after `after`."""
    codes = [code for code, fate in enumerate(FATES) if fate in query.fates]
    wanted = select(*DEVICE).where(_M.campaign == query.campaign, _M.fate.in_(codes))
    for name, value in (("why", query.why), ("region", query.region), ("kind", query.kind)):
        if value or (name == "why" and value is not None):
            wanted = wanted.where(_M[name] == value)
    rows = store.read(lambda connection: page_of(connection, wanted, _M.device, after, limit))
    return tuple(map(member_of, rows))


def residue(store: Store, query: ResidueQuery, together: int = 5_000) -> Iterator[Member]:
    """All these devices, so many read at once."""
    after = None
    while page := residue_page(store, query, after, together):
        yield from page
        after = page[-1].device
