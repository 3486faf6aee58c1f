"""Revocation lists: made, lodged and handed out; credentials revoked.

The record says which list of an authority is the newest: the index, which follows it, knows every
list, so that numbers rise also after a database was lost or restored from an older copy. Register
and list are two stores; where one was written and the other not yet, `refresh_lists` makes up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from smki.authority import Authority, RevocationList, issue_crl
from smki.flows.authorities import authorities, earlier, issuer_of
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import decode_leaf
from smki.ports import SigningKey
from smki.profiles import issuer_from_certificate
from smki.repository import catch_up, lodge_crl
from smki.repository.items import body_of
from smki.repository.rows import issuer_fingerprint
from smki.terms import CertificateKind, Finding, Refused, SerialNumber, Unavailable

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
    """The newest list of the authority in force of that kind in the record; None before the first.

    Raises:
        Inconsistent: the record is damaged.
    """
    known = authorities(front, authority)
    return newest_list(front, known[-1]) if known else None


def newest_list(front: FrontOffice, certificate: bytes) -> CurrentList | None:
    """The newest list in the record of the authority with this certificate (DER).

    Raises:
        Inconsistent: the record is damaged.
    """
    row = front.index.newest_list(_fingerprint(certificate))
    if row is None:
        return None
    return parse_list(body_of(front.reader, decode_leaf(front.reader.leaf(row.entry))))


def listed_serials(front: FrontOffice, authority: CertificateKind) -> frozenset[SerialNumber]:
    """What the newest lists of all authorities of that kind name, those before the one in force too.

    Raises:
        Inconsistent: the record is damaged.
    """
    lists = (newest_list(front, one) for one in authorities(front, authority))
    return frozenset(serial for one in lists if one for serial, _ in one.entries)


def list_before(front: FrontOffice, authority: CertificateKind, before: int) -> CurrentList | None:
    """The list of the authority that was the newest when the entry `before` was lodged.

    Instants of revocation are whole seconds: what was first, the record's order says.

    Raises:
        Inconsistent: the record is damaged.
    """
    issuers = set(map(_fingerprint, authorities(front, authority)))
    rows = [one for one in front.index.lists() if one.issuer in issuers and one.entry < before]
    if not rows:
        return None
    newest = max(rows, key=lambda row: row.number)
    return parse_list(body_of(front.reader, decode_leaf(front.reader.leaf(newest.entry))))


def _fingerprint(certificate: bytes) -> int:
    """How the index names the authority with this certificate."""
    return issuer_fingerprint(x509.load_der_x509_certificate(certificate).subject)


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

    What an authority before the one in force issued is on the next list of that one. Status in the
    index follows in the transaction that covers the list's entry.

    Raises:
        Refused: whoever issued one of them signs no lists any more; nothing was lodged.
        Unavailable: the key, the disk or the database is away.

    Clause: sec-app-m:2.3.1.5, sec-app-b:B-crl
    """
    return [
        _publish(office, authority, certificate, key, serials)
        for certificate, key, serials in _to_publish(office, authority, revoke)
    ][-1]


def first_list(office: Office, authority: CertificateKind, certificate: bytes) -> None:
    """The issuing authority with this certificate (DER) has a list, its first one if it had none.

    Its key need not be the one that the office was opened with.

    Raises:
        Unavailable: the key, the disk or the database is away.

    Clause: sec-app-b:B-crl
    """
    key = office.key_of(authority, certificate)
    if key is not None and newest_list(office.front, certificate) is None:
        _publish(office, authority, certificate, key, ())


def signer_of(
    office: Office, authority: CertificateKind, serial: SerialNumber
) -> tuple[bytes, SigningKey] | None:
    """Certificate (DER) and key of the authority of that kind on whose list this serial number belongs.

    None if it signs no lists any more: it was revoked itself, or its key is not here.

    Clause: sec-app-b:B-crl
    """
    in_force = office.hierarchy.authority(authority).certificate
    known = authorities(office.front, authority)
    issuer = issuer_of(office.front, serial) if len(known) > 1 else None
    if issuer is None or issuer == in_force:
        return in_force, office.keys[authority]
    key = office.key_of(authority, issuer) if issuer in earlier(office, authority) else None
    return None if key is None else (issuer, key)


def _to_publish(
    office: Office, authority: CertificateKind, revoke: Sequence[SerialNumber]
) -> list[tuple[bytes, SigningKey, tuple[SerialNumber, ...]]]:
    """The authorities on whose lists these serial numbers belong; that in force if there are none."""
    if not revoke:
        in_force = office.hierarchy.authority(authority).certificate
        return [(in_force, office.keys[authority], ())]
    theirs: dict[bytes, tuple[SigningKey, list[SerialNumber]]] = {}
    for serial in revoke:
        signer = signer_of(office, authority, serial)
        if signer is None:
            raise Refused(
                f"certificate {serial}: its issuing authority was revoked, with all that it issued,"
                " or its key is not here: it signs no list any more",
                where="serial number",
                clause="sec-app-b:B-crl",
                rule="list.issuer",
            )
        theirs.setdefault(signer[0], (signer[1], []))[1].append(serial)
    return [(one, key, tuple(serials)) for one, (key, serials) in theirs.items()]


def _publish(
    office: Office,
    authority: CertificateKind,
    certificate: bytes,
    key: SigningKey,
    revoke: tuple[SerialNumber, ...],
) -> CurrentList:
    front = office.front
    at = front.clock.now().replace(microsecond=0)
    last = newest_list(front, certificate)
    entries = last.entries if last else ()
    known = {serial for serial, _ in entries}
    fresh = tuple(serial for serial in revoke if serial not in known)
    if last and last.this_update - at <= CLOCK_TROUBLE:
        # One second later at least: TLS libraries keep the older of two lists of one instant.
        at = max(at, last.this_update + timedelta(seconds=1))
    octets = issue_crl(
        Authority(
            certificate=certificate, issuer=issuer_from_certificate(certificate, front.settings)
        ),
        RevocationList(
            entries=(*entries, *((serial, at) for serial in fresh)),
            number=last.number + 1 if last else 1,
            this_update=at,
            valid=front.settings.crl_validity,
        ),
        key,
    )
    _lodge(office, authority, octets, at)
    return parse_list(octets)


def lodge_list(office: Office, authority: CertificateKind, octets: bytes) -> None:
    """A root's list, signed in a ceremony, is lodged and the newest of that root."""
    _lodge(office, authority, octets, office.front.clock.now())


def revoke_credential(office: Office, serial: SerialNumber) -> CurrentList:
    """The IKI credential opens and signs nothing from now on, and is on the CRL; the new list.

    Raises:
        Refused: no such credential.
        Unavailable: as for `publish_list`.

    Clause: sec-app-q:B
    """
    front = office.front
    row = front.index.by_serial(serial)
    if row is not None and row.kind is CertificateKind.IKI_FILE_SIGNING:
        return publish_list(office, CertificateKind.ISSUING_ICA, (serial,))  # opens no interface
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

    So is one that will not outlast the overlap, since it was made under other settings; one that
    a wrong clock dated ahead: nobody would believe it before its time; and one that lacks a
    credential of the register: whoever revoked it was cut off before the list was made.

    Raises:
        Unavailable: the key of one is away; the others' lists were issued all the same.

    Clause: sec-app-b:B-crl
    """
    unlisted = _revoked_and_unlisted(office.front)
    renewed, away = [], None
    for authority in ISSUING:
        missing = unlisted if authority is CertificateKind.ISSUING_ICA else ()
        try:
            if _refreshed(office, authority, missing):
                renewed.append(authority)
        except Unavailable as error:
            away = error
    if away is not None:
        raise away
    return tuple(renewed)


def _refreshed(
    office: Office, authority: CertificateKind, missing: tuple[SerialNumber, ...]
) -> bool:
    """Whether a list was due, of the authority in force or of one before it: then it is lodged."""
    front = office.front
    in_force = office.hierarchy.authority(authority).certificate
    due = [one for one in earlier(office, authority) if _is_due(front, one)]
    for former in due:
        key = office.key_of(authority, former)
        if key is not None:
            _publish(office, authority, former, key, ())
    if missing or _is_due(front, in_force):
        publish_list(office, authority, missing)
        return True
    return bool(due)


def _is_due(front: FrontOffice, certificate: bytes) -> bool:
    settings, now, last = front.settings, front.clock.now(), newest_list(front, certificate)
    if last is None:
        return True
    overlap = settings.crl_validity - settings.crl_interval
    due = min(last.this_update + settings.crl_interval, last.next_update - overlap)
    return not last.this_update - CLOCK_TROUBLE <= now < due


def _revoked_and_unlisted(front: FrontOffice) -> tuple[SerialNumber, ...]:
    """The credentials that the register revoked and the list does not name.

    Those that the list names are revoked in the register on return: it may be of an older copy of
    the database. What is not in the record was never issued, and has no place on a list.

    Clause: sec-app-q:B
    """
    last = current_list(front, CertificateKind.ISSUING_ICA)
    listed = {serial for serial, _ in last.entries} if last else set()
    registered = set(front.registry.revoked_credentials())
    for serial in sorted(listed - registered):
        if front.registry.credential(serial) is not None:
            front.registry.revoke_credential(serial)
    return tuple(serial for serial in sorted(registered - listed) if front.index.by_serial(serial))


def _lodge(office: Office, authority: CertificateKind, octets: bytes, at: datetime) -> None:
    """Durable in the record, and read from there into the index, as after a crash."""
    front = office.front
    lodge_crl(office.record, octets, at, authority=authority.issuer is authority)
    catch_up(front.reader, front.index, front.describe)
