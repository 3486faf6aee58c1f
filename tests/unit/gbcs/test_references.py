"""The published messages: every octet accounted for, everything that protects them verified."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from smki.adapters.gbcs_keys import read_keys
from smki.messages import Verdict, check
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.asn1 import encode
from smki.wire.gbcs.frame import (
    grouped,
    parse_message,
    read_message_file,
    with_mac,
    with_signature,
)
from smki.wire.gbcs.payloads import (
    OpaquePayload,
    SecurityPayload,
    encrypted_items,
    read_payload,
)


@pytest.mark.clause("gbcs:7.2.7")
def test_every_reference_message_is_written_as_it_was_read(references: tuple[Any, ...]) -> None:
    """Header, payload and protection, put together again, are the octets received."""
    for each in references:
        message = each.message
        octets = grouped(message.header, message.payload)
        if not message.is_pre_command:
            octets = with_signature(octets, message.signature)
        if message.mac:
            octets = with_mac(octets, message.mac)
        assert octets == message.octets, each.name


@pytest.mark.clause("gbcs:CS02a", "gbcs:CS02b", "gbcs:CS02c", "gbcs:CS03", "gbcs:CS06")
def test_every_security_payload_is_written_as_it_was_read(references: tuple[Any, ...]) -> None:
    """What was DER is the same octets; what was not is noted, and there is nothing unread."""
    counts = Counter[str]()
    for each in references:
        payload = read_payload(each.message)
        assert not isinstance(payload, OpaquePayload), each.name
        if isinstance(payload, SecurityPayload):
            same = encode(payload.type.codec, payload.value) == each.message.payload
            assert same == (not payload.deviations), each.name
            counts["same" if same else "loose"] += 1
    assert counts == {"same": 70, "loose": 10}


@pytest.mark.clause("gbcs:CS02a")
def test_what_real_devices_write_loosely_is_read_and_noted(gbcs_vectors: Path) -> None:
    """A default written out and a length in too many octets are read, and said."""
    explicit, omitted = (
        read_payload(
            parse_message(
                read_message_file(
                    (
                        gbcs_vectors
                        / "captures"
                        / f"CS02a_device_capture_default_cell_usage_{case}.HEX"
                    ).read_bytes()
                )
            )
        )
        for case in ("explicit", "omitted")
    )
    assert isinstance(explicit, SecurityPayload)
    assert isinstance(omitted, SecurityPayload)
    assert any("default written out" in each.message for each in explicit.deviations)
    assert not omitted.deviations


@pytest.mark.clause("gbcs:18.4")
def test_every_signature_mac_and_encrypted_attribute_holds(
    references: tuple[Any, ...], gbcs_vectors: Path
) -> None:
    """Whatever the index says is there and can be checked, holds; nothing else is there."""
    ring = read_keys(gbcs_vectors / "keys")
    assert not ring.notes
    for each in references:
        items = encrypted_items(read_payload(each.message))
        found = check(each.message, items, ring)
        mac = {"yes": "valid", "no": "absent", "undecidable": "unknown"}[each.row["mac"]]
        signature = {"yes": "valid", "no": "absent"}[each.row["signature"]]
        assert (found.signature.value, found.mac.value) == (signature, mac), each.name
        assert len(found.encrypted) == int(each.row["encrypted_items"]), each.name
        assert all(item.verdict is Verdict.VALID for item in found.encrypted), each.name


@pytest.mark.clause("gbcs:18.4")
def test_the_published_cryptographic_vector_holds(gbcs_vectors: Path) -> None:
    """The critical command of section 18.4 verifies, signature and MAC."""
    path = gbcs_vectors / "gbcs-18.4" / "ECS04b_COMMAND.HEX"
    message = parse_message(read_message_file(path.read_bytes()))
    found = check(message, (), read_keys(gbcs_vectors / "keys"))
    assert (found.signature, found.mac) == (Verdict.VALID, Verdict.VALID)
    assert message.header.originator == EUI64.parse("123456789ABCDEF0")


@pytest.mark.clause("gbcs:18.4")
def test_no_bit_of_a_command_can_be_changed(
    references: tuple[Any, ...], gbcs_vectors: Path
) -> None:
    """Each change of one bit of a reference command is unreadable, or breaks signature or MAC."""
    ring = read_keys(gbcs_vectors / "keys")
    octets = next(
        each.message.octets for each in references if each.name.startswith("CS02c_6.17_SUCCESS_COM")
    )
    for bit in range(8 * len(octets)):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            message = parse_message(bytes(changed))
        except Malformed:
            continue
        found = check(message, (), ring)
        assert (found.signature, found.mac) != (Verdict.VALID, Verdict.VALID), bit
        assert found.mac is not Verdict.VALID, bit
