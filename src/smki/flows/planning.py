"""What a reader's next months bring, and the draft of a body's next agenda: asked of the register.

Everything comes from one reader's `Reading`: what they may not read is in neither. Nothing is changed.

Clause: sec:C6
"""

from datetime import date
from typing import Final

from smki.flows.reading_register import Reading
from smki.governance.agendas import Draft, Wishes, draft_agenda
from smki.governance.duties import bodies_of
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Committee
from smki.governance.entities.guidance import GuidanceState
from smki.governance.entities.minutes import ActionState, ConditionState, MinutesState
from smki.governance.planner import PLANNED_KINDS, Planned, plan
from smki.governance.terms import months_after
from smki.ports.register import Wanted
from smki.terms import Refused

_HOLDS_MONTHS: Final = (
    24  # a decision that took effect longer ago is not reminded of when it expires
)
_OTHERWISE: Final = frozenset({Kind.MINUTES, Kind.GUIDANCE, Kind.VERSION, Kind.RESOLUTION})
_BY_DAY: Final = tuple(one for one in PLANNED_KINDS if one not in _OTHERWISE)
_OPEN_ACTIONS: Final = tuple(one.value for one in ActionState if one.is_open)


def planner_for(reading: Reading, start: date, body: str = "") -> tuple[Planned, ...]:
    """What happens in the three months from that day, of what this reader may read.

    Args:
        reading: the reader.
        start: first day.
        body: ref of the body whose it must be; empty is of all.

    Clause: sec:C6
    """
    long_ago = months_after(start, -_HOLDS_MONTHS)
    wanted = (
        Wanted(tokens=None, kinds=_BY_DAY, since=start),
        Wanted(tokens=None, kinds=(Kind.MINUTES,), standings=(MinutesState.IN_COMMENT.value,)),
        Wanted(tokens=None, kinds=(Kind.GUIDANCE,), standings=(GuidanceState.DRAFT.value,)),
        Wanted(tokens=None, kinds=(Kind.VERSION,)),
        Wanted(tokens=None, kinds=(Kind.RESOLUTION,), since=long_ago),
    )
    found = [one for each in wanted for one in reading.all(each)]
    if body:
        found = [one for one in found if body in bodies_of(one, reading)]
    return plan(found, start)


def agenda_for(reading: Reading, body: str, wishes: Wishes) -> Draft:
    """The draft of the body's next agenda, to be put as it is or changed.

    Raises:
        Refused: there is no such body, or a standing item is left out without a reason.

    Clause: sec:C6
    """
    committee = reading.get(Key(Kind.BODY, body))
    if not isinstance(committee, Committee):
        raise Refused(f"agenda: there is no body {body!r}", where="body", clause="sec:C6")
    return draft_agenda(
        committee,
        wishes,
        reading,
        pending=_pending(reading, body, wishes.held_on),
        planned=planner_for(reading, wishes.held_on, body),
    )


def _pending(reading: Reading, body: str, day: date) -> tuple[Entity, ...]:
    """Open actions and conditions of the body, and its decisions of two years."""
    wanted = (
        Wanted(tokens=None, kinds=(Kind.ACTION,), standings=_OPEN_ACTIONS),
        Wanted(tokens=None, kinds=(Kind.CONDITION,), standings=(ConditionState.OPEN.value,)),
        Wanted(tokens=None, kinds=(Kind.RESOLUTION,), since=months_after(day, -_HOLDS_MONTHS)),
    )
    found = (one for each in wanted for one in reading.all(each))
    return tuple(one for one in found if body in bodies_of(one, reading))
