"""Which devices and subscribers an incident concerns: by inventory, what cells hold, and the record.

1 named      the certificates that the incident names, from the record
2 exposed    every trust anchor that devices have, if its key is named, or a named authority vouches
             for it; whose it is, by the record
3 relevant   each device with such an anchor that is commissioned, or was immediately before

    organisation, recovery             anchors with a key that is named
    issuing-oca                        anchors of certificates that the authority issued
    root-oca                           the root's anchor, and those of all beneath it
    contingency, contingency-symmetric anchors of roots that carry the wrapped key

Pages through the estate once; memory stays flat.

Clause: sec:L10.30(a), sec:L10.30(b)
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final

from smki.crypto import is_signed_by, spki_p256
from smki.devices import TrustAnchor
from smki.devices.path import held
from smki.flows.office import FrontOffice
from smki.governance.entities.incidents import Incident
from smki.merkle.leaf import decode_certificate
from smki.ports import CertificateRow
from smki.ports.holdings import Holding, Holdings
from smki.recovery.relevance import Exposed, Relevance, Sort
from smki.terms import (
    EUI64,
    CertificateKind,
    Compromised,
    Refused,
    SerialNumber,
    SmiStatus,
)
from smki.wire.certificate import parse_certificate

_PAGE: Final = 5_000
_Kind = CertificateKind
_AUTHORITIES: Final = {
    Compromised.ISSUING_OCA: (_Kind.ISSUING_OCA,),
    Compromised.ROOT_OCA: (_Kind.ROOT_OCA,),
}
_HELD: Final = frozenset({_Kind.ROOT_OCA, _Kind.ORGANISATION})


def relevant_devices(
    front: FrontOffice,
    holdings: Holdings,
    incident: Incident,
    *,
    event: datetime | None = None,
    each: Callable[[Holding], object] = lambda _: None,
) -> Relevance:
    """The counts of the devices that the incident concerns; `each` is told of every one, in order.

    Args:
        front: the record, and who is a party.
        holdings: of the estate.
        incident: which key, by which names.
        event: the recovery event; when the incident was notified if not given.
        each: is given every relevant device.

    Raises:
        Refused: a certificate that is named is not in the record.
        Inconsistent: the estate cannot be read.

    Clause: sec:L10.30(a)
    """
    found = Relevance(exposed=dict(_exposed(front, holdings, incident)))
    when = event or incident.steps[0].at
    after: EUI64 | None = None
    while page := holdings.held(after, _PAGE):
        after = page[-1].device
        found.looked_at += len(page)
        holding = [one for one in page if found.holds_any(one.anchors)]
        past = [one.device for one in holding if one.status is not SmiStatus.COMMISSIONED]
        before = holdings.statuses_at(past, when) if past else {}
        for one in holding:
            now = one.status is SmiStatus.COMMISSIONED
            if now or before.get(one.device) is SmiStatus.COMMISSIONED:
                sort = Sort(kind=one.kind.value, make=one.make, region=one.region)
                found.note(sort, one.anchors, is_commissioned=now)
                each(one)
    return found


def _exposed(
    front: FrontOffice, holdings: Holdings, incident: Incident
) -> Iterator[tuple[int, Exposed]]:
    """The trust anchors that are compromised, each with whose it is."""
    named = list(_named(front, incident))
    owners = {
        entity: party.party for party in front.registry.parties() for entity, _ in party.identities
    }
    keys = frozenset(incident.names)
    is_exposed = _test_of(front, incident.compromised, named, keys)
    for number, anchor in holdings.anchors():
        row, certificate = _certificate_of(front, anchor) or (None, None)
        if is_exposed(anchor, certificate):
            exposed = Exposed(
                certificate=str(row.serial) if row else "",
                subscriber=owners.get(row.subscriber, "") if row else "",
            )
            yield number, exposed


_Test = Callable[[TrustAnchor, bytes | None], bool]


def _test_of(
    front: FrontOffice, compromised: Compromised, named: list[bytes], keys: frozenset[str]
) -> _Test:
    """Whether an anchor, with its certificate in the record, is compromised."""
    anchors = [held(parse_certificate(one)) for one in named]
    points = {one.point for one in anchors}
    match compromised:
        case Compromised.ORGANISATION | Compromised.RECOVERY:
            return lambda anchor, _: anchor.point in points or _digest(anchor.point) in keys
        case Compromised.ISSUING_OCA:
            return lambda _, certificate: _issued_by_any(certificate, named)
        case Compromised.ROOT_OCA:
            below = [one for one in _all_of(front, _Kind.ISSUING_OCA) if _issued_by_any(one, named)]
            return lambda anchor, certificate: (
                anchor.point in points or _issued_by_any(certificate, below)
            )
        case _:
            wrapped = {one.contingency_key for one in anchors if one.contingency_key}
            return lambda anchor, _: (
                bool(anchor.contingency_key) and (not wrapped or anchor.contingency_key in wrapped)
            )


def _named(front: FrontOffice, incident: Incident) -> Iterator[bytes]:
    """The certificates that the incident names: by serial number, or an authority's by its key."""
    for serial in incident.serials:
        yield _certificate(front, serial)
    kinds = _AUTHORITIES.get(incident.compromised, ())
    keys = frozenset(incident.names)
    for one in (one for kind in kinds for one in _all_of(front, kind)):
        if _digest(held(parse_certificate(one)).point) in keys:
            yield one


def _digest(point: bytes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo, as notifications name a key."""
    return sha256(spki_p256(point)).hexdigest()


def _certificate_of(front: FrontOffice, anchor: TrustAnchor) -> tuple[CertificateRow, bytes] | None:
    """The certificate (DER) in the record of which the anchor is held, and what the index knows of it."""
    rows: Iterable[CertificateRow] = front.index.rows(_Kind.ROOT_OCA)
    if any(anchor.unique_id):
        rows = front.index.by_identity(EUI64(anchor.unique_id))
    for row in rows:
        if row.kind in _HELD:
            _, body = decode_certificate(front.reader.leaf(row.entry))
            if held(parse_certificate(body.certificate)).point == anchor.point:
                return row, body.certificate
    return None


def _all_of(front: FrontOffice, kind: CertificateKind) -> Iterator[bytes]:
    for row in front.index.rows(kind):
        yield decode_certificate(front.reader.leaf(row.entry))[1].certificate


def _certificate(front: FrontOffice, serial: SerialNumber) -> bytes:
    row = front.index.by_serial(serial)
    if row is None:
        raise Refused(
            f"certificate {serial}: is not in the record, must be",
            where="certificate",
            clause="sec:L10.30(a)",
            rule="relevance.certificate",
        )
    return decode_certificate(front.reader.leaf(row.entry))[1].certificate


def _issued_by_any(certificate: bytes | None, authorities: list[bytes]) -> bool:
    return certificate is not None and any(is_signed_by(certificate, one) for one in authorities)
