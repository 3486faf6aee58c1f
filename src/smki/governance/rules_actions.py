"""Rules of actions: numbered for life, due in the words of the minutes, never forgotten.

    open, on target, complete > closed            by the body: the update names the item
                              > combined          into an action that is there
                              > transferred       to a body that is there
                              > not required      what it was contingent on did not arise

Complete is what the owner says, closed what the body says; from the last four nothing follows.

Clause: sec:C6
"""

from collections.abc import Iterator, Mapping
from typing import Final

from smki.governance.entities import Kind, Known
from smki.governance.entities.bodies import Committee
from smki.governance.entities.meetings import AgendaItem, Meeting
from smki.governance.entities.minutes import Action, ActionState, DueKind
from smki.governance.looking import look
from smki.governance.numbering import JOINT, ActionReference, read_action, read_meeting
from smki.governance.rules import Rule, Step, finding, rules_of
from smki.governance.working_days import working_days_after
from smki.terms import Finding, Malformed, Refused

CLAUSE: Final = "sec:C6"
_S = ActionState
NEXT_ACTIONS: Final[Mapping[ActionState, frozenset[ActionState]]] = {
    one: frozenset(_S) if one.is_open else frozenset({one}) for one in _S
}
"""What may follow each state: anything while it is open, nothing afterwards."""

_BY_BODY: Final = frozenset({_S.CLOSED, _S.NOT_REQUIRED})
_CHAIN: Final = 64  # actions combined into each other; more is a circle


def _reference(step: Step, after: Action, _: Action | None) -> Iterator[Finding]:
    item = look(step.known, AgendaItem, after.item)
    meeting = look(step.known, Meeting, item.meeting) if item is not None else None
    if item is None or meeting is None:
        return
    form = _form(after.ref, item, meeting)
    if after.ref != form:
        yield finding(
            after,
            "action.reference",
            f"must be as {form}: of the meeting that raised it, in its own series",
            CLAUSE,
        )
    if after.raised != meeting.held_on:
        yield finding(
            after,
            "action.raised",
            f"raised {after.raised}, must be {meeting.held_on}, the day of {meeting.ref}",
            CLAUSE,
        )


def _form(ref: str, item: AgendaItem, meeting: Meeting) -> str:
    """How the reference must be written; its own sequence, if it has one."""
    try:
        read = read_action(ref).value
    except Malformed:
        read = ActionReference(prefix="", meeting=0, sequence=1)
    if read.is_joint and item.joint is not None:
        number = meeting.held_on.day * 100 + meeting.held_on.month
        return str(ActionReference(prefix=JOINT, meeting=number, sequence=read.sequence))
    own = ActionReference(prefix=meeting.body, meeting=meeting.number, sequence=read.sequence)
    return str(own)


def _words(_: Step, after: Action, before: Action | None) -> Iterator[Finding]:
    if not after.text.strip() or not after.owner.strip():
        yield finding(after, "action.text", "must say what is to be done, and by whom", CLAUSE)
    earlier = () if before is None else before.updates
    if after.updates[: len(earlier)] != earlier:
        yield finding(after, "action.updates", "what was said of it must stay", CLAUSE)


def _state(step: Step, after: Action, before: Action | None) -> Iterator[Finding]:
    if before is not None and after.state not in NEXT_ACTIONS[before.state]:
        yield finding(
            after,
            "action.state",
            f"was {before.state.value}, cannot become {after.state.value}",
            CLAUSE,
            advice="raise a new action",
        )
    for one in after.updates:
        if one.item and look(step.known, AgendaItem, one.item) is None:
            yield finding(after, "action.item", f"update of {one.on} names {one.item}", CLAUSE)
    last = after.updates[-1] if after.updates else None
    if after.state in _BY_BODY and (last is None or not last.item):
        yield finding(
            after,
            "action.closed",
            f"is {after.state.value}, the last update must name the item in which the body said so",
            CLAUSE,
            advice="until then it is complete, by what its owner says",
        )
    if after.state is _S.COMPLETE and last is None:
        yield finding(after, "action.complete", "is complete, must have its owner's update", CLAUSE)
    if after.state is _S.NOT_REQUIRED and after.due.kind is not DueKind.CONTINGENT:
        yield finding(
            after,
            "action.not-required",
            "is not required, must be contingent on something that did not arise",
            CLAUSE,
            advice="let the body close it",
        )


def _successor(step: Step, after: Action, _: Action | None) -> Iterator[Finding]:
    if after.state is _S.COMBINED:
        if not _ends(step.known, after):
            yield finding(
                after,
                "action.successor",
                f"is combined into {after.successor or 'nothing'}, must be another action",
                CLAUSE,
            )
    elif after.state is _S.TRANSFERRED:
        if look(step.known, Committee, after.successor) is None:
            yield finding(
                after,
                "action.successor",
                f"is transferred to {after.successor or 'nobody'}, must be a body",
                CLAUSE,
            )
    elif after.successor:
        yield finding(
            after, "action.successor", f"is {after.state.value}, must have no successor", CLAUSE
        )


def _ends(known: Known, action: Action) -> bool:
    """Whether what it was combined into is there, and not in the end itself."""
    at: Action | None = look(known, Action, action.successor)
    for _ in range(_CHAIN):
        if at is None or at.ref == action.ref:
            return False
        if at.state is not _S.COMBINED:
            return True
        at = look(known, Action, at.successor)
    return False


def _due(step: Step, after: Action, before: Action | None) -> Iterator[Finding]:
    if said := _wrong_due(after, step.known):
        yield finding(after, "action.due", said, CLAUSE)
    if before is not None and (before.due, before.due_on) == (after.due, after.due_on):
        return
    if after.due.kind is DueKind.WORKING_DAYS and after.due.working_days > 0:
        yield from _counted(after)
    elif after.due.kind is DueKind.DATE and after.due_on != after.due.on:
        yield finding(
            after, "action.due-on", f"due on {after.due_on}, must be {after.due.on}", CLAUSE
        )


def _counted(after: Action) -> Iterator[Finding]:
    try:
        expected = working_days_after(after.raised, after.due.working_days)
    except Refused as error:
        yield finding(after, "action.due-on", error.message, CLAUSE)
        return
    if after.due_on != expected:
        yield finding(
            after,
            "action.due-on",
            f"due on {after.due_on}, must be {expected}: {after.due.working_days} working days"
            f" after {after.raised}",
            CLAUSE,
        )


def _wrong_due(after: Action, known: Known) -> str:
    """What is missing of what was said; empty if nothing is."""
    due = after.due
    match due.kind:
        case DueKind.WORKING_DAYS if due.working_days < 1:
            return "is due in working days, must say how many"
        case DueKind.DATE if due.on is None:
            return "is due on a day, must say which"
        case DueKind.BEFORE_MEETING if not _names_meeting(due.meeting):
            return f"is due before {due.meeting or 'a meeting'}, must be as PREFIX_NN_DDMM"
        case DueKind.CONTINGENT if due.action == after.ref or not look(known, Action, due.action):
            return f"is contingent on {due.action or 'nothing'}, must be another action"
        case _:
            return ""


def _names_meeting(ref: str) -> bool:
    """Whether it is a reference of a meeting, that may not be planned yet."""
    try:
        read_meeting(ref)
    except Malformed:
        return False
    return True


ACTIONS: Final[Mapping[Kind, tuple[Rule, ...]]] = {
    Kind.ACTION: rules_of(Action, _reference, _words, _state, _successor, _due),
}
