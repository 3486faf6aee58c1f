"""Five wrong passwords within an hour lock, until an hour after the first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.policy.lockout import HOUR_SECONDS, WRONG_MOST, after_wrong, locked_until

pytestmark = pytest.mark.clause("sec-app-p:3.1")
MINUTE = 60


@pytest.mark.parametrize(
    ("minutes", "at", "until"),
    [
        ((), 0, None),
        ((0, 1, 2, 3), 4, None),
        ((0, 1, 2, 3, 4), 5, 60),
        ((0, 1, 2, 3, 59), 59, 60),
        ((0, 1, 2, 3, 4), 60, None),
        ((0, 1, 2, 3, 60), 60, None),  # the fifth was not within the hour of the first
        ((0, 59, 61, 62, 63, 64), 65, 119),  # five within an hour, the first at 59
    ],
)
def test_when_it_is_locked(minutes: tuple[int, ...], at: int, until: int | None) -> None:
    """By the times of wrong passwords, in minutes."""
    wrong: tuple[int, ...] = ()
    for minute in minutes:
        wrong = after_wrong(wrong, minute * MINUTE)
    assert locked_until(wrong, at * MINUTE) == (None if until is None else until * MINUTE)


@given(st.lists(st.integers(0, 4 * HOUR_SECONDS), max_size=30).map(sorted))
def test_never_more_than_five_guesses_in_an_hour(times: list[int]) -> None:
    """However guesses are spread, no hour holds more than five that were looked at."""
    wrong: tuple[int, ...] = ()
    looked_at: list[int] = []
    for at in times:
        if locked_until(wrong, at) is None:
            looked_at.append(at)
            wrong = after_wrong(wrong, at)
    for place in range(len(looked_at) - WRONG_MOST):
        assert looked_at[place + WRONG_MOST] - looked_at[place] >= HOUR_SECONDS
