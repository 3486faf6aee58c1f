"""Documents, versions and triggers: what is kept, and what is refused with its reason."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.decided import (
    approved,
    condition,
    document,
    item_of,
    refused,
    register,
    resolution,
    version,
)
from tests.support.known import Held

from smki.governance.entities.consulting import Consultation
from smki.governance.entities.documents import (
    DocumentKind,
    EarlierApproval,
    Review,
    Trigger,
    TriggerKind,
    VersionState,
)
from smki.governance.entities.meetings import Attachment
from smki.governance.entities.minutes import ConditionKind, ConditionState, Verb
from smki.governance.labels import Label
from smki.governance.rules_documents import DOCUMENTS, NEXT_STATES

S = VersionState
DAY = date(2031, 4, 1)
PAPER = document()
FILE = Attachment(name="cps.pdf", sha256="ab" * 32, octets=9)
OTHER_FILE = replace(FILE, sha256="cd" * 32)
EARLIER = EarlierApproval(by="authority", on=date(2029, 1, 1), reference="letter 4")
OLD = replace(version("1.0", S.APPROVED), earlier_approval=EARLIER, file=FILE, entry=7)
TRIGGER = Trigger(
    ref="CPS/t1", document="CPS", kind=TriggerKind.STANDARD, text="A new edition of the standard."
)
CONSULTATION = Consultation(
    ref="CPS/2.0/q1", version="CPS/2.0", by="operator", changed=("one",), opens=DAY, closes=DAY
)
REVIEW = Review(begun=date(2031, 1, 1), by="QPA")


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"review_months": 24, "clauses": ("sec:L9.8",)}, []),
        ({"review_months": -1}, ["document.cycle"]),
        ({"name": "Quill RP"}, ["document.name", "document.name"]),
        ({"name": "Quill statement"}, ["document.name"]),
        ({"reviews": (replace(REVIEW, completed=DAY, change_needed=True),)}, []),
        ({"reviews": (replace(REVIEW, completed=DAY),)}, ["document.review"]),
        (
            {"reviews": (replace(REVIEW, completed=date(2030, 1, 1), change_needed=False),)},
            ["document.review"],
        ),
        ({"reviews": (replace(REVIEW, trigger="CPS/t9"),)}, ["document.review"]),
        ({"reviews": (REVIEW,), "stable": True}, ["document.review"]),
    ],
)
def test_a_document_is_kept_as_it_should_be(change: dict[str, Any], rule: list[str]) -> None:
    """Cycle, name and reviews of a document; of a stable one triggers come before a review."""
    known = register(document(ref="RP"), OLD)
    assert refused((replace(PAPER, **change),), known, DOCUMENTS) == rule


def test_a_stable_document_is_reviewed_once_something_is_watched() -> None:
    """With a trigger the review may begin; a review may name the trigger that set it off."""
    begun = replace(PAPER, stable=True, reviews=(replace(REVIEW, trigger="CPS/t1"),))
    assert refused((begun,), register(TRIGGER), DOCUMENTS) == []


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("label", "body", "rule"),
    [
        (Label.AMBER, "QPA", []),
        (Label.GREEN, "QPA", ["document.part"]),
        (None, "QPA", ["document.part"]),
        (Label.RED, "QP", ["document.part"]),
    ],
)
def test_a_confidential_part_has_a_label_of_its_own(
    label: Label | None, body: str, rule: list[str]
) -> None:
    """A part belongs to the open document, is amber or red itself, and is kept by the same body."""
    part = replace(document(ref="ANNEX"), part_of="CPS", label=label, body=body)
    assert part.parents == (PAPER.key,)
    assert refused((part,), register(), DOCUMENTS) == rule


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({}, []),
        ({"kind": TriggerKind.CALENDAR}, ["document.trigger"]),
        ({"kind": TriggerKind.CALENDAR, "due": DAY}, []),
        ({"pulled": DAY}, ["document.trigger"]),
        ({"pulled": DAY, "evidence": ("the notice",)}, []),
        ({"review": "CPS/2.0"}, ["document.trigger"]),
    ],
)
def test_a_trigger_shows_what_pulled_it(change: dict[str, Any], rule: list[str]) -> None:
    """What happened has its evidence, what led to a review happened first."""
    assert refused((replace(TRIGGER, **change),), register(TRIGGER), DOCUMENTS) == rule


def test_who_watches_nothing_is_seen_to_watch_nothing() -> None:
    """A trigger without a watcher stands as unassigned; it is no secret and no refusal."""
    watched = replace(TRIGGER, watcher="QPA")
    pulled = replace(watched, pulled=DAY, evidence=("the notice",))
    states = (TRIGGER, watched, pulled, replace(pulled, review="CPS/2.0"))
    assert [one.standing for one in states] == ["unassigned", "watched", "pulled", "reviewed"]
    assert refused((replace(pulled, pulled=date(2031, 5, 1)),), register(pulled), DOCUMENTS) == [
        "document.trigger"
    ]


@pytest.mark.parametrize(
    ("number", "change", "rule"),
    [
        ("2.1", {"since": "2.0"}, []),
        ("2.1", {"since": "2.1"}, ["document.number"]),
        ("2.1", {"since": "two"}, ["document.number"]),
        ("2.01", {}, ["document.number"]),
        ("2", {}, ["document.number"]),
        ("2.1", {"corrects": "CPS/1.0"}, ["document.correction"]),
        ("1.1", {"corrects": "CPS/1.0"}, []),
        ("1.1", {"corrects": "RP/1.0"}, ["document.correction"]),
        ("1.1", {"corrects": "CPS/0.9"}, ["document.correction"]),
        ("1.1", {"presented_at": ("gone",)}, ["document.presented"]),
        ("1.1", {"resolutions": ("gone",)}, ["document.resolutions"]),
    ],
)
def test_a_version_has_its_number(number: str, change: dict[str, Any], rule: list[str]) -> None:
    """M.m at the end of the ref; changes since an earlier one; a correction round lifts m."""
    known = register(OLD, document(ref="RP"), version("1.0", of="RP"))
    found = replace(version(number, S.DRAFT), **change)
    assert refused((found,), known, DOCUMENTS) == rule


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize("before", list(S))
@pytest.mark.parametrize("after", list(S))
def test_a_version_becomes_what_the_table_says(before: S, after: S) -> None:
    """Each step that the table does not have is refused as such, and none that it has."""
    one = version("2.0", before)
    found = refused((replace(one, state=after),), register(one, CONSULTATION), DOCUMENTS)
    allowed = before is after or after in NEXT_STATES[before]
    assert ("document.state" not in found) is allowed


@pytest.mark.clause("sec:L9", "sec:L9.8")
@pytest.mark.parametrize(
    ("state", "conditions", "rule"),
    [
        (S.APPROVED, (), []),
        (S.APPROVED_WITH_CONDITION, (), ["document.conditions"]),
        (S.APPROVED, ((ConditionKind.PRECEDENT, ConditionState.OPEN),), ["document.conditions"]),
        (S.APPROVED, ((ConditionKind.PRECEDENT, ConditionState.MET),), []),
        (S.APPROVED_WITH_CONDITION, ((ConditionKind.SUBSEQUENT, ConditionState.OPEN),), []),
        (S.APPROVED_WITH_CONDITION, ((ConditionKind.AMENDMENT, ConditionState.OPEN),), []),
        (S.APPROVED, ((ConditionKind.PRECEDENT, ConditionState.FAILED),), ["document.route"]),
        (S.RECOMMENDED, (), ["document.route"]),
        (S.PRESENTED, (), []),
        (S.IN_CONSULTATION, (), ["document.state"]),
    ],
)
def test_approval_needs_the_steps_of_the_route(
    state: S, conditions: tuple[tuple[ConditionKind, ConditionState], ...], rule: list[str]
) -> None:
    """Approved without conditions has none open, with conditions has some; and the route is taken."""
    found, taken, subject = approved(*conditions)
    known = register(taken, *subject)
    assert refused((replace(found, state=state),), known, DOCUMENTS) == rule


def test_what_nobody_approved_is_not_called_approved() -> None:
    """Without the resolution, or with one about another version, approval is refused."""
    taken = resolution(Verb.APPROVED, "QPA", version("1.0"))
    for refs, rules in (((), ["document.route"]), ((taken.ref,), ["document.resolutions"])):
        found = replace(version("2.0", S.APPROVED), resolutions=refs)
        assert refused((found,), register(taken, version("1.0")), DOCUMENTS) == rules


def test_in_consultation_and_recommended_are_borne_out() -> None:
    """A consultation is there; those who recommend have all recommended."""
    draft = version()
    asked = replace(draft, state=S.IN_CONSULTATION)
    assert refused((asked,), register(draft, CONSULTATION), DOCUMENTS) == []
    one = resolution(Verb.RECOMMENDED, "QPA", draft)
    other = resolution(Verb.RECOMMENDED, "QTG", draft)
    known = register(draft, one, other, document(DocumentKind.REPORT))
    both = replace(draft, state=S.RECOMMENDED, resolutions=(one.ref, other.ref))
    assert refused((both,), known, DOCUMENTS) == []
    assert refused((replace(both, resolutions=(one.ref,)),), known, DOCUMENTS) == ["document.route"]


def test_what_was_approved_before_the_register_comes_as_it_was() -> None:
    """It needs no route; it cannot be in days to come, and cannot be said of a version later."""
    assert refused((replace(OLD, entry=None),), register(), DOCUMENTS) == []
    future = replace(OLD, earlier_approval=replace(EARLIER, on=date(2040, 1, 1)))
    assert refused((future,), register(), DOCUMENTS) == ["document.route"]
    draft = version("1.0", S.PRESENTED)
    late = replace(draft, state=S.APPROVED, earlier_approval=EARLIER)
    assert refused((late,), register(draft), DOCUMENTS) == ["document.stays"]


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("conditions", "rule"),
    [
        ((), []),
        (((ConditionKind.SUBSEQUENT, ConditionState.OPEN),), []),
        (((ConditionKind.PRECEDENT, ConditionState.OPEN),), ["document.superseded"]),
        (((ConditionKind.AMENDMENT, ConditionState.OPEN),), ["document.superseded"]),
    ],
)
def test_a_document_is_superseded_by_an_approved_version_alone(
    conditions: tuple[tuple[ConditionKind, ConditionState], ...], rule: list[str]
) -> None:
    """The later version is approved and has effect; what waits for a condition supersedes nothing."""
    later, taken, subject = approved(*conditions)
    gone = replace(OLD, state=S.SUPERSEDED, superseded_by=later.ref)
    known = register(taken, *subject, OLD)
    assert refused((later, gone), known, DOCUMENTS) == rule


@pytest.mark.parametrize("by", ["CPS/1.5", "CPS/0.9", "RP/9.0", ""])
def test_nothing_else_supersedes(by: str) -> None:
    """A draft, an earlier one, another document's or none at all supersedes nothing."""
    draft, early = version("1.5"), replace(OLD, ref="CPS/0.9", number="0.9")
    known = register(OLD, draft, early, document(ref="RP"), version("9.0", S.APPROVED, of="RP"))
    gone = replace(OLD, state=S.SUPERSEDED, superseded_by=by)
    assert refused((gone,), known, DOCUMENTS) == ["document.superseded"]


def test_what_has_effect_takes_the_earlier_versions_place() -> None:
    """Two versions of a document are not in force at once: the earlier goes in the same entry."""
    later, taken, _ = approved()
    assert refused((later,), register(taken, OLD), DOCUMENTS) == ["document.superseded"]
    waits = replace(taken, effective=date(2032, 1, 1))
    assert refused((later,), register(waits, OLD), DOCUMENTS) == []


def test_an_approved_version_is_withdrawn_by_a_resolution() -> None:
    """From a day, by a resolution about it; a draft needs none."""
    by = resolution(Verb.DECIDED, "QPA", OLD)
    known = register(OLD, by)
    gone = replace(OLD, state=S.WITHDRAWN, withdrawn_on=DAY, withdrawn_by=by.ref)
    assert refused((gone,), known, DOCUMENTS) == []
    for wrong in (replace(gone, withdrawn_by=""), replace(gone, withdrawn_on=None)):
        assert refused((wrong,), known, DOCUMENTS) == ["document.withdrawn"]
    draft = version("2.0", S.DRAFT)
    left = replace(draft, state=S.WITHDRAWN, withdrawn_on=DAY)
    assert refused((left,), register(draft), DOCUMENTS) == []


@pytest.mark.parametrize(
    "change",
    [
        {"file": OTHER_FILE},
        {"changes": ("more",)},
        {"since": "1.0"},
        {"resolutions": ()},
        {"presented_at": ()},
        {"entry": 8},
    ],
)
def test_what_a_body_decided_upon_stays(change: dict[str, Any]) -> None:
    """File, changes and what was resolved about an approved version stay as they are."""
    found, taken, _ = approved()
    kept = replace(found, file=FILE, entry=7)
    assert refused((replace(kept, **change),), register(taken, kept), DOCUMENTS) == [
        "document.stays"
    ]


def test_a_version_is_lodged_once_it_is_approved() -> None:
    """An entry of the record is of an approved version with a file."""
    found, taken, _ = approved()
    known = register(taken, found)
    assert refused((replace(found, entry=7, file=FILE),), known, DOCUMENTS) == []
    assert refused((replace(found, entry=7),), known, DOCUMENTS) == ["document.lodged"]
    draft = version("2.0")
    lodged = replace(draft, entry=7, file=FILE)
    assert refused((lodged,), register(draft), DOCUMENTS) == ["document.lodged"]


def _recommended() -> tuple[Held, Any, Any]:
    """A report that the authority recommended subject to corrections."""
    draft = version("1.0", S.PRESENTED)
    one = resolution(Verb.RECOMMENDED, "QPA", draft)
    listed = replace(draft, resolutions=(one.ref,))
    wrong = condition(one, ConditionKind.AMENDMENT)
    later = resolution(Verb.DETERMINED, "QP", draft)
    known = register(listed, one, wrong, later, document(DocumentKind.REPORT))
    return known, listed, wrong


@pytest.mark.clause("sec:L9")
def test_the_next_body_sees_it_once_it_is_corrected() -> None:
    """Listed corrections come before another item; the same item may add what it resolved."""
    known, listed, wrong = _recommended()
    panel = item_of("QP")
    seen = replace(listed, presented_at=(*listed.presented_at, panel))
    resolved = replace(listed, resolutions=(*listed.resolutions, f"{panel}/1"))
    for one in (seen, resolved):
        assert refused((one,), known, DOCUMENTS) == ["document.corrections"]
    also = replace(resolution(Verb.RECOMMENDED, "QTG", listed), item=item_of("QPA"))
    both = replace(listed, resolutions=(*listed.resolutions, also.ref))
    assert refused((both, also), known, DOCUMENTS) == []
    second = replace(version("1.1", S.DRAFT, corrects="CPS/1.0"), presented_at=())
    assert refused((second,), known, DOCUMENTS) == []
    onward = replace(second, state=S.PRESENTED, presented_at=(panel,))
    assert refused((onward,), known.with_these(second), DOCUMENTS) == ["document.corrections"]
    made = replace(wrong, state=ConditionState.MET, outcome="version 1.1")
    assert refused((onward, made), known.with_these(second), DOCUMENTS) == []


def test_reviews_are_due_by_their_cycle() -> None:
    """So many months after the last one, at the end of a shorter month; or when it was set."""
    done = replace(REVIEW, completed=date(2031, 8, 31), change_needed=False)
    paper = replace(PAPER, review_months=6, reviews=(done,))
    assert paper.day == date(2032, 2, 29)
    assert replace(paper, next_review=DAY).day == DAY
    assert replace(paper, reviews=(REVIEW,)).day is None
    assert replace(paper, reviews=(REVIEW,)).standing == "in review"
    assert replace(paper, review_months=10**6).day == date.max
    assert "DCCKI" in replace(paper, group="DCCKI").texts
