"""Revocation lists as people see them: of which authority, how long to be relied on, what is on them.

A list repeats what was on the one before it, so the first that names a certificate is found by
halving. Values for people; no HTML.

Clause: sec-app-o:portal, sec-app-b:B-crl
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from smki.merkle.leaf import LeafType, decode_leaf
from smki.ports import CertificateIndex, ListRow, RecordReader
from smki.repository.items import body_of
from smki.terms import SerialNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownList:
    """A revocation list of the record.

    Attributes:
        entry: index of its entry.
        authorities: it is an ARL: what is on it are certificates of authorities.
        issuer: its issuer's name as text.
        number: its CRL number.
        this_update: its instant.
        next_update: until when it may be relied on.
        revoked: how many certificates are on it.
        octets: CertificateList, DER.
    """

    entry: int
    authorities: bool
    issuer: str
    number: int
    this_update: datetime
    next_update: datetime | None
    revoked: int
    octets: bytes

    @property
    def certificates(self) -> tuple[tuple[SerialNumber, datetime], ...]:
        """Serial number and instant of revocation of each certificate on it, the latest first."""
        listed = x509.load_der_x509_crl(self.octets)
        found = [(SerialNumber(one.serial_number), one.revocation_date_utc) for one in listed]
        return tuple(sorted(found, key=lambda one: one[1], reverse=True))


def shown_lists(
    index: CertificateIndex, reader: RecordReader, *, limit: int, before: int | None = None
) -> tuple[ShownList, ...]:
    """The newest revocation lists below the entry `before`, newest first.

    Clause: sec-app-o:portal
    """
    rows = [row for row in index.lists() if before is None or row.entry < before]
    return tuple(_shown(reader, row) for row in reversed(rows[-limit:]))


def lists_in_force(index: CertificateIndex, reader: RecordReader) -> tuple[ShownList, ...]:
    """The list of each authority with the highest number, by the authorities' names.

    Clause: sec-app-b:B-crl
    """
    newest: dict[int, ListRow] = {}
    for row in index.lists():
        if row.issuer not in newest or row.number > newest[row.issuer].number:
            newest[row.issuer] = row
    shown = (_shown(reader, row) for row in newest.values())
    return tuple(sorted(shown, key=lambda one: one.issuer))


def shown_list(index: CertificateIndex, reader: RecordReader, entry: int) -> ShownList | None:
    """The revocation list that this entry holds; None if it holds none."""
    row = next((row for row in index.lists() if row.entry == entry), None)
    return None if row is None else _shown(reader, row)


def first_naming(
    index: CertificateIndex, reader: RecordReader, issuer: int, serial: SerialNumber
) -> tuple[ShownList, datetime] | None:
    """The first list of the issuer that names the certificate, and since when it is revoked.

    None if none does. `issuer` is as in `ports.ListRow`.

    Clause: sec-app-b:B-crl
    """
    rows = sorted(
        (row for row in index.lists() if row.issuer == issuer), key=lambda row: row.number
    )
    at = bisect_left(rows, 1, key=lambda row: int(_revoked_on(reader, row, serial) is not None))
    since = _revoked_on(reader, rows[at], serial) if at < len(rows) else None
    return None if since is None else (_shown(reader, rows[at]), since)


def _revoked_on(reader: RecordReader, row: ListRow, serial: SerialNumber) -> datetime | None:
    listed = x509.load_der_x509_crl(_octets(reader, row))
    found = listed.get_revoked_certificate_by_serial_number(serial.value)
    return None if found is None else found.revocation_date_utc


def _octets(reader: RecordReader, row: ListRow) -> bytes:
    return body_of(reader, decode_leaf(reader.leaf(row.entry)))


def _shown(reader: RecordReader, row: ListRow) -> ShownList:
    leaf = decode_leaf(reader.leaf(row.entry))
    octets = body_of(reader, leaf)
    crl = x509.load_der_x509_crl(octets)
    return ShownList(
        entry=row.entry,
        authorities=leaf.type is LeafType.ARL,
        issuer=crl.issuer.rfc4514_string(),
        number=row.number,
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
        revoked=len(crl),
        octets=octets,
    )
