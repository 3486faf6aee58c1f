"""How the time of a line passes where it is not that of a simulation: as the clock's, or faster."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from smki.terms import Malformed

PACE_LEAST: Final = 0.01
PACE_MOST: Final = 1_000  # a delay of a second is then one that a busy machine has anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the line's time passes.

    Attributes:
        start: the line's time when it begins.
        times: how many of its seconds pass in one.

    Raises:
        Malformed: times is not from 0.01 to 1,000.
    """

    start: datetime
    times: float = 1.0

    def __post_init__(self) -> None:
        if not PACE_LEAST <= self.times <= PACE_MOST:
            raise Malformed(
                f"line: pace of {self.times:g}, must be {PACE_LEAST:g} to {PACE_MOST:g}",
                rule="line.pace",
            )

    def instant(self, seconds: float) -> datetime:
        """The line's time, so many of its seconds after it began."""
        return self.start + timedelta(seconds=seconds)
