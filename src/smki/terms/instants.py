"""Instants as documents print them."""

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """The instant in UTC as `2026-11-21T09:00:00Z`; what it has beyond the second is left out."""
    utc = at.astimezone(UTC)
    return f"{utc.year:04d}-{utc:%m-%dT%H:%M:%SZ}"  # %Y leaves the zeros of early years out


def instant_of(text: str) -> datetime | None:
    """The instant that is written so by `instant_text`; None for any other text."""
    try:
        found = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return found if instant_text(found) == text else None
