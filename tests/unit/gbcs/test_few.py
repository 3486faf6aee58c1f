"""Names of trust anchor cells are read once: what is remembered is what would be read again."""

import pytest

from smki.terms import Malformed
from smki.wire.gbcs.asn1 import decode, encode
from smki.wire.gbcs.trust_anchors import PROVIDE_DETAILS_COMMAND, TRUST_ANCHOR_CELL_IDENTIFIER

pytestmark = pytest.mark.clause("gbcs:CS02a")
CELL = bytes.fromhex("3007020102 03020780".replace(" ", ""))
LOOSE = bytes.fromhex("308107020102 03020780".replace(" ", ""))
WRITTEN_OUT = bytes.fromhex("300a020102 03020780 020100".replace(" ", ""))


def test_a_name_read_again_is_the_same_value() -> None:
    """Each time, and written again it is the octets that were read."""
    first, again = (decode(TRUST_ANCHOR_CELL_IDENTIFIER, CELL, "cell") for _ in range(2))
    assert first.value == again.value
    assert encode(TRUST_ANCHOR_CELL_IDENTIFIER, again.value) == CELL
    assert not again.deviations


@pytest.mark.parametrize("octets", [LOOSE, WRITTEN_OUT])
def test_what_is_loose_is_noted_each_time(octets: bytes) -> None:
    """A deviation is not lost because the element was seen before."""
    for _ in range(3):
        found = decode(TRUST_ANCHOR_CELL_IDENTIFIER, octets, "cell")
        assert len(found.deviations) == 1
        assert encode(TRUST_ANCHOR_CELL_IDENTIFIER, found.value) == CELL


def test_what_is_known_does_not_reach_past_its_end() -> None:
    """A name that is cut off, or that its sequence cuts off, is refused however well it is known."""
    decode(TRUST_ANCHOR_CELL_IDENTIFIER, CELL, "cell")
    roles = bytes.fromhex("3003020102")
    good = bytes((0x30, len(CELL + roles))) + CELL + roles
    assert decode(PROVIDE_DETAILS_COMMAND, good, "command").value.roles
    for octets in (CELL[:-1], CELL[:1], b"", CELL + b"\x00", bytes((0x30, len(CELL) - 1)) + CELL):
        with pytest.raises(Malformed):
            decode(TRUST_ANCHOR_CELL_IDENTIFIER, octets, "cell")
        with pytest.raises(Malformed):
            decode(PROVIDE_DETAILS_COMMAND, octets, "command")
