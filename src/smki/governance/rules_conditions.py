"""Rules of conditions, and of what a resolution rests on.

    open > met, when who judges it says so, with what shows it; > failed
    met > failed: a condition subsequent can fail later

What a condition says stays. One that depends on a consultation is met when that is concluded without
a material answer, and has failed when there is one, whatever is recorded (`governance.conditions`).

Clause: sec:L9
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.conditions import material_answers
from smki.governance.entities import Kind
from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.consulting import Consultation
from smki.governance.entities.documents import DocumentVersion
from smki.governance.entities.meetings import AgendaItem
from smki.governance.entities.minutes import (
    Condition,
    ConditionKind,
    ConditionState,
    Minutes,
    Resolution,
)
from smki.governance.looking import look
from smki.governance.reading import label_of
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:L9"
_S = ConditionState
NEXT_CONDITIONS: Final[Mapping[ConditionState, tuple[ConditionState, ...]]] = MappingProxyType(
    {_S.OPEN: (_S.MET, _S.FAILED), _S.MET: (_S.FAILED,), _S.FAILED: ()}
)
"""What may become of a condition; only a condition subsequent fails after it was met."""


def _forward(_: Step, after: Condition, before: Condition | None) -> Iterator[Finding]:
    if before is None:
        return
    if (before.kind, before.text, before.consultation) != (
        after.kind,
        after.text,
        after.consultation,
    ):
        yield _wrong(after, "stays", "what was said when it was made a condition stays")
    if before.state is after.state:
        return
    may = NEXT_CONDITIONS[before.state]
    lasting = before.state is _S.MET and after.kind is not ConditionKind.SUBSEQUENT
    if after.state not in may or lasting:
        yield _wrong(
            after, "state", f"was {before.state.value}, is now {after.state.value}: cannot be"
        )


def _added(step: Step, after: Condition, before: Condition | None) -> Iterator[Finding]:
    """What approved minutes record is subject to what they say, and to nothing more."""
    resolution = look(step.known, Resolution, after.resolution)
    item = look(step.known, AgendaItem, resolution.item) if resolution else None
    if before is not None or resolution is None or item is None:
        return
    confidential = label_of(resolution, step.known).is_confidential
    kept_in = MinutesSet.CONFIDENTIAL if confidential else MinutesSet.OPEN
    minutes = look(step.was, Minutes, f"{item.meeting}/{kept_in.value}")
    if minutes is not None and minutes.state.is_approved:
        yield _wrong(after, "added", f"{minutes.ref} is approved, no condition is added to it")


def _judged(step: Step, after: Condition, _: object) -> Iterator[Finding]:
    if after.state is _S.OPEN:
        return
    if not after.judge:
        yield _wrong(after, "judge", f"is {after.state.value}, must say who judged that")
    if not after.outcome:
        yield _wrong(after, "outcome", f"is {after.state.value}, must say what shows it")
    if after.state is not _S.MET or not after.consultation:
        return
    consultation = look(step.known, Consultation, after.consultation)
    if consultation is None:
        yield _wrong(after, "consultation", f"{after.consultation} is not there")
    elif consultation.concluded is None:
        yield _wrong(after, "consultation", f"{after.consultation} is not concluded")
    elif answers := material_answers(consultation, step.known):
        names = ", ".join(one.ref for one in answers)
        yield _wrong(after, "consultation", f"has material answers: {names}; it has failed")


def _rests(step: Step, after: Resolution, _: object) -> Iterator[Finding]:
    for ref in after.rests_on:
        if ref == after.ref:
            yield _wrong(after, "rests", "rests on itself")
        elif not look(step.known, Resolution, ref) and not look(step.known, DocumentVersion, ref):
            yield _wrong(after, "rests", f"rests on {ref}, no resolution or version is called so")


def _wrong(after: Condition | Resolution, rule: str, message: str) -> Finding:
    return finding(after, f"condition.{rule}", message, CLAUSE)


CONDITIONS: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.CONDITION: rules_of(Condition, _forward, _added, _judged),
        Kind.RESOLUTION: rules_of(Resolution, _rests),
    }
)
"""Rules of conditions and dependencies.

Clause: sec:L9
"""
