"""How long whoever asks for something to be lodged waits for its checkpoint: so long, and no longer.

One process sequences. What others ask of it waits for its turn; what has waited too long is not
begun, and told so, so that asking again lodges nothing twice. Lodging and its checkpoint are one
act: what was begun waits for nothing but the disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from smki.interfaces.link import Answer, error_fields
from smki.terms import Unavailable

GRACE_SECONDS: Final = 10.0  # what was begun in time may take so long


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody asked of the worker.

    Attributes:
        operation: what is to be done.
        arguments: with what.
        answer: to be called once with the result or the error.
        since: when it came in, in seconds of the clock that only goes forward.
    """

    operation: str
    arguments: Mapping[str, Any]
    answer: Answer
    since: float

    def in_time(self, seconds: float, now: float) -> bool:
        """Whether it has waited no longer than so many seconds; it is answered if it has."""
        waited = now - self.since
        if waited <= seconds:
            return True
        self.answer({"error": error_fields(_late(self.operation, waited, seconds))})
        return False


def _late(operation: str, waited: float, seconds: float) -> Unavailable:
    return Unavailable(
        f"operation {operation!r} waited {waited:.0f} s for its turn, must be begun within"
        f" {seconds:g} s (checkpoint_seconds); nothing was done: try again",
        rule="lodging.late",
    )
