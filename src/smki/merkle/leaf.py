"""The leaves of the record: one canonical encoding for everything that is lodged.

    leaf        = version u8 (1) || type u8 || form u8 || instant u64 || body
    instant     = of lodging, milliseconds since 1970-01-01T00:00:00Z
    form 0      body                             the body itself, at most 32,768 octets
    form 1      SHA-256(body) 32 || length u64   a longer body, kept as blob/<sha256 in hex>
    form 2      SHA-256(salt 32 || body) 32      a body that may have to be removed by law

    type                     body                                             forms
     1 certificate           channel u8 || flags u8 || subscriber 8           0
                             || request 32 || certificate DER
     2 crl, 3 arl            CertificateList DER                              0 1
     4 document              framed: metadata, then its content               0 1
     5 standing              canonical JSON: change of a document's standing  0
     6 decision              canonical JSON: decision and its signatures      0 1 2
     7 transcript            framed                                           0 1 2
     8 log key               signed-note verifier key, UTF-8                  0
     9 index root            canonical JSON                                   0
    10 status note           canonical JSON                                   0
    11 tombstone             canonical JSON                                   0
    12 configuration         framed: profiles, catalogue, configuration       0 1

    framed      = length u16 || metadata, canonical JSON of that length || content
    channel     = way by which the request came in (steps.Channel), 0 to 4
    flags       = bit 0 manufacturing; the others zero
    subscriber  = EUI-64 of the party that asked
    request     = SHA-256 of the request's DER; zeros if there was none

Integers are big-endian. Sizes: 11 octets before the body, 53 before a certificate's DER. This
format is final: types are added, none is changed. No rule about who may lodge what is here.

Clause: c2sp:tlog-tiles
"""

from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from struct import Struct
from typing import Final

from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.merkle.notes import VerifierKey
from smki.terms import Malformed

VERSION: Final = 1
INLINE_MAX_OCTETS: Final = 32 * 1024  # entries end at 65,535; half of that leaves bundles handy
HEADER_OCTETS: Final = 11
CHANNELS: Final = range(5)
NO_REQUEST: Final = bytes(32)

_HEADER: Final = Struct(">BBBQ")
_CERTIFICATE: Final = Struct(">BBBQBB8s32s")
_DIGEST: Final = Struct(">32sQ")
_CERTIFICATE_START: Final = bytes((VERSION, 1, 0))
_SALT_OCTETS: Final = 32
_LATEST: Final = 253402300799999  # the last millisecond of the year 9999
_TYPE_AT: Final = 1
_INSTANT_AT: Final = 3
_LATEST_OCTETS: Final = _LATEST.to_bytes(8, "big")
_CLAUSE: Final = "c2sp:tlog-tiles"


class LeafType(IntEnum):
    """What a leaf holds; the numbers are for ever."""

    CERTIFICATE = 1
    CRL = 2
    ARL = 3
    DOCUMENT = 4
    STANDING = 5
    DECISION = 6
    TRANSCRIPT = 7
    LOG_KEY = 8
    INDEX_ROOT = 9
    STATUS_NOTE = 10
    TOMBSTONE = 11
    CONFIGURATION = 12


class LeafForm(IntEnum):
    """How the body stands in the leaf."""

    INLINE = 0
    DIGEST = 1
    COMMITMENT = 2


_T, _F = LeafType, LeafForm
_FORMS: Final = {
    _T.CERTIFICATE: {_F.INLINE},
    _T.CRL: {_F.INLINE, _F.DIGEST},
    _T.ARL: {_F.INLINE, _F.DIGEST},
    _T.DOCUMENT: {_F.INLINE, _F.DIGEST},
    _T.STANDING: {_F.INLINE},
    _T.DECISION: {_F.INLINE, _F.DIGEST, _F.COMMITMENT},
    _T.TRANSCRIPT: {_F.INLINE, _F.DIGEST, _F.COMMITMENT},
    _T.LOG_KEY: {_F.INLINE},
    _T.INDEX_ROOT: {_F.INLINE},
    _T.STATUS_NOTE: {_F.INLINE},
    _T.TOMBSTONE: {_F.INLINE},
    _T.CONFIGURATION: {_F.INLINE, _F.DIGEST},
}
_FRAMED: Final = {_T.DOCUMENT, _T.TRANSCRIPT, _T.CONFIGURATION}
_JSON: Final = {_T.STANDING, _T.DECISION, _T.INDEX_ROOT, _T.STATUS_NOTE, _T.TOMBSTONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An entry of the record, taken apart.

    Attributes:
        type: what it holds.
        instant: when it was lodged, milliseconds since 1970.
        form: how the body stands in it.
        body: the body if inline; else 32 octets of digest or commitment.
        length: octets of the body, also where only its digest is here; 0 for a commitment.
    """

    type: LeafType
    instant: int
    form: LeafForm
    body: bytes
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateBody:
    """The body of a certificate's leaf.

    Attributes:
        channel: code of the way by which the request came in.
        manufacturing: issued for manufacture rather than for replacement in the field.
        subscriber: EUI-64 of the party that asked, 8 octets.
        request: SHA-256 of the request's DER, 32 octets; zeros if there was none.
        certificate: DER of the certificate.
    """

    channel: int
    manufacturing: bool
    subscriber: bytes
    request: bytes
    certificate: bytes


def encode_certificate(body: CertificateBody, instant: int) -> bytes:
    """The leaf of a certificate: 53 octets and its DER.

    Raises:
        Malformed: a field that does not fit the notation.
    """
    _check_certificate(body.channel, len(body.certificate), instant)
    if len(body.subscriber) != 8 or len(body.request) != 32:
        raise _malformed("certificate: subscriber and request must be 8 and 32 octets")
    return (
        _CERTIFICATE.pack(
            VERSION,
            LeafType.CERTIFICATE,
            LeafForm.INLINE,
            instant,
            body.channel,
            body.manufacturing,
            body.subscriber,
            body.request,
        )
        + body.certificate
    )


def decode_certificate(leaf: bytes) -> tuple[int, CertificateBody]:
    """The instant and body of a certificate's leaf.

    Raises:
        Malformed: not a certificate's leaf, or not canonical.
    """
    if len(leaf) <= _CERTIFICATE.size:
        raise _malformed(f"{len(leaf)} octets, a certificate's leaf has over {_CERTIFICATE.size}")
    version, kind, form, instant, channel, flags, subscriber, request = _CERTIFICATE.unpack_from(
        leaf
    )
    if (version, kind, form) != (VERSION, LeafType.CERTIFICATE, LeafForm.INLINE):
        raise _malformed(f"version {version}, type {kind}, form {form}; must be 1, 1, 0")
    if flags > 1:
        raise _malformed(f"certificate: flags {flags:02X}, must be 00 or 01", at=12)
    certificate = leaf[_CERTIFICATE.size :]
    _check_certificate(channel, len(certificate), instant)
    return instant, CertificateBody(
        channel=channel,
        manufacturing=bool(flags),
        subscriber=subscriber,
        request=request,
        certificate=certificate,
    )


def certificate_of(leaf: bytes) -> bytes:
    """The certificate's DER in a leaf that was decoded when it was indexed; other fields unread.

    Raises:
        Malformed: not a certificate's leaf.
    """
    if leaf[:3] != _CERTIFICATE_START:
        raise _malformed(f"begins {leaf[:3].hex()}, must be version 1, type 1, form 0")
    return leaf[_CERTIFICATE.size :]


def number_of(leaf: bytes) -> int:
    """The number of the type that the leaf says it has; nothing else is looked at.

    Raises:
        Malformed: too short for a leaf.
    """
    if len(leaf) < HEADER_OCTETS:
        raise _malformed(f"{len(leaf)} octets, must be at least {HEADER_OCTETS}")
    return leaf[_TYPE_AT]


def is_certificate(leaf: bytes) -> bool:
    """Whether `decode_certificate` takes this leaf; the same rules, in a tenth of its time."""
    return (
        leaf[:_INSTANT_AT] == _CERTIFICATE_START
        and _CERTIFICATE.size < len(leaf) <= HEADER_OCTETS + INLINE_MAX_OCTETS
        and leaf[_INSTANT_AT:HEADER_OCTETS] <= _LATEST_OCTETS
        and leaf[HEADER_OCTETS] in CHANNELS
        and leaf[HEADER_OCTETS + 1] <= 1
    )


def certificate_parts(leaf: bytes) -> tuple[int, bool, bytes, bytes]:
    """Instant, manufacturing, subscriber and DER, of a leaf of which `is_certificate` is true."""
    _, _, _, instant, _, manufacturing, subscriber, _ = _CERTIFICATE.unpack_from(leaf)
    return instant, bool(manufacturing), subscriber, leaf[_CERTIFICATE.size :]


def encode_leaf(kind: LeafType, body: bytes, instant: int) -> tuple[bytes, bytes | None]:
    """The leaf that holds `body`, and the blob to keep beside it if the body is too long for it.

    Raises:
        Malformed: the body is not one of this type, or too long for a type without blobs.
    """
    _check_instant(instant)
    if len(body) <= INLINE_MAX_OCTETS:
        _check_body(kind, body)
        return _HEADER.pack(VERSION, kind, LeafForm.INLINE, instant) + body, None
    if LeafForm.DIGEST not in _FORMS[kind]:
        raise _malformed(
            f"{_name(kind)}: body of {len(body)} octets, must be at most {INLINE_MAX_OCTETS}"
        )
    _check_body(kind, body)
    header = _HEADER.pack(VERSION, kind, LeafForm.DIGEST, instant)
    return header + _DIGEST.pack(sha256(body).digest(), len(body)), body


def encode_commitment(kind: LeafType, commitment: bytes, instant: int) -> bytes:
    """The leaf that commits to a body kept elsewhere.

    Raises:
        Malformed: a type whose body must be open, or a commitment that is not 32 octets.
    """
    _check_instant(instant)
    leaf = _HEADER.pack(VERSION, kind, LeafForm.COMMITMENT, instant) + commitment
    decode_leaf(leaf)
    return leaf


def commit(salt: bytes, body: bytes) -> bytes:
    """The 32 octets that commit to `body`; without the 32 random octets of `salt` they say nothing.

    Raises:
        Malformed: a salt that is not 32 octets.
    """
    if len(salt) != _SALT_OCTETS:
        raise _malformed(f"salt of {len(salt)} octets, must be {_SALT_OCTETS}")
    return sha256(salt + body).digest()


def decode_leaf(leaf: bytes) -> Leaf:
    """The leaf taken apart; inline bodies are of their type.

    Raises:
        Malformed: for every octet string that no encoder here makes.
    """
    if len(leaf) < HEADER_OCTETS:
        raise _malformed(f"{len(leaf)} octets, must be at least {HEADER_OCTETS}")
    version, number, form_number, instant = _HEADER.unpack_from(leaf)
    if version != VERSION:
        raise _malformed(f"version {version}, must be {VERSION}", at=0)
    kind = _leaf_type(number)
    form = _leaf_form(form_number)
    if form not in _FORMS[kind]:
        raise _malformed(f"{_name(kind)}: form {form}, must be one of {sorted(_FORMS[kind])}", at=2)
    _check_instant(instant)
    body = leaf[HEADER_OCTETS:]
    length = _body_length(kind, form, body)
    return Leaf(
        type=kind, instant=instant, form=form, body=body[:32] if form else body, length=length
    )


def encode_framed(metadata: JSON, content: bytes) -> bytes:
    """The framed body: what is said about the content, then the content itself.

    Raises:
        Malformed: metadata over 65,535 octets.
    """
    encoded = encode_json(metadata)
    if len(encoded) > 0xFFFF:
        raise _malformed(f"framed body: metadata of {len(encoded)} octets, must be at most 65535")
    return len(encoded).to_bytes(2, "big") + encoded + content


def decode_framed(body: bytes) -> tuple[JSON, bytes]:
    """The metadata and content of a framed body.

    Raises:
        Malformed: cut off, or metadata that are not canonical JSON.
    """
    end = 2 + int.from_bytes(body[:2], "big")
    if len(body) < 2 or len(body) < end:
        raise _malformed(f"framed body: {len(body)} octets, must be at least {end}")
    return parse_json(body[2:end], "leaf: metadata"), body[end:]


def _body_length(kind: LeafType, form: LeafForm, body: bytes) -> int:
    if form is LeafForm.INLINE:
        if len(body) > INLINE_MAX_OCTETS:
            raise _malformed(f"inline body of {len(body)} octets, must be at most 32768", at=11)
        _check_body(kind, body)
        return len(body)
    expected = _DIGEST.size if form is LeafForm.DIGEST else 32
    if len(body) != expected:
        raise _malformed(f"form {form}: {len(body)} octets, must be {expected}", at=11)
    if form is LeafForm.COMMITMENT:
        return 0
    length: int = _DIGEST.unpack(body)[1]
    if length <= INLINE_MAX_OCTETS:
        raise _malformed(f"form 1: body of {length} octets, must stand inline", at=43)
    return length


def _check_body(kind: LeafType, body: bytes) -> None:
    if kind in _JSON:
        parse_json(body, f"leaf: {_name(kind)}")
    elif kind in _FRAMED:
        decode_framed(body)
    elif kind is LeafType.LOG_KEY:
        _check_log_key(body)
    elif kind is LeafType.CERTIFICATE:
        decode_certificate(_HEADER.pack(VERSION, kind, LeafForm.INLINE, 0) + body)
    elif not body:
        raise _malformed(f"{_name(kind)}: empty body, must be DER")


def _check_log_key(body: bytes) -> None:
    try:
        VerifierKey.parse(body.decode())
    except UnicodeDecodeError as error:
        raise _malformed("log key: not UTF-8, must be a verifier key") from error


def _check_certificate(channel: int, octets: int, instant: int) -> None:
    if channel not in CHANNELS:
        raise _malformed(f"certificate: channel {channel}, must be below {CHANNELS.stop}", at=11)
    if not 0 < octets <= INLINE_MAX_OCTETS - _CERTIFICATE.size + HEADER_OCTETS:
        raise _malformed(f"certificate: {octets} octets of DER, must be 1 to 32726")
    _check_instant(instant)


def _check_instant(instant: int) -> None:
    if not 0 <= instant <= _LATEST:
        raise _malformed(f"instant {instant}, must be from 1970 to 9999", at=3)


def _leaf_type(number: int) -> LeafType:
    try:
        return LeafType(number)
    except ValueError:
        raise _malformed(f"type {number}, must be 1 to {max(LeafType)}", at=1) from None


def _leaf_form(number: int) -> LeafForm:
    try:
        return LeafForm(number)
    except ValueError:
        raise _malformed(f"form {number}, must be 0 to {max(LeafForm)}", at=2) from None


def _name(kind: LeafType) -> str:
    return kind.name.lower().replace("_", " ")


def _malformed(message: str, *, at: int | None = None) -> Malformed:
    where = "" if at is None else f"offset {at}"
    return Malformed(f"leaf: {message}", where=where, clause=_CLAUSE, rule="leaf.form")
