"""Rules of documents, versions and triggers: how far a version may be said to be.

    draft > presented > recommended > in consultation > approved | approved with condition
    approved with condition > approved, once its conditions are met; > in consultation, reopened
    any > superseded by an approved version that has effect; any > withdrawn

A version that is new comes as far as what is there bears out; from then on the table says what may
follow. What a body has seen stays as it saw it: corrections are a version of their own.

Findings name no conditions or resolutions: who keeps the version may not read those of other bodies.

Clause: sec:L9
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.conditions import condition_state, conditions_of, is_about
from smki.governance.effects import version_effect
from smki.governance.entities import Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.consulting import Consultation
from smki.governance.entities.documents import (
    ControlledDocument,
    DocumentVersion,
    Trigger,
    TriggerKind,
    VersionState,
)
from smki.governance.entities.meetings import AgendaItem
from smki.governance.entities.minutes import (
    Condition,
    ConditionKind,
    ConditionState,
    Resolution,
)
from smki.governance.looking import all_under, look
from smki.governance.numbering import Version, read_version
from smki.governance.progress import approvals, progress, resolutions_of
from smki.governance.routes import RouteAct
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding, Malformed

CLAUSE: Final = "sec:L9"
_S = VersionState
_ENDS: Final = (_S.SUPERSEDED, _S.WITHDRAWN)
_APPROVALS: Final = (_S.APPROVED, _S.APPROVED_WITH_CONDITION)
NEXT_STATES: Final[Mapping[VersionState, tuple[VersionState, ...]]] = MappingProxyType(
    {
        _S.DRAFT: (_S.PRESENTED, *_ENDS),
        _S.PRESENTED: (_S.RECOMMENDED, _S.IN_CONSULTATION, *_APPROVALS, *_ENDS),
        _S.RECOMMENDED: (_S.IN_CONSULTATION, *_APPROVALS, *_ENDS),
        _S.IN_CONSULTATION: (_S.PRESENTED, _S.RECOMMENDED, *_APPROVALS, *_ENDS),
        _S.APPROVED: _ENDS,
        _S.APPROVED_WITH_CONDITION: (_S.APPROVED, _S.IN_CONSULTATION, _S.PRESENTED, *_ENDS),
        _S.SUPERSEDED: (),
        _S.WITHDRAWN: (),
    }
)
"""What may follow each state of a version.

Clause: sec:L9
"""
_FIRST: Final = Version(major=0, minor=0)


def _document(
    step: Step, after: ControlledDocument, before: ControlledDocument | None
) -> Iterator[Finding]:
    if after.review_months < 0:
        yield _wrong(
            after, "cycle", f"reviewed every {after.review_months} months, must be 0 or more"
        )
    body = look(step.known, Committee, after.body)
    if body is not None and any(
        one.name == after.name and one.ref != after.ref
        for one in all_under(step.known, body, ControlledDocument)
    ):
        yield _wrong(after, "name", f"another document of {after.body} is called {after.name!r}")
    if before is not None and before.name != after.name and _was_lodged(step, after):
        yield _wrong(after, "name", "versions were lodged under its name, which stays")


def _part(step: Step, after: ControlledDocument, _: object) -> Iterator[Finding]:
    if not after.part_of:
        return
    if after.label is None or not after.label.is_confidential:
        yield _wrong(after, "part", "is a confidential part, must be labelled amber or red itself")
    whole = look(step.known, ControlledDocument, after.part_of)
    if whole is not None and whole.body != after.body:
        yield _wrong(after, "part", f"is kept by {after.body}, its document by {whole.body}")


def _reviews(
    step: Step, after: ControlledDocument, before: ControlledDocument | None
) -> Iterator[Finding]:
    for one in after.reviews:
        if one.completed is not None and one.completed < one.begun:
            yield _wrong(after, "review", f"a review ended on {one.completed}, before it began")
        if one.completed is not None and one.change_needed is None:
            yield _wrong(after, "review", "a review is over that does not say if change is needed")
        if one.trigger and look(step.known, Trigger, one.trigger) is None:
            yield _wrong(after, "review", f"trigger {one.trigger} is not there")
    known = len(before.reviews) if before is not None else 0
    more = len(after.reviews) > known
    if before is not None and after.stable and more and not all_under(step.known, after, Trigger):
        yield _wrong(
            after,
            "review",
            "is stable and nothing is watched for it, triggers must be set up before a review",
        )


def _trigger(_: Step, after: Trigger, before: Trigger | None) -> Iterator[Finding]:
    if after.kind is TriggerKind.CALENDAR and after.due is None:
        yield _wrong(after, "trigger", "is by the calendar, must say when")
    if after.pulled is not None and not after.evidence:
        yield _wrong(after, "trigger", "happened, must name what shows it")
    if after.review and after.pulled is None:
        yield _wrong(after, "trigger", "led to a review, must have happened")
    if before is not None and before.pulled is not None and before.pulled != after.pulled:
        yield _wrong(after, "trigger", f"happened on {before.pulled}, that stays")


def _number(step: Step, after: DocumentVersion, _: object) -> Iterator[Finding]:
    number = _read(after.number)
    if number is None or after.ref != f"{after.document}/{number}":
        yield _wrong(after, "number", f"number {after.number!r}, must be M.m, and the ref's end")
        return
    if after.since and not _is_earlier(after.since, number):
        yield _wrong(after, "number", f"changes since {after.since!r}, must be an earlier version")
    if not after.corrects:
        return
    first = look(step.known, DocumentVersion, after.corrects)
    below = None if first is None or first.document != after.document else _read(first.number)
    if below is None:
        yield _wrong(after, "correction", f"corrects {after.corrects}, no version of its document")
    elif number != below.corrected():
        yield _wrong(after, "correction", f"corrects {below}, must be {below.corrected()}")


def _stays(_: Step, after: DocumentVersion, before: DocumentVersion | None) -> Iterator[Finding]:
    """What a body has seen of a version, and what was said of it, stays."""
    if before is None:
        return
    grown = (
        after.presented_at[: len(before.presented_at)] == before.presented_at
        and after.resolutions[: len(before.resolutions)] == before.resolutions
    )
    if not grown:
        yield _wrong(after, "stays", "what it was presented at and what was resolved stays")
    seen = bool(before.resolutions) or before.state.is_approved or before.state in _ENDS
    if seen and (
        (before.file is not None and before.file != after.file)
        or (before.since, before.changes, before.corrects)
        != (after.since, after.changes, after.corrects)
    ):
        yield _wrong(
            after, "stays", "a body has decided upon it, corrections are a version after it"
        )
    if before.entry is not None and before.entry != after.entry:
        yield _wrong(after, "stays", f"was lodged as entry {before.entry}, that stays")
    if before.earlier_approval != after.earlier_approval:
        yield _wrong(after, "stays", "what approved it before the register cannot be said later")


def _seen_by(
    step: Step, after: DocumentVersion, before: DocumentVersion | None
) -> Iterator[Finding]:
    """Items and resolutions are there and about it; corrections come before the next body."""
    for ref in after.presented_at:
        if look(step.known, AgendaItem, ref) is None:
            yield _wrong(after, "presented", f"item {ref} is not there")
    for ref in after.resolutions:
        found = look(step.known, Resolution, ref)
        if found is None or not is_about(found, after):
            yield _wrong(after, "resolutions", f"resolution {ref} is not about it")
    if before is None:
        return
    waiting = progress(after, step.known).corrections
    resolved = (look(step.known, Resolution, one.resolution) for one in waiting)
    asked_at = {one.item for one in resolved if one is not None}
    items = set(after.presented_at) - set(before.presented_at)
    found_now = resolutions_of(after, step.known)
    items |= {one.item for one in found_now if one.ref not in before.resolutions}
    if waiting and items - asked_at:
        yield _wrong(after, "corrections", "the next body sees it once what was asked is corrected")


def _forward(_: Step, after: DocumentVersion, before: DocumentVersion | None) -> Iterator[Finding]:
    if before is None or before.state is after.state or after.state in NEXT_STATES[before.state]:
        return
    may = " or ".join(one.value for one in NEXT_STATES[before.state]) or "nothing else"
    yield _wrong(after, "state", f"was {before.state.value}, may become {may}")


def _borne_out(
    step: Step, after: DocumentVersion, before: DocumentVersion | None
) -> Iterator[Finding]:
    """How far it is said to be is what is there."""
    if before is not None and before.state is after.state:
        return
    if after.state is _S.PRESENTED and not after.presented_at:
        yield _wrong(after, "state", "is presented, must say at which item")
    elif after.state is _S.RECOMMENDED:
        yield from _recommended(step, after)
    elif after.state is _S.IN_CONSULTATION and not all_under(step.known, after, Consultation):
        yield _wrong(after, "state", "is in consultation, but there is none")
    elif after.state.is_approved:
        yield from _approved(step, after)
    elif after.state is _S.SUPERSEDED:
        yield from _superseded(step, after)
    elif after.state is _S.WITHDRAWN:
        yield from _withdrawn(step, after, before)


def _recommended(step: Step, after: DocumentVersion) -> Iterator[Finding]:
    far = progress(after, step.known)
    asked = (RouteAct.RECOMMENDS, RouteAct.AGREES)
    lacks = [str(one) for one in far.next if one.act in asked]
    if lacks or not any(one.step.act in asked for one in far.done):
        yield _wrong(after, "route", f"is not recommended, lacks {' and '.join(lacks) or 'it all'}")


def _approved(step: Step, after: DocumentVersion) -> Iterator[Finding]:
    if after.earlier_approval is not None:
        if after.earlier_approval.on > step.change.at.date():
            yield _wrong(after, "route", "was approved before the register, in days to come")
        return
    far = progress(after, step.known)
    if far.next:
        lacks = " and ".join(map(str, far.next))
        yield _wrong(after, "route", f"is not approved: its route lacks that {lacks}")
        return
    waits = _open_conditions(step, after)
    if (after.state is _S.APPROVED_WITH_CONDITION) is not bool(waits):
        said = "open" if waits else "not open"
        yield _wrong(
            after, "conditions", f"is {after.state.value}, conditions of its approval are {said}"
        )
    yield from _displaces(step, after)


def _displaces(step: Step, after: DocumentVersion) -> Iterator[Finding]:
    """Of a document one version is in force: what has effect now takes the earlier one's place."""
    document = look(step.known, ControlledDocument, after.document)
    if document is None or not version_effect(after, step.known, step.change.at.date()).in_force:
        return
    number = _read(after.number) or _FIRST
    for one in all_under(step.known, document, DocumentVersion):
        if one.state.is_approved and (_read(one.number) or _FIRST) < number:
            yield _wrong(
                after, "superseded", f"{one.ref} must be superseded by it in the same entry"
            )


def _superseded(step: Step, after: DocumentVersion) -> Iterator[Finding]:
    later = look(step.known, DocumentVersion, after.superseded_by)
    if later is None or later.document != after.document:
        yield _wrong(after, "superseded", f"{after.superseded_by!r} is no version of its document")
        return
    number, place = _read(later.number), _read(after.number)
    if number is None or place is None or number <= place:
        yield _wrong(after, "superseded", f"{later.number} must be later than {after.number}")
    effect = version_effect(later, step.known, step.change.at.date())
    if effect.in_force or later.state is _S.SUPERSEDED:
        return
    yield _wrong(
        after,
        "superseded",
        f"{later.ref} is {effect.stand.value}, only an approved version that has effect supersedes",
    )


def _withdrawn(
    step: Step, after: DocumentVersion, before: DocumentVersion | None
) -> Iterator[Finding]:
    if after.withdrawn_on is None:
        yield _wrong(after, "withdrawn", "is withdrawn, must say from when")
    if before is None or not before.state.is_approved:
        return
    by = look(step.known, Resolution, after.withdrawn_by)
    if by is None or not is_about(by, after):
        yield _wrong(after, "withdrawn", "was approved, a resolution about it must withdraw it")


def _lodged(_: Step, after: DocumentVersion, before: DocumentVersion | None) -> Iterator[Finding]:
    if after.entry is None or (before is not None and before.entry == after.entry):
        return
    if after.file is None:
        yield _wrong(after, "lodged", f"is lodged as entry {after.entry}, must have a file")
    if not after.state.is_approved and after.state not in _ENDS:
        yield _wrong(after, "lodged", f"is {after.state.value}, only what is approved is lodged")


def _open_conditions(step: Step, version: DocumentVersion) -> tuple[Condition, ...]:
    """Those of the resolution that approved it; corrections of one that it corrects are made."""
    found = approvals(version, step.known)[-1:]
    return tuple(
        one
        for by in found
        for one in conditions_of(by, step.known)
        if condition_state(one, step.known) is ConditionState.OPEN
        or (one.kind is ConditionKind.AMENDMENT and by.ref in version.resolutions)
    )


def _was_lodged(step: Step, document: ControlledDocument) -> bool:
    versions = all_under(step.known, document, DocumentVersion)
    return any(one.entry is not None for one in versions)


def _read(number: str) -> Version | None:
    """The number, if it is written in its one form."""
    try:
        found = read_version(number)
    except Malformed:
        return None
    return None if found.notes else found.value


def _is_earlier(number: str, than: Version) -> bool:
    found = _read(number)
    return found is not None and found < than


def _wrong(
    after: ControlledDocument | DocumentVersion | Trigger, rule: str, message: str
) -> Finding:
    return finding(after, f"document.{rule}", message, CLAUSE)


DOCUMENTS: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.DOCUMENT: rules_of(ControlledDocument, _document, _part, _reviews),
        Kind.TRIGGER: rules_of(Trigger, _trigger),
        Kind.VERSION: rules_of(
            DocumentVersion, _number, _stays, _seen_by, _forward, _borne_out, _lodged
        ),
    }
)
"""Rules of documents, versions and triggers.

Clause: sec:L9
"""
