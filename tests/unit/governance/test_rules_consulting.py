"""Comment rounds, consultations, answers and conditions: what is kept, and what is refused."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.decided import (
    HELD_ON,
    approved,
    condition,
    refused,
    register,
    resolution,
    version,
)

from smki.governance.entities import Kind
from smki.governance.entities.bodies import MinutesSet, Person, Seat, SeatCategory
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.documents import VersionState
from smki.governance.entities.minutes import (
    Comment,
    ConditionKind,
    ConditionState,
    Minutes,
    MinutesState,
    Verb,
)
from smki.governance.rules_conditions import CONDITIONS
from smki.governance.rules_consulting import CONSULTING

OPENS, CLOSES, AFTER = date(2031, 3, 10), date(2031, 3, 24), date(2031, 3, 25)
DRAFT = version()
ROUND = CommentRound(
    ref="CPS/2.0/r1",
    about_kind=Kind.VERSION,
    about=DRAFT.ref,
    invitees=("QTG", "Ink Energy"),
    opens=OPENS,
    closes=CLOSES,
)
ASKED = Consultation(
    ref="CPS/2.0/q1",
    version=DRAFT.ref,
    by="operator",
    changed=("the second region",),
    not_reopened=("the first region",),
    regression="none",
    opens=OPENS,
    closes=CLOSES,
)
COMMENT = Comment(
    ref="1",
    about_kind=Kind.COMMENT_ROUND,
    about=ROUND.ref,
    by="Ink Energy",
    received=OPENS,
    text="A table is missing.",
)
NIL = replace(COMMENT, ref="2", by="QTG", text="")
ANSWER = replace(COMMENT, ref="3", about_kind=Kind.CONSULTATION, about=ASKED.ref)
COMPILED = {"compiled_by": "secretariat", "compiled_on": AFTER}
ADA, BO = Person(ref="ada", name="Secretary"), Person(ref="bo", name="Member")
SEATS = (
    Seat(ref="QPA/s", body="QPA", category=SeatCategory.SECRETARIAT, votes=False, holder="ada"),
    Seat(ref="QPA/1", body="QPA", category=SeatCategory.NETWORKS, votes=True, holder="bo"),
)
OPEN, MET, FAILED = ConditionState.OPEN, ConditionState.MET, ConditionState.FAILED


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("change", "comment", "rule"),
    [
        ({}, COMMENT, []),
        ({"working_days": 10}, COMMENT, []),
        ({"working_days": 9}, COMMENT, ["consulting.days"]),
        ({"working_days": -1}, COMMENT, ["consulting.days"]),
        ({"closes": date(2031, 3, 9)}, COMMENT, ["consulting.days"]),
        ({"invitees": ()}, COMMENT, ["consulting.invitees", "consulting.stays"]),
        ({"opens": AFTER, "closes": AFTER}, COMMENT, ["consulting.stays"]),
        (COMPILED, COMMENT, ["consulting.compiled"]),
        (COMPILED, replace(COMMENT, disposition="a table is added"), []),
        (COMPILED, NIL, []),
        ({"compiled_on": AFTER}, NIL, ["consulting.compiled"]),
        ({**COMPILED, "compiled_on": OPENS}, NIL, ["consulting.compiled"]),
    ],
)
def test_a_comment_round_is_compiled_when_it_is_over(
    change: dict[str, Any], comment: Comment, rule: list[str]
) -> None:
    """After its last day, each comment with what became of it; days as they were said."""
    known = register(DRAFT, ROUND, comment)
    assert refused((replace(ROUND, **change),), known, CONSULTING) == rule


def test_a_round_ends_early_when_everybody_has_answered() -> None:
    """With an answer or nil return of each invitee there is nobody left to wait for."""
    early = replace(ROUND, compiled_by="secretariat", compiled_on=OPENS)
    done = replace(COMMENT, disposition="done")
    assert refused((early,), register(DRAFT, ROUND, done, NIL), CONSULTING) == []
    again = replace(early, compiled_on=AFTER)
    assert refused((again,), register(DRAFT, early, done, NIL), CONSULTING) == ["consulting.stays"]


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("change", "answer", "rule"),
    [
        ({}, ANSWER, []),
        ({"changed": ("",)}, ANSWER, ["consulting.wrapper", "consulting.stays"]),
        ({"not_reopened": ()}, ANSWER, ["consulting.stays"]),
        ({"regression": "some"}, ANSWER, ["consulting.stays"]),
        ({"closes": AFTER}, ANSWER, []),
        ({"concluded": AFTER}, ANSWER, ["consulting.concluded"]),
        ({"concluded": AFTER}, replace(ANSWER, text=""), []),
        ({"concluded": AFTER}, replace(ANSWER, material=False, judged_by="QPA"), []),
        ({"concluded": OPENS}, replace(ANSWER, text=""), ["consulting.concluded"]),
    ],
)
def test_a_consultation_is_concluded_when_each_answer_is_judged(
    change: dict[str, Any], answer: Comment, rule: list[str]
) -> None:
    """Its wrapper stays what was sent; it ends after its last day with every answer judged."""
    known = register(DRAFT, ASKED, answer)
    assert refused((replace(ASKED, **change),), known, CONSULTING) == rule


def test_what_was_concluded_stays_concluded() -> None:
    """The day on which a consultation ended does not change."""
    ended = replace(ASKED, concluded=AFTER)
    again = replace(ended, concluded=date(2031, 3, 26))
    assert refused((again,), register(DRAFT, ended), CONSULTING) == ["consulting.stays"]


@pytest.mark.parametrize(
    ("before", "after", "by", "rule"),
    [
        (None, COMMENT, "bo", []),
        (None, replace(COMMENT, received=date(2031, 3, 1)), "bo", ["consulting.time"]),
        (None, replace(COMMENT, disposition="no"), "bo", ["consulting.judged"]),
        (COMMENT, replace(COMMENT, disposition="no"), "bo", ["consulting.judged"]),
        (COMMENT, replace(COMMENT, disposition="no"), "ada", []),
        (COMMENT, replace(COMMENT, disposition="no"), "", []),
        (COMMENT, replace(COMMENT, text="Other."), "ada", ["consulting.stays"]),
        (COMMENT, replace(COMMENT, material=True, judged_by="QPA"), "ada", ["consulting.judged"]),
        (ANSWER, replace(ANSWER, material=True, judged_by="QPA"), "ada", []),
        (ANSWER, replace(ANSWER, material=True), "ada", ["consulting.judged"]),
        (
            ANSWER,
            replace(ANSWER, material=False, judged_by=ANSWER.by),
            "ada",
            ["consulting.judged"],
        ),
        (None, replace(COMMENT, about_kind=Kind.VERSION, about=DRAFT.ref), "bo", []),
    ],
)
def test_who_answers_does_not_judge(
    before: Comment | None, after: Comment, by: str, rule: list[str]
) -> None:
    """Members answer while it is open; secretariat and chair say what became of it; words stay."""
    there = () if before is None else (before,)
    known = register(DRAFT, ROUND, ASKED, ADA, BO, *SEATS, *there)
    assert refused((after,), known, CONSULTING, by=by) == rule


@pytest.mark.parametrize("kind", [Kind.COMMENT_ROUND, Kind.CONSULTATION])
def test_nothing_is_answered_to_what_is_over(kind: Kind) -> None:
    """A comment after the round was compiled, or the consultation concluded, is refused."""
    over = replace(ROUND, compiled_on=CLOSES), replace(ASKED, concluded=CLOSES)
    about = ROUND.ref if kind is Kind.COMMENT_ROUND else ASKED.ref
    late = replace(COMMENT, about_kind=kind, about=about, received=AFTER)
    assert refused((late,), register(DRAFT, *over), CONSULTING) == ["consulting.time"]


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize("kind", list(ConditionKind))
@pytest.mark.parametrize("before", list(ConditionState))
@pytest.mark.parametrize("after", list(ConditionState))
def test_a_condition_goes_forward_only(
    kind: ConditionKind, before: ConditionState, after: ConditionState
) -> None:
    """Open becomes met or failed; what was met fails later only if it is a condition subsequent."""
    found, taken, (one,) = approved((kind, before))
    changed = condition(taken, kind, after)
    may = {(OPEN, MET), (OPEN, FAILED)} | (
        {(MET, FAILED)} if kind is ConditionKind.SUBSEQUENT else set()
    )
    expected = [] if before is after or (before, after) in may else ["condition.state"]
    assert refused((changed,), register(taken, found, one), CONDITIONS) == expected


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"deadline": AFTER}, []),
        ({"text": "something else"}, ["condition.stays"]),
        ({"kind": ConditionKind.SUBSEQUENT}, ["condition.stays"]),
        ({"state": MET, "outcome": "seen"}, []),
        ({"state": MET}, ["condition.outcome"]),
        ({"state": MET, "outcome": "seen", "judge": ""}, ["condition.judge"]),
    ],
)
def test_a_condition_says_who_judged_it_and_what_shows_it(
    change: dict[str, Any], rule: list[str]
) -> None:
    """What it says stays; met or failed needs a judge and an outcome."""
    found, taken, (one,) = approved((ConditionKind.PRECEDENT, OPEN))
    known = register(taken, found, one)
    assert refused((replace(one, **change),), known, CONDITIONS) == rule


@pytest.mark.clause("sec:L9")
@pytest.mark.parametrize(
    ("concluded", "material", "rule"),
    [
        (AFTER, False, []),
        (None, False, ["condition.consultation"]),
        (AFTER, True, ["condition.consultation"]),
    ],
)
def test_a_condition_on_a_consultation_is_met_when_that_ends_well(
    *, concluded: date | None, material: bool, rule: list[str]
) -> None:
    """Not before it is concluded, and not with a material answer; it may be said to have failed."""
    found, taken, _ = approved((ConditionKind.SUBSEQUENT, OPEN))
    one = condition(taken, ConditionKind.SUBSEQUENT, consultation=ASKED.ref)
    ended = replace(ASKED, concluded=concluded)
    answer = replace(ANSWER, material=material, judged_by="QPA")
    known = register(taken, found, one, ended, answer)
    met = replace(one, state=MET, outcome="the consultation")
    assert refused((met,), known, CONDITIONS) == rule
    assert refused((replace(met, state=FAILED),), known, CONDITIONS) == []


def test_a_condition_on_no_consultation_is_not_met() -> None:
    """A consultation that is not there is nothing to rely on."""
    found, taken, _ = approved((ConditionKind.SUBSEQUENT, OPEN))
    one = condition(taken, ConditionKind.SUBSEQUENT, MET, consultation="gone")
    assert refused((one,), register(taken, found), CONDITIONS) == ["condition.consultation"]


@pytest.mark.parametrize(("ref", "rule"), [("CPS/2.0", []), ("self", ["condition.rests"])])
def test_a_resolution_rests_on_what_is_there(ref: str, rule: list[str]) -> None:
    """On a resolution or a version of the register, and not on itself."""
    draft = version("2.0", VersionState.DRAFT)
    taken = resolution(Verb.AGREED, "QPA")
    on = taken.ref if ref == "self" else ref
    assert refused((replace(taken, rests_on=(on,)),), register(draft), CONDITIONS) == rule
    gone = replace(taken, rests_on=("gone",))
    assert refused((gone,), register(), CONDITIONS) == ["condition.rests"]


@pytest.mark.parametrize(
    ("state", "rule"),
    [(MinutesState.DRAFT, []), (MinutesState.APPROVED_AS_WRITTEN, ["condition.added"])],
)
def test_approved_minutes_get_no_more_conditions(state: MinutesState, rule: list[str]) -> None:
    """What a resolution of approved minutes is subject to is what they say."""
    found, taken, (one,) = approved((ConditionKind.PRECEDENT, OPEN))
    held = f"QPA_21_{HELD_ON:%d%m}"
    minutes = Minutes(
        ref=f"{held}/confidential", meeting=held, set=MinutesSet.CONFIDENTIAL, state=state
    )
    assert refused((one,), register(taken, found, minutes), CONDITIONS) == rule
    met = replace(one, state=MET, outcome="seen")
    assert refused((met,), register(taken, found, minutes, one), CONDITIONS) == []
