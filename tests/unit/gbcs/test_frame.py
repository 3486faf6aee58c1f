import csv
import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from smki.terms import EUI64, KeyUsage, Malformed
from smki.wire.gbcs.frame import (
    MessageCategory,
    grouped,
    parse_message,
    read_message_file,
    response_header,
)
from smki.wire.gbcs.information import Supplementary
from smki.wire.pkcs10 import assemble_request, device_request_info, parse_device_request
from smki.wire.requests import DeviceRequest

ROOT: Final = Path(__file__).parents[3]

#          DF 09 CRA counter          08 originator        08 recipient         00 02 code len payload
COMMAND: Final = bytes.fromhex(
    "DF 09 01 00000000000003E8 08 90B3D51F30010000 08 00DB1234567890A0 00 02 000A 03 616263"
)
MAC_HEADER: Final = bytes.fromhex("DD 000000000000")
SECURITY: Final = bytes.fromhex("11 00000000")


def _with_mac(message: bytes = COMMAND, protection: bytes = b"\x00" + bytes(12)) -> bytes:
    content = SECURITY + message + protection
    return MAC_HEADER + bytes((len(content),)) + content


@pytest.fixture(scope="module")
def vectors() -> Path:
    """The folder of reference data."""
    folder = Path(os.environ.get("SMKI_VECTORS", ROOT / "../shared/vectors"))
    if not (folder / "rtds").is_dir():
        pytest.skip(f"no reference data in {folder}: set SMKI_VECTORS")
    return folder


@pytest.mark.clause("gbcs:7.2.7")
def test_header_of_every_reference_message_says_what_the_index_says(vectors: Path) -> None:
    """Originator, recipient, counter, code and kind of all reference messages are the index's."""
    with (vectors / "rtds" / "index.csv").open(encoding="utf-8") as index:
        rows = list(csv.DictReader(index))
    assert len(rows) > 100
    for row in rows:
        octets = read_message_file((vectors / "rtds" / row["file"]).read_bytes())
        message = parse_message(octets)
        assert message.header.originator == EUI64.parse(row["originator"]), row["file"]
        assert message.header.recipient == EUI64.parse(row["recipient"]), row["file"]
        assert message.header.counter == int(row["counter"], 16), row["file"]
        assert message.header.message_code == int(row["message_code"], 16), row["file"]
        assert message.header.category.name.lower() == row["kind"].removeprefix("pre-"), row["file"]
        assert bool(message.signature) == (row["signature"] == "yes"), row["file"]
        assert bool(message.mac) == (row["mac"] in ("yes", "undecidable")), row["file"]


@pytest.mark.clause("sec-app-m:2.3.1.7", "gbcs:7.2.7")
def test_request_that_a_real_meter_made_is_read(vectors: Path) -> None:
    """The payload of the CS02c response is a device request; composed anew it is the same."""
    path = vectors / "rtds" / "CS02c_6.17_SUCCESS_RESPONSE_GBCS.HEX"
    message = parse_message(read_message_file(path.read_bytes()))
    signed = parse_device_request(message.payload)
    request = signed.request
    assert isinstance(request, DeviceRequest)
    assert request.device == message.header.originator == EUI64.parse("00DB1234567890A0")
    assert request.usage is KeyUsage.DIGITAL_SIGNATURE
    info = device_request_info(
        device=request.device, hw_type=request.hw_type, usage=request.usage, point=request.point
    )
    assert assemble_request(info, signed.signature) == message.payload


@pytest.mark.clause("gbcs:7.2.7")
def test_every_shape_of_a_message_is_read() -> None:
    """Pre-command, signed, with MAC, with both: payload, signature and MAC are told apart."""
    signature, mac = bytes(range(64)), bytes(range(12))
    shapes = {
        COMMAND: (b"", b""),
        COMMAND + b"\x00": (b"", b""),
        COMMAND + b"\x40" + signature: (signature, b""),
        _with_mac(protection=b"\x00" + mac): (b"", mac),
        _with_mac(protection=b"\x40" + signature + mac): (signature, mac),
    }
    for octets, protection in shapes.items():
        message = parse_message(octets)
        assert (message.signature, message.mac) == protection
        assert (message.payload, message.signed) == (b"abc", COMMAND[1:])
        assert (message.header.category, message.header.counter) == (MessageCategory.COMMAND, 1000)


PARTY: Final = bytes.fromhex("90B3D51F30020000")
COUNTERS: Final = (bytes.fromhex("0000000000000007"), bytes.fromhex("0000000000000009"))
LAYOUTS: Final = {
    b"": None,
    PARTY: Supplementary(party=EUI64(PARTY)),
    PARTY + COUNTERS[0]: Supplementary(party=EUI64(PARTY), counter=7),
    PARTY + COUNTERS[0] + b"\x30\x07\x02\x05abcde": Supplementary(
        party=EUI64(PARTY), counter=7, certificate=b"\x30\x07\x02\x05abcde"
    ),
    PARTY + b"".join(COUNTERS): Supplementary(party=EUI64(PARTY), counter=7, originator_counter=9),
}


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize("fields", LAYOUTS)
def test_date_time_and_supplementary_fields_are_read(fields: bytes) -> None:
    """Every layout of other-information says whom the message is for besides, and is written so."""
    date_time = bytes.fromhex("07DF0101FF000000008000FF")
    information = bytes((2 + len(fields),)) + b"\x00\x0a" + fields
    octets = COMMAND[:29] + b"\x0c" + date_time + information + b"\x00"
    message = parse_message(octets)
    assert message.header.date_time == date_time
    assert message.header.supplementary == LAYOUTS[fields]
    assert grouped(message.header, message.payload) == octets


REFUSALS: Final = {
    "nothing": b"",
    "cut off": COMMAND[:-1],
    "octets left over": COMMAND + b"\x00\x00",
    "signature cut off": COMMAND + b"\x40" + bytes(63),
    "signature of 65": COMMAND + b"\x41" + bytes(65),
    "CRA 4": COMMAND[:2] + b"\x04" + COMMAND[3:],
    "originator of 7": COMMAND[:11] + b"\x07" + COMMAND[12:],
    "date-time of 1": COMMAND[:29] + b"\x01" + COMMAND[30:],
    "no message code": COMMAND[:30] + b"\x01\x00\x00",
    "length not minimal": COMMAND[:33] + b"\x81\x03abc",
    "length of 3 octets": COMMAND[:33] + b"\x83\x00\x00\x03abc",
    "a block of a transfer": b"\xdd" + COMMAND[1:],
    "supplementary fields of 7": COMMAND[:30] + b"\x09\x00\x0a" + bytes(7) + COMMAND[33:],
    "supplementary fields of 15": COMMAND[:30] + b"\x11\x00\x0a" + bytes(15) + COMMAND[33:],
    "no certificate after the party": COMMAND[:30] + b"\x13\x00\x0a" + bytes(17) + COMMAND[33:],
    "response without protection": COMMAND[:2] + b"\x02" + COMMAND[3:],
    "response with no signature, no MAC": COMMAND[:2] + b"\x02" + COMMAND[3:] + b"\x00",
    "MAC missing": _with_mac(protection=b"\x00"),
    "MAC header too long": _with_mac() + b"\x00",
    "other security": _with_mac().replace(SECURITY, bytes.fromhex("31 00000000")),
    "too large": COMMAND + bytes(70_000),
}


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize("case", REFUSALS)
def test_other_octets_are_refused(case: str) -> None:
    """Anything but one whole message is refused, with what was found and the clause."""
    with pytest.raises(Malformed, match=r"GBCS message.*must be") as caught:
        parse_message(REFUSALS[case])
    assert caught.value.clause == "gbcs:7.2.7"


def test_file_holds_octets_digits_or_base64() -> None:
    """As octets, as digits in either case, with `0x`, or base64; white space is passed over."""
    lines = COMMAND.hex(" ", 16).encode()
    marked = " ".join(f"0x{octet:02X}" for octet in COMMAND).encode()
    for content in (
        COMMAND,
        COMMAND.hex().upper().encode() + b"\r\n",
        lines,
        b"0x" + COMMAND.hex().encode(),
        marked,
        "\ufeff".encode() + lines.replace(b"\n", b"\xc2\xa0\n"),
        b64encode(COMMAND),
        b"\n".join(
            b64encode(COMMAND)[at : at + 60] for at in range(0, len(COMMAND) * 4 // 3 + 4, 60)
        ),
    ):
        assert read_message_file(content) == COMMAND


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"DD 00 0g", "'g' at character 7"),
        (b"0xDD 0y", "'y' at character 6"),
        (b"DF0", "3 digits, an odd number"),
        (b"3Q!A", "base64 with '!' at character 2"),
        (b"3QA", "does not end as it must"),
        (b"D000", "the octet D0"),
        (b"hello", "begins with 'hell'"),
    ],
)
def test_what_is_wrong_in_a_text_is_said_with_its_place(content: bytes, said: str) -> None:
    """The first character that is none of the digits, counted from the beginning of the text."""
    with pytest.raises(Malformed) as caught:
        read_message_file(content)
    assert said in caught.value.message


@pytest.mark.parametrize("content", [b"", b"DF0", b"hello", b"\xff\xfe", b"ABCD", b"AAAA"])
def test_file_of_anything_else_is_refused(content: bytes) -> None:
    """Neither octets of a message, nor digits or base64 of one."""
    with pytest.raises(Malformed, match="hexadecimal digits") as caught:
        read_message_file(content)
    assert caught.value.rule == "gbcs.text"


@pytest.mark.clause("gbcs:7.2.7")
def test_a_response_does_not_send_a_certificate_back() -> None:
    """The party behind the broker is named again, with its counter; what it brought is not."""
    party = EUI64(bytes(range(8)))
    command = parse_message(COMMAND).header
    behind = Supplementary(party=party, counter=5, certificate=b"\x30\x00")
    answered = response_header(replace(command, supplementary=behind))
    assert answered.supplementary == Supplementary(party=party, counter=5)
    assert response_header(command).supplementary is None
