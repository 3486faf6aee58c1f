"""What the repository's web service asks: certificates by EUI-64 and by serial number, as values.

Standing is worked out at the instant of the question. No XML, no API keys.

Clause: sec-app-o:web-service
"""

from dataclasses import dataclass
from datetime import datetime

from smki.merkle.leaf import CertificateBody, decode_certificate
from smki.ports import CertificateIndex, CertificateRow, RecordReader
from smki.repository.lodging import milliseconds
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    Inconsistent,
    KeyUsage,
    Malformed,
    RemotePartyRole,
    SerialNumber,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the repository says of a certificate, without the certificate.

    Attributes:
        entry: index of its entry in the record.
        serial: its serial number.
        kind: which profile it follows.
        identity: EUI-64 of its subject; None if it has none.
        device: the EUI-64 stands in the alternative name, not in the subject.
        status: its standing at the instant of the question.
        role: remote party role; None for a device.
        usage: its key usage.
        manufacturing: issued for manufacture rather than for replacement in the field.
    """

    entry: int
    serial: SerialNumber
    kind: CertificateKind
    identity: EUI64 | None
    device: bool
    status: CertificateStatus
    role: RemotePartyRole | None
    usage: KeyUsage
    manufacturing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """A certificate and what the repository says of it.

    Attributes:
        found: what is said of it.
        certificate: its DER, as lodged.
        lodged_at: instant of lodging, milliseconds since 1970.
    """

    found: Found
    certificate: bytes
    lodged_at: int


def standing(row: CertificateRow, at: datetime) -> CertificateStatus:
    """The standing of a certificate at `at`: revoked stays revoked, then expired, then the rest."""
    expired = milliseconds(at) >= (row.not_after + 1) * 1000  # valid through the last second
    if row.status is not CertificateStatus.REVOKED and expired:
        return CertificateStatus.EXPIRED
    return row.status


def search_devices(index: CertificateIndex, device: EUI64, at: datetime) -> tuple[Found, ...]:
    """The certificates of this device, oldest first.

    Clause: sec-app-o:web-service
    """
    return tuple(found for found in _search(index, device, at) if found.device)


def search_organisations(index: CertificateIndex, entity: EUI64, at: datetime) -> tuple[Found, ...]:
    """The certificates whose subject is this entity, of authorities too, oldest first.

    Clause: sec-app-o:web-service
    """
    return tuple(found for found in _search(index, entity, at) if not found.device)


def retrieve(
    index: CertificateIndex, reader: RecordReader, serial: SerialNumber, at: datetime
) -> Retrieved | None:
    """The certificate with this serial number, from the record itself; None if there is none.

    Raises:
        Inconsistent: the index points to an entry that is no certificate.

    Clause: sec-app-o:web-service
    """
    row = index.by_serial(serial)
    if row is None:
        return None
    lodged_at, body = read_certificate(reader, row.entry)
    return Retrieved(found=found_in(row, at), certificate=body.certificate, lodged_at=lodged_at)


def read_certificate(reader: RecordReader, entry: int) -> tuple[int, CertificateBody]:
    """Instant and body of the certificate's leaf to which the index points.

    Raises:
        Inconsistent: the entry is no certificate.
    """
    try:
        return decode_certificate(reader.leaf(entry))
    except Malformed as error:
        raise Inconsistent(f"index: entry {entry} is no certificate: {error.message}") from error


def _search(index: CertificateIndex, identity: EUI64, at: datetime) -> tuple[Found, ...]:
    return tuple(found_in(row, at) for row in index.by_identity(identity))


def found_in(row: CertificateRow, at: datetime) -> Found:
    """What the row says of its certificate at `at`."""
    return Found(
        entry=row.entry,
        serial=row.serial,
        kind=row.kind,
        identity=row.identity,
        device=row.kind is CertificateKind.DEVICE,
        status=standing(row, at),
        role=row.role,
        usage=row.usage,
        manufacturing=row.manufacturing,
    )
