"""Rules of interpretations and guidance: agreed, published, replaced; never edited.

    interpretation   draft > agreed by a resolution > published; replaced by another one that names it
    guidance         draft > in comment > published > withdrawn; published on a resolution, or because
                     the comment round ended without a comment, which is recorded as that

Clause: sec:L1
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.consulting import CommentRound
from smki.governance.entities.guidance import (
    Guidance,
    GuidanceState,
    Interpretation,
    PublicationBasis,
)
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Comment, Resolution, Verb
from smki.governance.looking import all_under, look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.terms import Finding

CLAUSE: Final = "sec:L1"
_G = GuidanceState
NEXT_GUIDANCE: Final[Mapping[GuidanceState, tuple[GuidanceState, ...]]] = MappingProxyType(
    {
        _G.DRAFT: (_G.IN_COMMENT, _G.PUBLISHED, _G.WITHDRAWN),
        _G.IN_COMMENT: (_G.DRAFT, _G.PUBLISHED, _G.WITHDRAWN),
        _G.PUBLISHED: (_G.WITHDRAWN,),
        _G.WITHDRAWN: (),
    }
)
"""What may follow each state of guidance; after comments it may be drafted again."""
_AGREES: Final = frozenset({Verb.AGREED, Verb.APPROVED, Verb.DECIDED})


def _agreed(step: Step, after: Interpretation, _: object) -> Iterator[Finding]:
    if not after.clauses or not after.text:
        yield _wrong(after, "interpretation", "must name its clauses and say how they are read")
    if after.agreed_by:
        by = look(step.known, Resolution, after.agreed_by)
        if by is None or by.verb not in _AGREES:
            yield _wrong(after, "agreed", f"resolution {after.agreed_by} does not agree to it")
    elif after.published or after.replaces or after.replaced_by:
        yield _wrong(after, "agreed", "is no more than a draft before a resolution agrees to it")


def _never_edited(
    _: Step, after: Interpretation, before: Interpretation | None
) -> Iterator[Finding]:
    if before is None or not before.agreed_by:
        return
    if _agreement(before) != _agreement(after):
        yield _wrong(after, "edited", "is agreed and never edited, another one takes its place")
    if before.published not in (None, after.published):
        yield _wrong(after, "edited", f"was published on {before.published}, that stays")
    if before.replaced_by not in ("", after.replaced_by):
        yield _wrong(after, "edited", f"was replaced by {before.replaced_by}, that stays")


def _replaced(step: Step, after: Interpretation, _: object) -> Iterator[Finding]:
    """Each names the other: the old one who took its place, the new one whose place it took."""
    if after.replaces:
        old = look(step.known, Interpretation, after.replaces)
        if old is None or old.replaced_by != after.ref:
            yield _wrong(after, "replaced", f"{after.replaces} must say that it was replaced by it")
    if after.replaced_by:
        new = look(step.known, Interpretation, after.replaced_by)
        if new is None or new.replaces != after.ref:
            yield _wrong(after, "replaced", f"{after.replaced_by} must say that it replaces it")


def _forward(_: Step, after: Guidance, before: Guidance | None) -> Iterator[Finding]:
    if before is None:
        return
    if before.state is not after.state and after.state not in NEXT_GUIDANCE[before.state]:
        may = " or ".join(one.value for one in NEXT_GUIDANCE[before.state]) or "nothing else"
        yield _wrong(after, "state", f"was {before.state.value}, may become {may}")
    if before.published and _published(before) != _published(after):
        yield _wrong(after, "edited", "is published, other guidance must take its place")


def _guidance(step: Step, after: Guidance, _: object) -> Iterator[Finding]:
    if after.draft_due and look(step.known, Meeting, after.draft_due) is None:
        yield _wrong(after, "due", f"meeting {after.draft_due} is not there")
    rounds = all_under(step.known, after, CommentRound)
    if after.state is _G.IN_COMMENT and not rounds:
        yield _wrong(after, "comment", "is in comment, but there is no round")
    if after.state is not _G.PUBLISHED:
        return
    if after.published is None or after.basis is None:
        yield _wrong(after, "published", "is published, must say when and on what")
    elif after.basis is PublicationBasis.RESOLUTION:
        by = look(step.known, Resolution, after.resolution)
        if by is None or by.verb not in _AGREES:
            yield _wrong(after, "published", f"{after.resolution!r} is no resolution to publish")
    else:
        yield from _without_comments(step, after, rounds)


def _without_comments(
    step: Step, after: Guidance, rounds: tuple[CommentRound, ...]
) -> Iterator[Finding]:
    last = max(rounds, key=lambda one: one.closes, default=None)
    if last is None or after.published is None:
        yield _wrong(after, "published", "without comments, but nobody was asked for any")
        return
    if after.published <= last.closes:
        yield _wrong(after, "published", f"the comment round goes on until {last.closes}")
    said = [one.ref for one in all_under(step.known, last, Comment) if one.text]
    if said:
        yield _wrong(
            after, "published", f"there were comments: {', '.join(said)}; a resolution must say so"
        )


def _agreement(one: Interpretation) -> tuple[object, ...]:
    return (one.heading, one.number, one.clauses, one.text, one.agreed_by, one.replaces)


def _published(one: Guidance) -> tuple[object, ...]:
    return (one.name, one.text, one.clauses, one.requirements, one.basis, one.published)


def _wrong(after: Interpretation | Guidance, rule: str, message: str) -> Finding:
    return finding(after, f"guidance.{rule}", message, CLAUSE)


GUIDANCE: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.INTERPRETATION: rules_of(Interpretation, _agreed, _never_edited, _replaced),
        Kind.GUIDANCE: rules_of(Guidance, _forward, _guidance),
    }
)
"""Rules of interpretations and guidance.

Clause: sec:L1
"""
