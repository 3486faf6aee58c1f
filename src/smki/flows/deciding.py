"""Decisions: believed if officers in force of the body that decides signed them, and recorded.

Whether one permits something is worked out from the record alone each time: what was lodged before
the entry in question, who had signed it, whether it was spent. Nothing is remembered beside it.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.crypto import verify_certificate_signature
from smki.flows.configuring import bodies_at
from smki.flows.office import FrontOffice, Office
from smki.flows.revocation import list_before
from smki.governance import (
    PERMITS,
    Act,
    Decision,
    DecisionKind,
    decide_permitted,
    parse_decision,
    parse_recorded,
    recorded_body,
)
from smki.governance.signing import verify_detached
from smki.merkle.leaf import LeafType, decode_certificate, decode_leaf
from smki.profiles import common_name
from smki.repository import body_of, catch_up, lodge_leaf
from smki.terms import EUI64, CertificateKind, Finding, Malformed, Refused, SerialNumber
from smki.wire.cms import parse_detached

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who signed something.

    Attributes:
        credential: serial number of the IKI credential.
        party: EUI-64 of the party for which it was issued.
        name: the common name in it.
    """

    credential: SerialNumber
    party: EUI64
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A decision in the record that is to be believed.

    Attributes:
        entry: index of its entry.
        at: when it was lodged.
        decision: what was decided.
        officers: the officers of its body who signed it.
    """

    entry: int
    at: datetime
    decision: Decision
    officers: tuple[Officer, ...]


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
        raise _refused(f"{parsed.serial} is no officer's certificate of this SMKI")
    _, body = decode_certificate(front.reader.leaf(row.entry))
    verify_detached(content, parsed, body.certificate)
    _must_be_issued(front, body.certificate)
    certificate = x509.load_der_x509_certificate(body.certificate)
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise _refused(f"{parsed.serial} is not valid on {at:%F %T} UTC")
    listed = list_before(front, CertificateKind.ISSUING_ICA, before)
    revoked = dict(listed.entries) if listed else {}
    if parsed.serial in revoked:
        raise _refused(f"{parsed.serial} was revoked on {revoked[parsed.serial]:%F %T} UTC")
    return Officer(
        credential=parsed.serial,
        party=EUI64(body.subscriber),
        name=common_name(body.certificate) or "",
    )


def lodge_decision(office: Office, decision: bytes, signatures: Sequence[bytes]) -> Recorded:
    """The decision (octets of its file) and its signatures are in the record; again changes nothing.

    Raises:
        Malformed: the file or a signature is not of its form.
        Refused: a signer is no officer of its body in force, or another decision has its id.
        Unavailable: the disk or the database is away.

    Clause: sec:L5.3
    """
    front, at = office.front, office.front.clock.now()
    body = recorded_body(decision, signatures)
    found = _believed(front, body, at, entry=front.reader.checkpoint().size)
    known = recorded_decision(front, found.decision.id)
    if known is not None:
        if known.decision != found.decision:
            raise Refused(
                f"decision {found.decision.id}: another with this id is entry {known.entry},"
                " must have an id of its own",
                where="id",
                clause="sec:L5.3",
                rule="decision.id",
            )
        if len(known.officers) >= len(found.officers):
            return known
    lodge_leaf(office.record, LeafType.DECISION, body, at)
    catch_up(front.reader, front.index, front.describe)
    return _must_be_recorded(front, found.decision.id, front.index.size())


def recorded_decision(
    front: FrontOffice, identifier: str, before: int | None = None
) -> Recorded | None:
    """The believed decision of this id, among entries below `before`; the one with most signatures.

    Clause: sec:L5.3
    """
    found = [
        one
        for one in recorded_decisions(front, name=identifier)
        if before is None or one.entry < before
    ]
    if not found:
        return None
    same = [one for one in found if one.decision == found[0].decision]
    return max(same, key=lambda one: len(one.officers))


def recorded_decisions(
    front: FrontOffice, *, name: str | None = None, kind: DecisionKind | None = None
) -> Iterator[Recorded]:
    """The decisions of the record that are to be believed, in its order; of one id or kind if given.

    The signatures of others are not read.

    Clause: sec:L5.3
    """
    for item in front.index.items(of=LeafType.DECISION, name=name):
        try:
            if kind is None or _kind_at(front, item.entry) is kind:
                yield decision_at(front, item.entry)
        except (Malformed, Refused):
            continue  # lodged past us: it permits nothing, and `smki repository audit` names it


def _kind_at(front: FrontOffice, entry: int) -> DecisionKind:
    """What the decision of that entry says it is, believed or not."""
    return parse_recorded(body_of(front.reader, decode_leaf(front.reader.leaf(entry))))[0].kind


def decision_at(front: FrontOffice, entry: int) -> Recorded:
    """The decision that this entry holds.

    Raises:
        Malformed: the entry holds something else.
        Refused: it is not to be believed: who signed it might not.

    Clause: sec:L5.3
    """
    leaf = decode_leaf(front.reader.leaf(entry))
    at = _EPOCH + timedelta(milliseconds=leaf.instant)
    return _believed(front, body_of(front.reader, leaf), at, entry=entry)


def must_permit(
    front: FrontOffice, identifier: str, act: Act, about: str, *, at: datetime, before: int
) -> Recorded:
    """The recorded decision, which permits `act` on `about` at that instant, and is not spent.

    `before` is the entry that is to be lodged under it: only what is below counts.

    Raises:
        Refused: it is not recorded, or does not permit it, with every reason.

    Clause: sec:L5.3
    """
    found = _must_be_recorded(front, identifier, before)
    findings = list(
        decide_permitted(
            found.decision,
            act,
            about,
            at,
            signatures=len(found.officers),
            released=_released(front, found.decision, at, before),
        )
    )
    once = any(row.once for row in PERMITS if (row.kind, row.act) == (found.decision.kind, act))
    used = spent(front, found, before) if once else None
    if used is not None:
        findings.append(
            Finding(
                rule="decision.spent",
                message=f"decision {identifier} was used for entry {used}, permits one thing once",
                where="decision",
                clause="sec:L5.3",
            )
        )
    if findings:
        raise Refused(findings=tuple(findings))
    return found


def in_force(
    front: FrontOffice, act: Act, about: AbstractSet[str], *, at: datetime, before: int
) -> Recorded | None:
    """The first decision recorded below `before` that permits `act` on one of these at `at`.

    Clause: sec:L5.3
    """
    kinds = [row.kind for row in PERMITS if row.act is act]
    for one in (found for kind in kinds for found in recorded_decisions(front, kind=kind)):
        named = one.decision.object in about and one.entry < before
        if named and not decide_permitted(
            one.decision,
            act,
            one.decision.object,
            at,
            signatures=len(one.officers),
            released=_released(front, one.decision, at, before),
        ):
            return one
    return None


def spent(front: FrontOffice, recorded: Recorded, before: int) -> int | None:
    """The entry below `before` that was lodged under the decision; None if there is none."""
    return min((entry for entry in uses_of(front, recorded) if entry < before), default=None)


def uses_of(front: FrontOffice, recorded: Recorded) -> tuple[int, ...]:
    """The entries that say they were lodged under the decision, in the order of the record."""
    identifier = recorded.decision.id
    uses = [
        one.entry
        for one in front.index.about(recorded.entry)
        if one.type in {LeafType.DOCUMENT, LeafType.STATUS_NOTE}
    ]
    for kind in (LeafType.STANDING, LeafType.TOMBSTONE):
        uses += [one.entry for one in front.index.items(of=kind, name=identifier)]
    return tuple(sorted(uses))


def _believed(front: FrontOffice, body: bytes, at: datetime, *, entry: int) -> Recorded:
    decision, octets, signatures = parse_recorded(body)
    parse_decision(octets)
    officers = [officer_who_signed(front, octets, one, at=at, before=entry) for one in signatures]
    parties = bodies_at(front, entry).get(decision.body, frozenset())
    for officer in officers:
        if officer.party not in parties:
            raise _refused(f"{officer.name} is no officer of {decision.body.value}")
    people = {officer.name: officer for officer in officers}
    return Recorded(entry=entry, at=at, decision=decision, officers=tuple(people.values()))


def _must_be_recorded(front: FrontOffice, identifier: str, before: int) -> Recorded:
    found = recorded_decision(front, identifier, before)
    if found is None:
        raise Refused(
            f"decision {identifier!r}: not in the record, must be lodged first"
            " ('smki governance lodge')",
            where="decision",
            clause="sec:L5.3",
            rule="decision.unknown",
        )
    return found


def _released(front: FrontOffice, decision: Decision, at: datetime, before: int) -> bool:
    """Whether another decision of the same body says that the conditions are met."""
    return bool(decision.conditions) and any(
        one.entry < before
        and not decide_permitted(
            one.decision,
            Act.RELEASE,
            decision.id,
            at,
            signatures=len(one.officers),
            released=False,
        )
        for one in recorded_decisions(front, kind=DecisionKind.CONDITIONS_MET)
    )


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
        raise _refused("the signer's certificate does not lead to the IKI's root")


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


def _refused(what: str) -> Refused:
    return Refused(
        f"signature: {what}, must be an officer in force of whoever is to sign",
        where="signature",
        clause="sec-app-q:B",
        rule="signature.officer",
    )
