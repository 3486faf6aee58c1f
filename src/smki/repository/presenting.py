"""What the pages of the repository show: search results, one certificate with its history.

Values for people, worked out at the instant of the question. No HTML, nothing about who may look.

Clause: sec-app-o:portal
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from smki.ports import CertificateIndex, CertificatePage, CertificateQuery, RecordReader
from smki.profiles import ProfileSettings, view
from smki.profiles.wording import explain
from smki.repository.rows import issuer_fingerprint
from smki.repository.searching import Found, found_in, read_certificate, standing
from smki.repository.shown_lists import first_naming
from smki.steps import Channel
from smki.terms import EUI64, CertificateStatus, SerialNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A search result: what is said of a certificate, and when it was lodged for whom."""

    found: Found
    lodged_at: datetime
    subscriber: EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page of search results, newest first; `after` as in `ports.CertificatePage`."""

    listed: tuple[Listed, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a certificate.

    Attributes:
        at: when.
        text: what, a sentence without a full stop.
        entry: the entry of the record that shows it; None if none does.
        serial: another certificate that it concerns; None if it concerns no other.
    """

    at: datetime
    text: str
    entry: int | None = None
    serial: SerialNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A certificate of the repository with all that its page shows.

    Attributes:
        listed: as a search lists it.
        certificate: its DER, as lodged.
        not_before: first second of validity.
        not_after: last second of validity.
        fields: name, value and, where it has any, words for each field of the certificate.
        history: what happened to it, oldest first.
    """

    listed: Listed
    certificate: bytes
    not_before: datetime
    not_after: datetime
    fields: tuple[tuple[str, str, str], ...]
    history: tuple[Event, ...]


def search(
    index: CertificateIndex, query: CertificateQuery, *, limit: int, before: int | None
) -> Results:
    """What the query finds below the entry `before`, at most `limit`, newest first.

    Clause: sec-app-o:portal
    """
    page: CertificatePage = index.search(query, limit=limit, before=before)
    at = datetime.fromtimestamp(query.at, UTC)
    listed = tuple(
        Listed(
            found=found_in(row, at), lodged_at=_instant(row.lodged_at), subscriber=row.subscriber
        )
        for row in page.rows
    )
    return Results(listed=listed, after=page.after)


def present(
    index: CertificateIndex,
    reader: RecordReader,
    settings: ProfileSettings,
    serial: SerialNumber,
    at: datetime,
) -> Item | None:
    """The certificate with this serial number, its fields in words and its history.

    Raises:
        Inconsistent: the index points to an entry that is no certificate.

    Clause: sec-app-o:portal
    """
    row = index.by_serial(serial)
    if row is None:
        return None
    _, body = read_certificate(reader, row.entry)
    shown, words = view(body.certificate, settings), explain(body.certificate, settings)
    listed = Listed(
        found=found_in(row, at), lodged_at=_instant(row.lodged_at), subscriber=row.subscriber
    )
    events = [
        Event(
            at=listed.lodged_at,
            text=f"lodged, {_CHANNELS[Channel(body.channel)]}",
            entry=row.entry,
        ),
        *_succession(index, listed),
        *_revocation(index, reader, listed, body.certificate),
    ]
    if standing(row, at) is CertificateStatus.EXPIRED:
        events.append(Event(at=shown.not_after, text="expired"))
    return Item(
        listed=listed,
        certificate=body.certificate,
        not_before=shown.not_before,
        not_after=shown.not_after,
        fields=tuple((name, text, words.get(name, "")) for name, text in shown.fields),
        history=tuple(sorted(events, key=lambda event: event.at)),
    )


_CHANNELS = {
    Channel.CEREMONY: "from a key ceremony",
    Channel.PORTAL: "asked for in the portal",
    Channel.AD_HOC: "asked for by the ad hoc service",
    Channel.BATCH: "asked for in a batch",
    Channel.REGISTRATION: "asked for at registration",
}


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _succession(index: CertificateIndex, listed: Listed) -> Iterator[Event]:
    """Its neighbours: certificates of the same device for the same usage."""
    found = listed.found
    if not found.device or found.identity is None:
        return
    same = [row for row in index.by_identity(found.identity) if row.usage is found.usage]
    before = [row for row in same if row.entry < found.entry]
    after = [row for row in same if row.entry > found.entry]
    if before:
        yield Event(
            at=listed.lodged_at,
            text="took the place of an earlier one of this device",
            entry=before[-1].entry,
            serial=before[-1].serial,
        )
    if after:
        yield Event(
            at=_instant(after[0].lodged_at),
            text="not in use any more: a newer one of this device took its place",
            entry=after[0].entry,
            serial=after[0].serial,
        )


def _revocation(
    index: CertificateIndex, reader: RecordReader, listed: Listed, certificate: bytes
) -> Iterator[Event]:
    if listed.found.status is not CertificateStatus.REVOKED:
        return
    issuer = issuer_fingerprint(x509.load_der_x509_certificate(certificate).issuer)
    found = first_naming(index, reader, issuer, listed.found.serial)
    if found is not None:
        first, since = found
        yield Event(
            at=since,
            text=f"revoked; first named on list number {first.number} of its issuer",
            entry=first.entry,
        )
