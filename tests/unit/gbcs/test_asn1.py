"""Numbers of the notation, as long as octets allow."""

from typing import Any

import pytest

from smki.terms import Malformed
from smki.wire.gbcs.asn1 import Codec, Integer, decode, named
from smki.wire.gbcs.joining import UnjoinResponseCode


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize("count", [10, 2_000, 60_000])
def test_a_number_of_very_many_octets_is_refused_by_its_length(count: int) -> None:
    """Not by writing it in decimal, which Python does not do beyond 4,300 digits."""
    length = b"\x82" + count.to_bytes(2, "big")
    octets = b"\x02" + (length if count > 127 else bytes((count,))) + b"\x7f" * count
    codecs: tuple[Codec[Any], ...] = (Integer(), named(UnjoinResponseCode))
    for codec in codecs:
        with pytest.raises(Malformed, match=f"{count} octets, must be a number of at most 9"):
            decode(codec, octets, "number")


@pytest.mark.clause("gbcs:7.2.7")
def test_a_number_out_of_range_is_named() -> None:
    """The greatest SeqNumber is read, one more and less than nothing are not."""
    assert decode(Integer(), bytes.fromhex("0208" + "7f" + 7 * "ff"), "number").value == 2**63 - 1
    for octets, found in (("0209008000000000000000", "9223372036854775808"), ("0201ff", "-1")):
        with pytest.raises(Malformed, match=f"number: {found}, must be 0 to"):
            decode(Integer(), bytes.fromhex(octets), "number")
