"""A party's notification of a compromise is taken in, or refused; either way the record commits to it.

1 signed     by a file signing certificate in force, and whose
2 read       in its one form
3 theirs     the party that signed is the one in the file, and the EUI-64 is its own
4 reported   each certificate is in the record, is of the key that is said to be compromised, and the
             party is its subscriber, unless it is no organisation's; made now, or not long ago
5 committed  the record commits to the parcel as it came
6 kept       an incident of the register, as notified: nothing of it is believed before it is confirmed

Who is cut off between 5 and 6 takes it again; what was taken already stays as it is. A refusal is
committed to, too: what came, and why it was refused.

Clause: sec-app-l:2, sec:L10
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from smki.flows.keeping import all_of, keep
from smki.flows.office import FrontOffice
from smki.flows.officers import Signer, who_signed
from smki.governance.entities import Kind
from smki.governance.entities.bodies import BodyRole, Committee
from smki.governance.entities.incidents import Incident, IncidentState, IncidentStep
from smki.governance.entries import Change
from smki.governance.looking import all_under, look
from smki.governance.routes import roles_of
from smki.merkle.canonical import encode_json
from smki.ports import CertificateRow, Party
from smki.ports.register import Register
from smki.recovery.notices import Notification, parse_notification, parse_parcel
from smki.terms import (
    CertificateKind,
    Compromised,
    Finding,
    Refused,
    RemotePartyRole,
    SerialNumber,
    SmkiError,
)

CLAUSE: Final = "sec-app-l:2"
TAKEN: Final = "notification of a compromise"
REFUSED: Final = "refused notification of a compromise"
CONTENT_KEPT: Final = (
    500 * 1024
)  # of what was refused, twice in base64 on its way; of more the digest
MADE_AHEAD: Final = timedelta(minutes=5)  # that the party's clock may be ahead of ours
MADE_BEFORE: Final = timedelta(days=30)  # what lay about longer is said anew: it may be so no more
_SAID: Final = ("names", "compromised", "known", "discovered", "circumstances")
"""What an incident keeps of a notification, under the name that both have for it."""
Confide = Callable[[str, bytes], int]
"""Has the record commit to a content of that name; the entry."""

_OF_KEY: Final = {
    Compromised.ORGANISATION: CertificateKind.ORGANISATION,
    Compromised.RECOVERY: CertificateKind.ORGANISATION,
    Compromised.ISSUING_OCA: CertificateKind.ISSUING_OCA,
    Compromised.ROOT_OCA: CertificateKind.ROOT_OCA,
    Compromised.CONTINGENCY: CertificateKind.ROOT_OCA,
    Compromised.CONTINGENCY_SYMMETRIC: CertificateKind.ROOT_OCA,
}


def take_notification(
    front: FrontOffice, parcel: bytes, *, body: Committee, confide: Confide, at: datetime
) -> Incident:
    """The incident that this notification begins, or began when it was taken first.

    Args:
        front: the house.
        parcel: file and signature, as opened.
        body: the authority, whose incident it is.
        confide: has the record commit to it.
        at: the instant.

    Raises:
        Malformed: parcel, signature or file are not of their form.
        Refused: not signed, another's, made long ago or in the future, or not for the party to
            report: every reason.
        Unavailable: the record or the database is away.

    Clause: sec-app-l:2
    """
    file, signature = parse_parcel(parcel)
    signer = who_signed(
        front,
        file,
        signature,
        CertificateKind.IKI_FILE_SIGNING,
        at=at,
        before=front.index.size(),
    )
    said = parse_notification(file)
    party = _party_of(front, said, signer)
    findings = tuple(_not_theirs(front, said, party))
    if findings:
        raise Refused(findings=findings)
    register = front.proceedings
    known = _known(register, body, said)
    if known is not None:
        return known
    _must_be_of_now(said, at)
    entry = confide(f"{TAKEN}: {said.party} {said.reference}", parcel)
    incident = _incident(body, len(all_under(register, body, Incident)) + 1, said, party, entry, at)
    change = Change(at=at, by="", said="a compromise was notified", entities=(incident,))
    keep(register, change, {incident.key: None})
    return incident


def keep_refusal(envelope: bytes, error: SmkiError, confide: Confide) -> int:
    """The record commits to what was refused, and why; the entry.

    Raises:
        Unavailable: the record or the database is away.

    Clause: sec-app-l:2
    """
    fits = len(envelope) <= CONTENT_KEPT
    content = encode_json(
        {
            "came": b64encode(envelope).decode() if fits else "",
            "length": len(envelope),
            "reasons": [str(one) for one in getattr(error, "findings", ())] or [str(error)],
            "sha256": sha256(envelope).hexdigest(),
        }
    )
    return confide(REFUSED, content)


def authority_of(register: Register, ref: str = "") -> Committee:
    """The body whose incidents these are: the one named, else the only policy authority.

    Raises:
        Refused: there is none of that name, or not exactly one authority.
    """
    if ref:
        found = look(register, Committee, ref)
        if found is None:
            raise _refused(f"body {ref!r}: is not in the register, must be")
        return found
    bodies = [one for one in all_of(register, Kind.BODY) if isinstance(one, Committee)]
    authorities = [one for one in bodies if BodyRole.AUTHORITY in roles_of(one)]
    if len(authorities) != 1:
        raise _refused(
            f"the register has {len(authorities)} policy authorities, must be one, or named by --body;"
            " 'smki governance register import' puts one there"
        )
    return authorities[0]


def _incident(
    body: Committee, number: int, said: Notification, party: Party, entry: int, at: datetime
) -> Incident:
    return Incident(
        ref=f"{body.ref}/i{number}",
        body=body.ref,
        compromised=said.compromised,
        names=said.names,
        party=party.party,
        organisation=party.name,
        reference=said.reference,
        known=said.known,
        discovered=said.discovered,
        circumstances=said.circumstances,
        notice=entry,
        steps=(IncidentStep(state=IncidentState.NOTIFIED, at=at),),
    )


def _known(register: Register, body: Committee, said: Notification) -> Incident | None:
    """The incident that this notification began before.

    Raises:
        Refused: the party used that reference for something else.
    """
    for one in all_under(register, body, Incident):
        if (one.party, one.reference) == (said.party, said.reference):
            if any(getattr(one, name) != getattr(said, name) for name in _SAID):
                raise _refused(
                    f"reference {said.reference!r} of {said.party} is {one.ref}, which says something"
                    " else; must be a reference of its own"
                )
            return one
    return None


def _must_be_of_now(said: Notification, at: datetime) -> None:
    """The file was made now, or not long ago: one that was never handed in is not for ever good.

    Raises:
        Refused: it was made too long ago, or is to be made yet.
    """
    if not at - MADE_BEFORE <= said.made <= at + MADE_AHEAD:
        raise _refused(
            f"was made on {said.made:%F %T} UTC, must be at most {MADE_BEFORE.days} days before"
            f" {at:%F %T} UTC, and not after it: to be made anew"
        )


def _party_of(front: FrontOffice, said: Notification, signer: Signer) -> Party:
    """The party in the file, whose signature it is.

    Raises:
        Refused: it is not registered, or another signed.
    """
    party = front.registry.party(said.party)
    identities = {entity for entity, _ in party.identities} if party else set()
    if party is None or signer.subscriber not in identities:
        raise _refused(
            f"is of {said.party!r}, and signed by {signer.name!r}, which is a certificate of another;"
            " must be signed by the party itself"
        )
    if said.entity not in identities:
        raise _refused(f"speaks for {said.entity}, which is no identity of {said.party}, must be")
    return party


def _not_theirs(front: FrontOffice, said: Notification, party: Party) -> Iterator[Finding]:
    """What of it is not for the party to report."""
    identities = {entity for entity, _ in party.identities}
    for text in said.certificates:
        row = front.index.by_serial(SerialNumber.parse(text))
        if row is None or not _is_of_key(row, said.compromised):
            yield _finding(
                f"certificate {text}: none of a key of the sort {said.compromised.value!r} in the"
                " record, must be"
            )
        elif said.compromised is Compromised.ORGANISATION and row.subscriber not in identities:
            yield _finding(
                f"certificate {text}: its subscriber is another, must be {said.party} itself"
            )


def _is_of_key(row: CertificateRow, compromised: Compromised) -> bool:
    recovery = row.role is RemotePartyRole.RECOVERY
    wanted = (Compromised.ORGANISATION, Compromised.RECOVERY)
    if compromised in wanted and recovery is not (compromised is Compromised.RECOVERY):
        return False
    return row.kind is _OF_KEY[compromised]


def _refused(what: str) -> Refused:
    return Refused(findings=(_finding(what),))


def _finding(what: str) -> Finding:
    return Finding(
        rule="notice.refused",
        message=f"notification: {what}",
        where="notification",
        clause=CLAUSE,
    )
