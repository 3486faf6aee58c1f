"""Until when an API key is good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.policy.apikeys import KeyStanding, end_beside_newer, key_standing

TIMES = st.integers(0, 10_000)


@pytest.mark.clause("sec-app-p:B")
@pytest.mark.parametrize(
    ("ends_at", "revoked", "at", "standing"),
    [
        (None, False, 5, KeyStanding.GOOD),
        (6, False, 5, KeyStanding.ENDING),
        (5, False, 5, KeyStanding.ENDED),
        (4, False, 5, KeyStanding.ENDED),
        (9, True, 5, KeyStanding.REVOKED),
    ],
)
def test_what_a_key_is(
    ends_at: int | None, at: int, standing: KeyStanding, *, revoked: bool
) -> None:
    """By its end; only the first two open anything."""
    assert key_standing(ends_at, revoked=revoked, at=at) is standing
    assert standing.opens == (standing in (KeyStanding.GOOD, KeyStanding.ENDING))


@pytest.mark.clause("sec-app-p:B")
@given(st.none() | TIMES, TIMES, TIMES)
def test_a_newer_key_never_lengthens_the_life_of_an_earlier(
    ends_at: int | None, newer_at: int, overlap: int
) -> None:
    """It ends the overlap after the newer one, or before; one that is fixed is left alone."""
    end = end_beside_newer(ends_at, fixed=False, newer_at=newer_at, overlap=overlap)
    assert end == min(newer_at + overlap, newer_at + overlap if ends_at is None else ends_at)
    assert end_beside_newer(ends_at, fixed=True, newer_at=newer_at, overlap=overlap) == ends_at
