"""The commonest messages are read at once: as they are read field by field, or not at all."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smki.terms import EUI64, Malformed
from smki.wire.gbcs import frame
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, grouped, with_signature

ENTITIES = st.binary(min_size=8, max_size=8).map(EUI64)
HEADERS = st.builds(
    GroupingHeader,
    category=st.sampled_from(MessageCategory),
    counter=st.integers(0, 2**64 - 1),
    originator=ENTITIES,
    recipient=ENTITIES,
    date_time=st.sampled_from([b"", bytes(range(12))]),
    message_code=st.integers(0, 0xFFFF),
)
SIZES = st.sampled_from([0, 1, 127, 128, 129, 255, 256, 257, 700, 65_535])


def _both_ways(octets: bytes) -> None:
    """What is read at once is what is read field by field."""
    at_once = frame._plain_signed(octets)
    if at_once is not None:
        assert at_once == frame._by_fields(octets)


@pytest.mark.clause("gbcs:7.2.7")
@settings(deadline=None)
@given(header=HEADERS, size=SIZES, signature=st.binary(min_size=64, max_size=64))
def test_every_plain_signed_message_is_read_at_once(
    header: GroupingHeader, size: int, signature: bytes
) -> None:
    """With lengths of one octet, of two and of three."""
    octets = with_signature(grouped(header, bytes(size)), signature)
    assert frame._plain_signed(octets) == frame._by_fields(octets)
    assert frame._plain_signed(octets) is not None


@pytest.mark.clause("gbcs:7.2.7")
@settings(max_examples=300, deadline=None)
@given(
    header=HEADERS,
    size=st.sampled_from([0, 3, 127, 128, 200, 300]),
    at=st.integers(0, 400),
    cut=st.integers(0, 9),
    put=st.binary(max_size=9),
)
def test_changed_octets_are_never_read_otherwise_at_once(
    header: GroupingHeader, size: int, at: int, cut: int, put: bytes
) -> None:
    """A length that is not the shortest, an octet too many, another tag: the fields decide."""
    octets = with_signature(grouped(header, bytes(size)), bytes(64))
    _both_ways(octets[:at] + put + octets[at + cut :])


@given(octets=st.binary(max_size=200).map(lambda octets: b"\xdf\x09" + octets))
@example(octets=b"")
@example(octets=b"\xdf\x09" + bytes(69_990))
def test_any_octets_are_a_message_or_malformed(octets: bytes) -> None:
    """Whichever way is tried first."""
    _both_ways(octets)
    try:
        message = frame.parse_message(octets)
    except Malformed:
        return
    assert message.octets == octets
