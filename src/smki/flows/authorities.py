"""The authorities that the record knows: those in force, and those before them.

An authority that another has followed issues nothing any more. It signs its own revocation lists as
long as its key is here and no root has revoked it: what it issued may still be relied on.

Clause: sec-app-b:B
"""

from cryptography import x509

from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import decode_certificate
from smki.ports import CertificateRow
from smki.terms import CertificateKind, CertificateStatus, SerialNumber


def authorities(front: FrontOffice, kind: CertificateKind) -> tuple[bytes, ...]:
    """The certificates (DER) of every authority of that kind in the record; that in force is the last.

    Raises:
        Inconsistent: the record is damaged.
    """
    return tuple(_certificate(front, row) for row in front.index.rows(kind))


def name_of(certificate: bytes) -> bytes:
    """The subject of a certificate (DER): by it lists, and what it issued, name an authority."""
    return x509.load_der_x509_certificate(certificate).subject.public_bytes()


def issuer_of(front: FrontOffice, serial: SerialNumber) -> bytes | None:
    """The certificate (DER) of the authority that issued the one with this serial number.

    None if there is no such certificate, or no such authority, in the record.

    Raises:
        Inconsistent: the record is damaged.
    """
    row = front.index.by_serial(serial)
    if row is None:
        return None
    issued = x509.load_der_x509_certificate(_certificate(front, row)).issuer.public_bytes()
    known = authorities(front, row.kind.issuer)
    return next((one for one in known if name_of(one) == issued), None)


def earlier(office: Office, kind: CertificateKind) -> tuple[bytes, ...]:
    """The authorities of that kind before the one in force that still sign lists of their own.

    Clause: sec-app-b:B-crl
    """
    in_force = office.hierarchy.authority(kind).certificate
    return tuple(
        one
        for one in authorities(office.front, kind)
        if one != in_force
        and not is_revoked(office.front, one)
        and office.key_of(kind, one) is not None
    )


def is_revoked(front: FrontOffice, certificate: bytes) -> bool:
    """Whether a list in the record names the certificate (DER)."""
    number = x509.load_der_x509_certificate(certificate).serial_number
    row = front.index.by_serial(SerialNumber(number))
    return row is not None and row.status is CertificateStatus.REVOKED


def _certificate(front: FrontOffice, row: CertificateRow) -> bytes:
    return decode_certificate(front.reader.leaf(row.entry))[1].certificate
