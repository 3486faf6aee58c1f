"""Certification requests, encodings and headers: total, canonical, and one with its short cut."""

import base64
from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smki.terms import EUI64, KeyUsage, Malformed, RemotePartyRole
from smki.wire import der
from smki.wire.encodings import read_bare_base64, read_portal_encoding, write_pem
from smki.wire.gbcs.frame import parse_message, read_message_file
from smki.wire.pkcs10 import (
    RULES,
    assemble_request,
    device_request_info,
    organisation_request_info,
    parse_device_request,
    parse_organisation_request,
    parse_system_request,
)
from smki.wire.pkcs10.layouts import LAYOUTS_A_LENGTH, LENGTHS, DeviceLayouts
from smki.wire.pkcs10.reading import read_device_request
from smki.wire.requests import DeviceRequest, OrganisationRequest, SignedRequest

PARSERS: Final = (parse_device_request, parse_organisation_request, parse_system_request)

points = st.binary(min_size=64, max_size=64).map(lambda octets: b"\x04" + octets)
identifiers = st.binary(min_size=8, max_size=8).map(EUI64)
usages = st.sampled_from([KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT])
hw_types = st.lists(st.integers(0, 2**40), min_size=1, max_size=6).map(
    lambda arcs: der.oid(".".join(map(str, (1, 2, *arcs))))[2:]
)
signatures = st.binary(min_size=1, max_size=80)
names = st.text("abc XYZ&é-.", min_size=1, max_size=64)


@st.composite
def device_requests(draw: st.DrawFn) -> bytes:
    """Requests of devices, with any octets for points and signatures."""
    info = device_request_info(
        device=draw(identifiers),
        hw_type=draw(hw_types),
        usage=draw(usages),
        point=draw(points),
        critical=draw(st.booleans()),
    )
    return assemble_request(info, draw(signatures))


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Requests of devices with up to three changes: an octet, a piece out, a piece in."""
    octets = bytearray(draw(device_requests()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(octets) - 1))
        change = draw(st.sampled_from(["octet", "out", "in"]))
        if change == "octet":
            octets[at] = draw(st.integers(0, 255))
        elif change == "out":
            del octets[at : at + draw(st.integers(1, 4))]
        else:
            octets[at:at] = draw(st.binary(min_size=1, max_size=4))
        assume(octets)
    return bytes(octets)


def _fault(read: Callable[[bytes], object], octets: bytes) -> Malformed | None:
    """What `read` says against `octets`; anything but `Malformed` fails the test."""
    try:
        read(octets)
    except Malformed as fault:
        return fault
    return None


def _outcome(parse: Callable[[bytes], SignedRequest], octets: bytes) -> SignedRequest | str:
    fault = _fault(parse, octets)
    return parse(octets) if fault is None else fault.rule


def _strictly(octets: bytes) -> SignedRequest:
    return read_device_request(octets)[0]


@given(st.binary(max_size=400) | spoilt())
@pytest.mark.clause("rfc2986:4.2")
def test_any_octets_give_a_request_or_a_refusal_by_rule(octets: bytes) -> None:
    """No octets raise anything but `Malformed`, under a rule of the closed set."""
    for parse in PARSERS:
        fault = _fault(parse, octets)
        assert fault is None or (fault.rule in RULES and fault.clause)


@given(device_requests())
@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_device_request_composed_from_its_reading_is_the_same(octets: bytes) -> None:
    """Reading loses nothing: composed again from what was read, the octets are the same."""
    signed = parse_device_request(octets)
    request = signed.request
    assert isinstance(request, DeviceRequest)
    infos = {
        device_request_info(
            device=request.device,
            hw_type=request.hw_type,
            usage=request.usage,
            point=request.point,
            critical=critical,
        )
        for critical in (True, False)
    }
    assert signed.info in infos
    assert assemble_request(signed.info, signed.signature) == octets


@given(identifiers, st.sampled_from(RemotePartyRole), st.none() | names, usages, points, signatures)
@pytest.mark.clause("sec-app-m:F")
def test_organisation_request_is_read_as_composed(
    entity: EUI64,
    role: RemotePartyRole,
    common_name: str | None,
    usage: KeyUsage,
    point: bytes,
    signature: bytes,
) -> None:
    """Reading gives what was composed, for every role, name and key."""
    info = organisation_request_info(
        entity=entity, role=role, common_name=common_name, usage=usage, point=point
    )
    signed = parse_organisation_request(assemble_request(info, signature))
    request = signed.request
    assert isinstance(request, OrganisationRequest)
    assert (request.entity, request.role, request.common_name) == (entity, role, common_name)
    assert (request.usage, request.point) == (usage, point)
    assert (signed.info, signed.signature) == (info, signature)


@given(device_requests(), st.data())
@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_short_cut_agrees_with_the_strict_way(octets: bytes, data: st.DataObject) -> None:
    """After a layout is known, whatever the short cut splits the strict reader reads the same."""
    layouts = DeviceLayouts()
    signed, point, serial = read_device_request(octets)
    layouts.learn(octets, signed, point, serial)
    assert layouts.split(octets) == signed
    variable = (*range(point + 1, point + 65), *range(serial, serial + 8))
    for places in (st.integers(0, len(octets) - 1), st.sampled_from(variable)) * 4:
        changed = bytearray(octets)
        for at in data.draw(st.lists(places, min_size=1, max_size=3)):
            changed[at] = data.draw(st.integers(0, 255))
        short = layouts.split(bytes(changed))
        strict = _outcome(_strictly, bytes(changed))
        assert short is None or short == strict
        apart = {at for at in range(len(octets)) if changed[at] != octets[at]}
        if apart <= set(variable):
            assert short == strict


@given(spoilt())
def test_spoilt_request_has_one_outcome_before_and_after_others(octets: bytes) -> None:
    """What is known of other requests never changes the outcome of one."""
    assert _outcome(parse_device_request, octets) == _outcome(_strictly, octets)


def test_layouts_are_bounded() -> None:
    """However many layouts come by, few are kept, and every one is still read right."""
    layouts = DeviceLayouts()
    for length in range(1, 2 * LENGTHS):
        for arc in range(2 * LAYOUTS_A_LENGTH):
            info = device_request_info(
                device=EUI64(bytes(8)),
                hw_type=bytes((42, arc)),
                usage=KeyUsage.KEY_AGREEMENT,
                point=b"\x04" + bytes(64),
            )
            octets = assemble_request(info, bytes(length))
            layouts.learn(octets, *read_device_request(octets))
            assert layouts.split(octets) == read_device_request(octets)[0]
    kept = layouts._by_length
    assert len(kept) <= LENGTHS
    assert max(map(len, kept.values())) == LAYOUTS_A_LENGTH


@given(st.binary(min_size=1, max_size=300))
@pytest.mark.clause("sec-app-m:F")
def test_base64_has_one_spelling(octets: bytes) -> None:
    """The canonical spelling is read, bare and armoured."""
    assert read_bare_base64(base64.b64encode(octets)) == octets
    assert read_portal_encoding(write_pem(octets)) == octets


@given(st.binary(max_size=200) | st.text("MTIz=+/\n\r- ", max_size=90).map(str.encode))
@pytest.mark.clause("sec-app-m:F")
def test_any_text_gives_octets_or_a_refusal_by_rule(text: bytes) -> None:
    """No text raises anything but `Malformed`; what is read bare is spelt canonically."""
    for read in (read_bare_base64, read_portal_encoding):
        fault = _fault(read, text)
        if fault is not None:
            assert fault.rule in RULES
        else:
            joined = text.replace(b"\r", b"").replace(b"\n", b"")
            assert base64.b64encode(read(text)) in joined


@given(st.binary(max_size=200), st.booleans())
@pytest.mark.clause("gbcs:7.2.7")
def test_any_octets_give_a_message_or_a_refusal(octets: bytes, headed: bool) -> None:  # noqa: FBT001  # hypothesis gives it by name
    """No octets raise anything but `Malformed`, however much they look like a message."""
    head = bytes.fromhex("DF0901") + bytes(8) + b"\x08" + bytes(8) + b"\x08" + bytes(8)
    for read in (parse_message, read_message_file):
        fault = _fault(read, head + octets if headed else octets)
        assert fault is None or fault.clause == "gbcs:7.2.7"
