"""When the time of a house's line begins, which may have come ahead of the clock.

A network in memory has a time of its own: hours pass in seconds where devices are waited for. What is
spoken with devices later is later, too, whoever speaks; else no report could say in which order it was.
"""

from datetime import datetime

from smki.adapters.world import SystemClock
from smki.bootstrap.recoveries import Kept
from smki.ports.campaigns import Carried


def line_time(kept: Kept, recovery: str | None = None) -> datetime:
    """How far the line has come in the campaigns of that recovery, or of all: never before the clock."""
    names = [one.name for one in kept.campaigns.campaigns() if _is_of(one, recovery)]
    times = [SystemClock().now()]
    for name in names:
        times += [point.at for point in kept.points.points(name)[-1:]]
    if (came := kept.campaigns.line_came_to(names)) is not None:
        times.append(came)
    return max(times)


def _is_of(carried: Carried, recovery: str | None) -> bool:
    return recovery in (None, carried.name.partition(".")[0])
