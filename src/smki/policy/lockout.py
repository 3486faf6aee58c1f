"""When an account is locked: five wrong passwords within an hour, until an hour after the first.

Pure: times of wrong passwords in, a decision out. Who unlocks one earlier is not asked here.
"""

from typing import Final

WRONG_MOST: Final = 5  # sec-app-p:3.1
HOUR_SECONDS: Final = 3600  # within which they count, and from the first of which one is locked


def locked_until(wrong: tuple[int, ...], at: int) -> int | None:
    """Until when the account is locked at `at`; None if it is not. Seconds since 1970.

    `wrong` are the times of wrong passwords since the last right one, oldest first.

    Clause: sec-app-p:3.1
    """
    last = wrong[-WRONG_MOST:]
    if len(last) < WRONG_MOST or last[-1] - last[0] >= HOUR_SECONDS:
        return None
    end = last[0] + HOUR_SECONDS
    return end if at < end else None


def after_wrong(wrong: tuple[int, ...], at: int) -> tuple[int, ...]:
    """The times that are kept after one more wrong password, at `at`.

    Clause: sec-app-p:3.1
    """
    return (*wrong, at)[-WRONG_MOST:]
