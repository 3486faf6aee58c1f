"""Step 7: one further ordinary update on recovered devices, and what comes of commands of old keys.

    certificates   the supplier, and the change of supplier party, have one more for each cell
    update         each replaces its own, by its key under the new root, with the broker's MAC where
                   there is one; a device has the first of these that it has a cell for
    old anchors    the same by the keys from before, through the broker of today: nobody obeys

Reported apart from the recovery: it shows that recovered devices can be used, and by whom.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from smki.bootstrap.recoveries import Kept, inventory_rows, open_kept
from smki.devices import DeviceKind
from smki.flows.recovering import Cells, Leg, Lost, recovery_legs
from smki.interfaces.recovery_members import update_name
from smki.interfaces.rehearsal.among import Devices
from smki.interfaces.rehearsal.campaigning import Change, Concerned, after, carried
from smki.interfaces.rehearsal.cells import cells_now, cells_of, cells_said
from smki.interfaces.rehearsal.confirming import recovered_in
from smki.interfaces.rehearsal.deciding import now
from smki.interfaces.rehearsal.frame import Made, Run
from smki.interfaces.rehearsal.running import campaigns_of, said_of
from smki.interfaces.rehearsal.succeeding import renew_those
from smki.merkle.canonical import JSON
from smki.ports.estate import InventoryRow
from smki.recovery import Compromised, Method
from smki.terms import RemotePartyRole

ROLES: Final = (RemotePartyRole.SUPPLIER, RemotePartyRole.TRANSITIONAL_COS)
"""Whose ordinary updates: each device has that of the first of these that it obeys."""


def further_certificates(run: Run) -> Made:
    """The parties of the further update have one more certificate for each of their cells.

    Clause: sec-app-m:2.3.1.3
    """
    known = {
        certificate for cell, certificate in after(run).certificates.items() if cell.role in ROLES
    }
    renew_those(run, known)
    run.tell("  the supplier and the change of supplier party have new certificates once more")
    return {"after": cells_said(cells_now(run)), "at": now().isoformat()}


def further_updates(run: Run) -> Made:
    """Recovered devices obeyed one more ordinary update under the new anchors.

    Clause: sec:L10, gbcs:CS02b
    """
    with open_kept(run.house) as kept:
        chosen = _chosen(run, kept)
    ran: list[JSON] = []
    for campaign, leg, concerned in _updates(run):
        change = Change(before=after(run), after=updated(run))
        one = carried(run, leg, campaign, _both(concerned, chosen), change, ordinary=True)
        if one.devices:
            run.tell(f"  {one.campaign}: {one.recovered:,} of {one.devices:,} updated")
        ran.append(said_of(one))
    return {"ran": ran}


def updated(run: Run) -> Cells:
    """What cells hold after the further update."""
    return cells_of(run.made("further-certificates")["after"])


def own_legs(run: Run, before: Cells, then: Cells) -> Mapping[RemotePartyRole, Leg]:
    """By role, the commands by which it replaces its own certificates."""
    at = datetime.fromisoformat(run.text("further-certificates", "at"))
    found = {}
    for role in ROLES:
        lost = Lost(compromised=Compromised.ORGANISATION, role=role)
        (found[role],) = recovery_legs(Method.ONE, lost, before, then, at=at)
    return found


def role_of(kind: DeviceKind, legs: Mapping[RemotePartyRole, Leg]) -> RemotePartyRole | None:
    """Whose update a device of that kind has; None if it obeys none of them."""
    return next((role for role, leg in legs.items() if kind in leg.kinds), None)


def update_campaigns(run: Run) -> tuple[str, ...]:
    """The names of the campaigns of the further update."""
    return tuple(campaign for campaign, _, _ in _updates(run))


def _updates(run: Run) -> tuple[tuple[str, Leg, Concerned], ...]:
    legs = own_legs(run, after(run), updated(run))
    return tuple(
        (
            update_name(run.asked.name, role),
            leg,
            _having(role, legs),
        )
        for role, leg in legs.items()
    )


def _having(role: RemotePartyRole, legs: Mapping[RemotePartyRole, Leg]) -> Concerned:
    return lambda row: role_of(row.kind, legs) is role


def _both(concerned: Concerned, chosen: Devices) -> Concerned:
    def meant(row: InventoryRow) -> bool:
        return row.device in chosen and concerned(row)

    return meant


def _chosen(run: Run, kept: Kept) -> Devices:
    """The recovered devices, or so many of them as were asked for."""
    recovered = recovered_in(kept, campaigns_of(run))
    rows = (row.device for row in inventory_rows(kept.estate) if row.device in recovered)
    return Devices(islice(rows, run.asked.further or None))
