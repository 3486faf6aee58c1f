"""Instants have one text, whatever the zone in which they were said."""

from datetime import UTC, datetime, timedelta, timezone

from smki.terms import instant_text


def test_an_instant_is_told_in_utc() -> None:
    """Day and year are those of UTC, too, where the zone has another."""
    at = datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1)))
    assert instant_text(at) == "2027-01-01T00:30:00Z"


def test_early_years_have_four_digits_and_parts_of_seconds_are_left_out() -> None:
    """So that texts sort as instants do."""
    assert instant_text(datetime(26, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)) == "0026-01-02T03:04:05Z"
