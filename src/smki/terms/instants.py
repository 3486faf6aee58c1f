"""Instants as documents print them."""

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """The instant in UTC as `2026-11-21T09:00:00Z`; what it has beyond the second is left out."""
    utc = at.astimezone(UTC)
    return f"{utc.year:04d}-{utc:%m-%dT%H:%M:%SZ}"  # %Y leaves the zeros of early years out
