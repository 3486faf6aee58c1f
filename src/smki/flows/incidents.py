"""An incident goes on: called back, declared, decided under the record, recovered from, closed.

What may follow what is the register's (`governance.rules_incidents`); what only the record knows is
asked here: whether the decision permits this method for this incident, and who signed which items of
a checklist. Each step is one change of the register.

Clause: sec:L10
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from smki.flows.deciding import recorded_decision, why_not
from smki.flows.keeping import keep
from smki.flows.office import FrontOffice
from smki.flows.statements import said as said_with
from smki.flows.statements import statement, who_said
from smki.governance import Act, Question
from smki.governance.entities.bodies import Person
from smki.governance.entities.incidents import (
    CallBack,
    FactorAnswer,
    Incident,
    IncidentState,
    IncidentStep,
    Mechanism,
    SignedItems,
)
from smki.governance.entries import Change
from smki.governance.factors import Guidance
from smki.governance.looking import look
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.ports.register import Register
from smki.recovery import METHODS, PROCEDURES
from smki.recovery.procedures import Decider
from smki.terms import Malformed, Method, Refused

CHECKLIST: Final = "recovery-checklist"
_CLAUSE: Final = "sec:L10"
GUIDANCE: Final = "sec:L10.9"  # clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What was said in a call-back.

    Attributes:
        contact: ref of the person of the register who was asked.
        mechanism: how.
        by: ref of who asked.
        second: ref of who listened.
        confirmed: whether they confirmed it.
        said: in words.
    """

    contact: str
    mechanism: Mechanism
    by: str
    second: str
    confirmed: bool
    said: str = ""


def incident_of(register: Register, ref: str) -> Incident:
    """The incident of that name.

    Raises:
        Refused: there is none.
    """
    found = look(register, Incident, ref)
    if found is None:
        raise _refused(f"incident {ref!r}: is not in the register, must be")
    return found


def call_back(register: Register, ref: str, called: Called, at: datetime) -> Incident:
    """The notification is confirmed, or false, by what the contact said.

    The address is the one that the register has now, whatever the notification says.

    Raises:
        Refused: by a rule; every reason.
        Unavailable: the database is away.

    Clause: sec-app-l:2
    """
    contact = look(register, Person, called.contact)
    made = CallBack(
        contact=called.contact,
        channel=contact.channel if contact is not None else "",
        mechanism=called.mechanism,
        by=called.by,
        second=called.second,
        at=at,
        confirmed=called.confirmed,
        said=called.said,
    )
    state = IncidentState.CONFIRMED if called.confirmed else IncidentState.FALSE
    step = IncidentStep(state=state, at=at, by=called.by, text=called.said)
    return _go(register, ref, step, lambda one: replace(one, call_backs=(*one.call_backs, made)))


def declare(
    register: Register, ref: str, *, by: str, text: str, convening: str = "", at: datetime
) -> Incident:
    """It is an incident: the authority is to decide.

    Raises:
        Refused: by a rule; every reason.
        Unavailable: the database is away.

    Clause: sec:L10
    """
    step = IncidentStep(state=IncidentState.DECLARED, at=at, by=by, text=text)
    return _go(register, ref, step, lambda one: replace(one, convening=convening or one.convening))


def decide_method(
    front: FrontOffice,
    ref: str,
    method: Method,
    *,
    decision: str,
    guidance: Guidance,
    by: str,
    text: str = "",
    at: datetime,
) -> Incident:
    """The method is chosen: by the authority's recorded decision, or by the subscriber for its own.

    Raises:
        Refused: the method is none for that key, a factor that shall be taken into account was not
            answered, or no decision permits it now; every reason.
        Unavailable: the database is away.

    Clause: sec:L10, sec:L10.9
    """
    before = incident_of(front.proceedings, ref)
    possible = PROCEDURES[before.compromised]
    if method not in possible:
        names = ", ".join(one.value for one in possible)
        raise _refused(
            f"method {method.value} for the {before.compromised.value} key, must be one of {names}"
        )
    if METHODS[method].decider is Decider.AUTHORITY:
        lacking = guidance.lacking(answer.factor for answer in before.answers)
        if lacking:
            names = ", ".join(one.name for one in lacking)
            raise _refused(
                f"factors {names} were not answered, must be before a decision", GUIDANCE
            )
        _must_permit(front, ref, method, decision, at)
    elif decision:
        raise _refused(f"method {method.value} is the subscriber's to decide, names no decision")
    step = IncidentStep(state=IncidentState.DECIDED, at=at, by=by, text=text)
    return _go(
        front.proceedings, ref, step, lambda one: replace(one, decision=decision, method=method)
    )


def begin_recovery(
    register: Register, ref: str, *, campaign: str, by: str, text: str = "", at: datetime
) -> Incident:
    """Devices are being recovered; by a further campaign if it goes on already.

    Raises:
        Refused: by a rule; every reason.
        Unavailable: the database is away.

    Clause: sec:L10
    """
    step = IncidentStep(state=IncidentState.RECOVERING, at=at, by=by, text=text)
    fresh = (campaign,) if campaign else ()
    return _go(
        register,
        ref,
        step,
        lambda one: replace(one, campaigns=tuple(dict.fromkeys((*one.campaigns, *fresh)))),
    )


def end_recovery(register: Register, ref: str, *, by: str, text: str, at: datetime) -> Incident:
    """All that could be recovered is; what is left is in `text`, or in the report.

    Raises:
        Refused: by a rule; every reason.
        Unavailable: the database is away.

    Clause: sec:L10
    """
    return _go(register, ref, IncidentStep(state=IncidentState.RECOVERED, at=at, by=by, text=text))


def close(
    register: Register, ref: str, *, by: str, text: str, report: str = "", at: datetime
) -> Incident:
    """It is over: with its report, or with the reason why there is none.

    Raises:
        Refused: by a rule; every reason.
        Unavailable: the database is away.

    Clause: sec:L10
    """
    step = IncidentStep(state=IncidentState.CLOSED, at=at, by=by, text=text)
    return _go(register, ref, step, lambda one: replace(one, report=report or one.report))


def answer_factor(
    register: Register, ref: str, answer: FactorAnswer, guidance: Guidance
) -> Incident:
    """What somebody says to a factor of the decision is on record.

    Raises:
        Refused: there is no such factor, or by a rule; every reason.
        Unavailable: the database is away.

    Clause: sec:L10.9
    """
    before = incident_of(register, ref)
    known = [one.name for one in guidance.in_order]
    if answer.factor not in known:
        raise _refused(f"factor {answer.factor!r}, must be one of {', '.join(known)}", GUIDANCE)
    after = replace(before, answers=(*before.answers, answer))
    said = f"{before.ref}: a factor was answered"
    return _keep(register, before, after, said, answer.at)


def checklist_statement(front: FrontOffice, ref: str, items: Iterable[str]) -> bytes:
    """What an officer signs to say that these items of an incident's checklist are done."""
    listed: list[JSON] = [*sorted(set(items))]
    return encode_json(statement(front, CHECKLIST, {"incident": ref, "items": listed}))


def said_items(octets: bytes) -> tuple[str, tuple[str, ...]]:
    """The incident and the items of such a statement.

    Raises:
        Malformed: it is none.
    """
    value = parse_json(octets, "statement")
    if not isinstance(value, Mapping) or value.get("act") != CHECKLIST:
        raise Malformed("statement: is not of items of a checklist, must be", where="statement")
    ref, items = value.get("incident"), value.get("items")
    if not isinstance(ref, str):
        raise Malformed("statement: names no incident, must name one", where="incident")
    if not isinstance(items, list) or not items or not all(isinstance(one, str) for one in items):
        raise Malformed("statement: items must be a list of names, one at least", where="items")
    return ref, tuple(map(str, items))


def sign_items(
    front: FrontOffice, ref: str, items: tuple[str, ...], signature: bytes, at: datetime
) -> Incident:
    """These items of the checklist are signed by an officer in force, and that is on record.

    Raises:
        Malformed: the signature is not of the form that is read.
        Refused: it is no officer's in force over exactly these items.
        Unavailable: the database is away.

    Clause: sec:L10, sec-app-q:B
    """
    register = front.proceedings
    before = incident_of(register, ref)
    listed: list[JSON] = [*sorted(set(items))]
    asked = statement(front, CHECKLIST, {"incident": ref, "items": listed})
    signed = said_with(asked, signature)
    officer = who_said(front, signed, CHECKLIST, at=at, before=front.index.size())
    made = SignedItems(
        items=tuple(sorted(set(items))),
        officer=officer.name,
        statement=encode_json(signed).decode(),
        at=at,
    )
    after = replace(before, signed=(*before.signed, made))
    return _keep(register, before, after, f"{ref}: items of a checklist were signed", at)


def signed_items(front: FrontOffice, incident: Incident) -> dict[str, str]:
    """By name of the item who signed it, of what an officer in force really signed.

    What is kept is verified again: a signature of a credential that was revoked since, or that
    somebody wrote into the register by hand, ticks nothing.

    Clause: sec-app-q:B
    """
    found: dict[str, str] = {}
    for one in incident.signed:
        try:
            signed = parse_json(one.statement.encode(), "statement")
            if not isinstance(signed, Mapping) or signed.get("incident") != incident.ref:
                continue
            officer = who_said(front, signed, CHECKLIST, at=one.at, before=front.index.size())
        except (Malformed, Refused):
            continue
        if signed.get("items") == list(one.items):
            words = f"signed by {officer.name} on {one.at:%F %T}"
            found.update(dict.fromkeys(one.items, words))
    return found


def _must_permit(front: FrontOffice, ref: str, method: Method, decision: str, at: datetime) -> None:
    before = front.index.size()
    recorded = recorded_decision(front, decision, before)
    if recorded is None:
        raise _refused(f"decision {decision!r}: is not in the record, must be")
    question = Question(act=Act.RECOVER, about=frozenset({ref}), at=at, scope=method.value)
    findings = why_not(front, recorded, question, before)
    if findings:
        raise Refused(findings=tuple(findings))


def _go(
    register: Register,
    ref: str,
    step: IncidentStep,
    change: Callable[[Incident], Incident] = lambda one: one,
) -> Incident:
    """The incident has taken the step, and what `change` makes of it."""
    before = incident_of(register, ref)
    after = replace(change(before), steps=(*before.steps, step))
    return _keep(register, before, after, f"{before.ref} is {step.state.value}", step.at)


def _keep(
    register: Register, before: Incident, after: Incident, said: str, at: datetime
) -> Incident:
    """Who took a step is in the step; the change is whoever's who has the state directory."""
    keep(register, Change(at=at, by="", said=said, entities=(after,)), {after.key: before})
    return after


def _refused(what: str, clause: str = _CLAUSE) -> Refused:
    return Refused(what, where="incident", clause=clause, rule="incident.refused")
