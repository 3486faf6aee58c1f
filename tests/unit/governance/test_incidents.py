"""Incidents: one state after the other, confirmed by people whom the register knows, nothing taken back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest
from tests.support.known import Held

from smki.governance.encoding import encode_entity, parse_entity
from smki.governance.entities.bodies import BodyKind, Committee, Person
from smki.governance.entities.incidents import (
    CallBack,
    FactorAnswer,
    Incident,
    IncidentState,
    IncidentStep,
    Mechanism,
)
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.reading import label_of
from smki.governance.rules import decide_change
from smki.governance.rules_incidents import FOLLOWING, INCIDENTS
from smki.terms import Compromised, Method

AT: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
BODY: Final = Committee(ref="QPA", name="Quill Policy Authority", kind=BodyKind.COMMITTEE)
PEOPLE: Final = (
    Person(ref="ada", name="Ada", organisation="Quill"),
    Person(ref="bo", name="Bo", organisation="Quill"),
    Person(ref="sue", name="Sue", organisation="Sample Supplier", channel="telephone 1234"),
    Person(ref="sam", name="Sam", organisation="Sample Supplier"),
)
S: Final = IncidentState
NOTIFIED: Final = Incident(
    ref="QPA/i1",
    body="QPA",
    compromised=Compromised.ORGANISATION,
    names=("01AB",),
    party="supplier",
    organisation="Sample Supplier",
    reference="SUP-1",
    known=True,
    discovered=AT - HOUR,
    circumstances="A token was stolen.",
    steps=(IncidentStep(state=S.NOTIFIED, at=AT),),
)
CALL: Final = CallBack(
    contact="sue",
    channel="telephone 1234",
    mechanism=Mechanism.TELEPHONE,
    by="ada",
    second="bo",
    at=AT + HOUR,
    confirmed=True,
)
NOW: Final = AT + 24 * HOUR


def step(state: IncidentState, text: str = "") -> IncidentStep:
    """A step of Ada's."""
    return IncidentStep(state=state, at=AT + 2 * HOUR, by="ada", text=text)


def on(incident: Incident, *states: IncidentState, **attributes: object) -> Incident:
    """The incident with these steps more, and other attributes."""
    steps = (*incident.steps, *map(step, states))
    return replace(incident, steps=steps, **attributes)  # type: ignore[arg-type]  # by name


CONFIRMED: Final = on(NOTIFIED, S.CONFIRMED, call_backs=(CALL,))
DECLARED: Final = on(CONFIRMED, S.DECLARED)
DECIDED: Final = on(DECLARED, S.DECIDED, decision="QPA-1", method=Method.THREE)
RECOVERING: Final = on(DECIDED, S.RECOVERING, campaigns=("c1",))
RECOVERED: Final = on(RECOVERING, S.RECOVERED)
CLOSED: Final = on(RECOVERED, S.CLOSED, report="report.json")
LIFE: Final = (NOTIFIED, CONFIRMED, DECLARED, DECIDED, RECOVERING, RECOVERED, CLOSED)


def refused(after: Incident, before: Incident | None = None, *, by: str = "") -> list[str]:
    """The rules that say no to this step, each with its clause."""
    register = Held(BODY, *PEOPLE, *((before,) if before else ()))
    change = Change(at=NOW, by=by, said="", entities=(after,))
    findings = decide_change(change, register, INCIDENTS)
    assert all(one.clause and one.where for one in findings)
    return [one.rule.removeprefix("register.incident.") for one in findings]


@pytest.mark.clause("sec:L10", "sec-app-l:2")
def test_an_incident_goes_from_notified_to_closed() -> None:
    """Each state follows from the one before; all of it is one value that can be written down."""
    assert not refused(NOTIFIED)
    for before, after in pairwise(LIFE):
        assert not refused(after, before), after.state
        assert not refused(after, before, by="ada"), after.state
    assert [one.state for one in LIFE] == [one.state for one in CLOSED.steps]
    assert parse_entity(CLOSED.key, encode_entity(CLOSED)) == CLOSED
    assert label_of(CLOSED, Held(BODY, CLOSED)) is Label.AMBER


@pytest.mark.clause("sec:L10")
def test_no_state_is_skipped() -> None:
    """From each state only those of the table can be reached, and from the last one none."""
    for before in LIFE:
        for state in S:
            after = on(before, state, campaigns=before.campaigns or ("c1",))
            allowed = state in FOLLOWING[before.state]
            assert ("state" not in refused(after, before)) is allowed, (before.state, state)
    assert refused(on(NOTIFIED, S.CONFIRMED)) == ["state", "call-back"]
    assert refused(replace(NOTIFIED, steps=())) == ["state"]


@pytest.mark.clause("sec-app-l:2")
@pytest.mark.parametrize(
    "call",
    [
        replace(CALL, channel="telephone 9999"),
        replace(CALL, contact="sam", channel=""),
        replace(CALL, contact="ada"),
        replace(CALL, contact="nobody"),
        replace(CALL, second="ada"),
        replace(CALL, second="sam"),
        replace(CALL, by="nobody"),
        replace(CALL, at=AT - HOUR),
        replace(CALL, at=NOW + HOUR),
        replace(CALL, confirmed=False),
    ],
)
def test_a_notification_is_confirmed_by_two_people_and_a_contact_of_the_register(
    call: CallBack,
) -> None:
    """Another address than the register's, one of the reporter's own, one person alone: refused."""
    assert "call-back" in refused(on(NOTIFIED, S.CONFIRMED, call_backs=(call,)), NOTIFIED)


@pytest.mark.clause("sec-app-l:2")
def test_a_notification_can_be_false_and_is_then_closed_with_a_reason() -> None:
    """The contact knows nothing of it: false; nothing follows but to say why it is closed."""
    denied = (replace(CALL, confirmed=False),)
    false = on(NOTIFIED, S.FALSE, call_backs=denied)
    assert not refused(false, NOTIFIED)
    assert refused(on(NOTIFIED, S.FALSE, call_backs=(CALL,)), NOTIFIED) == ["call-back"]
    assert refused(on(false, S.CLOSED), false) == ["report"]
    closed = replace(false, steps=(*false.steps, step(S.CLOSED, "a forgery")))
    assert not refused(closed, false)


@pytest.mark.clause("sec:L10", "sec:L10.9")
def test_only_the_authority_decides_but_for_the_subscribers_own_method() -> None:
    """Without a decision only method 1; not to use the key commands nothing and is closed with why."""
    assert refused(on(DECLARED, S.DECIDED, method=Method.TWO), DECLARED) == ["decision"]
    assert refused(on(DECLARED, S.DECIDED), DECLARED) == ["method"]
    own = on(DECLARED, S.DECIDED, method=Method.ONE)
    assert not refused(own, DECLARED)
    assert not refused(on(own, S.RECOVERING), own)
    unused = on(DECLARED, S.DECIDED, method=Method.NONE, decision="QPA-2")
    assert refused(on(unused, S.RECOVERING), unused) == ["method"]
    closed = replace(unused, steps=(*unused.steps, step(S.CLOSED, "the risk is borne")))
    assert not refused(closed, unused)
    assert refused(on(DECIDED, S.CLOSED, report="r"), DECIDED) == ["report"]
    assert refused(on(DECIDED, S.RECOVERING), DECIDED) == ["campaign"]


@pytest.mark.clause("sec:L10")
def test_what_was_said_stays() -> None:
    """What was reported, steps, call-backs, answers, decision and report: none is rewritten."""
    answer = FactorAnswer(factor="devices", text="many", by="ada", at=AT)
    answered = replace(CLOSED, answers=(answer,))
    changes = (
        replace(answered, circumstances="Nothing happened."),
        replace(answered, steps=answered.steps[:-1]),
        replace(answered, call_backs=()),
        replace(answered, answers=()),
        replace(answered, campaigns=()),
        replace(answered, method=Method.TWO),
        replace(answered, report="other.json"),
    )
    for after in changes:
        assert refused(after, answered), after
    assert not refused(answered, CLOSED)


def test_steps_are_of_their_time_and_of_who_takes_them() -> None:
    """Not to come, not before the step before, by a person of the register, and by who changes it."""
    late = replace(step(S.DECLARED), at=NOW + HOUR)
    early = replace(step(S.DECLARED), at=AT)
    for wrong, by, rule in (
        (late, "", "instant"),
        (early, "", "instant"),
        (replace(step(S.DECLARED), by="nobody"), "", "by"),
        (step(S.DECLARED), "bo", "by"),
    ):
        after = replace(CONFIRMED, steps=(*CONFIRMED.steps, wrong))
        assert refused(after, CONFIRMED, by=by) == [rule]


@pytest.mark.parametrize(
    "attributes",
    [{"names": ()}, {"names": ("01", "01")}, {"circumstances": " "}, {"party": ""}],
)
def test_a_notification_says_who_what_and_which(attributes: dict[str, object]) -> None:
    """Without a name of what is compromised, or what happened, it is none."""
    assert len(refused(replace(NOTIFIED, **attributes))) == 1  # type: ignore[arg-type]  # by name
