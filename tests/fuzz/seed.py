"""Begins the corpus with our own messages and documents: `python -m tests.fuzz.seed`.

Adds what is not there yet; takes nothing away.
"""

import base64
import json
import sys
from collections.abc import Iterator
from typing import Final

from tests.fuzz import campaigns, devices, notices, recoveries, texts
from tests.fuzz.claims import VECTORS, golden_messages
from tests.fuzz.corpus import keep

from smki.merkle.canonical import JSON, encode_json
from smki.merkle.leaf import (
    CertificateBody,
    LeafType,
    encode_certificate,
    encode_framed,
    encode_leaf,
)
from smki.simulator.line_records import (
    Done,
    Hello,
    LineFrame,
    Quiet,
    Record,
    RefusedLine,
    Unknown,
    Welcome,
    encode_record,
)
from smki.terms import EUI64, KeyUsage
from smki.wire import der
from smki.wire.encodings import write_pem
from smki.wire.gbcs.blocks import blocks_of, encode_block
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.payloads import DESCRIBED_TYPES, PAYLOAD_TYPES
from smki.wire.pkcs10 import assemble_request, device_request_info
from smki.wire.xml import AdHocRequest, write_ad_hoc_request, write_batch_request

TYPES: Final = {**DESCRIBED_TYPES, **PAYLOAD_TYPES}
_SHORT: Final = 700  # octets: longer ones teach a fuzzer little that shorter ones do not
_BLOCK_OCTETS: Final = 64


def _messages() -> Iterator[tuple[str, bytes]]:
    for octets in golden_messages():
        message = parse_message(octets)
        of = TYPES.get((message.header.message_code, message.header.category))
        if len(message.payload) <= 4 * _SHORT:
            yield (f"payload-{of.name}" if of else "cosem"), message.payload
        if len(octets) > _SHORT:
            continue
        yield "message", octets
        if len(octets) < _BLOCK_OCTETS * 2:
            yield "message-text", octets.hex().encode()
            yield "message-text", base64.b64encode(octets)
        blocks = blocks_of(message.header, octets, _BLOCK_OCTETS, window=2)
        frames = [encode_block(each) for each in blocks[:3]]
        yield from (("block", each) for each in frames[:1])
        if len(octets) < _SHORT // 2:
            every = blocks_of(message.header, octets, _BLOCK_OCTETS, window=2)
            yield "blocks", b"".join(map(encode_block, every))
        if len(frames) == 3:
            parted = (len(each).to_bytes(2, "big") + each for each in frames)
            yield "transfer", b"".join(parted)
    for text in (_ACCESS_REQUEST, _ACCESS_RESPONSE, _NOTIFICATION):
        yield "cosem", bytes.fromhex(text)
    for text in (_READ, _ALERTED, _HIDDEN):
        yield "zigbee", bytes.fromhex(text)
    yield "encrypted-attribute", bytes(20)
    yield "line", b"".join(map(encode_record, _LINE))


_DEVICE: Final = EUI64(bytes(8))
_LINE: Final[tuple[Record, ...]] = (
    Hello(),
    Welcome(instant=devices.AT, pace=60.0),
    LineFrame(device=_DEVICE, frame=b"frame"),
    Quiet(device=_DEVICE, frames=2),
    Done(device=_DEVICE),
    Unknown(device=_DEVICE),
    RefusedLine(reason="a reason"),
)
_ACCESS_REQUEST: Final = "d920000516000103006800001e0300ff02010908 0011223344556677".replace(
    " ", ""
)
_ACCESS_RESPONSE: Final = "da2000051600000100010300"
_NOTIFICATION: Final = (
    "0f20000fa000020309080011223344556677 0102 02020908001122334455667704030a 16 05"
).replace(" ", "")
_READ: Final = "0109010107000003000102"
_ALERTED: Final = "0109018f6612345678010700000301aa02"
_HIDDEN: Final = "010901030702001b0000100102001431000000000102030405060708091011121314ff"


def _described() -> Iterator[tuple[str, bytes]]:
    """Types that no device here sends."""
    time = b"\x18\x0f20261121120000Z"
    version = der.octet_string(b"\x01\x02\x03\x04")
    code = der.integer(0x8F8A)
    entry = der.sequence(der.octet_string(bytes(8)), der.integer(3))
    success = der.integer(0)
    yield (
        "payload-FirmwareTransferAlert",
        der.sequence(code, time, der.octet_string(bytes(8)), version, success),
    )
    yield "payload-FirmwareActivationAlert", der.sequence(code, time, version, success)
    yield "payload-ReadFirmwareVersionCommand", b"\x05\x00"
    yield "payload-ReadFirmwareVersionResponse", der.sequence(version, success)
    yield "payload-RestoreDeviceLogCommand", der.sequence(der.sequence(entry, entry))
    outcome = der.sequence(entry, success)
    yield "payload-RestoreDeviceLogResponse", der.sequence(der.sequence(outcome))


def _records() -> Iterator[tuple[str, bytes]]:
    golden = json.loads((VECTORS / "profiles" / "profiles.json").read_text(encoding="utf-8"))
    for made in golden.values():
        if "certificate" in made:
            yield "certificate", bytes.fromhex(made["certificate"])
        yield "certificate", bytes.fromhex(made["public_key"])
        if "crl" in made:
            yield "revocation-list", bytes.fromhex(made["crl"])
    point = b"\x04" + bytes(range(64))
    for usage in (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT):
        info = device_request_info(
            device=EUI64(bytes(range(8))), hw_type=der.oid("2.25.1")[2:], usage=usage, point=point
        )
        octets = assemble_request(info, bytes.fromhex("3006020101020101"))
        yield "request", octets
        yield "request-text", write_pem(octets)
        yield "request-text", base64.b64encode(octets)
    certificate = CertificateBody(
        channel=3,
        manufacturing=True,
        subscriber=bytes(8),
        request=bytes(32),
        certificate=b"\x30\x00",
    )
    yield "leaf", encode_certificate(certificate, 1_700_000_000_000)
    yield "leaf", encode_leaf(LeafType.CRL, b"\x30\x00", 1)[0]
    yield "leaf", encode_framed({"name": "a", "number": 1}, b"content")
    root = base64.b64encode(bytes(32)).decode()
    line = base64.b64encode(bytes(4) + bytes(64)).decode()
    checkpoint = f"example.org/log\n8\n{root}\n\n\u2014 example.org/log {line}\n"
    yield "note", checkpoint.encode()
    yield "note", b"log example.org/log+00000000+AAAA\nquorum none\n"
    yield "note", f"\u2014 example.org/witness {line}\n".encode()
    yield "proof", f"c2sp.org/tlog-proof@v1\nindex 3\n{root}\n\n{checkpoint}".encode()
    yield "proof", f"old 3\n{root}\n\n{checkpoint}".encode()
    yield "tile", b"\x00\x01a\x00\x00\x00\x02bc"
    yield "tile", b"tile/entries/x001/234.p/5"
    yield "tile", b"tile/1/000"
    yield "manifest", encode_json({"a": [1, None, True, "é"], "b": {"c": -1}})
    yield "manifest", encode_json(_MANIFEST)
    yield "manifest", encode_json(_DECISION)
    yield "manifest", encode_json({"decision": _DECISION, "signatures": ["AAAA"]})
    yield "batch", b"".join(write_batch_request("b-1", [("i0", "AAECAw=="), ("i1", "AAAA")]))
    asked = AdHocRequest(document_id="r-1", version="1.0", csr_text="AAECAw==")
    yield "document", write_ad_hoc_request(asked)
    two = checkpoint.encode()
    count = two.count(b"\n")
    kept = b"checkpoint %d\n%b" % (count, two)
    yield "proof", b"smki-contradiction 1\n" + kept + kept + b"steps 0\n"
    yield "proof", b"smki-proof 1\nentries 1\n" + kept + b"leaf 0 AAAA\nend\n"
    yield "ssh-key", b"ssh-ed25519 " + base64.b64encode(_SSH_KEY) + b" comment\n"
    yield "cms", _detached()


_MANIFEST: Final[dict[str, JSON]] = {
    "format": "smki-bulk 1",
    "kind": "full",
    "date": "2026-11-21",
    "made": 1_700_000_000_000,
    "file": "full.bulk",
    "octets": 100,
    "sha256": "00" * 32,
    "from": 0,
    "size": 8,
    "root": "00" * 32,
    "before": [],
    "checkpoint": "x",
}
_DECISION: Final[dict[str, JSON]] = {
    "body": "smki-pma",
    "conditions": [],
    "expiry": "2027-01-01T00:00:00Z",
    "id": "D-1",
    "kind": "direct-lodging",
    "not_before": "2026-01-01T00:00:00Z",
    "object": "a document",
    "scope": "",
}
_SSH_KEY: Final = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))


def _detached() -> bytes:
    """A detached signature without attributes, as short as there is one."""
    sha256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"))
    signer = der.sequence(
        der.integer(1),
        der.sequence(der.sequence(), der.integer(5)),
        sha256,
        der.sequence(der.oid("1.2.840.113549.1.1.11"), der.element(der.NULL)),
        der.octet_string(bytes(8)),
    )
    data = der.sequence(
        der.integer(1),
        der.set_of(sha256),
        der.sequence(der.oid("1.2.840.113549.1.7.1")),
        der.set_of(signer),
    )
    content = der.element(der.context(0, constructed=True), data)
    return der.sequence(der.oid("1.2.840.113549.1.7.2"), content)


def _devices() -> Iterator[tuple[str, bytes]]:
    for octets in devices.commands():
        if len(octets) <= 4 * _SHORT:
            yield "device-command", octets
    for octets in devices.states()[:20]:
        yield "device-state", octets
    yield "device", bytes.fromhex("dd00000000000000")


def main() -> None:
    """Every seed is in the corpus."""
    found: dict[str, list[bytes]] = {}
    for source in (
        _messages(),
        _described(),
        _records(),
        _devices(),
        texts.seeds(),
        notices.seeds(),
        recoveries.seeds(),
        campaigns.seeds(),
    ):
        for target, octets in source:
            found.setdefault(target, []).append(octets)
    for target, octets_of in sorted(found.items()):
        sys.stdout.write(f"{target}: {keep(target, octets_of)} new\n")


if __name__ == "__main__":
    main()
