"""Officers and file signers: whose detached signature something has, and whether they were in force then.

Says who signed, never whether that one may decide or ask for anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from smki.crypto import is_signed_by
from smki.flows.office import FrontOffice
from smki.flows.recorded import Officer
from smki.flows.revocation import list_before
from smki.governance.signing import verify_detached
from smki.merkle.leaf import decode_certificate
from smki.profiles import common_name
from smki.terms import EUI64, CertificateKind, Refused, SerialNumber
from smki.wire.cms import parse_detached
from smki.wire.der import Reader

_NAMES: Final[Mapping[CertificateKind, str]] = {
    CertificateKind.IKI_OFFICER: "officer's certificate",
    CertificateKind.IKI_FILE_SIGNING: "file signing certificate",
}
_EXPECTED: Final[Mapping[CertificateKind, str]] = {
    CertificateKind.IKI_OFFICER: "an officer",
    CertificateKind.IKI_FILE_SIGNING: "a file signing certificate",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose detached signature something has.

    Attributes:
        serial: serial number of the certificate.
        subscriber: EUI-64 of the party that asked for it.
        certificate: that, DER.
    """

    serial: SerialNumber
    subscriber: EUI64
    certificate: bytes

    @property
    def name(self) -> str:
        """The common name in the certificate."""
        return common_name(self.certificate) or ""


def officer_who_signed(
    front: FrontOffice, content: bytes, signature: bytes, *, at: datetime, before: int
) -> Officer:
    """The officer in force at `at` whose detached signature (CMS, DER) over `content` this is.

    Raises:
        Malformed: the signature is not of the form that is read.
        Refused: see `who_signed`.

    Clause: sec-app-q:B, sec-app-p:1.3
    """
    kind = CertificateKind.IKI_OFFICER
    signer = who_signed(front, content, signature, kind, at=at, before=before)
    return Officer(credential=signer.serial, party=signer.subscriber, name=signer.name)


def who_signed(
    front: FrontOffice,
    content: bytes,
    signature: bytes,
    kind: CertificateKind,
    *,
    at: datetime,
    before: int,
) -> Signer:
    """Whose signature over `content` this is, by an IKI certificate of that kind in force at `at`.

    Numbered steps: 1 the certificate is of that kind and in the record; 2 the signature holds;
    3 the certificate was issued under the IKI root; 4 valid then; 5 on no list below `before`.

    Raises:
        Malformed: the signature is not of the form that is read.
        Refused: one of the steps fails.

    Clause: sec-app-q:B
    """
    parsed = parse_detached(signature)
    row = front.index.by_serial(parsed.serial)
    if row is None or row.kind is not kind:
        raise refused_signer(f"{parsed.serial} is no {_NAMES[kind]} of this SMKI", kind)
    _, body = decode_certificate(front.reader.leaf(row.entry))
    verify_detached(content, parsed, body.certificate)
    if not _is_issued(front, body.certificate):
        raise refused_signer("the signer's certificate does not lead to the IKI's root", kind)
    certificate = x509.load_der_x509_certificate(body.certificate)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise refused_signer(f"{parsed.serial} is not valid on {at:%F %T} UTC", kind)
    listed = list_before(front, CertificateKind.ISSUING_ICA, before)
    revoked = dict(listed.entries) if listed else {}
    if parsed.serial in revoked:
        when = revoked[parsed.serial]
        raise refused_signer(f"{parsed.serial} was revoked on {when:%F %T} UTC", kind)
    return Signer(
        serial=parsed.serial, subscriber=EUI64(body.subscriber), certificate=body.certificate
    )


def must_be_bare(front: FrontOffice, signature: bytes) -> None:
    """What comes along with the signature unsigned is the signer's certificate, or its authorities'.

    Asked before a signature is lodged: no octet of what is kept is without meaning.

    Raises:
        Malformed: the signature is not of the form that is read.
        Refused: another certificate comes along.

    Clause: sec-app-q:B
    """
    parsed = parse_detached(signature)
    row = front.index.by_serial(parsed.serial)
    known = {_certificate(front, row.entry)} if row is not None else set()
    for kind in (CertificateKind.ROOT_ICA, CertificateKind.ISSUING_ICA):
        known |= {_certificate(front, one.entry) for one in front.index.rows(kind)}
    along = Reader(parsed.certificates, "certificates")
    while not along.at_end:
        if along.element("certificate") not in known:
            raise refused_officer("a certificate comes along that is neither its own nor above it")


def _is_issued(front: FrontOffice, certificate: bytes) -> bool:
    """Whether the certificate was signed by an issuing ICA, and that by the IKI's root."""
    roots, issuing = (
        [_certificate(front, row.entry) for row in front.index.rows(kind)]
        for kind in (CertificateKind.ROOT_ICA, CertificateKind.ISSUING_ICA)
    )
    return any(
        is_signed_by(certificate, authority)
        and any(is_signed_by(authority, root) for root in roots)
        for authority in issuing
    )


def _certificate(front: FrontOffice, entry: int) -> bytes:
    return decode_certificate(front.reader.leaf(entry))[1].certificate


def refused_officer(what: str) -> Refused:
    """A signature that is not of an officer who counts here."""
    return refused_signer(what, CertificateKind.IKI_OFFICER)


def refused_signer(what: str, kind: CertificateKind) -> Refused:
    """A signature that is not of one who counts here."""
    return Refused(
        f"signature: {what}, must be {_EXPECTED[kind]} in force of whoever is to sign",
        where="signature",
        clause="sec-app-q:B",
        rule="signature.officer",
    )
