"""Whether a campaign that was begun may still be carried: its decision may have been withdrawn since.

Asked where the record is, when somebody begins to carry. Elsewhere, on machines of a cluster say, and
while it is carried, its time alone counts; people pause or end it.

Clause: sec:L10
"""

from collections.abc import Mapping

from smki.adapters.world import SystemClock
from smki.bootstrap import open_front
from smki.bootstrap.recoveries import Recovery
from smki.flows.recovery_permitting import permitted_until
from smki.interfaces.recovery_refusing import Asked, Told, refusals_lodged
from smki.ports.campaigns import CampaignState, Carried

_GOES_ON = (CampaignState.RUNNING, CampaignState.PAUSED)


def must_be_permitted_still(
    recovery: Recovery, carried: Carried, environment: Mapping[str, str], told: Told
) -> None:
    """The decision of the operator's own campaign still permits it, if it has one and goes on.

    Args:
        recovery: where the campaign is.
        carried: the campaign.
        environment: of the process.
        told: is told where a refusal was lodged.

    Raises:
        Refused: it does not, with every reason; the record says so.
        Unavailable: the record is away.

    Clause: sec:L10
    """
    plan, house = carried.plan, recovery.house
    here = house.path("record").is_dir() and not recovery.rehearsal
    if not (here and plan.decision and carried.state in _GOES_ON):
        return
    at = SystemClock().now()
    if at >= plan.expires:
        return  # it stops by itself, and says so
    asked = Asked(
        campaign=carried.name, incident=plan.incident, decision=plan.decision, method=plan.method
    )
    with refusals_lodged(house, environment, asked, told), open_front(house) as front:
        permitted_until(front, plan.incident, plan.method, decision=plan.decision, at=at)
