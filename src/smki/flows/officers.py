"""Officers: whose detached signature something has, and whether they were in force when it was lodged.

Says who signed, never whether that one may decide or ask for anything.
"""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.crypto import verify_certificate_signature
from smki.flows.office import FrontOffice
from smki.flows.recorded import Officer
from smki.flows.revocation import list_before
from smki.governance.signing import verify_detached
from smki.merkle.leaf import decode_certificate
from smki.profiles import common_name
from smki.terms import EUI64, CertificateKind, Malformed, Refused
from smki.wire.cms import parse_detached
from smki.wire.der import Reader


def officer_who_signed(
    front: FrontOffice, content: bytes, signature: bytes, *, at: datetime, before: int
) -> Officer:
    """The officer in force at `at` whose detached signature (CMS, DER) over `content` this is.

    Numbered steps: 1 the certificate is an officer's and in the record; 2 the signature holds;
    3 the certificate was issued under the IKI root; 4 valid then; 5 on no list below `before`.

    Raises:
        Malformed: the signature is not of the form that is read.
        Refused: one of the steps fails.

    Clause: sec-app-q:B, sec-app-p:1.3
    """
    parsed = parse_detached(signature)
    row = front.index.by_serial(parsed.serial)
    if row is None or row.kind is not CertificateKind.IKI_OFFICER:
        raise refused_officer(f"{parsed.serial} is no officer's certificate of this SMKI")
    _, body = decode_certificate(front.reader.leaf(row.entry))
    verify_detached(content, parsed, body.certificate)
    _must_be_issued(front, body.certificate)
    certificate = x509.load_der_x509_certificate(body.certificate)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise refused_officer(f"{parsed.serial} is not valid on {at:%F %T} UTC")
    listed = list_before(front, CertificateKind.ISSUING_ICA, before)
    revoked = dict(listed.entries) if listed else {}
    if parsed.serial in revoked:
        raise refused_officer(f"{parsed.serial} was revoked on {revoked[parsed.serial]:%F %T} UTC")
    return Officer(
        credential=parsed.serial,
        party=EUI64(body.subscriber),
        name=common_name(body.certificate) or "",
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


def _must_be_issued(front: FrontOffice, certificate: bytes) -> None:
    """The certificate was signed by an issuing ICA, and that by the IKI's root."""
    roots, issuing = (
        [_certificate(front, row.entry) for row in front.index.rows(kind)]
        for kind in (CertificateKind.ROOT_ICA, CertificateKind.ISSUING_ICA)
    )
    if not any(
        _signed_by(certificate, authority) and any(_signed_by(authority, root) for root in roots)
        for authority in issuing
    ):
        raise refused_officer("the signer's certificate does not lead to the IKI's root")


def _certificate(front: FrontOffice, entry: int) -> bytes:
    return decode_certificate(front.reader.leaf(entry))[1].certificate


def _signed_by(certificate: bytes, issuer: bytes) -> bool:
    key = x509.load_der_x509_certificate(issuer).public_key()
    try:
        verify_certificate_signature(
            certificate, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )
    except Malformed:
        return False
    return True


def refused_officer(what: str) -> Refused:
    """A signature that is not of an officer who counts here."""
    return Refused(
        f"signature: {what}, must be an officer in force of whoever is to sign",
        where="signature",
        clause="sec-app-q:B",
        rule="signature.officer",
    )
