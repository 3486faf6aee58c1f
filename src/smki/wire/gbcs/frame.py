"""The frame of a GBCS message: who says what to whom, the payload unread, and what protects it.

    message        ::= [mac header] grouping header payload [protection]
    mac header     ::= DD 00 00 00 00 00 00 length 11 00000000          -- length of all after it
    grouping header::= DF 09 CRA(1) counter(8) 08 originator(8) 08 recipient(8)
                       (00 | 0C date-time(12)) length other-information length   -- of the payload
    protection     ::= (00 | 40 signature(64)) [mac(12)]                -- mac with a mac header

A pre-command is a command that ends with its payload. Lengths are in their shortest form. Nothing
is verified here: neither signature nor MAC, nor what the payload says. A block of a block transfer
is not a whole message.

Clause: gbcs:7.2.7
"""

import re
from base64 import b64decode
from dataclasses import dataclass, replace
from enum import IntEnum
from struct import Struct
from typing import Final

from smki.terms import EUI64, Malformed
from smki.wire.gbcs.information import Supplementary, information_octets, parse_information
from smki.wire.gbcs.octets import EUI64_OCTETS, Cursor, length_octets

MESSAGE_OCTETS_MAX: Final = 70_000  # lengths of two octets, and the headers
SIGNATURE_OCTETS: Final = 64
MAC_OCTETS: Final = 12

_CLAUSE: Final = "gbcs:7.2.7"
_MAC_HEADER: Final = b"\xdd\x00\x00\x00\x00\x00\x00"
_SECURITY: Final = b"\x11\x00\x00\x00\x00"  # authenticated only, suite 1; invocation counter 0
_GROUPING: Final = b"\xdf\x09"
_DATE_TIME_OCTETS: Final = 12
_COUNTER_OCTETS: Final = 8
_MARK: Final = re.compile(r"(?<![0-9A-Fa-f])0[xX](?=[0-9A-Fa-f])")
_NO_DIGIT: Final = re.compile(r"[^0-9A-Fa-f\s]")
_NO_BASE64: Final = re.compile(r"[^0-9A-Za-z+/=\s]")
_BASE64_BEGINS: Final = "3"
_UNSIGNED: Final = b"\x00"
_SIGNED: Final = bytes((SIGNATURE_OCTETS,))


class MessageCategory(IntEnum):
    """Command, response or alert: the first octet of the transaction id.

    Clause: gbcs:7.2.7
    """

    COMMAND = 1
    RESPONSE = 2
    ALERT = 3


_CATEGORIES: Final = {int(each): each for each in MessageCategory}
_IDENTITY: Final = Struct(">2s B Q B 8s B 8s")  # tag, CRA, counter, originator, recipient
_OPENING: Final = Struct(f"{_IDENTITY.format} B B H")  # ... no date-time, length of the code, code
_CODE_OCTETS: Final = 2
_PAYLOAD_OCTETS_MAX: Final = 0xFFFF
_PLAIN_SIGNED: Final = re.compile(
    rb"\xdf\x09([\x01-\x03])(.{8})\x08(.{8})\x08(.{8})(?:\x00|\x0c(.{12}))"
    rb"\x02(.{2})([\x00-\x7f]|\x81.|\x82.{2})",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupingHeader:
    """Who says what to whom.

    Attributes:
        category: command, response or alert (CRA).
        counter: of the originator; in a response, the command's.
        originator: EUI-64 of the business originator.
        recipient: EUI-64 of the business target.
        date_time: 12 octets of a DLMS date-time in some responses, or none.
        message_code: which use case.
        supplementary: the remote party behind the access control broker, if there is one.
    """

    category: MessageCategory
    counter: int
    originator: EUI64
    recipient: EUI64
    date_time: bytes = b""
    message_code: int
    supplementary: Supplementary | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GbcsMessage:
    """A whole message taken apart; its octets are those received, never made again.

    Attributes:
        header: who says what to whom.
        payload: octets of the payload.
        signature: 64 octets `r || s`, or none.
        mac: 12 octets, or none.
        signed: the octets that a signature is over: grouping header without its first octet,
            and payload.
        authenticated: the octets that a MAC is over: grouping header, payload, length octet of
            the signature, and signature.
        octets: the whole message.

    Clause: gbcs:7.2.7
    """

    header: GroupingHeader
    payload: bytes
    signature: bytes
    mac: bytes
    signed: bytes
    authenticated: bytes
    octets: bytes

    @property
    def is_pre_command(self) -> bool:
        """A command that nobody has signed or authenticated yet."""
        return (
            self.header.category is MessageCategory.COMMAND and not self.signature and not self.mac
        )


def read_message_file(content: bytes) -> bytes:
    """The octets of a message in a file: as they are, or as hexadecimal or base64 text.

    White space between the digits is passed over, and `0x` before some of hexadecimal.

    Raises:
        Malformed: none of them; where the first wrong character stands.
    """
    if content[:1] in (b"\xdd", b"\xdf"):
        return content
    text = content.decode("utf-8", "replace").removeprefix("\ufeff")
    plain = _MARK.sub("  ", text)
    # The first octet is DD or DF, whose first digit is one of hexadecimal, and "3" of base64.
    if plain.lstrip()[:1] in ("D", "d"):
        octets = _from_digits(plain)
    elif text.lstrip()[:1] == _BASE64_BEGINS:
        octets = _from_base64(text)
    else:
        raise _not_text(f"begins with {text.strip()[:4]!r}")
    if octets[:1] not in (b"\xdd", b"\xdf"):
        raise _not_text(f"begins with the octet {octets[:1].hex().upper()}")
    return octets


def _from_digits(text: str) -> bytes:
    if wrong := _NO_DIGIT.search(text):
        raise _not_text(f"hexadecimal with {wrong[0]!r} at character {wrong.start()}")
    digits = "".join(text.split())
    if len(digits) % 2:
        raise _not_text(f"hexadecimal of {len(digits)} digits, an odd number")
    return bytes.fromhex(digits)


def _from_base64(text: str) -> bytes:
    if wrong := _NO_BASE64.search(text):
        raise _not_text(f"base64 with {wrong[0]!r} at character {wrong.start()}")
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        raise _not_text(f"base64 that does not end as it must ({error})") from error


def _not_text(found: str) -> Malformed:
    return Malformed(
        f"GBCS message: {found}, must be octets from DD or DF, or their hexadecimal digits, or their"
        " base64",
        clause=_CLAUSE,
        rule="gbcs.text",
    )


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
    return _plain_signed(octets) or _by_fields(octets)


def _by_fields(octets: bytes) -> GbcsMessage:
    cursor = Cursor(octets, "GBCS message", _CLAUSE)
    with_mac = octets[:1] == _MAC_HEADER[:1]
    if with_mac:
        _mac_header(cursor)
    begin = cursor.position
    header = _grouping_header(cursor)
    payload = cursor.take(cursor.length("content"), "payload")
    signed = octets[begin + 1 : cursor.position]
    signature = _signature(cursor, header, with_mac=with_mac)
    authenticated = octets[begin : cursor.position]
    mac = cursor.take(MAC_OCTETS, "mac") if with_mac else b""
    cursor.done()
    return GbcsMessage(
        header=header,
        payload=payload,
        signature=signature,
        mac=mac,
        signed=signed,
        authenticated=authenticated,
        octets=octets,
    )


def _plain_signed(octets: bytes) -> GbcsMessage | None:
    """The same in half the time, of the commonest: signed, no MAC, no supplementary fields."""
    found = _PLAIN_SIGNED.match(octets)
    if found is None:
        return None
    cra, counter, originator, recipient, date_time, code, length = found.groups()
    begin, end = found.end(), len(octets) - len(_SIGNED) - SIGNATURE_OCTETS
    if (
        not 0 <= end - begin <= _PAYLOAD_OCTETS_MAX
        or length != length_octets(end - begin)
        or octets[end : end + len(_SIGNED)] != _SIGNED
    ):
        return None
    return GbcsMessage(
        header=GroupingHeader(
            category=_CATEGORIES[cra[0]],
            counter=int.from_bytes(counter, "big"),
            originator=EUI64(originator),
            recipient=EUI64(recipient),
            date_time=date_time or b"",
            message_code=int.from_bytes(code, "big"),
        ),
        payload=octets[begin:end],
        signature=octets[-SIGNATURE_OCTETS:],
        mac=b"",
        signed=octets[1:end],
        authenticated=octets,
        octets=octets,
    )


def _mac_header(cursor: Cursor) -> None:
    cursor.expect(_MAC_HEADER, "MAC header")
    announced = cursor.length("MAC header content")
    if announced != cursor.left:
        raise cursor.wrong("MAC header content", f"{announced} octets announced", f"{cursor.left}")
    cursor.expect(_SECURITY, "security header")


def _grouping_header(cursor: Cursor) -> GroupingHeader:
    category, counter, originator, recipient = _identity(cursor)
    date_time = cursor.take(cursor.length("date-time", (0, _DATE_TIME_OCTETS)), "date-time")
    code, supplementary = parse_information(cursor, cursor.length("other-information"))
    return GroupingHeader(
        category=category,
        counter=counter,
        originator=originator,
        recipient=recipient,
        date_time=date_time,
        message_code=code,
        supplementary=supplementary,
    )


def _identity(cursor: Cursor) -> tuple[MessageCategory, int, EUI64, EUI64]:
    """Category, counter, originator and recipient: at fixed places, in every message."""
    fixed = cursor.next(_IDENTITY.size)
    if len(fixed) == _IDENTITY.size:
        tag, cra, counter, first, originator, second, recipient = _IDENTITY.unpack(fixed)
        category = _CATEGORIES.get(cra)
        if tag == _GROUPING and category is not None and first == second == EUI64_OCTETS:
            cursor.position += _IDENTITY.size
            return category, counter, EUI64(originator), EUI64(recipient)
    cursor.expect(_GROUPING, "tag and transaction-id length")
    category = _category(cursor)
    counter = cursor.number(_COUNTER_OCTETS, "counter")
    return category, counter, cursor.system_title("originator"), cursor.system_title("recipient")


def _category(cursor: Cursor) -> MessageCategory:
    octet = cursor.take(1, "CRA")[0]
    if octet not in MessageCategory.__members__.values():
        raise cursor.wrong("CRA", f"{octet:02X}", "01 command, 02 response or 03 alert")
    return MessageCategory(octet)


def _signature(cursor: Cursor, header: GroupingHeader, *, with_mac: bool) -> bytes:
    """The signature, if any: only a pre-command, which has no MAC, may end with its payload."""
    if not with_mac and not cursor.left and header.category is MessageCategory.COMMAND:
        return b""
    signature = cursor.take(cursor.length("signature", (0, SIGNATURE_OCTETS)), "signature")
    if not signature and not with_mac and header.category is not MessageCategory.COMMAND:
        raise cursor.wrong("signature", "none, and no MAC", "one of the two")
    return signature


def grouped(header: GroupingHeader, payload: bytes) -> bytes:
    """Grouping header and payload: a pre-command, or what protection is put around.

    Clause: gbcs:7.2.7
    """
    information = information_octets(header.message_code, header.supplementary)
    return b"".join(
        (
            _GROUPING,
            bytes((header.category,)),
            header.counter.to_bytes(_COUNTER_OCTETS, "big"),
            b"\x08",
            header.originator.octets,
            b"\x08",
            header.recipient.octets,
            length_octets(len(header.date_time)),
            header.date_time,
            length_octets(len(information)),
            information,
            length_octets(len(payload)),
            payload,
        )
    )


def plain_opening(originator: EUI64, counter: int, recipient: EUI64, message_code: int) -> bytes:
    """With what a command without MAC and supplementary fields begins: all before the payload's length.

    Clause: gbcs:7.2.7
    """
    category, code = MessageCategory.COMMAND, message_code
    identity = (counter, EUI64_OCTETS, originator.octets, EUI64_OCTETS, recipient.octets)
    return _OPENING.pack(_GROUPING, category, *identity, 0, _CODE_OCTETS, code)


def signature_input(group: bytes) -> bytes:
    """What a signature is over, of grouping header and payload `group`.

    Clause: gbcs:7.2.7
    """
    return group[1:]


def signed_group(signed: bytes) -> bytes:
    """Grouping header and payload, of what a signature over them is over.

    Clause: gbcs:7.2.7
    """
    return _GROUPING[:1] + signed


def with_signature(group: bytes, signature: bytes) -> bytes:
    """`group` with its signature (64 octets), or with the octet that says there is none (empty).

    What comes back is a whole message, or what a MAC is over.

    Clause: gbcs:7.2.7
    """
    return group + (_SIGNED + signature if signature else _UNSIGNED)


def with_mac(authenticated: bytes, mac: bytes) -> bytes:
    """The whole message: `authenticated`, as `with_signature` made it, in its MAC header.

    Clause: gbcs:7.2.7
    """
    content = _SECURITY + authenticated + mac
    return _MAC_HEADER + length_octets(len(content)) + content


def response_header(command: GroupingHeader, *, date_time: bytes = b"") -> GroupingHeader:
    """The header of the response: the command's, with originator and recipient exchanged.

    A certificate that the command brought is not sent back.

    Clause: gbcs:7.2.7
    """
    behind = command.supplementary
    return replace(
        command,
        supplementary=None if behind is None else replace(behind, certificate=None),
        category=MessageCategory.RESPONSE,
        originator=command.recipient,
        recipient=command.originator,
        date_time=date_time,
    )
