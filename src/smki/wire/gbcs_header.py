"""The frame of a GBCS message: who says what to whom, and the payload, unread.

    message        ::= [mac header] grouping header payload [protection]
    mac header     ::= DD 00 00 00 00 00 00 length 11 00000000          -- length of all after it
    grouping header::= DF 09 CRA(1) counter(8) 08 originator(8) 08 recipient(8)
                       (00 | 0C date-time(12)) length code(2) supplementary length   -- of payload
    protection     ::= (00 | 40 signature(64)) [mac(12)]                -- mac with a mac header

Lengths are in their shortest form: 00..7F, 81 xx, 82 xx xx. Nothing is verified here: neither
signature nor MAC, nor what the payload says. Blocks of a block transfer are not whole messages.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from smki.terms import EUI64, Malformed

MESSAGE_OCTETS_MAX: Final = 70_000  # lengths of two octets, and the headers

_CLAUSE: Final = "gbcs:7.2.7"
_MAC_HEADER: Final = b"\xdd\x00\x00\x00\x00\x00\x00"
_SECURITY: Final = b"\x11\x00\x00\x00\x00"  # authenticated only, suite 1; invocation counter 0
_GENERAL_SIGNING: Final = 0xDF
_MAC_OCTETS: Final = 12
_SIGNATURE_OCTETS: Final = 64
_DATE_TIME_OCTETS: Final = 12


class MessageCategory(IntEnum):
    """Command, response or alert: the first octet of the transaction id.

    Clause: gbcs:7.2.7
    """

    COMMAND = 1
    RESPONSE = 2
    ALERT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GbcsMessage:
    """A whole message taken apart.

    Attributes:
        category: command, response or alert (CRA).
        counter: of the originator; in a response, the command's.
        originator: EUI-64 of the business originator.
        recipient: EUI-64 of the business target.
        date_time: 12 octets, or none.
        message_code: which use case.
        supplementary: what follows the message code in other-information.
        payload: octets of the payload.
        signature: 64 octets `r || s`, or none.
        mac: 12 octets, or none.
        signed: the octets that a signature is over: grouping header without its first octet,
            and payload.

    Clause: gbcs:7.2.7
    """

    category: MessageCategory
    counter: int
    originator: EUI64
    recipient: EUI64
    date_time: bytes
    message_code: int
    supplementary: bytes
    payload: bytes
    signature: bytes
    mac: bytes
    signed: bytes


def read_message_file(content: bytes) -> bytes:
    """The octets of a message in a file: as they are, or as hexadecimal text on one line.

    Raises:
        Malformed: neither.
    """
    if content[:1] in (b"\xdd", b"\xdf"):
        return content
    try:
        text = content.decode("ascii").strip()
        octets = bytes.fromhex(text)
    except ValueError:
        octets, text = b"", ""
    if not octets or len(text) != 2 * len(octets):
        raise Malformed(
            f"GBCS message: begins with {content[:4]!r}, must be octets from DD or DF, or their"
            " hexadecimal digits without gaps",
            clause=_CLAUSE,
            rule="gbcs.text",
        )
    return octets


def parse_message(octets: bytes) -> GbcsMessage:
    """`octets` are one whole message, and this is its frame.

    Raises:
        Malformed: anything else, with field and offset.

    Clause: gbcs:7.2.7
    """
    if len(octets) > MESSAGE_OCTETS_MAX:
        raise Malformed(
            f"GBCS message: {len(octets)} octets, must be at most {MESSAGE_OCTETS_MAX}",
            clause=_CLAUSE,
            rule="gbcs.length",
        )
    cursor = _Cursor(octets)
    with_mac = octets[:1] == _MAC_HEADER[:1]
    if with_mac:
        _mac_header(cursor)
    begin = cursor.position
    cursor.expect(bytes((_GENERAL_SIGNING, 9)), "tag and transaction-id length")
    category = _category(cursor)
    counter = int.from_bytes(cursor.take(8, "counter"), "big")
    originator = _system_title(cursor, "originator")
    recipient = _system_title(cursor, "recipient")
    date_time = cursor.take(cursor.length("date-time", (0, _DATE_TIME_OCTETS)), "date-time")
    information = cursor.take(cursor.length("other-information"), "other-information")
    if len(information) < 2:
        raise cursor.wrong("other-information", f"{len(information)} octets", "2 or more")
    payload = cursor.take(cursor.length("content"), "payload")
    signed = octets[begin + 1 : cursor.position]
    signature = _signature(cursor, may_be_absent=not with_mac)
    mac = cursor.take(_MAC_OCTETS, "mac") if with_mac else b""
    cursor.done()
    return GbcsMessage(
        category=category,
        counter=counter,
        originator=originator,
        recipient=recipient,
        date_time=date_time,
        message_code=int.from_bytes(information[:2], "big"),
        supplementary=information[2:],
        payload=payload,
        signature=signature,
        mac=mac,
        signed=signed,
    )


class _Cursor:
    """Takes fields one after the other; never past the end."""

    __slots__ = ("_octets", "position")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.position = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self.position

    def take(self, count: int, field: str) -> bytes:
        if count > self.left:
            raise self.wrong(field, f"{self.left} octets left", f"{count}")
        self.position += count
        return self._octets[self.position - count : self.position]

    def expect(self, constant: bytes, field: str) -> None:
        found = self.take(len(constant), field)
        if found != constant:
            raise self.wrong(field, found.hex().upper(), constant.hex().upper())

    def length(self, field: str, allowed: tuple[int, ...] = ()) -> int:
        first = self.take(1, f"{field} length")[0]
        width = first & 0x7F if first >= 0x80 else 0
        value = first
        if first >= 0x80:
            if width not in (1, 2):
                raise self.wrong(f"{field} length", f"{first:02X}", "00..7F, 81 or 82")
            value = int.from_bytes(self.take(width, f"{field} length"), "big")
            if value < (0x80 if width == 1 else 0x100):
                raise self.wrong(f"{field} length", f"{value} in {width + 1} octets", "the fewest")
        if allowed and value not in allowed:
            raise self.wrong(f"{field} length", f"{value}", " or ".join(map(str, allowed)))
        return value

    def done(self) -> None:
        if self.left:
            raise self.wrong("end", f"{self.left} octets left over", "none")

    def wrong(self, field: str, found: str, expected: str) -> Malformed:
        return Malformed(
            f"GBCS message, {field}: {found}, must be {expected}",
            where=f"offset {self.position}",
            clause=_CLAUSE,
            rule="gbcs.header",
        )


def _mac_header(cursor: _Cursor) -> None:
    cursor.expect(_MAC_HEADER, "MAC header")
    announced = cursor.length("MAC header content")
    if announced != cursor.left:
        raise cursor.wrong("MAC header content", f"{announced} octets announced", f"{cursor.left}")
    cursor.expect(_SECURITY, "security header")


def _category(cursor: _Cursor) -> MessageCategory:
    octet = cursor.take(1, "CRA")[0]
    if octet not in MessageCategory.__members__.values():
        raise cursor.wrong("CRA", f"{octet:02X}", "01 command, 02 response or 03 alert")
    return MessageCategory(octet)


def _system_title(cursor: _Cursor, field: str) -> EUI64:
    return EUI64(cursor.take(cursor.length(f"{field} system title", (8,)), field))


def _signature(cursor: _Cursor, *, may_be_absent: bool) -> bytes:
    """The signature, if any: only a pre-command, which has no MAC, may end with its payload."""
    if may_be_absent and not cursor.left:
        return b""
    return cursor.take(cursor.length("signature", (0, _SIGNATURE_OCTETS)), "signature")
