"""What the rehearsal looks at when a campaign wants people to look, and the defect that it raises.

A hub whose own function was recovered while a device behind it stays silent did not lack power or
reach: it mishandled what was for the other. Where that is so of half the hubs of a make in a region,
it is a defect of the make there; what else failed is told apart from it.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap.recoveries import Kept, inventory_rows
from smki.campaigns import members_in
from smki.devices import DeviceKind
from smki.interfaces.rehearsal.among import Devices
from smki.ports.estate import InventoryQuery
from smki.recovery import Fate
from smki.recovery.evidence import Defect
from smki.terms import EUI64

_UNHEARD: Final = frozenset({Fate.SILENT, Fate.OUT_OF_REACH})


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A make of hubs in a region that mishandles what is for devices behind them.

    Attributes:
        make: of the hubs.
        model: of that make.
        region: in which they do.
        hubs: that did.
        devices: behind these that failed.
    """

    make: str
    model: str
    region: str
    hubs: int
    devices: Devices


def suspects(kept: Kept, campaign: str) -> tuple[Suspect, ...]:
    """The makes of hubs, each in a region, that a defect is raised about; the worst first."""
    failed: dict[EUI64, EUI64] = {}  # device to its hub
    for member in members_in(kept.campaigns, campaign):
        if member.fate in _UNHEARD and (row := kept.estate.row(member.device)) is not None:
            failed[member.device] = row.hub
    behind = set(failed.values()) - set(failed)
    sound = Devices(
        member.device
        for member in members_in(kept.campaigns, campaign)
        if member.kind == DeviceKind.CHF.value and member.fate is Fate.RECOVERED
    )
    looked: Counter[tuple[str, str, str]] = Counter()
    wrong: dict[tuple[str, str, str], list[EUI64]] = {}
    for row in inventory_rows(kept.estate, InventoryQuery(kind=DeviceKind.CHF)):
        if row.device in sound:
            sort = (row.make, row.model, row.region)
            looked[sort] += 1
            if row.device in behind:
                wrong.setdefault(sort, []).append(row.device)
    raised = (
        Suspect(
            make=sort[0],
            model=sort[1],
            region=sort[2],
            hubs=len(hubs),
            devices=Devices(device for device, hub in failed.items() if hub in hubs),
        )
        for sort, hubs in ((sort, frozenset(found)) for sort, found in wrong.items())
        if 2 * len(hubs) >= looked[sort]
    )
    return tuple(sorted(raised, key=lambda one: (-one.hubs, one.make, one.region)))


def defect(estate: SqlEstate, ref: str, suspect: Suspect) -> Defect:
    """The defect, as it is raised: what is affected, what is not, and whose it is."""
    others = sorted(
        {
            f"{one.make}, {one.region}"
            for one in estate.totals(InventoryQuery(kind=DeviceKind.CHF))
            if (one.make, one.region) != (suspect.make, suspect.region)
        }
    )
    return Defect(
        ref=ref,
        title=f"devices behind hubs of {suspect.make} in {suspect.region} do not answer long commands",
        severity="2",
        within_threshold=True,
        affected=(f"{suspect.make} {suspect.model}, {suspect.region}",),
        not_affected=tuple(others),
        owner="the maker of the hubs, for the operator",
        cause="",
        workaround="",
        approved_by="",
        state="open",
        failed=len(suspect.devices),
        recovered=0,
    )
