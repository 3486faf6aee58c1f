"""The routes of documents: the table word for word, what is done of each, what is next."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from tests.support.decided import (
    PANEL,
    approved,
    condition,
    document,
    register,
    resolution,
    version,
)

from smki.governance.entities import Entity, Kind
from smki.governance.entities.bodies import BodyKind, BodyRole, Committee
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.documents import DocumentKind, DocumentVersion, VersionState
from smki.governance.entities.minutes import (
    Comment,
    ConditionKind,
    ConditionState,
    Resolution,
    Verb,
)
from smki.governance.progress import Progress, approvals, awaited, progress
from smki.governance.routes import ROUTES, RouteAct, roles_of, route_of

DAY = date(2031, 4, 1)
DRAFT = version()
ROUND = CommentRound(
    ref="CPS/2.0/r1",
    about_kind=Kind.VERSION,
    about=DRAFT.ref,
    invitees=("the users' forum",),
    opens=date(2031, 3, 10),
    closes=DAY,
    compiled_by="secretariat",
    compiled_on=DAY,
)
CONSULTATION = Consultation(
    ref="CPS/2.0/q1",
    version=DRAFT.ref,
    by="operator",
    changed=("the scope",),
    opens=date(2031, 3, 10),
    closes=DAY,
    concluded=DAY,
)


def resolved(*resolutions: Resolution, draft: DocumentVersion = DRAFT) -> tuple[Entity, ...]:
    """The version with what was resolved about it."""
    refs = tuple(one.ref for one in resolutions)
    return (replace(draft, resolutions=refs), *resolutions)


def shown(found: Progress) -> tuple[str, str]:
    """What is done, and what is next, in words."""
    return ", ".join(str(one.step) for one in found.done), ", ".join(map(str, found.next))


def taken(verb: Verb, body: str, place: int = 1) -> Resolution:
    """That body resolved about the version."""
    return resolution(verb, body, DRAFT, place=place)


AGREED, RECOMMENDED = taken(Verb.AGREED, "QPA"), taken(Verb.RECOMMENDED, "QPA")
TESTED = taken(Verb.RECOMMENDED, "QTG")
DETERMINED, APPROVED = taken(Verb.DETERMINED, "QP"), taken(Verb.APPROVED, "QP", 2)
LATER = datetime(2031, 3, 9, tzinfo=UTC)
_K = DocumentKind


@pytest.mark.clause("sec:L9", "sec:L9.8", "sec:C6")
@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        (_K.PRACTICE_STATEMENT, "1 authority approves"),
        (_K.TERMS_OF_REFERENCE, "1 authority agrees, 2 outside-group comments, 3 panel approves"),
        (_K.APPROACH, "1 authority recommends, 2 operator consults, 3 panel approves"),
        (
            _K.REPORT,
            "1 authority recommends, 1 testing-group recommends, 2 panel determines, 3 panel approves",
        ),
    ],
)
def test_the_table_says_what_the_minutes_show(kind: DocumentKind, steps: str) -> None:
    """The four routes that are known stand in the table as they are."""
    route = ROUTES[kind]
    assert route.known
    assert ", ".join(f"{one.place} {one}" for one in route.steps) == steps


def test_every_kind_of_document_has_a_route_that_ends_in_one_approval() -> None:
    """No kind is without a row; the last step approves or agrees, alone in its place."""
    assert set(ROUTES) == set(DocumentKind)
    for route in ROUTES.values():
        assert route.last.act in {RouteAct.APPROVES, RouteAct.AGREES}
        assert [one.place for one in route.steps].count(route.last.place) == 1


@pytest.mark.parametrize(
    ("kind", "beside", "done", "following"),
    [
        (_K.PRACTICE_STATEMENT, (), "", "authority approves"),
        (_K.PRACTICE_STATEMENT, (AGREED,), "", "authority approves"),
        (_K.PRACTICE_STATEMENT, (taken(Verb.APPROVED, "QPA"),), "authority approves", ""),
        (_K.TERMS_OF_REFERENCE, (AGREED,), "authority agrees", "outside-group comments"),
        (
            _K.TERMS_OF_REFERENCE,
            (AGREED, ROUND),
            "authority agrees, outside-group comments",
            "panel approves",
        ),
        (
            _K.TERMS_OF_REFERENCE,
            (AGREED, replace(ROUND, compiled_on=None)),
            "authority agrees",
            "outside-group comments",
        ),
        (
            _K.TERMS_OF_REFERENCE,
            (AGREED, replace(ROUND, invitees=("QTG",))),
            "authority agrees",
            "outside-group comments",
        ),
        (_K.TERMS_OF_REFERENCE, (APPROVED,), "panel approves", "authority agrees"),
        (_K.APPROACH, (RECOMMENDED,), "authority recommends", "operator consults"),
        (
            _K.APPROACH,
            (RECOMMENDED, CONSULTATION, APPROVED),
            "authority recommends, operator consults, panel approves",
            "",
        ),
        (
            _K.APPROACH,
            (RECOMMENDED, replace(CONSULTATION, concluded=None), APPROVED),
            "authority recommends, panel approves",
            "operator consults",
        ),
        (
            _K.APPROACH,
            (RECOMMENDED, replace(CONSULTATION, by="QTG")),
            "authority recommends",
            "operator consults",
        ),
        (_K.REPORT, (), "", "authority recommends, testing-group recommends"),
        (_K.REPORT, (TESTED,), "testing-group recommends", "authority recommends"),
        (
            _K.REPORT,
            (RECOMMENDED, TESTED),
            "authority recommends, testing-group recommends",
            "panel determines",
        ),
        (
            _K.REPORT,
            (RECOMMENDED, TESTED, DETERMINED),
            "authority recommends, testing-group recommends, panel determines",
            "panel approves",
        ),
    ],
)
def test_what_is_done_and_what_is_next(
    kind: DocumentKind, beside: tuple[Entity, ...], done: str, following: str
) -> None:
    """Each step is done by its verb of its body, its round or its consultation, and by nothing else."""
    draft, *found = resolved(*(one for one in beside if isinstance(one, Resolution)))
    others = (one for one in beside if not isinstance(one, Resolution))
    assert isinstance(draft, DocumentVersion)
    assert shown(progress(draft, register(draft, *found, *others, document(kind)))) == (
        done,
        following,
    )


@pytest.mark.parametrize("failed", ["withdrawn", "condition"])
def test_a_resolution_that_fell_does_no_step(failed: str) -> None:
    """A recommendation that was withdrawn, or whose condition failed, is asked for again."""
    draft, one = resolved(RECOMMENDED)
    assert isinstance(draft, DocumentVersion)
    assert isinstance(one, Resolution)
    lost: tuple[Entity, ...] = (condition(one, ConditionKind.PRECEDENT, ConditionState.FAILED),)
    if failed == "withdrawn":
        lost = (replace(one, withdrawn=LATER),)
    known = register(draft, one, *lost, document(_K.APPROACH))
    assert shown(progress(draft, known)) == ("", "authority recommends")


def test_an_approval_may_be_subject_to_a_later_consultation() -> None:
    """The consultation that goes on counts as deferred; a material answer takes the approval away."""
    draft, one, two = resolved(RECOMMENDED, APPROVED)
    assert isinstance(draft, DocumentVersion)
    asked = replace(CONSULTATION, concluded=None)
    later = condition(APPROVED, ConditionKind.SUBSEQUENT, consultation=asked.ref)
    world = register(draft, one, two, asked, later, document(_K.APPROACH))
    found = progress(draft, world)
    assert found.next == ()
    assert [one.deferred for one in found.done] == [False, True, False]
    answer = Comment(
        ref="1",
        about_kind=Kind.CONSULTATION,
        about=asked.ref,
        by="Ink Energy",
        received=DAY,
        text="It is material.",
        material=True,
    )
    again = progress(draft, world.with_these(answer))
    assert shown(again) == ("authority recommends", "operator consults")


@pytest.mark.parametrize("made", [True, False])
def test_a_corrected_version_takes_over_what_was_done_once_corrections_are_made(
    *, made: bool
) -> None:
    """Open corrections hold the next body off; made, the version after them goes on from there."""
    state = ConditionState.MET if made else ConditionState.OPEN
    draft, one, two = resolved(RECOMMENDED, TESTED)
    corrections = condition(RECOMMENDED, ConditionKind.AMENDMENT, state)
    also = condition(TESTED, ConditionKind.AMENDMENT, state)
    second = version("2.1", corrects=DRAFT.ref)
    known = register(draft, one, two, corrections, also, second, document(_K.REPORT))
    found = progress(second, known)
    assert found.corrections == (() if made else (corrections, also))
    expected = "panel determines" if made else "authority recommends, testing-group recommends"
    assert shown(found)[1] == expected


def test_what_was_recommended_as_it_was_is_not_taken_over_by_another_version() -> None:
    """A version that corrects what nobody asked to correct takes its route from the beginning."""
    draft, one, two = resolved(RECOMMENDED, TESTED)
    second = version("2.1", corrects=DRAFT.ref)
    known = register(draft, one, two, second, document(_K.REPORT))
    assert shown(progress(second, known))[0] == ""


def test_versions_that_correct_each_other_come_to_an_answer() -> None:
    """A loop that should not be there ends."""
    one = version("2.0", corrects="CPS/2.1")
    other = version("2.1", corrects="CPS/2.0")
    assert shown(progress(one, register(one, other))) == ("", "authority approves")


def test_a_document_may_take_another_kinds_route() -> None:
    """A report that is no completion report is approved as the document says."""
    report = replace(document(_K.REPORT), route=_K.PRACTICE_STATEMENT)
    assert route_of(report) is ROUTES[_K.PRACTICE_STATEMENT]
    lost = version(of="GONE")
    assert progress(lost, register(lost)) == Progress(done=(), next=())
    assert approvals(lost, register(lost)) == ()


def test_the_newest_approval_is_the_last() -> None:
    """All approvals are kept in their order, those that were withdrawn, too; others are none."""
    found, first, _ = approved()
    again = resolution(Verb.APPROVED, "QPA", found, place=2)
    noted = resolution(Verb.NOTED, "QPA", found, place=3)
    both = replace(found, resolutions=(first.ref, noted.ref, again.ref, "gone"))
    gone = replace(first, withdrawn=LATER)
    assert approvals(both, register(gone, again, noted, both)) == (gone, again)


@pytest.mark.parametrize(
    ("body", "roles"),
    [
        (None, set()),
        (PANEL, {BodyRole.PANEL}),
        (replace(PANEL, kind=BodyKind.SUB_COMMITTEE, signs_as="smki-pma"), {BodyRole.AUTHORITY}),
        (replace(PANEL, kind=BodyKind.SUB_COMMITTEE), set()),
        (replace(PANEL, kind=BodyKind.EXTERNAL), {BodyRole.OUTSIDE_GROUP}),
        (
            replace(PANEL, kind=BodyKind.OPERATORS_BOARD, roles=(BodyRole.TESTING_GROUP,)),
            {BodyRole.OPERATOR, BodyRole.TESTING_GROUP},
        ),
    ],
)
def test_what_a_body_is_in_routes(body: Committee | None, roles: set[BodyRole]) -> None:
    """By what it says, by its kind, and by whose decisions it signs."""
    assert roles_of(body) == roles


def test_nothing_is_awaited_of_what_was_approved_or_has_ended() -> None:
    """Whoever may not know the resolution is not told that it is lacking."""
    for state in VersionState:
        draft = version("2.0", state)
        found = awaited(draft, register(draft))
        over = state.is_approved or state in (VersionState.SUPERSEDED, VersionState.WITHDRAWN)
        assert [str(one) for one in found] == ([] if over else ["authority approves"])
