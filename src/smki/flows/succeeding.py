"""What a ceremony made is in force in a house that runs: authorities, lists, the recovery certificate.

1 nothing is under way under the authorities before; 2 the transcript is replayed; 3 it is one for this
house: its purpose, its profiles, names that no authority has had, issuing keys that are here, and
custodians of real keys whom the authority approved; 4 in an SMKI of real roots a decision permits a
new root; 5 certificates, 6 lists, 7 the certificate that was
asked for and 8 the transcript are lodged. Each step looks whether it was done: cut off anywhere, it is
called again. What was in force before stays in the record.

    contingency     a new Root OCA, its list, and a new Issuing OCA
    issuing         a new Issuing OCA, and the root's next list, which may revoke the one before
    root-lists      next lists of roots
    recovery-key    the recovery party's certificate, for the key in custody

Clause: sec-app-l:3, sec-app-b:B, sec:L10
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from smki.ceremonies.custodians import Purpose
from smki.ceremonies.holding import COMPLETED
from smki.ceremonies.replaying import Replayed, replay
from smki.ceremonies.scripts import RECOVERY
from smki.flows.activating import lodge_transcript, purpose_of
from smki.flows.approving import must_be_approved
from smki.flows.authorities import authorities, name_of
from smki.flows.configuring import is_development
from smki.flows.issue import settle
from smki.flows.key_use import KeyUse, must_permit_key_use
from smki.flows.office import FrontOffice, Office
from smki.flows.registering import certificate_of, certify_organisation
from smki.flows.renewal import renew_root_list
from smki.flows.revocation import ISSUING, first_list, lodge_list, newest_list, parse_list
from smki.merkle.leaf import decode_leaf
from smki.profiles import lint_certificate
from smki.repository import body_of, catch_up, lodge_ceremony
from smki.terms import CertificateKind, Finding, Malformed, Refused
from smki.wire.pkcs10 import parse_organisation_request
from smki.wire.requests import OrganisationRequest

TAKE: Final = "take-ceremony"
SUCCESSION, CERTIFY = "succession", "certify"
"""In what, and for what, a new root's key is to be used, as the scope of the decision has it."""
SCRIPTS: Final = ("contingency", "issuing", "recovery-key", "root-lists")
_CLAUSE: Final = "sec-app-b:B"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is in force now by a ceremony.

    Attributes:
        script: which ceremony it was.
        entry: of its transcript in the record.
        authorities: certificates (DER) of the authorities that it made.
        lists: of which roots it made the list.
        recovery: the recovery party's certificate, DER; None if the ceremony asked for none.
        began: True if authorities were lodged now: whoever holds the keys begins anew.
    """

    script: str
    entry: int
    authorities: Mapping[CertificateKind, bytes]
    lists: tuple[CertificateKind, ...]
    recovery: bytes | None
    began: bool


def take_ceremony(office: Office, transcript: bytes) -> Taken:
    """What the ceremony made is in force, and its transcript in the record; again changes nothing.

    An office goes on with the authorities that it was opened with: it is to be opened anew.

    Raises:
        Malformed: not a transcript.
        Refused: not held as its script says, not of this house, or no decision permits it; nothing
            is in force.
        Unavailable: the disk or the database is away: called again, it is finished.

    Clause: sec-app-l:3, sec-app-b:B, sec:L10
    """
    settle(office)  # 1
    told = replay(transcript)  # 2
    _must_suit(office, told)  # 3
    if told.opening.purpose is Purpose.LIVE:
        must_be_approved(office.front, told.opening.seats)
    new = _not_lodged(office.front, told)
    _permit(office, told, new)  # 4
    if new:  # 5
        lodge_ceremony(office.record, tuple(new.values()), office.front.clock.now())
        catch_up(office.front.reader, office.front.index, office.front.describe)
    for root, octets in told.lists.items():  # 6
        _take_list(office, told, root, octets)
    for kind in (one for one in ISSUING if one in told.certificates):
        first_list(office, kind, told.certificates[kind])
    return Taken(
        script=told.opening.script.name,
        recovery=_certified(office, told),  # 7
        entry=lodge_transcript(office, transcript),  # 8
        authorities=told.certificates,
        lists=tuple(told.lists),
        began=bool(new),
    )


def _must_suit(office: Office, told: Replayed) -> None:
    """3: the transcript is of a ceremony for this house.

    Raises:
        Refused: every reason.

    Clause: sec-app-l:3, gbcs:12
    """
    said = (*_held(office.front, told), *_named(office.front, told), *_keyed(office, told))
    if said:
        raise Refused(
            findings=tuple(
                Finding(
                    rule="succession", message=f"ceremony: {one}", where="ceremony", clause=_CLAUSE
                )
                for one in said
            )
        )


def _held(front: FrontOffice, told: Replayed) -> Iterator[str]:
    opening, here = told.opening, front.settings
    if (opening.script.name not in SCRIPTS) or told.result != COMPLETED:
        yield (
            f"'{opening.script.name}', {told.result}, puts nothing in force here, must be one of"
            f" {', '.join(SCRIPTS)}, {COMPLETED}"
        )
    if is_development(front):
        yield "this is a development SMKI, whose roots no ceremony made, must be one that a ceremony founded"
    elif opening.purpose is not purpose_of(front):
        yield (
            f"of a {opening.purpose.value} ceremony, must be of a {purpose_of(front).value} one, as"
            " this SMKI is"
        )
    if (opening.profiles.environment, dict(opening.profiles.policies)) != (
        here.environment,
        dict(here.policies),
    ):
        yield "held under another environment or other policy OIDs, must be under those of this SMKI"


def _named(front: FrontOffice, told: Replayed) -> Iterator[str]:
    """Names are new, and certificates hold under the profiles in force."""
    for kind, certificate in told.certificates.items():
        known = authorities(front, kind)
        if certificate not in known and name_of(certificate) in set(map(name_of, known)):
            yield f"the name of its {kind.value} is an earlier one's, must be a new one (--name)"
        root = _root_of(told, kind)
        for finding in lint_certificate(certificate, front.settings, kind, issuer=root):
            yield f"certificate of {kind.value}: {finding.message}"


def _keyed(office: Office, told: Replayed) -> Iterator[str]:
    """The issuing keys that were certified are here; roots that were not made are those in force."""
    for kind, certificate in told.certificates.items():
        if kind.issuer is not kind and office.key_of(kind, certificate) is None:
            yield (
                f"it certified another key of {kind.value} than those here, must be that of"
                " 'smki ceremony requests --renew'"
            )
    for kind, root in told.roots.items():
        if root not in authorities(office.front, kind):
            yield f"the certificate of {kind.value} that was brought is not this SMKI's, must be"


def _root_of(told: Replayed, kind: CertificateKind) -> bytes | None:
    return told.certificates.get(kind.issuer) or told.roots.get(kind.issuer)


def _not_lodged(front: FrontOffice, told: Replayed) -> dict[CertificateKind, bytes]:
    """The authorities that are not in the record yet, roots first."""
    new = {k: one for k, one in told.certificates.items() if one not in authorities(front, k)}
    return dict(sorted(new.items(), key=lambda one: one[0].issuer is not one[0]))


def _permit(office: Office, told: Replayed, new: Mapping[CertificateKind, bytes]) -> None:
    """4: real roots follow each other by decision alone; that it was asked is on record."""
    if told.opening.purpose is not Purpose.LIVE:
        return
    for kind in (one for one in new if one.issuer is one):
        key = told.keys[kind.value]
        use = KeyUse(name=kind.value, digest=key, incident=SUCCESSION, purpose=CERTIFY)
        must_permit_key_use(office, use)


def _take_list(office: Office, told: Replayed, root: CertificateKind, octets: bytes) -> None:
    certificate = _root_of(told, root)
    if certificate is None or _is_lodged(office.front, octets):
        return
    if newest_list(office.front, certificate) is None:
        lodge_list(office, root, octets)
    else:
        renew_root_list(office, root, octets)


def _is_lodged(front: FrontOffice, octets: bytes) -> bool:
    number = parse_list(octets).number
    rows = (one for one in front.index.lists() if one.number == number)
    return any(
        body_of(front.reader, decode_leaf(front.reader.leaf(one.entry))) == octets for one in rows
    )


def _certified(office: Office, told: Replayed) -> bytes | None:
    """7: the recovery party has its certificate for the key in custody."""
    octets = told.requests.get(RECOVERY)
    if octets is None:
        return None
    request = parse_organisation_request(octets).request
    if not isinstance(request, OrganisationRequest):
        raise Malformed("request of the recovery key: not an organisation's", where="request")
    issued = certificate_of(office.front, request.point)
    if issued is not None:
        return issued
    registered = office.front.registry.parties()
    party = next(
        (p.party for p in registered if request.entity in {one for one, _ in p.identities}), None
    )
    if party is None:
        raise Refused(
            f"recovery key: {request.entity} is no registered party's, must be: 'smki party add'",
            where="request",
            clause="sec:L3.15",
            rule="succession",
        )
    return certify_organisation(office, party, octets).certificate
