"""The history of a campaign that is carried: counts at instants, few however long it takes."""

from collections.abc import Sequence
from typing import Protocol

from smki.recovery.progress import Point


class CampaignPoints(Protocol):
    """Durable on return; for several processes at once."""

    def note(self, campaign: str, point: Point, *, last: bool = False) -> None:
        """The point is kept, unless it is too near the newest one, or before it.

        `last` says that nothing follows for now: it is kept whenever it differs from the newest.
        Older ones go as there are too many.
        """
        ...

    def points(self, campaign: str) -> Sequence[Point]:
        """The points of the campaign of that name, the oldest first."""
        ...
