"""Instants have one text, whatever the zone in which they were said."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from smki.terms import instant_of, instant_text


def test_an_instant_is_told_in_utc() -> None:
    """Day and year are those of UTC, too, where the zone has another."""
    at = datetime(2026, 12, 31, 23, 30, tzinfo=timezone(timedelta(hours=-1)))
    assert instant_text(at) == "2027-01-01T00:30:00Z"


def test_early_years_have_four_digits_and_parts_of_seconds_are_left_out() -> None:
    """So that texts sort as instants do."""
    assert instant_text(datetime(26, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)) == "0026-01-02T03:04:05Z"


def test_a_text_is_read_as_it_is_written() -> None:
    """What `instant_text` wrote is that instant."""
    at = datetime(26, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert instant_of(instant_text(at)) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-21",
        "2026-11-21T09:00:00",
        "2026-11-21T09:00:00+00:00",
        "2026-11-21t09:00:00Z",
        "2026-1-2T3:4:5Z",
        "2026-11-41T09:00:00Z",
        " 2026-11-21T09:00:00Z",
    ],
)
def test_other_texts_are_no_instants(text: str) -> None:
    """Each instant has one text alone."""
    assert instant_of(text) is None
