"""Rules of modifications: one number for life, stages only forward, and what a body wants of each.

    draft proposal > development > problem defined > converted > refinement > report > decision > release
    converted > report, where nothing needs refining
    any before the decision > withdrawn, by a rule, with a day of its own from which that is

Of a legacy one, SECMPnnnn, the first stages are not in the register.

Clause: sec:D
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.bodies import BodyRole, Committee
from smki.governance.entities.correspondence import (
    Correspondence,
    CorrespondenceKind,
)
from smki.governance.entities.minutes import Resolution
from smki.governance.entities.modifications import (
    NEXT_INTERESTS,
    NEXT_STAGES,
    InterestState,
    Modification,
    ModificationInterest,
    Stage,
    Verdict,
)
from smki.governance.looking import look
from smki.governance.routes import has_role
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:D"
_BY: Final[Mapping[Stage, BodyRole]] = {
    Stage.PROBLEM_DEFINED: BodyRole.CHANGE_SUB_COMMITTEE,
    Stage.CONVERTED: BodyRole.PANEL,
}
_DECIDED: Final = frozenset({Stage.DECISION, Stage.RELEASE})
_SENT: Final = frozenset(
    {
        InterestState.STATEMENT_SENT,
        InterestState.ACKNOWLEDGED,
        InterestState.SHOWN,
        InterestState.RE_EVALUATED,
        InterestState.NOT_RE_EVALUATED,
    }
)


def _number(_: Step, after: Modification, before: Modification | None) -> Iterator[Finding]:
    if after.number < 1 or after.ref != f"{after.number:03d}":
        yield _wrong(after, "number", f"number {after.number}, must be called by its three digits")
    if before is not None and (before.legacy, before.proposer) != (after.legacy, after.proposer):
        yield _wrong(after, "stays", "whose it is and how it was first cited stays")


def _stages(_: Step, after: Modification, before: Modification | None) -> Iterator[Finding]:
    if not after.stages:
        yield _wrong(after, "stage", "reached no stage, is a draft proposal at least")
        return
    if not after.legacy and after.stages[0].stage is not Stage.DRAFT_PROPOSAL:
        yield _wrong(after, "stage", f"begins as {after.stages[0].stage.value}, must as a draft")
    for one, later in pairwise(after.stages):
        if later.stage not in NEXT_STAGES[one.stage]:
            yield _wrong(after, "stage", f"{later.stage.value} cannot follow {one.stage.value}")
        if later.on < one.on:
            yield _wrong(
                after, "stage", f"{later.stage.value} on {later.on}, before what it follows"
            )
    if before is not None and after.stages[: len(before.stages)] != before.stages:
        yield _wrong(after, "stage", "what it reached stays, stages go forward only")


def _taken_there(step: Step, after: Modification, _: object) -> Iterator[Finding]:
    """The change sub-committee agrees that the problem is defined, the panel converts."""
    for one in after.stages:
        role = _BY.get(one.stage)
        if role is None:
            continue
        if not one.resolution:
            if not one.by:
                yield _wrong(after, "by", f"{one.stage.value}: must say who took it there")
            continue
        found = look(step.known, Resolution, one.resolution)
        if found is None or not has_role(role, found.bodies, step.known):
            yield _wrong(
                after, "by", f"{one.stage.value}: {one.resolution} is not of the {role.value}"
            )
    if after.reached(Stage.PROBLEM_DEFINED) and (
        after.problem is None or not after.problem.approved
    ):
        yield _wrong(
            after, "problem", "is said to be defined, its problem statement is no more than a draft"
        )


def _ended(_: Step, after: Modification, __: object) -> Iterator[Finding]:
    withdrawn = after.reached(Stage.WITHDRAWN) is not None
    if withdrawn is not (after.withdrawal is not None):
        yield _wrong(
            after, "withdrawn", "withdrawn, by which rule and from when, are said together"
        )
    if after.withdrawal is not None and not after.withdrawal.rule:
        yield _wrong(after, "withdrawn", "is withdrawn, must say by which rule")
    if (after.verdict is not None) is not (after.reached(Stage.DECISION) is not None):
        yield _wrong(after, "decided", "its decision and what was decided are said together")
    if after.reached(Stage.RELEASE) and (
        after.verdict is not Verdict.APPROVED or not after.released_in
    ):
        yield _wrong(after, "released", "is released, must be approved and name the release")


def _interest(
    step: Step, after: ModificationInterest, before: ModificationInterest | None
) -> Iterator[Finding]:
    if look(step.known, Modification, after.modification) is None:
        yield _wants(after, "modification", f"modification {after.modification} is not there")
    if after.ref != f"{after.body}/{after.modification}":
        yield _wants(after, "name", f"must be called {after.body}/{after.modification}")
    if after.state is InterestState.REFERRED and not look(step.known, Committee, after.referred_to):
        yield _wants(after, "referred", f"{after.referred_to!r} is no body to refer it to")
    if after.resolution and look(step.known, Resolution, after.resolution) is None:
        yield _wants(after, "resolution", f"resolution {after.resolution} is not there")
    may = () if before is None else (before.state, *NEXT_INTERESTS[before.state])
    if before is not None and after.state not in may:
        said = " or ".join(one.value for one in may[1:])
        yield _wants(after, "state", f"was {before.state.value}, may become {said}")
    yield from _statement(step, after)


def _statement(step: Step, after: ModificationInterest) -> Iterator[Finding]:
    if after.state not in _SENT:
        return
    sent = look(step.known, Correspondence, after.statement)
    if sent is None or sent.kind is not CorrespondenceKind.FORMAL_STATEMENT:
        yield _wants(after, "statement", f"{after.statement!r} is no formal statement")
    if after.state is InterestState.STATEMENT_SENT:
        return
    answer = look(step.known, Correspondence, after.acknowledgement)
    if answer is None or answer.answers != after.statement:
        yield _wants(after, "statement", f"{after.acknowledgement!r} does not acknowledge it")


def _wrong(after: Modification, rule: str, message: str) -> Finding:
    return finding(after, f"modification.{rule}", message, CLAUSE)


def _wants(after: ModificationInterest, rule: str, message: str) -> Finding:
    return finding(after, f"interest.{rule}", message, CLAUSE)


MODIFICATIONS: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.MODIFICATION: rules_of(Modification, _number, _stages, _taken_there, _ended),
        Kind.MODIFICATION_INTEREST: rules_of(ModificationInterest, _interest),
    }
)
"""Rules of modifications and of what bodies want of them.

Clause: sec:D
"""
