"""Rules of incidents: one state after the other, each by whom it is for, and nothing is taken back.

    from        to                      needs
    -           notified                who reports, which key, what happened
    notified    confirmed, false        a call-back by two people, to a contact whom the register has
    confirmed   declared
    declared    decided                 a method; the authority's decision, unless the subscriber decides
    decided     recovering              a campaign, or that the subscriber says that it has begun
    decided     closed                  the key is not used: why
    recovering  decided, recovered      another decision; or all that could be recovered is
    recovered   recovering, closed      the residue again; or the report
    false       closed                  why

Clause: sec:L10
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.bodies import Person
from smki.governance.entities.incidents import CallBack, Incident, IncidentState
from smki.governance.looking import look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding, Method

CLAUSE: Final = "sec:L10"
CALL_BACK_CLAUSE: Final = "sec-app-l:2"
_S = IncidentState
FOLLOWING: Final[Mapping[IncidentState, tuple[IncidentState, ...]]] = MappingProxyType(
    {
        _S.NOTIFIED: (_S.CONFIRMED, _S.FALSE),
        _S.CONFIRMED: (_S.DECLARED,),
        _S.FALSE: (_S.CLOSED,),
        _S.DECLARED: (_S.DECIDED,),
        _S.DECIDED: (_S.RECOVERING, _S.CLOSED),
        _S.RECOVERING: (_S.DECIDED, _S.RECOVERED),
        _S.RECOVERED: (_S.RECOVERING, _S.CLOSED),
        _S.CLOSED: (),
    }
)
"""What may follow each state."""


def _reported(_: Step, after: Incident, before: Incident | None) -> Iterator[Finding]:
    if before is not None:
        if _lasting(before) != _lasting(after):
            yield _wrong(after, "stays", "what was reported, by whom and when, stays as it was")
        return
    if not (after.circumstances.strip() and after.organisation.strip() and after.party.strip()):
        yield _wrong(after, "reported", "must say who reports it, and what happened")
    if not after.names or len(set(after.names)) != len(after.names):
        yield _wrong(after, "names", "must name what is compromised, each once")
    if [one.state for one in after.steps] != [_S.NOTIFIED]:
        yield _wrong(after, "state", f"begins as {after.state.value}, must be notified alone")


def _lasting(one: Incident) -> Incident:
    """What of it never changes."""
    return replace(
        one,
        label=None,
        steps=(),
        call_backs=(),
        convening="",
        decision="",
        method=None,
        campaigns=(),
        answers=(),
        signed=(),
        report="",
    )


def _goes_on(step: Step, after: Incident, before: Incident | None) -> Iterator[Finding]:
    earlier = before.steps if before is not None else ()
    if after.steps[: len(earlier)] != earlier:
        yield _wrong(after, "stays", "the steps that were taken stay as they were")
        return
    for was, now in pairwise(after.steps):
        if now.state not in FOLLOWING[was.state]:
            possible = " or ".join(one.value for one in FOLLOWING[was.state]) or "nothing"
            yield _wrong(
                after, "state", f"{now.state.value} after {was.state.value}, must be {possible}"
            )
        if now.at < was.at:
            yield _wrong(after, "instant", f"{now.state.value} at {now.at:%F %T}, before its step")
    for one in after.steps[len(earlier) :]:
        if one.at > step.change.at:
            yield _wrong(after, "instant", f"{one.state.value} at {one.at:%F %T}, is to come")
        if step.change.by and one.by != step.change.by:
            yield _wrong(after, "by", f"{one.state.value} by {one.by!r}, must be {step.change.by}")
        if one.by and look(step.known, Person, one.by) is None:
            yield _wrong(after, "by", f"by {one.by!r}, must be a person of the register")
        yield from _needs(after, one.state, one.text)


def _needs(after: Incident, state: IncidentState, text: str) -> Iterator[Finding]:
    """What must be there for a state."""
    match state:
        case _S.CONFIRMED | _S.FALSE:
            last = after.call_backs[-1] if after.call_backs else None
            if last is None or last.confirmed is not (state is _S.CONFIRMED):
                said = f"{state.value} without a call-back that says so, must be called back first"
                yield _wrong(after, "call-back", said, CALL_BACK_CLAUSE)
        case _S.DECIDED:
            if after.method is None:
                yield _wrong(after, "method", "decided without a method, must name one")
            elif after.method is not Method.ONE and not after.decision:
                yield _wrong(after, "decision", "decided without the authority's decision")
        case _S.RECOVERING:
            if after.method in (None, Method.NONE):
                yield _wrong(after, "method", "recovers by no method that commands devices")
            elif after.method is not Method.ONE and not after.campaigns:
                yield _wrong(after, "campaign", "recovers without a campaign, must name it")
        case _S.CLOSED:
            yield from _closes(after, text)


def _closes(after: Incident, text: str) -> Iterator[Finding]:
    reached = {one.state for one in after.steps}
    if _S.FALSE in reached or after.method is Method.NONE:
        if not text.strip():
            yield _wrong(after, "report", "closed without a reason, must say why")
    elif not after.report or _S.RECOVERED not in reached:
        yield _wrong(after, "report", "closed before it was recovered from and reported")


def _call_backs(step: Step, after: Incident, before: Incident | None) -> Iterator[Finding]:
    earlier = before.call_backs if before is not None else ()
    if after.call_backs[: len(earlier)] != earlier:
        yield _wrong(after, "stays", "call-backs that were made stay as they were")
        return
    for one in after.call_backs[len(earlier) :]:
        if before is None or before.state is not _S.NOTIFIED:
            yield _wrong(after, "call-back", "is called back when it is notified, and once it is")
        for said in _wrong_call(step, after, one):
            yield _wrong(after, "call-back", said, CALL_BACK_CLAUSE)


def _wrong_call(step: Step, after: Incident, one: CallBack) -> Iterator[str]:
    contact = look(step.known, Person, one.contact)
    if contact is None or contact.organisation != after.organisation:
        yield f"{one.contact!r} is no person of {after.organisation} in the register, must be"
    elif not contact.channel or one.channel != contact.channel:
        yield (
            f"{one.contact} was reached by {one.channel!r}, must be by the address that the register"
            " has, not by one in the notification"
        )
    people = (one.by, one.second)
    if len({one.contact, *people}) != len(people) + 1:
        yield "the contact, who asked and who listened must be three people"
    for ref in people:
        person = look(step.known, Person, ref)
        if person is None:
            yield f"{ref!r} is no person of the register, must be"
        elif person.organisation == after.organisation:
            yield f"{ref} is of {after.organisation}, must not be of who reports it"
    if one.at > step.change.at or one.at < after.steps[0].at:
        yield f"at {one.at:%F %T}, must be after it was notified and not to come"


def _kept(_: Step, after: Incident, before: Incident | None) -> Iterator[Finding]:
    if before is None:
        return
    pairs: tuple[tuple[str, Iterable[object], tuple[object, ...]], ...] = (
        ("answers", before.answers, after.answers[: len(before.answers)]),
        ("signed items", before.signed, after.signed[: len(before.signed)]),
        ("campaigns", before.campaigns, after.campaigns[: len(before.campaigns)]),
    )
    for name, was, now in pairs:
        if tuple(was) != now:
            yield _wrong(after, "stays", f"{name} that are there stay, others are added")
    new = after.steps[len(before.steps) :]
    decides = any(one.state is _S.DECIDED for one in new)
    if (before.decision, before.method) != (after.decision, after.method) and not decides:
        yield _wrong(after, "decision", "decision and method are named with the step 'decided'")
    if before.report and before.report != after.report:
        yield _wrong(after, "report", "the report that was named stays")


def _wrong(after: Incident, rule: str, message: str, clause: str = CLAUSE) -> Finding:
    return finding(after, f"incident.{rule}", message, clause)


INCIDENTS: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.INCIDENT: rules_of(Incident, _reported, _goes_on, _call_backs, _kept),
}
