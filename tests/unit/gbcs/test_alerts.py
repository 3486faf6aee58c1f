"""Alerts, and use cases that no reference message here shows: read by what is publicly described."""

from typing import Any

import pytest

from smki.messages import Checks, Finding, Verdict, shown
from smki.messages.keys import KeyRings
from smki.messages.reading import read_document
from smki.terms import EUI64
from smki.wire.gbcs.asn1 import encode
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, grouped, parse_message
from smki.wire.gbcs.payloads import (
    DESCRIBED_TYPES,
    OpaquePayload,
    SecurityPayload,
    read_payload,
)
from smki.wire.gbcs.zigbee import parse_zigbee

_UNCHECKED = Checks(
    of_signature=Finding(verdict=Verdict.UNKNOWN, reason="no key is there"),
    of_mac=Finding(verdict=Verdict.ABSENT),
    encrypted=(),
)
_ALERT = "010900 8f66 1c374a80"  # a GBZ alert: no components, code, time


def _document(code: int, category: MessageCategory, payload: str) -> dict[str, Any]:
    header = GroupingHeader(
        category=category,
        counter=7,
        originator=EUI64(bytes(8)),
        recipient=EUI64(bytes(8)),
        message_code=code,
    )
    message = parse_message(grouped(header, bytes.fromhex(payload)) + b"\x40" + bytes(64))
    return shown(message, read_payload(message), _UNCHECKED)


@pytest.mark.clause("gbcs:use-cases")
def test_an_execution_alert_is_named_by_the_use_case_that_was_executed(
    references: tuple[Any, ...],
) -> None:
    """The published DLMS alerts quote code and counter of their command, and what it changed."""
    found: list[Any] = []
    for each in references:
        if each.message.header.message_code == 0x00CC:
            document = shown(each.message, read_payload(each.message), _UNCHECKED)
            assert document["message_code"] == "0x00CC"
            assert document["use_case"] == each.row["use_case"] == "ECS01b"
            found.append(document["instruction"])
    assert [(each["message_code"], each["counter"]) for each in found] == 2 * [("0x00A2", 1005)]
    assert [each["object"] for each in found] == ["00710000131400ff07", "00710000131404ff07"]


@pytest.mark.clause("gbcs:use-cases")
@pytest.mark.parametrize("announced", ["00", "01"])
def test_a_gbz_execution_alert_is_named_likewise(announced: str) -> None:
    """Length, code, counter, cluster, frame control and command follow the time."""
    payload = f"0109{announced} 8f66 1c374a80 0e 006b 00000000000003ed 0700 09 04"
    document = _document(0x00CD, MessageCategory.ALERT, payload)
    assert document["use_case"] == "GCS01a"
    assert document["instruction"] == {
        "use_case": "GCS01a",
        "message_code": "0x006B",
        "counter": 1005,
        "object": "07000904",
    }
    assert document["payload"]["content"].startswith("0e006b")


@pytest.mark.clause("gbcs:use-cases")
@pytest.mark.parametrize(
    "rest", ["", "0d 006b 00000000000003ed 0700 09 04", "0e 006b 00000000000003ed 0700 09"]
)
def test_an_execution_alert_that_says_otherwise_keeps_its_own_name(rest: str) -> None:
    """Nothing is guessed: neither without a quoted command nor with one cut short."""
    document = _document(0x00CD, MessageCategory.ALERT, _ALERT + rest)
    assert document["use_case"] == "Future Dated Execution Of Instruction Alert (GBZ)"
    assert "instruction" not in document


@pytest.mark.clause("gbcs:7.2.7")
def test_what_follows_the_time_of_a_gbz_alert_is_kept() -> None:
    """Of a meter's integrity warning (00F2), two octets that are no component."""
    payload = parse_zigbee(bytes.fromhex("010901 81a0 1c374a80 0006"), alert=True)
    assert (payload.alert_code, payload.content, payload.components) == (0x81A0, b"\x00\x06", ())


_DESCRIBED = {
    (0x008C, 1): "3011 300f 300d 0408 0102030405060708 020100",
    (0x008C, 2): "3016 3014 3012 300d 0408 0102030405060708 020100 020104",
    (0x0129, 1): "0500",
    (0x0129, 2): "3009 0404 01000001 020100",
    (0x0129, 3): "301f 0203008f8b 180f 32303236313132313132303030305a 0404 01000002 020101",
    (0x012B, 3): "301f 0203008f8b 180f 32303236313132313132303030305a 0404 01000002 020100",
}


@pytest.mark.clause("gbcs:use-cases")
@pytest.mark.parametrize(("code", "category"), sorted(_DESCRIBED))
def test_what_is_only_described_is_read_or_else_shown(code: int, category: int) -> None:
    """By its notation and back to the same octets; one octet more, and it is kept as it came."""
    octets = bytes.fromhex(_DESCRIBED[code, category])
    header = GroupingHeader(
        category=MessageCategory(category),
        counter=7,
        originator=EUI64(bytes(8)),
        recipient=EUI64(bytes(8)),
        message_code=code,
    )
    for extra in (b"", b"\x00"):
        message = parse_message(grouped(header, octets + extra) + b"\x40" + bytes(64))
        payload = read_payload(message)
        if extra:
            assert isinstance(payload, OpaquePayload)
            assert payload.octets == octets + extra
            assert "1 octets left over" in payload.reason
        else:
            assert isinstance(payload, SecurityPayload)
            assert encode(payload.type.codec, payload.value) == octets


def test_every_type_that_is_only_described_is_tried() -> None:
    """The table has no other rows."""
    assert {(code, int(category)) for code, category in DESCRIBED_TYPES} == set(_DESCRIBED)


@pytest.mark.clause("gbcs:use-cases")
def test_every_alert_says_its_code(references: tuple[Any, ...]) -> None:
    """The code in the published file's name, whichever kind of payload has it; no other message has."""
    none, found = KeyRings(rings=()), dict[str, Any]()
    for each in references:
        alert = read_document(each.message.octets, none).get("alert")
        assert (alert is not None) == (each.row["kind"] == "alert"), each.name
        if alert is not None:
            found[each.name] = alert
    assert len(found) > 10
    for name, alert in found.items():
        assert f"_{alert['code'][2:]}_" in name or name.startswith("CCS08_"), name
    assert found["CS06_11.3_8F66_FUTURE_DATED_SUCCESS_ALERT_GBCS.HEX"] == {
        "code": "0x8F66",
        "meaning": "what was future dated is done",
    }


def test_an_alert_that_cannot_be_read_says_no_code() -> None:
    """A notification without a code first, and a payload of another kind."""
    header = GroupingHeader(
        category=MessageCategory.ALERT,
        counter=7,
        originator=EUI64(bytes(8)),
        recipient=EUI64(bytes(8)),
        message_code=0x1000,
    )
    for payload in ("0f20000007000202110a1105", "0f20000007001105", "3000", ""):
        octets = grouped(header, bytes.fromhex(payload)) + b"\x40" + bytes(64)
        assert "alert" not in read_document(octets, KeyRings(rings=()))
