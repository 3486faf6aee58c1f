"""How long something takes: never so rounded that nothing is left."""

import pytest

from smki.recovery.spans import span_text


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (1_234.5, "1,234.50 hours"),
        (1.0, "1.00 hours"),
        (0.5, "30.0 minutes"),
        (0.0025, "9.0 seconds"),
        (0.0, "0.0 seconds"),
    ],
)
def test_what_is_under_an_hour_is_not_told_in_hours(hours: float, said: str) -> None:
    """A few devices take seconds, and are not said to take 0.00 hours."""
    assert span_text(hours) == said
