"""X.509 certificates and certificate revocation lists: octets to values.

Keeps what a linter must be able to name: the raw algorithm identifiers, the tags of strings and
times, explicit defaults, the content octets of integers. Judges nothing beyond the structure.

    Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }

Clause: rfc5280:4.1
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from smki.terms import Malformed
from smki.wire import der
from smki.wire.der import Reader

P256_SPKI: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
"""A SubjectPublicKeyInfo of P-256 up to its point."""
POINT_OCTETS: Final = 65

_TIME_FORMS: Final = {
    der.UTC_TIME: re.compile(rb"[0-9]{12}Z"),
    der.GENERALIZED_TIME: re.compile(rb"[0-9]{14}Z"),
}
_VERSION_OCTETS_MAX: Final = 8  # one is right; Python writes no number of thousands in decimal
_UTC_TIME_PIVOT: Final = b"50"  # rfc5280:4.1.2.5.1: from 50 on, 19YY


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a name: content of its OID, tag of its value, content of its value."""

    oid: bytes
    tag: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A time as it was written, and the instant it means.

    Attributes:
        tag: UTCTime or GeneralizedTime.
        text: its digits and `Z`.
        instant: the same, in UTC.
    """

    tag: int
    text: bytes
    instant: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """One extension.

    Attributes:
        oid: content of its OID.
        critical: whether it is critical.
        explicit_default: true if `critical FALSE` was written out, which DER forbids.
        value: content of extnValue.
    """

    oid: bytes
    critical: bool
    explicit_default: bool
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class TbsCertificate:
    """What is signed.

    Attributes:
        octets: the whole DER.
        version: 0 for v1, 2 for v3.
        serial: content of the INTEGER.
        algorithm: AlgorithmIdentifier, whole element.
        issuer: Name, whole element.
        subject: Name, whole element.
        public_key: SubjectPublicKeyInfo, whole element.
        unique_identifiers: true if issuerUniqueID or subjectUniqueID is there.
        extensions: in the order in which they stand.

    Clause: rfc5280:4.1.2
    """

    octets: bytes
    version: int
    serial: bytes
    algorithm: bytes
    issuer: bytes
    not_before: Time
    not_after: Time
    subject: bytes
    public_key: bytes
    unique_identifiers: bool
    extensions: tuple[Extension, ...]

    def extension(self, oid: bytes) -> Extension | None:
        """The first extension whose OID has these content octets; None if there is none."""
        return next((found for found in self.extensions if found.oid == oid), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate.

    Attributes:
        octets: the whole DER.
        tbs: what is signed.
        algorithm: signatureAlgorithm, whole element.
        signature: content of signatureValue, without the octet of unused bits.

    Clause: rfc5280:4.1.1
    """

    octets: bytes
    tbs: TbsCertificate
    algorithm: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokedEntry:
    """One revoked certificate: content of its serial number, and since when.

    Clause: rfc5280:5.1.2.6
    """

    serial: bytes
    revoked: Time
    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationList:
    """A certificate revocation list.

    Attributes:
        octets: the whole DER.
        tbs: the DER that is signed.
        version: 1 for v2; 0 if it is left out.
        inner_algorithm: AlgorithmIdentifier inside what is signed, whole element.
        issuer: Name, whole element.
        next_update: None if it is left out.
        entries: None if the list itself is left out, as it must be when nothing is revoked.
        extensions: in the order in which they stand.
        algorithm: signatureAlgorithm, whole element.
        signature: content of signatureValue, without the octet of unused bits.

    Clause: rfc5280:5.1
    """

    octets: bytes
    tbs: bytes
    version: int
    inner_algorithm: bytes
    issuer: bytes
    this_update: Time
    next_update: Time | None
    entries: tuple[RevokedEntry, ...] | None
    extensions: tuple[Extension, ...]
    algorithm: bytes
    signature: bytes


def parse_certificate(octets: bytes) -> Certificate:
    """The certificate that `octets` are, whole and with nothing left over.

    Raises:
        Malformed: not a certificate in DER; names the field and the offset.

    Clause: rfc5280:4.1
    """
    outer = Reader(octets, "certificate")
    body = outer.enter(der.SEQUENCE, "Certificate")
    outer.done()
    tbs = body.element("tbsCertificate", der.SEQUENCE)
    algorithm = body.element("signatureAlgorithm", der.SEQUENCE)
    signature = _whole_octets(body, "signatureValue")
    body.done()
    return Certificate(octets=octets, tbs=parse_tbs(tbs), algorithm=algorithm, signature=signature)


def parse_tbs(octets: bytes) -> TbsCertificate:
    """The TBSCertificate that `octets` are. Offsets in errors count from its first octet.

    Raises:
        Malformed: not a TBSCertificate in DER.

    Clause: rfc5280:4.1.2
    """
    outer = Reader(octets, "certificate")
    body = outer.enter(der.SEQUENCE, "tbsCertificate")
    outer.done()
    version = _version(body)
    serial = _content(body, der.INTEGER, "serialNumber")
    algorithm = body.element("signature", der.SEQUENCE)
    issuer = body.element("issuer", der.SEQUENCE)
    validity = body.enter(der.SEQUENCE, "validity")
    not_before, not_after = _time(validity, "notBefore"), _time(validity, "notAfter")
    validity.done()
    subject = body.element("subject", der.SEQUENCE)
    public_key = body.element("subjectPublicKeyInfo", der.SEQUENCE)
    unique = [
        body.element(field)
        for number, field in ((1, "issuerUniqueID"), (2, "subjectUniqueID"))
        if body.peek() == der.context(number, constructed=False)
    ]
    extensions = _tagged_extensions(body, 3, "extensions")
    body.done()
    return TbsCertificate(
        octets=octets,
        version=version,
        serial=serial,
        algorithm=algorithm,
        issuer=issuer,
        not_before=not_before,
        not_after=not_after,
        subject=subject,
        public_key=public_key,
        unique_identifiers=bool(unique),
        extensions=extensions,
    )


def issued_point(octets: bytes) -> bytes:
    """The public key on P-256 of a certificate that was issued by its profile, 65 octets.

    Taken from where it stands, some thirty times sooner than by parsing the rest: a profile leaves no
    other place for these octets. Of a certificate that nobody looked at, parse it.

    Raises:
        Malformed: it holds no such key, or more than one.

    Clause: rfc5280:4.1.2.7
    """
    _, found, rest = octets.partition(P256_SPKI)
    if not found or P256_SPKI in rest or len(rest) < POINT_OCTETS:
        raise Malformed(
            "certificate: must hold one subjectPublicKeyInfo with a key on P-256, it does not",
            where="subjectPublicKeyInfo",
            clause="rfc5280:4.1.2.7",
            rule="certificate.point",
        )
    return rest[:POINT_OCTETS]


def parse_revocation_list(octets: bytes) -> RevocationList:
    """The certificate revocation list that `octets` are, with nothing left over.

    Raises:
        Malformed: not a CertificateList in DER; names the field and the offset.

    Clause: rfc5280:5.1
    """
    outer = Reader(octets, "crl")
    whole = outer.enter(der.SEQUENCE, "CertificateList")
    outer.done()
    tbs = whole.element("tbsCertList", der.SEQUENCE)
    algorithm = whole.element("signatureAlgorithm", der.SEQUENCE)
    signature = _whole_octets(whole, "signatureValue")
    whole.done()
    body = Reader(tbs, "crl").enter(der.SEQUENCE, "tbsCertList")
    version = 0
    if body.peek() == der.INTEGER:
        version = _version_number(body)
    inner = body.element("signature", der.SEQUENCE)
    issuer = body.element("issuer", der.SEQUENCE)
    this_update = _time(body, "thisUpdate")
    next_update = _time(body, "nextUpdate") if body.peek() in _TIME_FORMS else None
    entries = None
    if body.peek() == der.SEQUENCE:
        entries = tuple(_entries(body.enter(der.SEQUENCE, "revokedCertificates")))
    extensions = _tagged_extensions(body, 0, "crlExtensions")
    body.done()
    return RevocationList(
        octets=octets,
        tbs=tbs,
        version=version,
        inner_algorithm=inner,
        issuer=issuer,
        this_update=this_update,
        next_update=next_update,
        entries=entries,
        extensions=extensions,
        algorithm=algorithm,
        signature=signature,
    )


def parse_name(octets: bytes, field: str = "name") -> tuple[tuple[Attribute, ...], ...]:
    """The relative distinguished names of the Name that `octets` are, in order.

    Raises:
        Malformed: not a Name in DER.

    Clause: rfc5280:4.1.2.4
    """
    outer = Reader(octets, field)
    body = outer.enter(der.SEQUENCE, "Name")
    outer.done()
    return tuple(_names(body))


def parse_public_key(octets: bytes) -> tuple[bytes, bytes]:
    """AlgorithmIdentifier (whole element) and key (content) of a SubjectPublicKeyInfo.

    Raises:
        Malformed: not a SubjectPublicKeyInfo in DER.

    Clause: rfc5280:4.1.2.7
    """
    outer = Reader(octets, "subjectPublicKeyInfo")
    body = outer.enter(der.SEQUENCE, "SubjectPublicKeyInfo")
    outer.done()
    algorithm = body.element("algorithm", der.SEQUENCE)
    key = _whole_octets(body, "subjectPublicKey")
    body.done()
    return algorithm, key


def _version_number(reader: Reader) -> int:
    """The version, whatever it is, if people can be told it."""
    at = reader.position
    content = _content(reader, der.INTEGER, "version")
    if len(content) > _VERSION_OCTETS_MAX:
        raise Malformed(
            f"{reader.name}.version: {len(content)} octets, must be at most {_VERSION_OCTETS_MAX}",
            where=f"offset {at}",
            clause="rfc5280:4.1.2.1",
            rule="der.length",
        )
    return int.from_bytes(content, "big", signed=True)


def _version(body: Reader) -> int:
    if body.peek() != der.context(0, constructed=True):
        return 0
    explicit = body.enter(der.context(0, constructed=True), "version")
    version = _version_number(explicit)
    explicit.done()
    return version


def _names(body: Reader) -> Iterator[tuple[Attribute, ...]]:
    while not body.at_end:
        rdn = body.enter(der.SET, "rdn")
        attributes: list[Attribute] = []
        while not rdn.at_end:
            attribute = rdn.enter(der.SEQUENCE, "attribute")
            oid = attribute.take(der.OID, "type")
            tag = attribute.peek() or 0
            attributes.append(Attribute(oid=oid, tag=tag, value=attribute.take(tag, "value")))
            attribute.done()
        if not attributes:
            raise Malformed(
                f"{body.name}.rdn: empty, must hold an attribute",
                where=f"offset {rdn.position}",
                clause="rfc5280:4.1.2.4",
            )
        yield tuple(attributes)


def _entries(body: Reader) -> Iterator[RevokedEntry]:
    while not body.at_end:
        entry = body.enter(der.SEQUENCE, "entry")
        serial = _content(entry, der.INTEGER, "userCertificate")
        revoked = _time(entry, "revocationDate")
        extensions: tuple[Extension, ...] = ()
        if not entry.at_end:
            extensions = tuple(_extensions(entry.enter(der.SEQUENCE, "crlEntryExtensions")))
        entry.done()
        yield RevokedEntry(serial=serial, revoked=revoked, extensions=extensions)


def _tagged_extensions(body: Reader, number: int, field: str) -> tuple[Extension, ...]:
    if body.peek() != der.context(number, constructed=True):
        return ()
    explicit = body.enter(der.context(number, constructed=True), field)
    extensions = tuple(_extensions(explicit.enter(der.SEQUENCE, "Extensions")))
    explicit.done()
    return extensions


def _extensions(body: Reader) -> Iterator[Extension]:
    while not body.at_end:
        extension = body.enter(der.SEQUENCE, "extension")
        oid = extension.take(der.OID, "extnID")
        critical, explicit = False, False
        if extension.peek() == der.BOOLEAN:
            value = _content(extension, der.BOOLEAN, "critical")
            if value not in (b"\x00", b"\xff"):
                raise Malformed(
                    f"{body.name}.critical: {value.hex()}, must be the one octet 00 or FF",
                    where=f"offset {extension.position}",
                    clause="x690:11.1",
                    rule="der.boolean",
                )
            critical, explicit = value == b"\xff", value == b"\x00"
        content = extension.take(der.OCTET_STRING, "extnValue")
        extension.done()
        yield Extension(oid=oid, critical=critical, explicit_default=explicit, value=content)


def _content(reader: Reader, tag: int, field: str) -> bytes:
    at = reader.position
    content = reader.take(tag, field)
    if not content:
        raise Malformed(
            f"{reader.name}.{field}: no content, must have at least one octet",
            where=f"offset {at}",
            clause="x690:8.3.1",
            rule="der.length",
        )
    return content


def _whole_octets(reader: Reader, field: str) -> bytes:
    at = reader.position
    content = _content(reader, der.BIT_STRING, field)
    if content[0] != 0:
        raise Malformed(
            f"{reader.name}.{field}: {content[0]} unused bits, must be whole octets",
            where=f"offset {at}",
            clause="x690:8.6.2",
            rule="der.bit-string",
        )
    return content[1:]


def _time(reader: Reader, field: str) -> Time:
    at, tag = reader.position, reader.peek()
    form = _TIME_FORMS.get(tag or 0)
    if tag is None or form is None:
        raise Malformed(
            f"{reader.name}.{field}: {'nothing' if tag is None else f'tag {tag:02X}'},"
            " must be UTCTime or GeneralizedTime",
            where=f"offset {at}",
            clause="rfc5280:4.1.2.5",
            rule="der.tag",
        )
    text = reader.take(tag, field)
    instant = _instant(tag, text) if form.fullmatch(text) else None
    if instant is None:
        raise Malformed(
            f"{reader.name}.{field}: {text[:20]!r}, must be a date and time with seconds, in UTC",
            where=f"offset {at}",
            clause="rfc5280:4.1.2.5",
            rule="der.time",
        )
    return Time(tag=tag, text=text, instant=instant)


def _instant(tag: int, text: bytes) -> datetime | None:
    if tag == der.UTC_TIME:
        text = (b"19" if text[:2] >= _UTC_TIME_PIVOT else b"20") + text
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[8:10]),
            int(text[10:12]),
            int(text[12:14]),
            tzinfo=UTC,
        )
    except ValueError:
        return None
