"""What people may do to a campaign that is carried, and that it is known who did it.

    1 decide    what is next, from what became of the devices so far
    2 allow     only what makes sense then
    3 note      who asks for what, before it takes effect
    4 let       the campaign is in that state

Carriers look at the campaign's state before they take more devices: a pause takes effect when what
is under way has ended. Whether a decision permits the campaign is asked where its key is used.

Clause: sec:L10
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from smki.ports.campaign_acts import Act, Acted, CampaignActs
from smki.ports.campaigns import Campaigns, CampaignState, Carried
from smki.recovery import Decided, Move, decide
from smki.terms import Refused

_STATES: Final = {
    Act.PAUSE: CampaignState.PAUSED,
    Act.RESUME: CampaignState.RUNNING,
    Act.ABORT: CampaignState.ABORTED,
}


def acts_for(carried: Carried, decided: Decided, at: datetime) -> tuple[Act, ...]:
    """What people may do now; nothing to a campaign that is over.

    A wave is looked at when its canaries have ended or too much of it failed; an expired decision is
    nothing that looking mends. One whose beginning was cut off can be ended, too.
    """
    if decided.move is Move.DONE and carried.whole:
        return ()
    looked = (Act.LOOK,) if decided.move in _PEOPLE and at < carried.plan.expires else ()
    match carried.state:
        case CampaignState.RUNNING:
            return (*looked, Act.PAUSE, Act.ABORT)
        case CampaignState.PAUSED:
            return (*looked, Act.RESUME, Act.ABORT)
        case _:
            return ()


_PEOPLE: Final = (Move.LOOK, Move.STOP)


def steer(
    campaigns: Campaigns, acts: CampaignActs, name: str, act: Act, *, by: str, at: datetime
) -> Carried:
    """The act is noted and has taken effect: what the campaign is now.

    Args:
        campaigns: what is kept.
        acts: where it is noted.
        name: of the campaign.
        act: what is to be done.
        by: who asks for it, in words.
        at: when.

    Raises:
        Refused: there is no such campaign, or this cannot be done to it now.

    Clause: sec:L10
    """
    carried = campaigns.campaign(name)
    if carried is None:
        raise _refused(f"{name}: there is none; 'smki recovery list' names them")
    decided = decide(carried.plan, campaigns.counts(name), at, carried.looked_at)
    allowed = acts_for(carried, decided, at)
    if act not in allowed:
        raise _refused(
            f"{name}: {act.value} asked for while it is {carried.state.value}"
            f" and {_next(decided)}, must be {_among(allowed)}"
        )
    wave = decided.wave if act is Act.LOOK else None
    acts.note(name, Acted(act=act, by=by, at=at, wave=wave))
    return campaigns.let(name, _STATES.get(act), wave)


def _next(decided: Decided) -> str:
    return {
        Move.GO_ON: f"wave {decided.wave} goes on",
        Move.LOOK: "its canaries are to be looked at",
        Move.STOP: f"wave {decided.wave} has stopped",
        Move.DONE: "all its devices have come to an end",
    }[decided.move]


def _among(allowed: Sequence[Act]) -> str:
    return " or ".join(one.value for one in allowed) or "nothing any more"


def _refused(what: str) -> Refused:
    return Refused(f"campaign {what}", where="campaign", clause="sec:L10", rule="campaign.act")
