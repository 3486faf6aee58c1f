"""What of the house expires, when, and who renews it. Looks; changes nothing, opens no key.

Revocation lists of issuing authorities are not among it: the worker renews them by itself, many
times before they expire.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from cryptography import x509

from smki.adapters.files import read_octets
from smki.authority import Hierarchy
from smki.bootstrap.opening import load_hierarchy
from smki.bootstrap.pairs import Pair, sample_pairs, server_pair
from smki.bootstrap.samples import SAMPLES
from smki.bootstrap.settings import FOUNDING, Settings
from smki.ceremonies.development import ROOTS
from smki.flows.authorities import name_of
from smki.flows.office import FrontOffice
from smki.flows.revocation import current_list
from smki.merkle.leaf import decode_certificate
from smki.ports import CertificateRow, Party
from smki.terms import CertificateKind, Interface, Malformed, SerialNumber

DUE_DAYS: Final = 60  # two months: time to find the root keys, to warn parties, and to try again


class Renewal(Enum):
    """Who renews a holding, as an operator is told."""

    COMMAND = "smki renew"
    ROOT_KEYS = "smki renew, with the root keys"
    CEREMONY = "a ceremony"
    PARTY = "its party, with a new CSR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Something that expires.

    Attributes:
        name: how an operator names it.
        what: what it is.
        expires: the last instant at which it is good.
        renewal: who renews it.
        pair: its files, if it is one of the house's pairs.
        root: whose list it is, if it is a root's revocation list.
        followed: it was issued by an authority that another has followed.
    """

    name: str
    what: str
    expires: datetime
    renewal: Renewal
    pair: Pair | None = None
    root: CertificateKind | None = None
    followed: bool = False

    def days(self, now: datetime) -> int:
        """Whole days that are left; below zero once it has expired."""
        return (self.expires - now).days

    def due(self, now: datetime, within: timedelta) -> bool:
        """Whether it expires before so long from now, or is of an authority before the one in force."""
        return self.followed or self.expires - now <= within


def holdings(settings: Settings, front: FrontOffice, now: datetime) -> tuple[Holding, ...]:
    """All that expires, what expires first before the others.

    Credentials that parties hold themselves are there in their last `DUE_DAYS`, unless a later one
    of the same party, interface and name takes their place.

    Raises:
        Unavailable: the database, or a file, is away.
        Inconsistent: the record is damaged.
    """
    pairs = _pairs(settings, front)
    found = (
        *_root_lists(front, custody=settings.path(FOUNDING).exists()),
        *_authorities(front),
        *(holding for holding, _ in pairs),
        *_parties_own(front, {serial for _, serial in pairs}, now),
    )
    return tuple(sorted(found, key=lambda one: (one.expires, one.name)))


def _root_lists(front: FrontOffice, *, custody: bool) -> Iterator[Holding]:
    """The roots' lists; a ceremony renews those whose roots are in custody."""
    for root in ROOTS:
        current = current_list(front, root)
        if current is not None:
            yield Holding(
                name=f"list/{root.value}",
                what=f"revocation list {current.number} of {root.value}",
                expires=current.next_update,
                renewal=Renewal.CEREMONY if custody else Renewal.ROOT_KEYS,
                root=None if custody else root,
            )


def _authorities(front: FrontOffice) -> Iterator[Holding]:
    for kind, authority in load_hierarchy(front).authorities.items():
        certificate = x509.load_der_x509_certificate(authority.certificate)
        yield Holding(
            name=f"authority/{kind.value}",
            what=f"certificate of {kind.value}",
            expires=certificate.not_valid_after_utc,
            renewal=Renewal.CEREMONY,
        )


def _pairs(settings: Settings, front: FrontOffice) -> tuple[tuple[Holding, SerialNumber], ...]:
    pairs = [server_pair(settings, front.build)]
    pairs += [pair for sample in SAMPLES for pair in sample_pairs(settings, sample)]
    hierarchy = load_hierarchy(front)
    return tuple(_held(pair, hierarchy) for pair in pairs if pair.certificate.exists())


def _held(pair: Pair, hierarchy: Hierarchy) -> tuple[Holding, SerialNumber]:
    certificate = certificate_in(pair)
    issuing = hierarchy.issuer_of(pair.kind).certificate
    here = pair.key.exists()  # the key of a recovery certificate may be in custody
    holding = Holding(
        name=pair.name,
        what=f"{pair.kind.value} certificate{f' of {pair.party}' if pair.party else ''}",
        expires=certificate.not_valid_after_utc,
        renewal=Renewal.COMMAND if here else Renewal.CEREMONY,
        pair=pair if here else None,
        followed=certificate.issuer.public_bytes() != name_of(issuing),
    )
    return holding, SerialNumber(certificate.serial_number)


def certificate_in(pair: Pair) -> x509.Certificate:
    """The certificate in the pair's file.

    Raises:
        Malformed: there is none in it.
        Unavailable: it cannot be read.
    """
    try:
        return x509.load_pem_x509_certificate(read_octets(pair.certificate))
    except ValueError as error:
        raise Malformed(
            f"{pair.name}: no certificate in its file ({error})", where=str(pair.certificate)
        ) from error


def _parties_own(front: FrontOffice, held: set[SerialNumber], now: datetime) -> Iterator[Holding]:
    for party in front.registry.parties():
        by_interface: dict[Interface, list[CertificateRow]] = {}
        for credential in front.registry.credentials(party.party):
            row = front.index.by_serial(credential.serial)
            if row is not None and not credential.revoked:
                by_interface.setdefault(credential.interface, []).append(row)
        for interface, rows in by_interface.items():
            yield from _expiring(front, party, interface, rows, held, now)


def _expiring(
    front: FrontOffice,
    party: Party,
    interface: Interface,
    rows: list[CertificateRow],
    held: set[SerialNumber],
    now: datetime,
) -> Iterator[Holding]:
    until = (now + timedelta(days=DUE_DAYS)).timestamp()
    for row in rows:
        if row.serial in held or not now.timestamp() <= row.not_after <= until:
            continue
        later = (other for other in rows if other.not_after > row.not_after)
        name = _subject(front, row)
        if all(_subject(front, other) != name for other in later):
            yield Holding(
                name=f"credential/{row.serial}",
                what=f"'{interface.value}' credential of {party.party}",
                expires=datetime.fromtimestamp(row.not_after, UTC),
                renewal=Renewal.PARTY,
            )


def _subject(front: FrontOffice, row: CertificateRow) -> bytes:
    _, body = decode_certificate(front.reader.leaf(row.entry))
    return x509.load_der_x509_certificate(body.certificate).subject.public_bytes()
