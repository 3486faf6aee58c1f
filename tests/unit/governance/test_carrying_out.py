"""The decision file that carries out what the register resolved about a document."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.decided import AUTHORITY, approved, document, register, resolution
from tests.support.known import Held

from smki.governance.carrying_out import approved_version, decision_of
from smki.governance.decisions import Body, DecisionKind
from smki.governance.entities.documents import DocumentKind, EarlierApproval
from smki.governance.entities.meetings import Attachment
from smki.governance.entities.minutes import ConditionKind, ConditionState, Verb
from smki.governance.labels import Label
from smki.terms import Refused

AT, UNTIL = datetime(2031, 4, 1, 9, tzinfo=UTC), datetime(2032, 4, 1, tzinfo=UTC)
FILE = Attachment(name="cps.pdf", sha256="ab" * 32, octets=9)
FOUND, TAKEN, _ = approved()
WHITE = replace(FOUND, label=Label.WHITE, file=FILE)
SUPERSEDE = DecisionKind.SUPERSEDE_DOCUMENT


def refused(known: Held) -> str:
    """Why the version may not be lodged."""
    with pytest.raises(Refused) as caught:
        approved_version(WHITE.ref, known, AT)
    assert all(one.clause == "sec:L5.3" for one in caught.value.findings)
    return "; ".join(one.message for one in caught.value.findings)


@pytest.mark.clause("sec:L5.3")
@pytest.mark.parametrize("named", ["", "QPA-7"])
def test_the_decision_says_what_was_resolved(named: str) -> None:
    """Its id is the resolution's, or the one that it names; about the title, of this version."""
    known = register(replace(TAKEN, decision=named), WHITE)
    found = approved_version(WHITE.ref, known, AT)
    decision = decision_of(found, SUPERSEDE, known, start=AT, expiry=UNTIL)
    assert decision.id == (named or TAKEN.ref)
    assert (decision.body, decision.kind) == (Body.SMKI_PMA, SUPERSEDE)
    assert (decision.object, decision.scope) == ("Quill CPS", "version 2.0")
    assert (decision.conditions, decision.not_before, decision.expiry) == ((), AT, UNTIL)


def test_what_the_panel_approved_is_the_authoritys_to_have_lodged() -> None:
    """A document that the authority keeps is lodged under its decision, whoever approved it."""
    by = resolution(Verb.APPROVED, "QP", WHITE)
    report = replace(document(), route=DocumentKind.CERTIFICATE_POLICY)
    also = resolution(Verb.RECOMMENDED, "QPA", WHITE)
    version = replace(WHITE, resolutions=(also.ref, by.ref))
    known = register(by, also, version, report)
    found = approved_version(version.ref, known, AT)
    assert found.resolution == by
    decision = decision_of(found, SUPERSEDE, known, start=AT, expiry=UNTIL)
    assert decision.body is Body.SMKI_PMA


def test_no_decision_is_made_of_what_no_resolution_of_the_authority_approved() -> None:
    """Approved before the register, or kept by a body that is not the authority: refused."""
    earlier = EarlierApproval(by="authority", on=date(2029, 1, 1), reference="letter 4")
    old = replace(WHITE, resolutions=(), earlier_approval=earlier)
    known = register(old)
    found = approved_version(old.ref, known, AT)
    with pytest.raises(Refused, match="before the register"):
        decision_of(found, SUPERSEDE, known, start=AT, expiry=UNTIL)
    nobody = register(TAKEN, WHITE).with_these(replace(AUTHORITY, signs_as=""))
    approval = replace(found, version=WHITE, resolution=TAKEN)
    with pytest.raises(Refused, match="no document of the policy authority"):
        decision_of(approval, SUPERSEDE, nobody, start=AT, expiry=UNTIL)


@pytest.mark.clause("sec:L5.3", "sec:M4.13")
@pytest.mark.parametrize("label", [Label.GREEN, Label.AMBER, Label.RED, None])
def test_what_is_not_white_does_not_go_into_the_record(label: Label | None) -> None:
    """The record is open to all: another label, or none at all, keeps a document out of it."""
    assert "not labelled white" in refused(register(TAKEN, replace(WHITE, label=label)))


@pytest.mark.clause("sec:L9")
def test_a_condition_precedent_keeps_a_version_from_being_lodged() -> None:
    """Until it is met; a condition subsequent does not."""
    for kind, lodged in ((ConditionKind.PRECEDENT, False), (ConditionKind.SUBSEQUENT, True)):
        found, taken, subject = approved((kind, ConditionState.OPEN))
        known = register(taken, *subject, replace(found, label=Label.WHITE, file=FILE))
        if lodged:
            assert approved_version(found.ref, known, AT).resolution == taken
        else:
            said = refused(known)
            assert "is not yet in force, must be in force" in said
            assert subject[0].text not in said
    assert "has no file" in refused(register(TAKEN, replace(WHITE, file=None)))
    assert "is not in the register" in refused(register(TAKEN))
