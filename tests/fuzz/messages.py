"""Targets: GBCS messages, from the octets of a block to the tree that people are shown."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final
from zlib import crc32

from tests.fuzz.claims import claim, read

from smki.crypto.gbcs_protection import open_attribute
from smki.messages import KeyUse, KnownKey, check, shown
from smki.simulator.line_records import Record, Records, RefusedLine, encode_record
from smki.simulator.transfer import TransferEnd, TransferFigures
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.asn1 import decode, encode
from smki.wire.gbcs.blocks import encode_block, is_block, parse_block, whole_message
from smki.wire.gbcs.cosem import parse_cosem
from smki.wire.gbcs.cosem_writing import encode_cosem
from smki.wire.gbcs.encrypted import ENCRYPTED_PREFIX, EncryptedItem
from smki.wire.gbcs.frame import (
    GbcsMessage,
    grouped,
    parse_message,
    read_message_file,
    with_mac,
    with_signature,
)
from smki.wire.gbcs.payloads import (
    DESCRIBED_TYPES,
    PAYLOAD_TYPES,
    PayloadType,
    encrypted_items,
    read_payload,
)
from smki.wire.gbcs.zigbee import ZigBeePayload, parse_zigbee

TYPES: Final = tuple(
    {of.name: of for table in (PAYLOAD_TYPES, DESCRIBED_TYPES) for of in table.values()}.values()
)
_POINT: Final = bytes.fromhex(  # the generator of P-256: the public key of the private key 1
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
_COUNTED: Final = 3  # octets of a GBZ payload's profile and number of components
_ROUTED: Final = 31  # octets before the message code in a routing header
_ENTITY: Final = EUI64(bytes(8))


class AnyKeys:
    """`messages.KeyRing` that has a key of everybody, so that everything is checked."""

    def points(self, entity: EUI64, use: KeyUse) -> tuple[KnownKey, ...]:
        """One public key for all."""
        del use
        return (KnownKey(entity=entity, point=_POINT),)

    def agree(self, entity: EUI64, point: bytes) -> tuple[bytes, ...]:
        """One secret for all."""
        del entity, point
        return (bytes(32),)

    def brokers(self) -> tuple[EUI64, ...]:
        """One that is nobody's."""
        return (_ENTITY,)


def message(octets: bytes) -> None:
    """A message is read, put together again to the octet, judged, and shown as JSON."""
    found = read(parse_message, octets, encode=_together)
    if found is None:
        return
    payload = read(lambda _: read_payload(found), octets)
    if payload is not None:
        checks = check(found, encrypted_items(payload), AnyKeys())
        json.dumps(shown(found, payload, checks), ensure_ascii=False)


def _together(found: GbcsMessage) -> bytes:
    octets = grouped(found.header, found.payload)
    if found.is_pre_command and octets == found.octets:
        return octets
    octets = with_signature(octets, found.signature)
    return with_mac(octets, found.mac) if found.mac else octets


def text(octets: bytes) -> None:
    """The text of a file is the octets of something that begins like a message."""
    found = read(read_message_file, octets)
    claim(holds=found is None or found[:1] in (b"\xdd", b"\xdf"), what="begins otherwise")


def block(octets: bytes) -> None:
    """A block of a block transfer is written as it was read."""
    read(parse_block, octets, encode=encode_block)


def blocks(octets: bytes) -> None:
    """What comes of blocks one after another is one message, and it is the one they name."""
    found = read(whole_message, octets)
    if found is not None and is_block(octets):
        header = parse_message(found).header
        claim(holds=header.message_code == parse_first(octets), what="another message's blocks")


def parse_first(octets: bytes) -> int:
    """The message code that the first routing header names, at its fixed place."""
    return int.from_bytes(octets[_ROUTED : _ROUTED + 2], "big")


def line(octets: bytes) -> None:
    """The records off a socket are the same in any pieces, and written as they were read.

    Up to a reason for the end, whose text is for people: what of it is no text is replaced.
    """
    whole, taken = _records(octets, len(octets) or 1)
    claim(holds=_records(octets, 3) == (whole, taken), what="pieces are read otherwise")
    last = [isinstance(each, RefusedLine) for each in (*whole, RefusedLine(reason=""))].index(True)
    again = b"".join(map(encode_record, whole[:last]))
    claim(holds=octets.startswith(again), what=f"written again: {again.hex()}")


def _records(octets: bytes, size: int) -> tuple[list[Record], bool]:
    """The records before the first that is none, and whether there is such a one."""
    reader, found = Records(), list[Record]()
    try:
        for start in range(0, len(octets), size):
            for each in reader.feed(octets[start : start + size]):
                found.append(each)
    except Malformed:
        return found, False
    return found, True


def transfer(octets: bytes) -> None:
    """Whatever comes over a line, an end of it goes on, and keeps no more than it must.

    Frames are parted by their length in 2 octets; their checksums are put right.
    """
    end = TransferEnd(TransferFigures(block_octets=16, window=2))
    at, second = 0, 0.0
    while at + 2 <= len(octets):
        count = int.from_bytes(octets[at : at + 2], "big")
        frame = octets[at + 2 : at + 2 + count]
        at, second = at + 2 + count, second + 1
        arrived = end.arrive(framed(frame), second)
        claim(holds=len(arrived.frames) <= 2, what=f"{len(arrived.frames)} frames for one")
        end.retry(second)


def framed(octets: bytes) -> bytes:
    """`octets` with the checksum that a line puts behind them."""
    return octets + crc32(octets).to_bytes(4, "big")


def payload_of(of: PayloadType) -> Callable[[bytes], None]:
    """The target of one ASN.1 type: DER is written as it was read, and what is loose is noted.

    A certificate is carried as it came, so one that is loose is written loosely again.
    """

    def target(octets: bytes) -> None:
        decoded = read(lambda each: decode(of.codec, each, of.name), octets)
        if decoded is None:
            return
        again = encode(of.codec, decoded.value)
        claim(holds=again == octets or bool(decoded.deviations), what=f"as DER: {again.hex()}")
        reading = decode(of.codec, again, of.name)
        claim(holds=reading.value == decoded.value, what=f"read again as {reading}")
        json.dumps(of.codec.show(decoded.value))

    return target


def cosem(octets: bytes) -> None:
    """A DLMS payload is read whole, or refused; written again, it is read as the same."""
    found = read(parse_cosem, octets)
    again = read(lambda _: encode_cosem(found), octets) if found is not None else None
    if again is not None:
        claim(holds=parse_cosem(again) == found, what=f"written again: {again.hex()}")


def zigbee(octets: bytes) -> None:
    """A GBZ payload is read whole: what was read, put together, is the octets; alerts alike."""
    for alert in (False, True):
        found = read(partial(parse_zigbee, alert=alert), octets)
        if found is not None:
            again = _components(found)
            claim(holds=again == octets[_COUNTED:], what=f"written again: {again.hex()}")


def _components(found: ZigBeePayload) -> bytes:
    """All after profile and number of components."""
    octets = b""
    if found.alert_code is not None and found.time is not None:
        octets += found.alert_code.to_bytes(2, "big") + found.time.to_bytes(4, "big")
    for each in found.components:
        octets += bytes((each.control,)) + each.cluster.to_bytes(2, "big")
        octets += len(each.content).to_bytes(2, "big") + each.content
        claim(
            holds=each.encrypted is None or each.content.endswith(each.encrypted.octets),
            what="an encrypted attribute that is not in its component",
        )
    return octets + found.content


def encrypted(octets: bytes) -> None:
    """An encrypted attribute is kept to the octet, and opened or refused."""
    item = EncryptedItem.of(ENCRYPTED_PREFIX + octets)
    claim(holds=item.octets == ENCRYPTED_PREFIX + octets, what="other octets")
    try:
        open_attribute(bytes(16), _ENTITY, item.ciphertext, item.tag)
    except Malformed:
        return


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {
        "message": message,
        "message-text": text,
        "block": block,
        "blocks": blocks,
        "line": line,
        "transfer": transfer,
        "cosem": cosem,
        "zigbee": zigbee,
        "encrypted-attribute": encrypted,
    }
    | {f"payload-{of.name}": payload_of(of) for of in TYPES}
)
"""Each target by its name."""
