"""A body is called together in an emergency, and who has the call is noted.

1 keep      who triggered it, by which criterion, the options, and who is to be called
2 hand over a message to each, sealed for their credentials: what their channel may carry, no more
3 keep      that it was handed over
4 keep      who acknowledged, as they do

Cut off between 1 and 3, `send_calls` again hands over what waits; nobody is called by two references.
Resolving and ratifying are the register's: `governance.rules_convening`.

Clause: sec:L10.9
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509

from smki.flows.keeping import keep
from smki.flows.office import FrontOffice
from smki.flows.revocation import current_list
from smki.governance.convening import CHANNEL_LABEL, DO_NOT_USE, calls_for, told
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Committee, Person
from smki.governance.entities.convening import Call, Choice, Convening
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.looking import all_under, look
from smki.merkle.leaf import decode_certificate
from smki.ports.couriers import Courier
from smki.ports.register import Register
from smki.terms import CertificateKind, Refused, SerialNumber

CLAUSE: Final = "sec:L10.9"
_SAID: Final = "calls"  # more are told of a change than may know of an emergency
Certificates = Callable[[Person], tuple[bytes, ...]]
"""The certificates (DER) with which a message to that person can be sealed; none if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """What whoever triggers it says.

    Attributes:
        body: ref of the body.
        criterion: name of the criterion.
        circumstances: what happened.
        options: before the body; not to use the key is added if it is not among them.
        label: of it; None is that of what has none.
    """

    body: str
    criterion: str
    circumstances: str
    options: tuple[Choice, ...] = ()
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A message that was handed over.

    Attributes:
        person: ref of whom it is to.
        channel: how they are called.
        place: where it waits to be carried.
        sealed: whether only they can read it; in the clear it says no more than that they are called.
    """

    person: str
    channel: str
    place: str
    sealed: bool


def convene(register: Register, said: Emergency, by: str, at: datetime) -> Convening:
    """The body is being called together: it is on record by whom, why, and who is to be called.

    Args:
        register: where it is kept.
        said: what whoever triggers it says.
        by: ref of that person.
        at: the instant.

    Raises:
        Refused: they may not, by no such criterion, or there is no such body: every reason.
        Unavailable: the database is away.

    Clause: sec:L10.9
    """
    body = look(register, Committee, said.body)
    if body is None:
        raise Refused(f"convening: there is no body {said.body!r}", where="body", clause=CLAUSE)
    number = len(all_under(register, body, Convening)) + 1
    without = DO_NOT_USE.text not in {one.text for one in said.options}
    convening = Convening(
        ref=f"{body.ref}/e{number}",
        label=said.label,
        body=body.ref,
        criterion=said.criterion,
        circumstances=said.circumstances,
        triggered_by=by,
        triggered=at,
        options=(*said.options, DO_NOT_USE) if without else said.options,
        calls=calls_for(body, register, at.date()),
    )
    _keep(register, convening, None, by, at, _SAID)
    return convening


def send_calls(
    register: Register, courier: Courier, certificates: Certificates, ref: str, at: datetime
) -> tuple[HandedOver, ...]:
    """Every call of that convening that was not sent is handed over, and noted as sent.

    Raises:
        Refused: there is no such convening.
        Unavailable: a message cannot be kept; those before it were, and are handed over again.

    Clause: sec:L10.9
    """
    convening = _convening(register, ref)
    done = tuple(
        handed
        for call in convening.calls
        if call.sent is None
        and (handed := _hand_over(register, courier, certificates, convening, call)) is not None
    )
    sent = {one.person for one in done}
    calls = tuple(replace(one, sent=at) if one.person in sent else one for one in convening.calls)
    if done:
        after = replace(convening, calls=calls)
        _keep(register, after, convening, "", at, _SAID)
    return done


def acknowledge(register: Register, ref: str, person: str, by: str, at: datetime) -> Convening:
    """It is on record that this person has their call.

    Args:
        register: where it is kept.
        ref: of the convening.
        person: ref of who was called.
        by: ref of who notes it: they, the secretariat, or empty for whoever runs the house.
        at: the instant.

    Raises:
        Refused: there is no such convening, or they were not called; whoever notes it may not.
        Unavailable: the database is away.

    Clause: sec:L10.9
    """
    convening = _convening(register, ref)
    if person not in {one.person for one in convening.calls if one.sent is not None}:
        raise Refused(
            f"convening {ref}: {person} was not called, must have been",
            where="person",
            clause=CLAUSE,
            rule="convening.called",
        )
    calls = tuple(
        replace(one, acknowledged=one.acknowledged or at) if one.person == person else one
        for one in convening.calls
    )
    after = replace(convening, calls=calls)
    if after != convening:
        _keep(register, after, convening, by, at, _SAID)
    return after


def sealing_certificates(front: FrontOffice, at: datetime) -> Certificates:
    """By the record: the officers' certificates of a person that are valid then and not revoked.

    Clause: sec-app-q:B
    """
    listed = current_list(front, CertificateKind.ISSUING_ICA)
    revoked = {serial for serial, _ in listed.entries} if listed else set()

    def of(person: Person) -> tuple[bytes, ...]:
        serials = (SerialNumber.parse(one) for one in person.credentials)
        rows = (front.index.by_serial(one) for one in serials if one not in revoked)
        found = (
            decode_certificate(front.reader.leaf(row.entry))[1].certificate
            for row in rows
            if row is not None and row.kind is CertificateKind.IKI_OFFICER
        )
        return tuple(one for one in found if _is_valid(one, at))

    return of


def _is_valid(certificate: bytes, at: datetime) -> bool:
    parsed = x509.load_der_x509_certificate(certificate)
    return parsed.not_valid_before_utc <= at <= parsed.not_valid_after_utc


def _hand_over(
    register: Register,
    courier: Courier,
    certificates: Certificates,
    convening: Convening,
    call: Call,
) -> HandedOver | None:
    person = look(register, Person, call.person)
    sealed_for = certificates(person) if person is not None else ()
    permitted = CHANNEL_LABEL if sealed_for else Label.WHITE
    message = told(convening, call, register, permitted)
    if message is None:
        return None
    place = courier.hand_over(f"{convening.ref} {call.person}", message.text, sealed_for)
    return HandedOver(
        person=call.person, channel=call.channel, place=place, sealed=bool(sealed_for)
    )


def _convening(register: Register, ref: str) -> Convening:
    found = register.get(Key(Kind.CONVENING, ref))
    if not isinstance(found, Convening):
        raise Refused(
            f"convening {ref!r}: is not there, must be",
            where="convening",
            clause=CLAUSE,
            rule="convening.none",
        )
    return found


def _keep(
    register: Register, after: Convening, before: Entity | None, by: str, at: datetime, said: str
) -> None:
    change = Change(at=at, by=by, said=said, entities=(after,))
    keep(register, change, {after.key: before})
