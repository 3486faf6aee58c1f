"""Use against forecast: when it is noticed. Nothing is refused for it.

Pure: numbers in, a decision out.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

FORECAST_MOST: Final = 1_000_000_000  # requests a day: more than all users together ever send


def is_over(requests: int, forecast: int, percent: int) -> bool:
    """Whether so many requests are above that part of the forecast, 120 % if nothing else is set.

    Clause: sec-app-p:4
    """
    return requests * 100 > forecast * percent


def in_force(forecasts: Sequence[tuple[date, int]], day: date) -> int | None:
    """What is forecast for the day: by the newest that begins then or before; None if by none.

    `forecasts` are first days and requests in a day, in any order.

    Clause: sec-app-p:4
    """
    begun = [one for one in forecasts if one[0] <= day]
    return max(begun)[1] if begun else None
