"""Use against forecast."""

from datetime import date

import pytest

from smki.policy.demand import in_force, is_over

DAY = date(2026, 11, 21)


@pytest.mark.clause("sec-app-p:4")
@pytest.mark.parametrize(
    ("requests", "forecast", "percent", "over"),
    [
        (120, 100, 120, False),
        (121, 100, 120, True),
        (3, 2, 120, True),
        (2, 2, 120, False),
        (0, 0, 120, False),
        (1, 0, 120, True),
        (150, 100, 150, False),
    ],
)
def test_above_120_per_cent(requests: int, forecast: int, percent: int, *, over: bool) -> None:
    """Exactly the part is not above it; of nothing, one is."""
    assert is_over(requests, forecast, percent) is over


@pytest.mark.clause("sec-app-p:4")
@pytest.mark.parametrize(
    ("forecasts", "expected"),
    [
        ((), None),
        (((date(2026, 11, 22), 7),), None),
        (((DAY, 7),), 7),
        (((DAY, 7), (date(2026, 1, 1), 900), (date(2026, 11, 22), 8)), 7),
    ],
)
def test_the_newest_that_has_begun(
    forecasts: tuple[tuple[date, int], ...], expected: int | None
) -> None:
    """A later one is not in force yet; without one nothing is forecast."""
    assert in_force(forecasts, DAY) == expected
