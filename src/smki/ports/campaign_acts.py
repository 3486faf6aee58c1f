"""What people did to campaigns: paused, went on, let a wave go on, ended; who, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol


class Act(Enum):
    """What can be done to a campaign that is carried; the value is how commands name it."""

    PAUSE = "pause"
    RESUME = "resume"
    LOOK = "look"
    ABORT = "abort"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """Something that somebody asked of a campaign.

    Attributes:
        act: what.
        by: who, in words: a user and their party, or whoever ran a command.
        at: when.
        wave: that was looked at and goes on; None unless that is what was done.
    """

    act: Act
    by: str
    at: datetime
    wave: int | None = None


class CampaignActs(Protocol):
    """Durable on return; for several processes at once."""

    def note(self, campaign: str, acted: Acted) -> None:
        """It is kept."""
        ...

    def acts(self, campaign: str) -> Sequence[Acted]:
        """All that was done to the campaign of that name, newest first."""
        ...
