"""Where the bars and lines of a picture stand."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.flows.demand import DayFigures
from smki.interfaces.web.portal.chart import HEIGHT, WIDTH, chart
from smki.terms import RequestType

COUNTS = st.integers(0, 1_000_000_000)


def figures(given: list[tuple[int, int | None]]) -> list[DayFigures]:
    """A day for each."""
    return [
        DayFigures(
            day=date(2026, 11, 1) + timedelta(days=place),
            request_type=RequestType.SEARCH,
            requests=requests,
            forecast=forecast,
            noticed=False,
        )
        for place, (requests, forecast) in enumerate(given)
    ]


@pytest.mark.clause("sec-app-p:4")
@given(st.lists(st.tuples(COUNTS, st.none() | COUNTS), min_size=1, max_size=31))
def test_everything_is_inside_the_picture(days: list[tuple[int, int | None]]) -> None:
    """Whatever the figures, bars stand on the floor, side by side, and none leaves the frame."""
    drawn = chart(figures(days), 120)
    assert len(drawn.bars) == len(days)
    for bar in drawn.bars:
        assert bar.y + bar.height == drawn.floor
        assert 0 <= bar.x < bar.x + bar.width <= WIDTH
        assert 0 < bar.y <= drawn.floor < HEIGHT
    assert all(
        one.x + one.width < two.x for one, two in zip(drawn.bars, drawn.bars[1:], strict=False)
    )


def test_lines_stand_at_their_numbers() -> None:
    """The forecast where a bar of its height ends, the notice a fifth above; none on days without."""
    drawn = chart(figures([(10, None), (10, 10), (12, 10)]), 120)
    assert drawn.highest == 12
    step = WIDTH // 3 - 2
    assert drawn.forecast.startswith(f"M{4 + step} {drawn.bars[1].y}H")
    assert drawn.notice.startswith(f"M{4 + step} {drawn.bars[2].y}H")
    assert drawn.forecast.count("M") == 2
    assert chart(figures([(0, None)]), 120).forecast == ""
