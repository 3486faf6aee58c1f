"""What the worker is in trouble with, as whoever asks is told: at once, from any thread."""

from dataclasses import dataclass
from typing import Final

STEP_SECONDS: Final = 60.0  # many times what a chunk of a batch takes


@dataclass(slots=True)
class Trouble:
    """What is away and waited for, in words for the operator; empty where nothing is.

    Attributes:
        issuing: what keeps requests from being worked on.
        chores: what keeps lists from being renewed and old results from going.
        step: when the step that is under way began, in seconds of the monotonic clock; 0 before
            the first.
    """

    issuing: str = ""
    chores: str = ""
    step: float = 0.0

    @property
    def said(self) -> str:
        """The worse of the two."""
        return self.issuing or self.chores

    def said_at(self, now: float) -> str:
        """What is wrong at that instant: a step that does not come to its end, too."""
        waited = now - self.step
        if self.said or not self.step or waited < STEP_SECONDS:
            return self.said
        return (
            f"nothing can be issued now: a step has lasted {waited:.0f} s, what it asked of the"
            " database, a token or a disk is not answered"
        )
