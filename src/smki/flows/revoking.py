"""Organisation certificates revoked: in the permitted circumstances, by those who may ask.

    STATUS NOTE   what was said (`statements`) and "refers" (entry of the decision or null)

1 an officer says in signed words why; 2 the table of policy is asked; 3 the request is lodged as a
note; 4 the list is made and lodged at once. Who is cut off between 3 and 4 is made up for by
`finish_revocations`.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from smki.flows.configuring import bodies_at
from smki.flows.deciding import in_force, must_permit
from smki.flows.office import FrontOffice, Office
from smki.flows.recorded import Officer
from smki.flows.revocation import CurrentList, listed_serials, publish_list, signer_of
from smki.flows.statements import Fields, statement, text_of, who_said
from smki.governance import Act, Body
from smki.merkle.canonical import encode_json
from smki.merkle.leaf import LeafType, decode_leaf
from smki.policy.revocation import Asker, Circumstance, decide_revocation
from smki.ports import CertificateRow, ItemRow
from smki.repository import catch_up, lodge_leaf, metadata_of
from smki.terms import (
    CertificateKind,
    CertificateStatus,
    Malformed,
    Refused,
    SerialNumber,
)

REVOKE = "revoke"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def revocation_statement(
    front: FrontOffice, serial: SerialNumber, circumstance: Circumstance, decision: str
) -> Fields:
    """What an officer signs to have the certificate revoked; `decision` may be empty.

    Clause: sec-app-b:B-crl
    """
    fields = {"serial": str(serial), "circumstance": circumstance.value, "decision": decision}
    return statement(front, REVOKE, fields)


def revoke_organisation(office: Office, asked: Fields) -> tuple[int, CurrentList]:
    """The certificate is on the list, which is lodged; the entry of the request, and the list.

    Raises:
        Malformed: the statement is not of its form.
        Refused: no such certificate, revoked already, or whoever asks may not in this case.
        Unavailable: the key, the disk or the database is away: tried again, it is finished.

    Clause: sec-app-m:2.3.1.5, sec-app-b:B-crl
    """
    front, at = office.front, office.front.clock.now()
    before = front.reader.checkpoint().size
    row, request = _permitted(front, asked, at, before)
    if row.status is CertificateStatus.REVOKED:
        raise _refused(f"{row.serial} is revoked already")
    if signer_of(office, CertificateKind.ISSUING_OCA, row.serial) is None:
        raise _refused(
            f"{row.serial} was issued by an authority that signs no lists any more: it was revoked,"
            " with all that it issued, or its key is not here"
        )
    note = {**asked, "refers": request.refers}
    entry = lodge_leaf(office.record, LeafType.STATUS_NOTE, encode_json(note), at)
    catch_up(front.reader, front.index, front.describe)
    return entry, publish_list(office, CertificateKind.ISSUING_OCA, (row.serial,))


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRequest:
    """A revocation that was rightly asked for.

    Attributes:
        entry: the note that asks for it.
        at: when it was lodged.
        officer: who asked.
        circumstance: why.
        decision: the decision that was named; empty if none was needed.
        refers: entry of that decision.
    """

    entry: int
    at: datetime
    officer: Officer
    circumstance: Circumstance
    decision: str
    refers: int | None


def revocation_requests(front: FrontOffice, serial: SerialNumber) -> tuple[RevocationRequest, ...]:
    """Who rightly asked for the certificate's revocation, and why, out of the record.

    Clause: sec-app-b:B-crl
    """
    found = []
    for item in front.index.items(of=LeafType.STATUS_NOTE, name=str(serial)):
        at, asked = _note(front, item)
        with suppress(Malformed, Refused):  # lodged past us: it revokes nothing
            _, request = _permitted(front, asked, at, item.entry)
            found.append(request)
    return tuple(found)


def finish_revocations(office: Office) -> tuple[SerialNumber, ...]:
    """Every revocation that was rightly asked for is on the list; those that were not there yet.

    Raises:
        Unavailable: the key, the disk or the database is away.

    Clause: sec-app-b:B-crl
    """
    front = office.front
    listed = {str(serial) for serial in listed_serials(front, CertificateKind.ISSUING_OCA)}
    missing = tuple(
        one
        for one in dict.fromkeys(_asked(front, listed))
        if signer_of(office, CertificateKind.ISSUING_OCA, one) is not None
    )
    if missing:
        publish_list(office, CertificateKind.ISSUING_OCA, missing)
    return missing


def _asked(front: FrontOffice, listed: set[str]) -> list[SerialNumber]:
    """What was rightly asked for and is not listed; the signatures of the others are not read."""
    found: list[SerialNumber] = []
    for item in front.index.items(of=LeafType.STATUS_NOTE):
        if item.name in listed:
            continue
        at, asked = _note(front, item)
        with suppress(Malformed, Refused):  # lodged past us: it revokes nothing
            row, _ = _permitted(front, asked, at, item.entry)
            found.append(row.serial)
    return found


def _note(front: FrontOffice, item: ItemRow) -> tuple[datetime, Fields]:
    """When the note was lodged, and what was asked in it."""
    leaf = decode_leaf(front.reader.leaf(item.entry))
    note = metadata_of(front.reader, leaf)
    asked = {name: value for name, value in note.items() if name != "refers"}
    return _EPOCH + timedelta(milliseconds=leaf.instant), asked


def _permitted(
    front: FrontOffice, asked: Fields, at: datetime, before: int
) -> tuple[CertificateRow, RevocationRequest]:
    """The certificate in question, and who asks for what, as the note `before` would say it."""
    officer = who_said(front, asked, REVOKE, at=at, before=before)
    serial = SerialNumber.parse(text_of(asked, "serial"))
    row = front.index.by_serial(serial)
    if row is None:
        raise _refused(f"{serial} is no certificate in the repository")
    circumstance = _circumstance(text_of(asked, "circumstance"))
    decision = text_of(asked, "decision")
    finding = decide_revocation(
        row.kind,
        circumstance,
        _askers(front, officer, row, before),
        decision=bool(decision),
        withheld=_withheld(front, row, at, before),
    )
    if finding is not None:
        raise Refused(findings=(finding,))
    refers = None
    if decision:
        refers = must_permit(front, decision, Act.REVOKE, str(serial), at=at, before=before).entry
    return row, RevocationRequest(
        entry=before,
        at=at,
        officer=officer,
        circumstance=circumstance,
        decision=decision,
        refers=refers,
    )


def _withheld(front: FrontOffice, row: CertificateRow, at: datetime, before: int) -> str:
    """The decision by which the authority withholds the revocation; empty if there is none."""
    about = {str(row.serial), str(row.identity), str(row.subscriber)}
    found = in_force(front, Act.WITHHOLD, about, at=at, before=before)
    return "" if found is None else found.decision.id


def _askers(
    front: FrontOffice, officer: Officer, row: CertificateRow, before: int
) -> frozenset[Asker]:
    """What the officer's party is to this certificate."""
    found: set[Asker] = set()
    for party in front.registry.parties():
        identities = {identity for identity, _ in party.identities}
        if officer.party in identities:
            if row.subscriber in identities:
                found.add(Asker.SUBSCRIBER)
            if party.operator:
                found.add(Asker.OPERATOR)
    if officer.party in bodies_at(front, before).get(Body.SMKI_PMA, frozenset()):
        found.add(Asker.AUTHORITY)
    return frozenset(found)


def _circumstance(text: str) -> Circumstance:
    for one in Circumstance:
        if one.value == text:
            return one
    known = ", ".join(one.value for one in Circumstance)
    raise _refused(f"circumstance {text!r}, must be one of {known}")


def _refused(what: str) -> Refused:
    return Refused(
        f"revocation: {what}",
        where="revocation",
        clause="sec-app-b:B-crl",
        rule="revocation.permitted",
    )
