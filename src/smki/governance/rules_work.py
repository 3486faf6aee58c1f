"""Rules of work packages and risks.

    work package   recommended, then approved by the funding board; more than that is an increase: of a
                   nominal one the panel's chair is told, a significant one the board approves
    risk           outside the remit it is referred to a body; watched or closed by a resolution

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.bodies import BodyRole, Committee
from smki.governance.entities.minutes import Resolution, Verb
from smki.governance.entities.work import (
    Increase,
    IncreaseSize,
    Risk,
    RiskState,
    WorkPackage,
)
from smki.governance.looking import look
from smki.governance.routes import has_role
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:C6"
_QUARTERS: Final = range(1, 5)
_DECIDED: Final = frozenset({RiskState.WATCHED, RiskState.CLOSED})


def _package(step: Step, after: WorkPackage, _: object) -> Iterator[Finding]:
    form = f"{after.body}/{after.year}-Q{after.quarter}"
    if after.quarter not in _QUARTERS or after.ref != form:
        yield _wrong(after, "work.quarter", f"must be called body/year-Q1 to Q4, as {form}")
    if any(one.days < 0 for one in after.activities):
        yield _wrong(after, "work.estimate", "an estimate is below 0, must be 0 or more")
    if after.recommended_by and not _is_of(step, after.recommended_by, Verb.RECOMMENDED):
        yield _wrong(after, "work.recommended", f"{after.recommended_by} does not recommend it")
    if not after.approved_by:
        return
    if not after.recommended_by:
        yield _wrong(after, "work.approved", "is approved, must be recommended first")
    if not _is_boards(step, after.approved_by):
        yield _wrong(
            after, "work.approved", f"{after.approved_by} is no approval of the funding board"
        )


def _increases(step: Step, after: WorkPackage, before: WorkPackage | None) -> Iterator[Finding]:
    if after.increases and not after.approved_by:
        yield _wrong(after, "work.increase", "is increased, must be approved first")
    for one in after.increases:
        yield from _increase(step, after, one)
    if before is None or not before.approved_by:
        return
    if (before.activities, before.approved_by) != (after.activities, after.approved_by):
        yield _wrong(after, "work.stays", "is approved, what is more is an increase")
    if after.increases[: len(before.increases)] != before.increases:
        yield _wrong(after, "work.stays", "an increase was granted, which stays")


def _increase(step: Step, after: WorkPackage, one: Increase) -> Iterator[Finding]:
    if one.days <= 0 or not one.reason:
        yield _wrong(after, "work.increase", f"by {one.days} days, must be more, and say why")
    if one.size is IncreaseSize.NOMINAL and one.told is None:
        yield _wrong(after, "work.increase", "is nominal, the panel's chair must be told")
    if one.size is IncreaseSize.SIGNIFICANT and not _is_boards(step, one.approved_by):
        yield _wrong(after, "work.increase", "is significant, the funding board must approve it")


def _risk(step: Step, after: Risk, before: Risk | None) -> Iterator[Finding]:
    if after.state is RiskState.REFERRED and look(step.known, Committee, after.referred_to) is None:
        yield _wrong(after, "risk.referred", f"{after.referred_to!r} is no body to refer it to")
    if after.in_remit is False and after.state not in (RiskState.REFERRED, RiskState.CLOSED):
        yield _wrong(after, "risk.remit", "is outside the remit, must be referred to a body")
    if after.state in _DECIDED and look(step.known, Resolution, after.decided_by) is None:
        yield _wrong(after, "risk.decided", f"is {after.state.value}, a resolution must say so")
    if before is not None and before.text != after.text:
        yield _wrong(after, "risk.stays", "what may happen stays, another risk is another entry")


def _is_of(step: Step, ref: str, verb: Verb) -> bool:
    found = look(step.known, Resolution, ref)
    return found is not None and found.verb is verb


def _is_boards(step: Step, ref: str) -> bool:
    found = look(step.known, Resolution, ref)
    if found is None or found.verb is not Verb.APPROVED:
        return False
    return has_role(BodyRole.FUNDING_BOARD, found.bodies, step.known)


def _wrong(after: WorkPackage | Risk, rule: str, message: str) -> Finding:
    return finding(after, rule, message, CLAUSE)


WORK: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.WORK_PACKAGE: rules_of(WorkPackage, _package, _increases),
        Kind.RISK: rules_of(Risk, _risk),
    }
)
"""Rules of work packages and risks.

Clause: sec:C6
"""
