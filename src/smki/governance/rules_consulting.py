"""Rules of comment rounds, consultations, and what is answered to them.

    round          closes after it opens; compiled after it closed, with a disposition for each comment
    consultation   says what changed; concluded after it closed, with each answer judged
    answer         comes while it is open; disposition and judgement are the secretariat's or chair's

Clause: sec:L9
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from smki.governance.duties import is_keeper
from smki.governance.entities import Kind
from smki.governance.entities.consulting import CommentRound, Consultation
from smki.governance.entities.minutes import Comment
from smki.governance.looking import all_under, look
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.governance.working_days import working_days_after
from smki.terms import Finding, Refused

CLAUSE: Final = "sec:L9"


def _round(step: Step, after: CommentRound, before: CommentRound | None) -> Iterator[Finding]:
    yield from _days(after)
    if not after.invitees:
        yield _wrong(after, "invitees", "nobody is invited, must name who is")
    if before is not None and (before.invitees, before.opens) != (after.invitees, after.opens):
        yield _wrong(after, "stays", "who was invited, and from when, stays")
    if before is not None and before.compiled_on and before != after:
        yield _wrong(after, "stays", f"was compiled on {before.compiled_on}, must stay as it is")
    if after.compiled_on is None:
        return
    if not after.compiled_by:
        yield _wrong(after, "compiled", "is compiled, must say by whom")
    if after.compiled_on < after.closes and not _all_answered(step, after):
        yield _wrong(
            after, "compiled", f"is compiled on {after.compiled_on}, closes on {after.closes}"
        )
    for one in all_under(step.known, after, Comment):
        if one.text and not one.disposition:
            yield _wrong(after, "compiled", f"comment {one.ref} has no disposition")


def _consultation(
    step: Step, after: Consultation, before: Consultation | None
) -> Iterator[Finding]:
    yield from _days(after)
    if not any(after.changed):
        yield _wrong(after, "wrapper", "says nothing that changed, must list it")
    if before is not None and _wrapper(before) != _wrapper(after):
        yield _wrong(after, "stays", "its wrapper, and from when it was open, stays")
    if before is not None and before.concluded and before.concluded != after.concluded:
        yield _wrong(after, "stays", f"was concluded on {before.concluded}, that stays")
    if after.concluded is None:
        return
    if after.concluded < after.closes:
        yield _wrong(
            after, "concluded", f"is concluded on {after.concluded}, closes on {after.closes}"
        )
    for one in all_under(step.known, after, Comment):
        if one.text and one.material is None:
            yield _wrong(after, "concluded", f"answer {one.ref} is not judged, material or not")


def _answer(step: Step, after: Comment, before: Comment | None) -> Iterator[Finding]:
    if after.material is not None and after.about_kind is not Kind.CONSULTATION:
        yield _wrong(after, "judged", "is judged, but answers no consultation")
    if after.material is not None and not after.judged_by:
        yield _wrong(after, "judged", "is judged, must say by whom")
    if after.judged_by and after.judged_by == after.by:
        yield _wrong(after, "judged", f"is judged by {after.by} whose it is, must be by another")
    if _is_judged_otherwise(after, before) and not _is_keeper(step, after):
        yield _wrong(
            after, "judged", "is disposed of or judged, which is the secretariat's or chair's"
        )
    asked = _asked(step, after)
    if asked is None:
        return
    if before is None:
        yield from _in_time(after, asked)
    elif (before.by, before.text) != (after.by, after.text):
        yield _wrong(after, "stays", "what was answered, and by whom, stays")


def _in_time(after: Comment, asked: CommentRound | Consultation) -> Iterator[Finding]:
    over = asked.compiled_on if isinstance(asked, CommentRound) else asked.concluded
    if after.received < asked.opens:
        yield _wrong(after, "time", f"came on {after.received}, it opened on {asked.opens}")
    if over is not None and over < after.received:
        yield _wrong(after, "time", f"came on {after.received}, it was over on {over}")


def _days(after: CommentRound | Consultation) -> Iterator[Finding]:
    if after.closes < after.opens:
        yield _wrong(after, "days", f"closes on {after.closes}, before it opens")
    if after.working_days < 0:
        yield _wrong(after, "days", f"{after.working_days} working days, must be 0 or more")
    if after.working_days > 0:
        try:
            due = working_days_after(after.opens, after.working_days)
        except Refused as error:
            yield _wrong(after, "days", error.message)
            return
        if due != after.closes:
            said = f"{after.working_days} working days after {after.opens} is {due}"
            yield _wrong(after, "days", f"{said}, closes on {after.closes}")


def _all_answered(step: Step, after: CommentRound) -> bool:
    answered = {one.by for one in all_under(step.known, after, Comment)}
    return answered.issuperset(after.invitees)


def _wrapper(one: Consultation) -> tuple[object, ...]:
    return (one.by, one.changed, one.not_reopened, one.regression, one.opens)


def _is_judged_otherwise(after: Comment, before: Comment | None) -> bool:
    was = ("", None, "") if before is None else _judgement(before)
    return was != _judgement(after)


def _judgement(one: Comment) -> tuple[object, ...]:
    return (one.disposition, one.material, one.judged_by)


def _is_keeper(step: Step, after: Comment) -> bool:
    """Whether who makes the change keeps the register of a body whose it is, or runs the house."""
    by = step.change.by
    return not by or is_keeper(by, after, step.known, step.change.at.date())


def _asked(step: Step, after: Comment) -> CommentRound | Consultation | None:
    if after.about_kind is Kind.COMMENT_ROUND:
        return look(step.known, CommentRound, after.about)
    if after.about_kind is Kind.CONSULTATION:
        return look(step.known, Consultation, after.about)
    return None


def _wrong(after: CommentRound | Consultation | Comment, rule: str, message: str) -> Finding:
    return finding(after, f"consulting.{rule}", message, CLAUSE)


CONSULTING: Final[Mapping[Kind, tuple[Rule, ...]]] = MappingProxyType(
    {
        Kind.COMMENT_ROUND: rules_of(CommentRound, _round),
        Kind.CONSULTATION: rules_of(Consultation, _consultation),
        Kind.COMMENT: rules_of(Comment, _answer),
    }
)
"""Rules of comment rounds, consultations and answers.

Clause: sec:L9
"""
