"""A campaign over time as a picture: where areas, lines and labels stand. Numbers in, places out.

    recovered, failed, under way    areas above each other, up to the dashed line: all devices

Along it places are parts of a thousand, whatever the width of the screen; upwards they are pixels.
The page says the same in words and in a table; areas have patterns, not colours alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

HEIGHT: Final = 240  # pixels of the areas, the room above the dashed line among them
WIDTH: Final = 1_000
_TOP: Final = 12
_ROWS: Final = 60  # of the table: one reads it, nobody a thousand
_LINES: Final = 5  # across, at the most, but for the lowest
_LABELS: Final = 4  # along it: on a narrow screen there is no room for more
_STEPS: Final = (
    *(timedelta(seconds=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)),
)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a campaign stood at an instant: devices that are recovered, failed, under way."""

    at: datetime
    recovered: int
    failed: int
    under_way: int

    @property
    def heights(self) -> tuple[int, int, int]:
        """The upper ends of the three areas."""
        failed = self.recovered + self.failed
        return self.recovered, failed, failed + self.under_way


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Something that is written beside the picture. Attributes: its place, and what."""

    place: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A picture of a campaign.

    Attributes:
        recovered: outline of that area, as an SVG path; empty if there is nothing of it.
        failed: likewise.
        under_way: likewise.
        top: how high the dashed line of all devices stands.
        across: lines across, with what they stand for.
        along: instants, by parts of a hundred of the width.
        days: the day or days that it covers, in words.
        rows: for the table, newest first.
    """

    recovered: str
    failed: str
    under_way: str
    top: int
    across: tuple[Label, ...]
    along: tuple[Label, ...]
    days: str
    rows: tuple[Mark, ...]

    width: int = WIDTH
    height: int = HEIGHT


def chart(marks: Sequence[Mark], devices: int) -> Chart | None:
    """The picture of these marks, oldest first; None if there are not two instants to draw.

    Args:
        marks: how it stood.
        devices: all that there are.
    """
    if len(marks) < 2 or marks[0].at >= marks[-1].at:
        return None
    begun, whole = marks[0].at, marks[-1].at - marks[0].at
    highest = max(devices, *(one.heights[2] for one in marks), 1)

    def x(at: datetime) -> int:
        return round(WIDTH * ((at - begun) / whole))

    def y(some: int) -> int:
        return HEIGHT - round((HEIGHT - _TOP) * some / highest)

    def area(lower: Sequence[int], upper: Sequence[int]) -> str:
        if list(lower) == list(upper):
            return ""
        there = [(x(one.at), y(high)) for one, high in zip(marks, upper, strict=True)]
        back = [(x(one.at), y(low)) for one, low in zip(marks, lower, strict=True)]
        return "M" + "L".join(f"{left} {up}" for left, up in (*there, *reversed(back))) + "Z"

    nothing = [0] * len(marks)
    first, second, third = zip(*(one.heights for one in marks), strict=True)
    return Chart(
        recovered=area(nothing, first),
        failed=area(first, second),
        under_way=area(second, third),
        top=y(devices),
        across=tuple(Label(place=y(some), text=f"{some:,}") for some in _counts(highest)),
        along=tuple(
            Label(place=round(x(at) * 100 / WIDTH, 1), text=text)
            for at, text in _instants(begun, whole)
        ),
        days=_days(begun, marks[-1].at),
        rows=_rows(marks),
    )


def _counts(highest: int) -> tuple[int, ...]:
    """Round numbers up to the highest, nothing among them."""
    round_numbers = (digit * 10**power for power in count() for digit in (1, 2, 5))
    step = next(one for one in round_numbers if highest // one <= _LINES)
    return tuple(range(0, highest + 1, step))


def _instants(begun: datetime, whole: timedelta) -> list[tuple[datetime, str]]:
    """Round instants in that time, as they are written: fewer where they take more room."""
    step = next(
        (one for one in _STEPS if whole // one <= (_LABELS if one >= _MINUTE else _LABELS - 1)),
        _STEPS[-1],
    )
    at = begun - (begun - _EPOCH) % step
    found = []
    while at <= begun + whole:
        if at >= begun:
            found.append((at, _written(at, step)))
        at += step
    return found


def _written(at: datetime, step: timedelta) -> str:
    if step >= _DAY:
        return f"{at.day} {at:%b}"
    return f"{at:%H:%M}" if step >= _MINUTE else f"{at:%H:%M:%S}"


def _days(begun: datetime, ended: datetime) -> str:
    first, last = (f"{at.day} {at:%B %Y}" for at in (begun, ended))
    return first if first == last else f"{first} to {last}"


def _rows(marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """The marks, or so many of them, evenly, the newest one always."""
    return tuple(marks[::-1][:: -(-len(marks) // _ROWS)])
