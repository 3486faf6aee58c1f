"""The picture of a campaign over time: areas above each other, round numbers beside them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from smki.interfaces.web.portal.recovery.chart import HEIGHT, WIDTH, Mark, chart

AT: Final = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
POINT: Final = re.compile(r"(\d+) (\d+)")


def mark(seconds: float, *counts: int) -> Mark:
    """How it stood so long after the beginning."""
    recovered, failed, under_way = counts
    at = AT + timedelta(seconds=seconds)
    return Mark(at=at, recovered=recovered, failed=failed, under_way=under_way)


def points(path: str) -> list[tuple[int, int]]:
    """The corners of an area."""
    return [(int(x), int(y)) for x, y in POINT.findall(path)]


def test_areas_stand_on_each_other() -> None:
    """Each area ends where the next begins, and all are below the line of all devices."""
    drawn = chart((mark(0, 0, 0, 50), mark(60, 60, 10, 20), mark(120, 90, 10, 0)), 100)
    assert drawn is not None
    recovered, failed = points(drawn.recovered), points(drawn.failed)
    under_way = points(drawn.under_way)
    assert recovered[3:] == [(WIDTH, HEIGHT), (WIDTH // 2, HEIGHT), (0, HEIGHT)]
    assert failed[3:] == recovered[:3][::-1]
    assert under_way[3:] == failed[:3][::-1]
    assert min(y for _, y in under_way) >= drawn.top
    assert [one.text for one in drawn.across] == ["0", "20", "40", "60", "80", "100"]
    assert drawn.across[-1].place == drawn.top


def test_what_there_is_none_of_is_not_drawn() -> None:
    """No outline of an area without height."""
    drawn = chart((mark(0, 0, 0, 1), mark(60, 5, 0, 1)), 10)
    assert drawn is not None
    assert drawn.failed == ""
    assert drawn.recovered
    assert drawn.under_way


@pytest.mark.parametrize("marks", [(), (mark(0, 1, 0, 0),), (mark(0, 1, 0, 0), mark(0, 1, 0, 0))])
def test_one_instant_is_no_picture(marks: tuple[Mark, ...]) -> None:
    """Nothing can be drawn of fewer than two instants."""
    assert chart(marks, 10) is None


@pytest.mark.parametrize(
    ("devices", "highest"),
    [(1, "1"), (7, "6"), (1_000, "1,000"), (4_999, "4,000"), (50_000_000, "50,000,000")],
)
def test_numbers_across_are_round_and_few(devices: int, highest: str) -> None:
    """At most six lines, with round numbers that have separators."""
    drawn = chart((mark(0, 0, 0, 0), mark(9, 1, 0, 0)), devices)
    assert drawn is not None
    assert 2 <= len(drawn.across) <= 6
    assert drawn.across[-1].text == highest


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (3, ["23:59:00", "23:59:01", "23:59:02", "23:59:03"]),
        (100, ["23:59:00", "23:59:30", "00:00:00", "00:00:30"]),
        (3 * 60, ["23:59", "00:00", "00:01", "00:02"]),
        (10 * 3600, ["00:00", "03:00", "06:00", "09:00"]),
        (3 * 86_400, ["22 Nov", "23 Nov", "24 Nov"]),
        (8_000 * 86_400, None),
    ],
)
def test_instants_along_are_round_and_few(seconds: float, labels: list[str] | None) -> None:
    """Round instants in UTC, no more than a narrow screen has room for, within the picture."""
    drawn = chart((mark(0, 0, 0, 0), mark(seconds, 1, 0, 0)), 10)
    assert drawn is not None
    assert all(0 <= one.place <= 100 for one in drawn.along)
    if labels is not None:
        assert [one.text for one in drawn.along] == labels
        assert len(drawn.along) <= 5


def test_the_table_has_the_newest_and_some_of_all() -> None:
    """However many marks, the table begins with the newest and is short."""
    marks = tuple(mark(n, n, 0, 0) for n in range(500))
    drawn = chart(marks, 500)
    assert drawn is not None
    assert drawn.rows[0] == marks[-1]
    assert len(drawn.rows) <= 60
    assert drawn.days == "21 November 2026 to 22 November 2026"
