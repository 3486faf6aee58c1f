"""Rules of directions and letters: what was said stays; what fulfils or answers it is shown.

Clause: sec:L1
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.correspondence import (
    Correspondence,
    CorrespondenceKind,
    Direction,
    DirectionSource,
)
from smki.governance.entities.documents import DocumentVersion
from smki.governance.entities.minutes import Resolution
from smki.governance.looking import look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

_ANSWERS: Final = frozenset({CorrespondenceKind.REPLY, CorrespondenceKind.ACKNOWLEDGEMENT})


def _direction(step: Step, after: Direction, before: Direction | None) -> Iterator[Finding]:
    if not any(after.demands):
        yield _direct(after, "demands", "demands nothing, must say what")
    if after.due is not None and after.due < after.dated:
        yield _direct(after, "due", f"is due on {after.due}, before its date")
    if after.fulfilled is not None and not (after.proof or after.entry is not None):
        yield _direct(after, "proof", "is fulfilled, must name what shows it")
    if after.fulfilled is not None and after.fulfilled < after.dated:
        yield _direct(after, "fulfilled", f"is fulfilled on {after.fulfilled}, before its date")
    if before is not None and _demanded(before) != _demanded(after):
        yield _direct(after, "stays", "what was directed, by whom and to whom, stays")
    if before is not None and before.fulfilled and before != after:
        yield _direct(after, "stays", f"was fulfilled on {before.fulfilled}, that stays")
    if after.version:
        yield from _lodge_this(step, after)


def _lodge_this(step: Step, after: Direction) -> Iterator[Finding]:
    version = look(step.known, DocumentVersion, after.version)
    if version is None:
        yield _direct(after, "version", f"version {after.version} is not there")
        return
    if after.source is not DirectionSource.AUTHORITY:
        yield _direct(after, "version", "directs to lodge, which is the authority's")
    if after.fulfilled is not None and after.entry != version.entry:
        yield _direct(after, "proof", f"{version.ref} is entry {version.entry}, not {after.entry}")


def _letter(step: Step, after: Correspondence, before: Correspondence | None) -> Iterator[Finding]:
    if not after.sender or not after.recipient:
        yield _sent(after, "names", "must say from whom it is and to whom")
    if after.resolution and look(step.known, Resolution, after.resolution) is None:
        yield _sent(after, "carries", f"resolution {after.resolution} is not there")
    if after.answer_until is not None and after.answer_until < after.dated:
        yield _sent(
            after, "answer", f"is to be answered until {after.answer_until}, before its date"
        )
    if after.kind in _ANSWERS and not after.answers:
        yield _sent(after, "answer", f"is a {after.kind.value}, must name what it answers")
    if (
        before is not None
        and replace(
            before,
            label=after.label,
            answer_until=after.answer_until,
            answered_by=after.answered_by,
        )
        != after
    ):
        yield _sent(after, "stays", "was sent, what it says stays")
    yield from _pair(step, after)


def _pair(step: Step, after: Correspondence) -> Iterator[Finding]:
    asked = look(step.known, Correspondence, after.answers)
    if after.answers and asked is None:
        yield _sent(after, "answer", f"answers {after.answers}, which is not there")
    answer = look(step.known, Correspondence, after.answered_by)
    if after.answered_by and (answer is None or answer.answers != after.ref):
        yield _sent(after, "answer", f"{after.answered_by} does not answer it")


def _demanded(one: Direction) -> tuple[object, ...]:
    return (one.source, one.to, one.dated, one.demands, one.version)


def _direct(after: Direction, rule: str, message: str) -> Finding:
    return finding(after, f"direction.{rule}", message, "sec:L5.3")


def _sent(after: Correspondence, rule: str, message: str) -> Finding:
    return finding(after, f"correspondence.{rule}", message, "sec:L1")


CORRESPONDENCE: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.DIRECTION: rules_of(Direction, _direction),
        Kind.CORRESPONDENCE: rules_of(Correspondence, _letter),
    }
)
"""Rules of directions and letters.

Clause: sec:L1, sec:L5.3
"""
