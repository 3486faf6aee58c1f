"""How long something takes, as people read it. Rounds, and is for no further calculation."""

from typing import Final

_MINUTES: Final = 60  # of an hour, and seconds of a minute


def span_text(hours: float) -> str:
    """So many hours in words: under one they are minutes, under a minute seconds."""
    if hours >= 1:
        return f"{hours:,.2f} hours"
    minutes = hours * _MINUTES
    return f"{minutes:.1f} minutes" if minutes >= 1 else f"{minutes * _MINUTES:.1f} seconds"
