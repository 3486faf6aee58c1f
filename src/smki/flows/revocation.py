"""Revocation lists: made, lodged and handed out; credentials revoked.

Which list of an authority is the newest is noted before the list is lodged, with the entry it will
have: after a crash the note either points to it, or the one before still counts. If the note was
lost with its database, the record itself is searched from its end: numbers never begin again.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from smki.authority import RevocationList, issue_crl
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import LeafType, decode_certificate, decode_leaf
from smki.repository import lodge_crl
from smki.repository.rows import STEP, body_of
from smki.terms import CertificateKind, Finding, Refused, SerialNumber

CLOCK_TROUBLE: Final = timedelta(minutes=5)  # a list from further ahead: our clock was wrong then
ISSUING: Final = (CertificateKind.ISSUING_OCA, CertificateKind.ISSUING_ICA)
"""Authorities that issue CRLs. Device certificates are never revoked: no list for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentList:
    """The newest list of an authority.

    Attributes:
        octets: CertificateList, DER.
        number: its CRL number.
        this_update: its instant.
        next_update: until when it may be relied on.
        entries: serial and instant of revocation.
    """

    octets: bytes
    number: int
    this_update: datetime
    next_update: datetime
    entries: tuple[tuple[SerialNumber, datetime], ...]


def current_list(front: FrontOffice, authority: CertificateKind) -> CurrentList | None:
    """The newest list of the authority that is in the record; None before the first.

    Raises:
        Inconsistent: the record is damaged.
    """
    entry = _newest(front, authority)
    if entry is None:
        return None
    return parse_list(body_of(front.reader, decode_leaf(front.reader.leaf(entry))))


def _newest(front: FrontOffice, authority: CertificateKind) -> int | None:
    noted = front.workbook.noted(_note(authority))
    size = front.reader.checkpoint().size
    for entry in json.loads(noted) if noted else _lists_backwards(front, size):
        if entry is not None and entry < size:
            leaf = decode_leaf(front.reader.leaf(entry))
            if leaf.type in (LeafType.CRL, LeafType.ARL) and _of(
                front, authority, body_of(front.reader, leaf)
            ):
                return int(entry)
    return None


def _lists_backwards(front: FrontOffice, size: int) -> Iterator[int]:
    """The entries of all revocation lists, the newest first."""
    for stop in range(size, 0, -STEP):
        start = max(0, stop - STEP)
        leaves = tuple(front.reader.leaves(start, stop))
        for entry in reversed(range(start, stop)):
            if decode_leaf(leaves[entry - start]).type in (LeafType.CRL, LeafType.ARL):
                yield entry


def parse_list(octets: bytes) -> CurrentList:
    """The list in this DER, one of our own."""
    crl = x509.load_der_x509_crl(octets)
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    next_update = crl.next_update_utc
    return CurrentList(
        octets=octets,
        number=number,
        this_update=crl.last_update_utc,
        next_update=crl.last_update_utc if next_update is None else next_update,
        entries=tuple(
            (SerialNumber(entry.serial_number), entry.revocation_date_utc) for entry in crl
        ),
    )


def publish_list(
    office: Office, authority: CertificateKind, revoke: Sequence[SerialNumber] = ()
) -> CurrentList:
    """The authority's next list is lodged, `revoke` on it beside all that were on the last.

    Status in the index follows in the same transaction that covers the list's entry.

    Raises:
        Unavailable: the key, the disk or the database is away.

    Clause: sec-app-m:2.3.1.5, sec-app-b:B-crl
    """
    front = office.front
    at = front.clock.now().replace(microsecond=0)
    last = current_list(front, authority)
    entries = last.entries if last else ()
    known = {serial for serial, _ in entries}
    fresh = tuple(serial for serial in revoke if serial not in known)
    if last and last.this_update - at <= CLOCK_TROUBLE:
        # One second later at least: TLS libraries keep the older of two lists of one instant.
        at = max(at, last.this_update + timedelta(seconds=1))
    octets = issue_crl(
        office.hierarchy.authority(authority),
        RevocationList(
            entries=(*entries, *((serial, at) for serial in fresh)),
            number=last.number + 1 if last else 1,
            this_update=at,
            valid=front.settings.crl_validity,
        ),
        office.keys[authority],
    )
    _lodge(office, authority, octets, fresh, at)
    return parse_list(octets)


def lodge_list(office: Office, authority: CertificateKind, octets: bytes) -> None:
    """A root's list, signed in a ceremony, is lodged and the newest of that root."""
    _lodge(office, authority, octets, (), office.front.clock.now())


def revoke_credential(office: Office, serial: SerialNumber) -> CurrentList:
    """The IKI credential opens nothing from now on, and is on the CRL; the new list.

    Raises:
        Refused: no such credential.
        Unavailable: as for `publish_list`.

    Clause: sec-app-q:B
    """
    front = office.front
    if front.registry.credential(serial) is None:
        raise Refused(
            findings=(
                Finding(
                    rule="credential.unknown",
                    message=f"{serial} is no registered IKI credential",
                    where="serial number",
                    clause="sec-app-q:B",
                    advice="'smki status' names the sample credentials; 'smki certificate show'"
                    " prints a serial number",
                ),
            )
        )
    front.registry.revoke_credential(serial)
    return publish_list(office, CertificateKind.ISSUING_ICA, (serial,))


def refresh_lists(office: Office) -> tuple[CertificateKind, ...]:
    """Lists older than their interval are issued anew; which authorities' were.

    So is one that will not outlast the overlap, since it was made under other settings; and one
    that a wrong clock dated ahead: nobody would believe it before its time.

    Clause: sec-app-b:B-crl
    """
    settings, now = office.front.settings, office.front.clock.now()
    overlap = settings.crl_validity - settings.crl_interval
    renewed = []
    for authority in ISSUING:
        last = current_list(office.front, authority)
        if last is None or not (
            last.this_update - CLOCK_TROUBLE
            <= now
            < min(last.this_update + settings.crl_interval, last.next_update - overlap)
        ):
            publish_list(office, authority)
            renewed.append(authority)
    return tuple(renewed)


def _lodge(
    office: Office,
    authority: CertificateKind,
    octets: bytes,
    revoked: Sequence[SerialNumber],
    at: datetime,
) -> None:
    front = office.front
    expected = front.reader.checkpoint().size
    front.workbook.note(_note(authority), json.dumps([expected, _newest(front, authority)]))
    root = authority.issuer is authority
    entry = lodge_crl(office.record, octets, at, authority=root)
    front.workbook.close(None, rows=(), size=entry + 1, revoked=tuple(revoked))


def _of(front: FrontOffice, authority: CertificateKind, octets: bytes) -> bool:
    issuer = x509.load_der_x509_crl(octets).issuer.public_bytes()
    return any(_subject(front, row.entry) == issuer for row in front.index.rows(authority))


def _subject(front: FrontOffice, entry: int) -> bytes:
    _, body = decode_certificate(front.reader.leaf(entry))
    return x509.load_der_x509_certificate(body.certificate).subject.public_bytes()


def _note(authority: CertificateKind) -> str:
    return f"list.{authority.value}"
