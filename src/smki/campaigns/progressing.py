"""How far a campaign has come, read from what is kept of it."""

from datetime import datetime

from smki.ports.campaign_points import CampaignPoints
from smki.ports.campaigns import Campaigns
from smki.recovery import decide
from smki.recovery.progress import Progress, Totals, fates_by, fates_of, reasons_of
from smki.terms import Refused


def progress_of(
    campaigns: Campaigns,
    points: CampaignPoints,
    name: str,
    at: datetime | None = None,
    totals: Totals | None = None,
) -> Progress:
    """How far the campaign of that name has come.

    `at` is the instant it is asked; without it that of the newest point. `totals` are those
    that were counted already, as to count millions takes seconds.

    Raises:
        Refused: there is no such campaign.
    """
    carried = campaigns.campaign(name)
    if carried is None:
        raise Refused(
            f"campaign {name}: there is none; 'smki recovery list' names them",
            where="campaign",
            clause="sec:L10",
            rule="campaign.name",
        )
    counts = campaigns.counts(name)
    totals = campaigns.totals(name) if totals is None else totals
    history = tuple(points.points(name))
    at = at or (history[-1].at if history else carried.begun)
    return Progress(
        name=name,
        state=carried.state.value,
        plan=carried.plan,
        begun=carried.begun,
        at=at,
        decided=decide(carried.plan, counts, at, carried.looked_at),
        waves=counts,
        fates=fates_of(counts),
        by_kind=fates_by(totals, 0),
        by_make=fates_by(totals, 1),
        by_region=fates_by(totals, 2),
        reasons=reasons_of(totals),
        points=history,
    )
