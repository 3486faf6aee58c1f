"""Records of a line: total, canonical, the same in any pieces."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.simulator.line_records import (
    RECORD_OCTETS_MAX,
    Done,
    Hello,
    LineFrame,
    Quiet,
    Record,
    Records,
    RefusedLine,
    Unknown,
    Welcome,
    encode_record,
)
from smki.terms import EUI64, Malformed

_DEVICES = st.binary(min_size=8, max_size=8).map(EUI64)
_INSTANTS = st.integers(0, 253_370_764_800_000_000).map(
    lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
)
_RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(Hello, version=st.integers(0, 65_535)),
    st.builds(
        Welcome,
        version=st.integers(0, 65_535),
        instant=_INSTANTS,
        pace=st.floats(1e-6, 1e6),
    ),
    st.builds(LineFrame, device=_DEVICES, frame=st.binary(min_size=1, max_size=300)),
    st.builds(Quiet, device=_DEVICES, frames=st.integers(0, 2**32 - 1)),
    st.builds(Done, device=_DEVICES),
    st.builds(Unknown, device=_DEVICES),
    st.builds(RefusedLine, reason=st.text(max_size=100)),
)


@given(st.lists(_RECORDS, max_size=5), st.lists(st.integers(0, 400), max_size=5))
def test_records_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Record], cuts: list[int]
) -> None:
    """Cut anywhere, in order, none left over; and each is encoded in one way."""
    octets = b"".join(map(encode_record, sent))
    records = Records()
    heard: list[Record] = []
    edges = [0, *sorted(min(cut, len(octets)) for cut in cuts), len(octets)]
    for start, end in pairwise(edges):
        heard += records.feed(octets[start:end])
    assert heard == sent
    assert not records.half
    records.end()


@given(st.binary(max_size=200))
def test_any_octets_are_records_or_malformed(octets: bytes) -> None:
    """Never another error; what is read is written the same again, up to where it is none."""
    records = Records()
    heard: list[Record] = []
    with suppress(Malformed):
        for record in records.feed(octets):
            heard.append(record)  # noqa: PERF402 -- what came before an error is kept
        records.end()
    kept = [one for one in heard if not isinstance(one, RefusedLine)]  # its text may be no UTF-8
    assert all(encode_record(one) in octets for one in kept)


@pytest.mark.parametrize("length", [0, RECORD_OCTETS_MAX + 1, 2**32 - 1])
def test_a_length_beyond_the_limits_is_refused_before_anything_is_kept(length: int) -> None:
    """Four octets are enough to be told."""
    with pytest.raises(Malformed, match=f"record of {length} octets"):
        list(Records().feed(length.to_bytes(4, "big")))
