"""Until when an API key is good: its own end, and what a newer one does to the earlier ones.

Pure: instants in, a standing out. That keys rotate is asked for; how is ours (docs/divergences.md).
"""

from enum import Enum
from typing import Final

GOOD_MOST: Final = 5
"""Keys of a party that are good at once: systems of its own, and one that is being changed."""


class KeyStanding(Enum):
    """What an API key is at an instant. Only the first two open anything.

    Clause: sec-app-p:B
    """

    GOOD = "good"
    ENDING = "ending"
    ENDED = "ended"
    REVOKED = "revoked"

    __hash__ = object.__hash__

    @property
    def opens(self) -> bool:
        """Whether the web service knows its party by it."""
        return self in (KeyStanding.GOOD, KeyStanding.ENDING)


def key_standing(ends_at: int | None, *, revoked: bool, at: int) -> KeyStanding:
    """What a key is at `at` that ends at `ends_at`; seconds since 1970, None for no end.

    Clause: sec-app-p:B
    """
    if revoked:
        return KeyStanding.REVOKED
    if ends_at is None:
        return KeyStanding.GOOD
    return KeyStanding.ENDING if at < ends_at else KeyStanding.ENDED


def end_beside_newer(
    ends_at: int | None, *, fixed: bool, newer_at: int, overlap: int
) -> int | None:
    """When a key ends, now that a newer one was made at `newer_at`; `overlap` in seconds.

    Never later than it would have ended without; one that is fixed goes on.

    Clause: sec-app-p:B
    """
    if fixed:
        return ends_at
    end = newer_at + overlap
    return end if ends_at is None else min(ends_at, end)
