"""One entry of a bundle, without the others."""

import pytest

from smki.merkle.tiles import encode_entry, entry_in
from smki.terms import Malformed

ENTRIES = (b"first", b"", b"x" * 700)
BUNDLE = b"".join(map(encode_entry, ENTRIES))


@pytest.mark.clause("c2sp:tlog-tiles")
def test_each_entry_stands_at_its_place() -> None:
    """An entry is found by the lengths of those before it."""
    assert tuple(entry_in(BUNDLE, place) for place in range(3)) == ENTRIES


@pytest.mark.parametrize("end", [0, 1, 6, 7, 8, 9, 10, 500, len(BUNDLE) - 1])
def test_a_bundle_that_ends_before_is_malformed(end: int) -> None:
    """However it is cut, no entry is made up of what is left."""
    with pytest.raises(Malformed, match="entry 2 does not end there"):
        entry_in(BUNDLE[:end], 2)


def test_a_place_beyond_is_malformed() -> None:
    """There is no entry after the last."""
    with pytest.raises(Malformed):
        entry_in(BUNDLE, 3)
