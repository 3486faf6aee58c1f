"""A party's file that says that a key is, or may be, lost: the two notification files.

    file,organisation-compromise-notification,1     or other-compromise-notification
    reference,<the party's own>,
    party,<short name>,<EUI-64 for which it speaks>
    made,<instant>,
    discovered,<instant>,
    extent,known|suspected,
    key,<which>,                                    organisation in the first file, another in the second
    circumstances,<in words>,
    wish,<method>,                                  if it has one
    certificate,<serial number>,                    ascending; 1 to 1,000
    device,<EUI-64>,                                ascending; up to 10,000, if it knows them

In the second file `certificate` names the certificate of the key, or `key-identifier` stands in its
place with the SHA-256 of a key that has none. The file travels signed and sealed, as a parcel:

    parcel = canonical JSON {"file": text, "signature": base64 of a detached CMS over its octets}

Reads and writes; believes nothing.

Clause: sec-app-l:2
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.canonical import encode_json, parse_json
from smki.recovery.notices_rows import (
    CLAUSE,
    FileKind,
    Row,
    Rows,
    write_rows,
)
from smki.terms import EUI64, Compromised, Malformed, Method, SerialNumber, instant_text

CERTIFICATES_MAX: Final = 1_000
DEVICES_MAX: Final = 10_000  # of more, the inventory is the better list
PARCEL_MAX_OCTETS: Final = 640 * 1024  # the record commits to it whole
_EXTENT: Final = {"known": True, "suspected": False}
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CERTIFICATE: Final = "certificate"
_KEY_IDENTIFIER: Final = "key-identifier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a party says of a compromise.

    Attributes:
        compromised: which key.
        party: its short name.
        entity: the EUI-64 for which it speaks.
        reference: its own.
        made: when it says so.
        discovered: when it came to know.
        known: it is known, not only suspected.
        circumstances: what happened.
        wish: the method that it asks for; None if it leaves that open.
        certificates: serial numbers of the certificates of the key, as they are printed.
        key_identifiers: SHA-256 of keys that have no certificate, in hexadecimal.
        devices: on which, if it knows; empty to have them worked out.
    """

    compromised: Compromised
    party: str
    entity: EUI64
    reference: str
    made: datetime
    discovered: datetime
    known: bool
    circumstances: str
    wish: Method | None = None
    certificates: tuple[str, ...] = ()
    key_identifiers: tuple[str, ...] = ()
    devices: tuple[EUI64, ...] = ()

    @property
    def kind(self) -> FileKind:
        """Which file says it."""
        if self.compromised is Compromised.ORGANISATION:
            return FileKind.ORGANISATION_NOTIFICATION
        return FileKind.OTHER_NOTIFICATION

    @property
    def names(self) -> tuple[str, ...]:
        """What is compromised: certificates, then keys without one."""
        return self.certificates + self.key_identifiers


def encode_notification(one: Notification) -> bytes:
    """The only spelling of the file.

    Clause: sec-app-l:2
    """
    return write_rows(one.kind, _rows(one))


def parse_notification(octets: bytes) -> Notification:
    """What the file says.

    Raises:
        Malformed: not of the form above: which line, what was found, what was expected.

    Clause: sec-app-l:2
    """
    rows = Rows(octets)
    if rows.kind not in (FileKind.ORGANISATION_NOTIFICATION, FileKind.OTHER_NOTIFICATION):
        raise rows.wrong(f"{rows.kind.value}, must be a notification")
    reference = rows.text("reference")
    party = rows.row("party")
    entity = rows.device(party.detail)
    made, discovered = rows.instant("made"), rows.instant("discovered")
    if discovered > made:
        raise rows.wrong("discovered after the file was made, must be before")
    extent = rows.text("extent")
    if extent not in _EXTENT:
        raise rows.wrong(f"{extent[:60]!r}, must be {' or '.join(_EXTENT)}")
    found = Notification(
        compromised=_key(rows),
        party=party.value,
        entity=entity,
        reference=reference,
        made=made,
        discovered=discovered,
        known=_EXTENT[extent],
        circumstances=rows.text("circumstances"),
        wish=_wish(rows),
        certificates=rows.some(_CERTIFICATE, CERTIFICATES_MAX, lambda row: _serial(rows, row)),
        key_identifiers=rows.some(
            _KEY_IDENTIFIER, CERTIFICATES_MAX, lambda row: _identifier(rows, row)
        ),
        devices=rows.some("device", DEVICES_MAX, lambda row: rows.device(_bare(rows, row))),
    )
    if found.kind is not rows.kind:
        raise rows.wrong(f"a key {found.compromised.value}, must be told in {found.kind.value}")
    if not found.names:
        raise rows.wrong("names no certificate of the key, must name one at least")
    if found.key_identifiers and found.kind is not FileKind.OTHER_NOTIFICATION:
        raise rows.wrong(f"{_KEY_IDENTIFIER}: an organisation's key, must be told by certificates")
    rows.done(encode_notification(found), octets)
    return found


def encode_parcel(file: bytes, signature: bytes) -> bytes:
    """The file with the detached signature (CMS, DER) over it, to be sealed.

    Raises:
        Malformed: the file is not UTF-8.
    """
    try:
        text = file.decode()
    except UnicodeDecodeError:
        raise _malformed("the file is not UTF-8, must be") from None
    return encode_json({"file": text, "signature": write_base64(signature)})


def parse_parcel(octets: bytes, most: int = PARCEL_MAX_OCTETS) -> tuple[bytes, bytes]:
    """File and signature of a parcel of at most so many octets.

    Raises:
        Malformed: not of the form above.
    """
    if len(octets) > most:
        raise _malformed(f"{len(octets)} octets, must be at most {most}")
    value = parse_json(octets, "parcel")
    if not isinstance(value, Mapping) or set(value) != {"file", "signature"}:
        raise _malformed("must have the keys file and signature")
    file, signature = value["file"], value["signature"]
    if not isinstance(file, str) or not isinstance(signature, str):
        raise _malformed("file and signature must be texts")
    found = read_base64(signature)
    if found is None:
        raise _malformed("signature: not base64 in its only form, must be")
    return file.encode(), found


def _rows(one: Notification) -> Iterator[Row]:
    yield Row("reference", one.reference)
    yield Row("party", one.party, str(one.entity))
    yield Row("made", instant_text(one.made))
    yield Row("discovered", instant_text(one.discovered))
    yield Row("extent", "known" if one.known else "suspected")
    yield Row("key", one.compromised.value)
    yield Row("circumstances", one.circumstances)
    if one.wish is not None:
        yield Row("wish", one.wish.value)
    yield from (Row(_CERTIFICATE, serial) for serial in one.certificates)
    yield from (Row(_KEY_IDENTIFIER, identifier) for identifier in one.key_identifiers)
    yield from (Row("device", str(device)) for device in one.devices)


def _key(rows: Rows) -> Compromised:
    return rows.member(Compromised, rows.text("key"))


def _wish(rows: Rows) -> Method | None:
    text = rows.optional("wish")
    return rows.member(Method, text) if text else None


def _serial(rows: Rows, row: Row) -> str:
    text = _bare(rows, row)
    try:
        printed = str(SerialNumber.parse(text))
    except Malformed:
        printed = ""
    if printed != text:
        raise rows.wrong(f"{text[:60]!r}, must be a serial number as it is printed")
    return text


def _identifier(rows: Rows, row: Row) -> str:
    text = _bare(rows, row)
    if not _IDENTIFIER.fullmatch(text):
        raise rows.wrong(f"{text[:80]!r}, must be a SHA-256 in 64 small hexadecimal digits")
    return text


def _bare(rows: Rows, row: Row) -> str:
    if row.detail:
        raise rows.wrong(f"{row.field}: must have no detail")
    return row.value


def _malformed(message: str) -> Malformed:
    return Malformed(f"parcel: {message}", where="parcel", clause=CLAUSE, rule="notice.parcel")
