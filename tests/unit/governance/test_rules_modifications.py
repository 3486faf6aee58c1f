"""Modifications and what bodies want of them: one number for life, stages only forward."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.support.decided import PANEL, refused, register, resolution

from smki.governance.entities import Entity
from smki.governance.entities.bodies import BodyRole
from smki.governance.entities.correspondence import (
    Correspondence,
    CorrespondenceKind,
)
from smki.governance.entities.minutes import Verb
from smki.governance.entities.modifications import (
    NEXT_INTERESTS,
    NEXT_STAGES,
    InterestState,
    Modification,
    ModificationInterest,
    ProblemStatement,
    Stage,
    StageReached,
    Verdict,
    Withdrawal,
)
from smki.governance.rules_modifications import MODIFICATIONS

DAY = date(2031, 3, 1)
CHANGE = replace(
    PANEL, ref="QCS", kind=PANEL.kind.SUB_COMMITTEE, roles=(BodyRole.CHANGE_SUB_COMMITTEE,)
)
CONVERTED = resolution(Verb.DECIDED, "QP")
OTHERS = resolution(Verb.AGREED, "QTG")
PROBLEM = ProblemStatement(issue="Certificates expire unseen.", approved=DAY)
S = Stage
WAY = (S.DRAFT_PROPOSAL, S.DEVELOPMENT, S.PROBLEM_DEFINED, S.CONVERTED, S.REFINEMENT, S.REPORT)


def stages(*some: Stage) -> tuple[StageReached, ...]:
    """These stages, a month after each other."""
    return tuple(
        StageReached(stage=one, on=DAY + timedelta(days=30 * at), by="change team")
        for at, one in enumerate(some)
    )


DRAFT = Modification(
    ref="073",
    body="QPA",
    number=73,
    name="Expiry notices",
    proposer="Ink Energy",
    stages=stages(S.DRAFT_PROPOSAL),
    problem=PROBLEM,
)
REPORTED = replace(DRAFT, stages=stages(*WAY))
DECIDED = replace(DRAFT, stages=stages(*WAY, S.DECISION), verdict=Verdict.APPROVED)
GONE = Withdrawal(rule="by its proposer", on=DAY, effective=DAY + timedelta(days=9))


@pytest.mark.clause("sec:D")
@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (None, DRAFT, []),
        (None, replace(DRAFT, ref="73"), ["number"]),
        (None, replace(DRAFT, number=0, ref="000"), ["number"]),
        (None, replace(DRAFT, stages=()), ["stage"]),
        (None, replace(DRAFT, stages=stages(S.DEVELOPMENT)), ["stage"]),
        (None, replace(DRAFT, stages=stages(S.REFINEMENT), legacy=True), []),
        (DRAFT, REPORTED, []),
        (DRAFT, replace(DRAFT, stages=stages(S.DRAFT_PROPOSAL, S.REPORT)), ["stage"]),
        (REPORTED, replace(REPORTED, stages=stages(*WAY[:4])), ["stage"]),
        (REPORTED, replace(REPORTED, stages=stages(*WAY, S.DEVELOPMENT)), ["stage"]),
        (DRAFT, replace(DRAFT, proposer="Nib Power"), ["stays"]),
        (REPORTED, DECIDED, []),
        (REPORTED, replace(DECIDED, verdict=None), ["decided"]),
        (REPORTED, replace(REPORTED, verdict=Verdict.REJECTED), ["decided"]),
        (
            DECIDED,
            replace(DECIDED, stages=stages(*WAY, S.DECISION, S.RELEASE), released_in="June"),
            [],
        ),
        (DECIDED, replace(DECIDED, stages=stages(*WAY, S.DECISION, S.RELEASE)), ["released"]),
        (
            None,
            replace(
                DECIDED,
                stages=stages(*WAY, S.DECISION, S.RELEASE),
                released_in="June",
                verdict=Verdict.REJECTED,
            ),
            ["released"],
        ),
        (DRAFT, replace(DRAFT, stages=stages(S.DRAFT_PROPOSAL, S.WITHDRAWN), withdrawal=GONE), []),
        (DRAFT, replace(DRAFT, stages=stages(S.DRAFT_PROPOSAL, S.WITHDRAWN)), ["withdrawn"]),
        (DRAFT, replace(DRAFT, withdrawal=GONE), ["withdrawn"]),
        (
            DRAFT,
            replace(
                DRAFT,
                stages=stages(S.DRAFT_PROPOSAL, S.WITHDRAWN),
                withdrawal=replace(GONE, rule=""),
            ),
            ["withdrawn"],
        ),
        (None, replace(REPORTED, problem=replace(PROBLEM, approved=None)), ["problem"]),
        (None, replace(REPORTED, problem=None), ["problem"]),
    ],
)
def test_a_modification_goes_forward_only(
    before: Entity | None, after: Entity, rule: list[str]
) -> None:
    """From draft proposal to release, one stage after the other; withdrawn by a rule before that."""
    there = () if before is None else (before,)
    found = refused((after,), register(CHANGE, *there), MODIFICATIONS)
    assert found == [f"modification.{one}" for one in rule]


@pytest.mark.clause("sec:D")
@pytest.mark.parametrize("one", list(Stage))
@pytest.mark.parametrize("other", list(Stage))
def test_no_stage_comes_again(one: Stage, other: Stage) -> None:
    """The table has no way back: from what a stage leads to, nothing leads to it."""
    reached, waiting = set(), {one}
    while waiting:
        at = waiting.pop()
        reached |= set(NEXT_STAGES[at])
        waiting |= set(NEXT_STAGES[at])
    assert one not in reached
    assert not (other in reached and one in NEXT_STAGES[other])


@pytest.mark.clause("sec:D")
@pytest.mark.parametrize(
    ("reached", "rule"),
    [
        ({"resolution": CONVERTED.ref}, []),
        ({"resolution": OTHERS.ref}, ["modification.by"]),
        ({"resolution": "gone"}, ["modification.by"]),
        ({"by": ""}, ["modification.by"]),
    ],
)
def test_the_panel_converts(reached: dict[str, Any], rule: list[str]) -> None:
    """Conversion is by a resolution of the panel, or by whom is said if that is not in the register."""
    way = stages(*WAY[:4])
    last = replace(way[-1], **reached)
    after = replace(DRAFT, stages=(*way[:-1], last))
    known = register(CHANGE, CONVERTED, OTHERS, DRAFT)
    assert refused((after,), known, MODIFICATIONS) == rule


def test_days_of_stages_go_forward() -> None:
    """A stage is not reached before the one that it follows."""
    one, other = stages(S.DRAFT_PROPOSAL, S.DEVELOPMENT)
    after = replace(DRAFT, stages=(one, replace(other, on=DAY - timedelta(days=1))))
    assert refused((after,), register(DRAFT), MODIFICATIONS) == ["modification.stage"]


@pytest.mark.parametrize(
    ("found", "cited"),
    [
        (DRAFT, "DP073"),
        (replace(DRAFT, stages=stages(*WAY[:3])), "DP073"),
        (replace(DRAFT, stages=stages(*WAY[:4])), "MP073"),
        (replace(DRAFT, stages=stages(*WAY[:4], S.WITHDRAWN)), "MP073"),
        (replace(DRAFT, stages=stages(S.DRAFT_PROPOSAL, S.WITHDRAWN)), "DP073"),
        (replace(DRAFT, legacy=True), "SECMP0073"),
    ],
)
def test_one_number_for_life(found: Modification, cited: str) -> None:
    """DP becomes MP when it is converted, with the same digits; old papers' form is found, too."""
    assert (found.reference, found.title) == (cited, f"{cited} Expiry notices")
    assert {"DP073", "MP073"} <= set(found.texts)
    assert found.cited_on(DAY) == ("SECMP0073" if found.legacy else "DP073")


SENT = Correspondence(
    ref="QPA-L-1",
    body="QPA",
    kind=CorrespondenceKind.FORMAL_STATEMENT,
    sender="QPA",
    recipient="change team",
    dated=DAY,
    subject="DP073",
)
RECEIVED = replace(SENT, ref="QPA-L-2", kind=CorrespondenceKind.ACKNOWLEDGEMENT, answers=SENT.ref)
W = InterestState
INTEREST = ModificationInterest(
    ref="QPA/073", body="QPA", modification="073", state=W.WANTS_UPDATE, since=DAY
)
STATED = replace(INTEREST, state=W.STATEMENT_SENT, statement=SENT.ref)


@pytest.mark.clause("sec:D")
@pytest.mark.parametrize(
    ("after", "rule"),
    [
        (INTEREST, []),
        (replace(INTEREST, ref="QPA/74", modification="074"), ["modification", "name"]),
        (replace(INTEREST, state=W.REFERRED, referred_to="QTG"), []),
        (replace(INTEREST, state=W.REFERRED), ["referred"]),
        (replace(INTEREST, resolution="gone"), ["resolution"]),
        (STATED, []),
        (replace(STATED, statement=RECEIVED.ref), ["statement"]),
        (replace(STATED, state=W.ACKNOWLEDGED, acknowledgement=RECEIVED.ref), ["state"]),
        (replace(STATED, state=W.ACKNOWLEDGED), ["state", "statement"]),
    ],
)
def test_a_body_says_what_it_wants(after: ModificationInterest, rule: list[str]) -> None:
    """An update, a comment, nothing any more; a formal statement is there, and its answer."""
    known = register(DRAFT, SENT, RECEIVED, INTEREST)
    found = refused((after,), known, MODIFICATIONS)
    assert found == [f"interest.{one}" for one in rule]


def test_a_statement_takes_its_way_to_the_proposers_answer() -> None:
    """Sent, acknowledged, shown to the working group, re-evaluated or not; then a body may go on."""
    at = replace(STATED, acknowledgement=RECEIVED.ref)
    for state in (W.ACKNOWLEDGED, W.SHOWN, W.NOT_RE_EVALUATED, W.WANTS_UPDATE):
        after = replace(at, state=state)
        assert refused((after,), register(DRAFT, SENT, RECEIVED, at), MODIFICATIONS) == []
        at = after
    assert set(NEXT_INTERESTS) == set(W)
