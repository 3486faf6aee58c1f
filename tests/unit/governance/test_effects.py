"""Whether a version is in force on a day: conditions, dependencies, what took its place."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.support.decided import (
    HELD_ON,
    approved,
    condition,
    document,
    meeting,
    register,
    resolution,
    version,
)

from smki.governance.effects import (
    Stand,
    in_force,
    resolution_effect,
    version_effect,
    what_falls,
)
from smki.governance.entities import Kind
from smki.governance.entities.consulting import Consultation
from smki.governance.entities.documents import DocumentKind, EarlierApproval, VersionState
from smki.governance.entities.minutes import Comment, ConditionKind, ConditionState, Verb

DAY = date(2031, 4, 1)
PRECEDENT, SUBSEQUENT, AMENDMENT = (
    ConditionKind.PRECEDENT,
    ConditionKind.SUBSEQUENT,
    ConditionKind.AMENDMENT,
)
OPEN, MET, FAILED = ConditionState.OPEN, ConditionState.MET, ConditionState.FAILED
CONSULTATION = Consultation(
    ref="CPS/2.0/q1", version="CPS/2.0", by="operator", changed=("one",), opens=DAY, closes=DAY
)


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("kind", "state", "stand", "said"),
    [
        (PRECEDENT, OPEN, Stand.NOT_YET, "waits for condition precedent"),
        (PRECEDENT, MET, Stand.IN_FORCE, ""),
        (PRECEDENT, FAILED, Stand.FELL, "failed"),
        (SUBSEQUENT, OPEN, Stand.IN_FORCE, ""),
        (SUBSEQUENT, MET, Stand.IN_FORCE, ""),
        (SUBSEQUENT, FAILED, Stand.FELL, "reopened"),
        (AMENDMENT, OPEN, Stand.NOT_YET, "waits for corrections"),
        (AMENDMENT, MET, Stand.NOT_YET, "in a version after it"),
        (AMENDMENT, FAILED, Stand.FELL, "failed"),
    ],
)
def test_a_condition_holds_up_what_its_kind_says(
    kind: ConditionKind, state: ConditionState, stand: Stand, said: str
) -> None:
    """Precedent blocks until met, subsequent lets stand until it fails, corrections come first."""
    found, taken, subject = approved((kind, state))
    effect = version_effect(found, register(taken, *subject, found), DAY)
    assert effect.stand is stand
    assert said in "; ".join(effect.reasons)
    assert bool(effect.reasons) is not effect.in_force


@pytest.mark.parametrize("material", [True, False, None])
def test_a_material_answer_reopens_what_was_approved_subject_to_it(
    *, material: bool | None
) -> None:
    """An approval subject to a later consultation stands until an answer is judged material."""
    found, taken, _ = approved((SUBSEQUENT, OPEN))
    subject = condition(taken, SUBSEQUENT, consultation=CONSULTATION.ref)
    answer = Comment(
        ref="1",
        about_kind=Kind.CONSULTATION,
        about=CONSULTATION.ref,
        by="Ink Energy",
        received=DAY,
        text="The second region is missing.",
        material=material,
    )
    known = register(taken, subject, found, CONSULTATION, answer)
    effect = version_effect(found, known, DAY)
    assert effect.stand is (Stand.FELL if material else Stand.IN_FORCE)
    assert ("reopened" in "".join(effect.reasons)) is bool(material)


@pytest.mark.parametrize(
    ("change", "day", "stand"),
    [
        ({}, HELD_ON - timedelta(days=1), Stand.NOT_YET),
        ({}, HELD_ON, Stand.IN_FORCE),
        ({"effective": DAY}, DAY - timedelta(days=1), Stand.NOT_YET),
        ({"effective": DAY}, DAY, Stand.IN_FORCE),
        ({"until": DAY}, DAY, Stand.IN_FORCE),
        ({"until": DAY}, DAY + timedelta(days=1), Stand.FELL),
        ({"withdrawn": datetime(2031, 4, 1, 9, tzinfo=UTC)}, DAY, Stand.FELL),
        ({"withdrawn": datetime(2031, 4, 1, 9, tzinfo=UTC)}, HELD_ON, Stand.IN_FORCE),
    ],
)
def test_a_resolution_has_effect_from_its_day_until_its_end(
    change: dict[str, date], day: date, stand: Stand
) -> None:
    """From the meeting, or from when it says; until it says, or until it was withdrawn."""
    found, taken, _ = approved()
    changed = replace(taken, **change)  # type: ignore[arg-type]  # attributes by name: the table's
    known = register(changed, found)
    assert resolution_effect(changed, known, day).stand is stand
    assert version_effect(found, known, day).stand is stand


@pytest.mark.parametrize("state", [VersionState.DRAFT, VersionState.PRESENTED])
def test_what_nobody_approved_is_not_in_force(state: VersionState) -> None:
    """A version without an approval says what it lacks; one whose state does not say so, too."""
    draft = version("2.0", state)
    effect = version_effect(draft, register(draft), DAY)
    assert effect.stand is Stand.NOT_YET
    assert effect.reasons == (f"CPS/2.0 is {state.value}, lacks that authority approves",)
    found, taken, _ = approved()
    effect = version_effect(replace(found, state=state), register(taken, found), DAY)
    assert effect.reasons == (f"CPS/2.0 is {state.value}, not recorded as approved",)


def test_a_version_without_its_document_is_not_in_force() -> None:
    """What is asked without its document being there has no effect."""
    draft = version(of="GONE")
    assert version_effect(draft, register(draft), DAY).stand is Stand.NOT_YET


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(("state", "stands"), [(OPEN, "CPS/1.0"), (MET, "CPS/2.0"), (FAILED, "")])
def test_the_earlier_version_stands_until_the_later_one_has_effect(
    state: ConditionState, stands: str
) -> None:
    """What is superseded by a version that waits for a condition stands meanwhile, and not again."""
    later, taken, subject = approved((PRECEDENT, state))
    earlier = replace(
        version("1.0", VersionState.SUPERSEDED),
        superseded_by=later.ref,
        earlier_approval=EarlierApproval(by="authority", on=date(2029, 1, 1), reference="letter"),
    )
    known = register(taken, *subject, later, earlier)
    found = in_force((earlier, later), known, DAY)
    assert (found.ref if found else "") == stands
    assert version_effect(earlier, known, date(2028, 1, 1)).in_force is False


def test_a_withdrawn_version_is_not_in_force_from_its_day_on() -> None:
    """Until the day it is; without one it never is again."""
    found, taken, _ = approved()
    gone = replace(found, state=VersionState.WITHDRAWN, withdrawn_on=DAY)
    known = register(taken, gone)
    assert version_effect(gone, known, DAY - timedelta(days=1)).in_force
    assert version_effect(gone, known, DAY).reasons == (f"CPS/2.0 was withdrawn on {DAY}",)
    assert not version_effect(replace(gone, withdrawn_on=None), known, HELD_ON).in_force


def test_versions_that_supersede_each_other_come_to_an_answer() -> None:
    """A loop that should not be there ends: neither is in force."""
    one = replace(version("1.0", VersionState.SUPERSEDED), superseded_by="CPS/2.0")
    two = replace(version("2.0", VersionState.SUPERSEDED), superseded_by="CPS/1.0")
    assert in_force((one, two), register(one, two), DAY) is None


@pytest.mark.clause("sec:L1")
@pytest.mark.parametrize("on", ["version", "resolution"])
def test_what_rests_on_a_pending_approval_stands_and_falls_with_it(on: str) -> None:
    """A decision may rest on a version that is not approved yet; it falls when that is withdrawn."""
    below = version("3.0", VersionState.DRAFT)
    agreed = resolution(Verb.AGREED, "QTG", below)
    upper, taken, _ = approved()
    resting = replace(taken, rests_on=(below.ref if on == "version" else agreed.ref,))
    waits = replace(agreed, effective=date(2032, 1, 1))
    pending = version_effect(upper, register(below, waits, resting, upper), DAY)
    assert pending.in_force
    assert "pending" in pending.remarks[0]
    gone = replace(below, state=VersionState.WITHDRAWN)
    ended = replace(agreed, withdrawn=datetime(2031, 3, 20, tzinfo=UTC))
    fallen = version_effect(upper, register(gone, ended, resting, upper), DAY)
    assert fallen.stand is Stand.FELL
    assert "which fell" in fallen.reasons[0]


def test_what_falls_is_followed_through_approvals_and_dependencies() -> None:
    """A failed resolution takes its version with it, what rests on that, and what that approved."""
    upper, taken, _ = approved()
    resting = replace(resolution(Verb.DETERMINED, "QP"), rests_on=(upper.ref,))
    after = replace(resolution(Verb.DECIDED, "QP", place=2), rests_on=(resting.ref,))
    beside = resolution(Verb.NOTED, "QTG")
    resolutions = (taken, resting, after, beside)
    known = register(upper, *resolutions)
    assert what_falls(taken.key, resolutions, (upper,), known) == (
        upper.key,
        resting.key,
        after.key,
    )
    assert what_falls(beside.key, resolutions, (upper,), known) == ()


def test_resolutions_that_rest_on_each_other_come_to_an_answer() -> None:
    """A loop ends: what rests on itself stands by its own."""
    one = replace(resolution(Verb.AGREED, "QPA"), rests_on=("b",))
    other = replace(resolution(Verb.AGREED, "QP"), ref="b", rests_on=(one.ref,))
    assert resolution_effect(one, register(one, other), DAY).in_force


def test_what_is_beside_is_said() -> None:
    """A text not yet in force, a condition that may fail, short notice: remarks, no reasons."""
    found, taken, subject = approved((SUBSEQUENT, OPEN))
    aligned = replace(found, aligned_with="release 2 of the policy", aligned_from=date(2032, 1, 1))
    known = register(replace(taken, short_notice=True), *subject, aligned)
    effect = version_effect(aligned, known, DAY)
    assert effect.in_force
    assert [one.split()[0] for one in effect.remarks] == ["resolution", "stands", "aligned"]
    unknown = replace(aligned, aligned_from=None)
    assert "not yet in force" in version_effect(unknown, known, DAY).remarks[-1]
    past = version_effect(aligned, known, date(2032, 1, 1))
    assert not any(one.startswith("aligned") for one in past.remarks)


def test_what_was_approved_before_the_register_stands_from_that_day() -> None:
    """An approval that no resolution records counts from its day."""
    old = replace(
        version("1.0", VersionState.APPROVED),
        earlier_approval=EarlierApproval(by="authority", on=DAY, reference="letter 4"),
    )
    assert version_effect(old, register(old), DAY).in_force
    assert not version_effect(old, register(old), HELD_ON).in_force


def test_a_corrected_version_stands_by_the_approval_subject_to_corrections() -> None:
    """What was approved subject to corrections is the version that makes them, once they are made."""
    first, taken, subject = approved((AMENDMENT, MET))
    second = version("2.1", VersionState.APPROVED, corrects=first.ref)
    assert version_effect(second, register(taken, *subject, first, second), DAY).in_force
    waiting = tuple(replace(one, state=OPEN) for one in subject)
    effect = version_effect(second, register(taken, *waiting, first, second), DAY)
    assert effect.stand is Stand.NOT_YET


def test_a_resolution_of_no_meeting_has_effect_as_it_says() -> None:
    """Where the register does not know the day, the resolution's own dates alone count."""
    taken = replace(resolution(Verb.AGREED, "QPA"), item="nowhere")
    held, item = meeting("QPA", 22, DAY)
    at = replace(taken, item=item.ref)
    assert resolution_effect(taken, register(taken), date(2030, 1, 1)).in_force
    assert not resolution_effect(at, register(item, held, at), HELD_ON).in_force
    assert document(DocumentKind.REPORT).standing == "kept"


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize(
    ("state", "stand"),
    [
        (VersionState.APPROVED, Stand.IN_FORCE),
        (VersionState.APPROVED_WITH_CONDITION, Stand.NOT_SHOWN),
        (VersionState.DRAFT, Stand.NOT_YET),
    ],
)
def test_of_what_is_withheld_the_recorded_state_counts(state: VersionState, stand: Stand) -> None:
    """Who may not know the resolution is told what the version says, and no more."""
    found, _, _ = approved()
    effect = version_effect(replace(found, state=state, resolutions=()), register(), DAY)
    assert effect.stand is stand
    assert "QPA" not in " ".join((*effect.reasons, *effect.remarks))
    found, taken, _ = approved((PRECEDENT, OPEN))
    known = register(taken, found)
    assert version_effect(found, known, DAY).stand is Stand.NOT_SHOWN


def test_as_recorded_a_version_has_effect_from_its_date() -> None:
    """Who may not know when it was approved is told that it stands from the day that it bears."""
    later = replace(version("2.0", VersionState.APPROVED), dated=DAY)
    earlier = replace(version("1.0", VersionState.SUPERSEDED), superseded_by=later.ref)
    known = register(later, earlier)
    assert in_force((earlier, later), known, DAY) == later
    assert in_force((earlier, later), known, DAY - timedelta(days=1)) == earlier


@pytest.mark.clause("sec:M4.13")
def test_a_version_has_no_effect_before_its_date_where_the_meeting_is_withheld() -> None:
    """Who knows the approval and not the day of its meeting goes by the version's own date."""
    later, taken, _ = approved()
    later, taken = replace(later, dated=DAY), replace(taken, item="withheld")
    earlier = replace(version("1.0", VersionState.SUPERSEDED), superseded_by=later.ref)
    known = register(taken, later, earlier)
    assert version_effect(later, known, DAY).in_force
    assert version_effect(later, known, DAY - timedelta(days=1)).stand is Stand.NOT_YET
    said = replace(taken, effective=DAY - timedelta(days=9))
    before = DAY - timedelta(days=1)
    assert version_effect(later, register(said, later, earlier), before).in_force


def test_what_rests_on_much_is_answered_at_once() -> None:
    """Layers of decisions that each rest on all of the layer below: each is asked once, words stay few."""
    layers = [
        [replace(resolution(Verb.AGREED, "QPA", place=one), ref=f"{depth}/{one}") for one in (1, 2)]
        for depth in range(40)
    ]
    resting = [
        replace(one, rests_on=tuple(each.ref for each in layers[depth + 1]))
        for depth, layer in enumerate(layers[:-1])
        for one in layer
    ]
    top = resting[0]
    assert resolution_effect(top, register(*resting, *layers[-1]), DAY).in_force
    gone = [replace(one, until=HELD_ON) for one in resting[40:42]]
    fallen = resolution_effect(top, register(*resting, *gone), DAY)
    assert fallen.stand is Stand.FELL
    assert sum(map(len, fallen.reasons)) < 4_000


def test_a_long_line_of_versions_is_answered() -> None:
    """Each superseded by the next, more of them than anybody follows: the last one is in force."""
    versions = [
        replace(
            version(f"1.{number}", VersionState.SUPERSEDED), superseded_by=f"CPS/1.{number + 1}"
        )
        for number in range(600)
    ]
    last = version("1.600", VersionState.APPROVED)
    known = register(*versions, last)
    assert in_force((*versions, last), known, DAY) == last
