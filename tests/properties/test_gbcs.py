"""Every payload type of the table: what is written is read again, and any octets are judged."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.terms import Malformed
from smki.wire.gbcs import asn1
from smki.wire.gbcs.asn1 import decode, encode
from smki.wire.gbcs.cosem import parse_cosem
from smki.wire.gbcs.payloads import PAYLOAD_TYPES
from smki.wire.gbcs.trust_anchors import RemotePartyDetails, StatusCode
from smki.wire.gbcs.zigbee import parse_zigbee

ELEMENTS = (b"\x30\x00", b"\x30\x03\x02\x01\x05", b"\x30\x81\x80" + bytes(128))
TYPES = tuple({of.name: of for of in PAYLOAD_TYPES.values()}.values())


def _values(codec: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the notation."""
    return STRATEGIES[type(codec)](codec)


def _flags(codec: Any) -> st.SearchStrategy[Any]:
    flags = tuple(codec._names)
    return st.integers(0, 2 ** len(flags) - 1).map(type(flags[0]))


def _octets(codec: Any) -> st.SearchStrategy[bytes]:
    size = codec._size
    return st.binary(min_size=size or 0, max_size=20 if size is None else size)


def _times() -> st.SearchStrategy[datetime]:
    return st.datetimes(timezones=st.just(UTC)).map(lambda time: time.replace(microsecond=0))


def _sequences(codec: Any) -> st.SearchStrategy[Any]:
    parts = {
        each.attribute: (st.none() | _values(each.codec)) if each.optional else _values(each.codec)
        for each, _, _ in codec._components
        if each.attribute
    }
    values = st.builds(codec._of, **parts)
    return values.filter(_whole) if codec._of is RemotePartyDetails else values


STRATEGIES: dict[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    asn1.Integer: lambda codec: st.integers(0, codec._highest),
    asn1.Named: lambda codec: st.sampled_from(tuple(codec._names)),
    asn1.Bits: _flags,
    asn1.Octets: _octets,
    asn1.Null: lambda _: st.none(),
    asn1.Time: lambda _: _times(),
    asn1.Element: lambda _: st.sampled_from(ELEMENTS),
    asn1.SequenceOf: lambda codec: st.lists(_values(codec._item), max_size=3).map(tuple),
    asn1.Choice: lambda codec: st.one_of(*(_values(of) for _, of in codec._by_type.values())),
    asn1.SequenceType: _sequences,
    asn1.Few: lambda codec: _values(codec._codec),
}


def _whole(details: RemotePartyDetails) -> bool:
    there = details.counter is not None and details.cells is not None
    away = details.counter is None and details.cells is None
    return there if details.status is StatusCode.SUCCESS else away


@pytest.mark.clause("gbcs:CS02a", "gbcs:CS02b", "gbcs:CS02c", "gbcs:CS03", "gbcs:CS06", "x690:10")
@pytest.mark.parametrize("of", TYPES, ids=lambda of: of.name)
@settings(max_examples=25)
@given(data=st.data())
def test_a_payload_is_read_as_it_was_written(of: Any, data: st.DataObject) -> None:
    """Every value of a type comes back from its DER, without a deviation, and can be shown."""
    value = data.draw(_values(of.codec))
    octets = encode(of.codec, value)
    decoded = decode(of.codec, octets, of.name)
    assert (decoded.value, decoded.deviations) == (value, ())
    assert of.codec.show(value) is not None


@pytest.mark.clause("x690:8.1.3")
@pytest.mark.parametrize("of", TYPES, ids=lambda of: of.name)
@settings(max_examples=25)
@given(data=st.data())
def test_changed_octets_are_another_value_or_malformed(of: Any, data: st.DataObject) -> None:
    """One octet changed, put in or left out: nothing but `Malformed`, or what DER says of it.

    So two readings of the same octets do not exist.
    """
    octets = bytearray(encode(of.codec, data.draw(_values(of.codec))))
    at = data.draw(st.integers(0, len(octets) - 1))
    octets[at : at + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=2))
    changed = bytes(octets)
    try:
        decoded = decode(of.codec, changed, of.name)
    except Malformed:
        return
    again = encode(of.codec, decoded.value)
    assert again == changed or decoded.deviations  # an element is carried as it came, loose or not
    assert decode(of.codec, again, of.name).value == decoded.value


@pytest.mark.clause("x690:8.1.3")
@settings(max_examples=200)
@given(st.sampled_from(TYPES), st.binary(max_size=60))
def test_any_octets_are_a_value_or_malformed(of: Any, octets: bytes) -> None:
    """Nothing else is raised."""
    for start in (b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x82\x00\x05"):
        try:
            decode(of.codec, start + octets, of.name)
        except Malformed:
            continue


@pytest.mark.clause("gbcs:7.2.7")
@settings(max_examples=300)
@given(octets=st.binary(max_size=80), alert=st.booleans())
def test_any_octets_are_a_payload_of_other_use_cases_or_malformed(
    *, octets: bytes, alert: bool
) -> None:
    """DLMS and GBZ alike: nothing else is raised, however much it looks like one."""
    for start in (b"", b"\xd9\x20\x00\x00\x01\x00", b"\xda\x20\x00\x00\x01\x00\x00", b"\x0f" * 6):
        try:
            parse_cosem(start + octets)
        except Malformed:
            continue
    for begin in (b"", b"\x01\x09\x01", b"\x01\x09\x01\x03\x07\x02\x00\x10"):
        try:
            parse_zigbee(begin + octets, alert=alert)
        except Malformed:
            continue


@pytest.mark.clause("gbcs:7.2.7")
def test_values_within_values_have_an_end() -> None:
    """A hundred thousand structures within each other are refused, not followed."""
    with pytest.raises(Malformed, match="values within each other"):
        parse_cosem(b"\x0f\x20\x00\x00\x01\x00" + b"\x02\x01" * 100_000 + b"\x00")
