"""How far a version is on the route of its document: what is done, what is next.

A version that makes the corrections that were asked of another takes over what was done with that.
Nothing here judges whether what was done still has effect: that is `governance.effects`.

Clause: sec:L9
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from smki.governance.conditions import (
    amendments_of,
    condition_state,
    conditions_of,
    material_answers,
)
from smki.governance.entities import Key, Known
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.documents import (
    ControlledDocument,
    DocumentVersion,
    VersionState,
)
from smki.governance.entities.minutes import Condition, ConditionKind, ConditionState, Resolution
from smki.governance.looking import all_under, look
from smki.governance.routes import RouteAct, RouteStep, does, has_role, route_of

_LINE: Final = 64  # versions that correct each other: far beyond what a document has seen
_ENDED: Final = frozenset({VersionState.SUPERSEDED, VersionState.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A step that was done.

    Attributes:
        step: which.
        by: what did it: a resolution, a comment round, a consultation.
        deferred: it is a consultation that still goes on, and the approval is subject to it.
    """

    step: RouteStep
    by: Key
    deferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a version is on its route.

    Attributes:
        done: the steps that were done, in the route's order.
        next: those that may be done now; empty if none is left.
        corrections: open corrections that must be made before the next body sees it.
    """

    done: tuple[Done, ...]
    next: tuple[RouteStep, ...]
    corrections: tuple[Condition, ...] = ()


def progress(version: DocumentVersion, known: Known) -> Progress:
    """What is done of the version's route, and what is next.

    Clause: sec:L9
    """
    document = look(known, ControlledDocument, version.document)
    if document is None:
        return Progress(done=(), next=())
    line = tuple(_line(version, known))
    resolved = tuple(_that_count(line, known))
    found = {step: _done(step, line, resolved, known) for step in route_of(document).steps}
    waiting = [step for step, done in found.items() if done is None]
    return Progress(
        done=tuple(one for one in found.values() if one is not None),
        next=tuple(one for one in waiting if one.place == waiting[0].place),
        corrections=tuple(_corrections(line, known)),
    )


def awaited(version: DocumentVersion, known: Known) -> tuple[RouteStep, ...]:
    """What is next on its way to approval; nothing once it was approved, or has ended.

    Of a register as one reader sees it, what may be next as far as they know.
    """
    if version.state.is_approved or version.state in _ENDED:
        return ()
    return progress(version, known).next


def approvals(version: DocumentVersion, known: Known) -> tuple[Resolution, ...]:
    """The resolutions that approved it, oldest first; those that fell or were withdrawn since, too.

    The newest of them says whether it stands: what fell is not revived by an older one.
    """
    document = look(known, ControlledDocument, version.document)
    if document is None:
        return ()
    last = route_of(document).last
    found = (
        one
        for each in reversed(tuple(_line(version, known)))
        for one in resolutions_of(each, known)
        if each is version or amendments_of(one, known)
    )
    return tuple(one for one in found if does(one, last, known))


def resolutions_of(version: DocumentVersion, known: Known) -> tuple[Resolution, ...]:
    """What was resolved about this version itself, oldest first."""
    found = (look(known, Resolution, ref) for ref in version.resolutions)
    return tuple(one for one in found if one is not None)


def _line(version: DocumentVersion, known: Known) -> Iterator[DocumentVersion]:
    """It, the version whose corrections it makes, the one whose that made, and so on."""
    at: DocumentVersion | None = version
    for _ in range(_LINE):
        if at is None:
            return
        yield at
        at = look(known, DocumentVersion, at.corrects)


def _corrections(line: Iterable[DocumentVersion], known: Known) -> Iterator[Condition]:
    for version in line:
        for resolution in resolutions_of(version, known):
            for one in amendments_of(resolution, known):
                if one.state is ConditionState.OPEN:
                    yield one


def _that_count(line: tuple[DocumentVersion, ...], known: Known) -> Iterator[Resolution]:
    """Newest first; of an earlier version those whose corrections were made since."""
    for version in line:
        for one in reversed(resolutions_of(version, known)):
            states = [condition_state(each, known) for each in conditions_of(one, known)]
            if one.withdrawn is not None or ConditionState.FAILED in states:
                continue
            made = {each.state for each in amendments_of(one, known)}
            if version is line[0] or made == {ConditionState.MET}:
                yield one


def _done(
    step: RouteStep,
    line: Iterable[DocumentVersion],
    resolved: Iterable[Resolution],
    known: Known,
) -> Done | None:
    if step.act is RouteAct.COMMENTS:
        return _commented(step, line, known)
    if step.act is RouteAct.CONSULTS:
        return _consulted(step, line, resolved, known)
    return next((Done(step=step, by=one.key) for one in resolved if does(one, step, known)), None)


def _commented(step: RouteStep, line: Iterable[DocumentVersion], known: Known) -> Done | None:
    rounds = (one for version in line for one in all_under(known, version, CommentRound))
    for one in rounds:
        if one.compiled_on and has_role(step.by, one.invitees, known):
            return Done(step=step, by=one.key)
    return None


def _consulted(
    step: RouteStep,
    line: Iterable[DocumentVersion],
    resolved: Iterable[Resolution],
    known: Known,
) -> Done | None:
    """A consultation that is concluded, or for which an approval waits while it stands."""
    subject = {
        condition.consultation
        for one in resolved
        for condition in conditions_of(one, known)
        if condition.kind is ConditionKind.SUBSEQUENT
    }
    asked = (one for version in line for one in all_under(known, version, Consultation))
    for one in asked:
        if not has_role(step.by, (one.by,), known) or material_answers(one, known):
            continue
        if one.concluded or one.ref in subject:
            return Done(step=step, by=one.key, deferred=not one.concluded)
    return None
