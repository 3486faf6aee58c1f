"""The checklist of an incident as it stands: what this house sees, and what people signed."""

from smki.bootstrap import Settings
from smki.bootstrap.recoveries import houses, open_kept
from smki.campaigns import progress_of
from smki.flows.incident_checking import seen_of
from smki.flows.incidents import signed_items
from smki.flows.office import FrontOffice
from smki.governance.entities.incidents import Incident
from smki.recovery import PROCEDURES
from smki.recovery.checklists import Ticked, checklist
from smki.recovery.progress import Progress
from smki.terms import Method


def checklist_of(
    settings: Settings, front: FrontOffice, incident: Incident, method: Method | None = None
) -> tuple[Ticked, ...]:
    """The items of the incident's method, in their order, each ticked or not.

    Args:
        settings: of the house.
        front: of it.
        incident: which.
        method: as if it were decided.

    Clause: sec-app-l:1, sec:L10
    """
    seen = seen_of(front, incident, _campaigns(settings, incident), settings.guidance.guidance())
    return checklist(method_of(incident, method), seen, signed_items(front, incident))


def method_of(incident: Incident, method: Method | None = None) -> Method:
    """Which checklist: the one asked for, the one decided, or the usual one for that key."""
    return method or incident.method or PROCEDURES[incident.compromised][0]


def _campaigns(settings: Settings, incident: Incident) -> dict[str, tuple[Progress, int]]:
    """How far the incident's campaigns have come; those that this house does not have are left out."""
    found: dict[str, tuple[Progress, int]] = {}
    if not incident.campaigns or not any(house is settings for house in houses(settings)):
        return found
    with open_kept(settings) as kept:
        for name in incident.campaigns:
            carried = kept.campaigns.campaign(name)
            if carried is not None:
                progress = progress_of(kept.campaigns, kept.points, name)
                found[name] = (progress, carried.looked_at)
    return found
