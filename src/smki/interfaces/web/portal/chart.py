"""Use against forecast as a picture: where bars and lines stand. Numbers in, coordinates out.

The page says the same in a table; what is above the forecast has a mark, not a colour alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from smki.flows.demand import DayFigures

WIDTH: Final = 560
HEIGHT: Final = 180
_LEFT: Final = 4
_TOP: Final = 24  # room for a mark above the highest bar
_BOTTOM: Final = 22  # room for the days
_GAP: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A day. Attributes: place and size; the day's number in its month; noticed or not."""

    x: int
    y: int
    width: int
    height: int
    day: int
    noticed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of some days.

    Attributes:
        bars: one for each day.
        forecast: the line of the forecast, as an SVG path; empty if there was none.
        notice: the line above which use is noticed, likewise.
        highest: what the highest bar or line stands for.
    """

    bars: tuple[Bar, ...]
    forecast: str
    notice: str
    highest: int

    width: int = WIDTH
    height: int = HEIGHT
    floor: int = HEIGHT - _BOTTOM


def chart(figures: Sequence[DayFigures], percent: int) -> Chart:
    """The picture of one kind of request, a figure for each day; above `percent` is noticed."""
    limits = [None if one.forecast is None else one.forecast * percent / 100 for one in figures]
    tops = [float(one.requests) for one in figures] + [one for one in limits if one is not None]
    highest = max(*tops, 1.0)
    room = HEIGHT - _TOP - _BOTTOM
    step = (WIDTH - 2 * _LEFT) // max(len(figures), 1)

    def y(value: float) -> int:
        return HEIGHT - _BOTTOM - round(value * room / highest)

    def line(values: Sequence[float | None]) -> str:
        parts = []
        for place, value in enumerate(values):
            if value is not None:
                x = _LEFT + place * step
                parts.append(f"M{x} {y(value)}H{x + step}")
        return "".join(parts)

    bars = tuple(
        Bar(
            x=_LEFT + place * step + _GAP // 2,
            y=y(one.requests),
            width=step - _GAP,
            height=HEIGHT - _BOTTOM - y(one.requests),
            day=one.day.day,
            noticed=one.noticed,
        )
        for place, one in enumerate(figures)
    )
    return Chart(
        bars=bars,
        forecast=line([one.forecast for one in figures]),
        notice=line(limits),
        highest=round(highest),
    )
