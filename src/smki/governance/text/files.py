"""What a meeting's file holds: entities of that meeting, and what it says of earlier ones.

A file need not hold the whole meeting: what is not in it is cited by its name. So the file of one
reader holds what they may read, and a set of minutes can be a file of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Condition,
    ConditionState,
    Minutes,
    MinutesState,
    Update,
)
from smki.terms import Malformed

STATES: Final[Mapping[Kind, type[Enum]]] = MappingProxyType(
    {
        Kind.ACTION: ActionState,
        Kind.CONDITION: ConditionState,
        Kind.MINUTES: MinutesState,
    }
)
"""Of what an item of a later meeting can say how it stands, and the states there are."""

IN_FILES: Final = frozenset(
    {
        Kind.MEETING,
        Kind.AGENDA_ITEM,
        Kind.PAPER,
        Kind.MINUTES,
        Kind.PARAGRAPH,
        Kind.RESOLUTION,
        Kind.CONDITION,
        Kind.ACTION,
    }
)
"""What a meeting's file can hold; all else is in tables."""

_ORDER: Final = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What an item says of something that an earlier meeting left: an action, a condition, minutes.

    Attributes:
        key: of what.
        item: ref of the agenda item that says it.
        on: when.
        state: how it stands from then on; None if as before.
        said: what was said of it.
        successor: ref of the action it was combined into, or of the body it was transferred to.
    """

    key: Key
    item: str
    on: date
    state: ActionState | ConditionState | MinutesState | None = None
    said: str = ""
    successor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingFile:
    """A meeting's file.

    Attributes:
        meeting: ref of the meeting.
        entities: what it holds, by kind and name.
        amendments: what it says of earlier things, by the item and the name.
    """

    meeting: str
    entities: tuple[Entity, ...] = ()
    amendments: tuple[Amendment, ...] = ()


def meeting_file(
    meeting: str, entities: Iterable[Entity], amendments: Iterable[Amendment] = ()
) -> MeetingFile:
    """The file that holds these, as far as files do (`IN_FILES`), in its one order."""
    held = (one for one in entities if one.KIND in IN_FILES)
    return MeetingFile(
        meeting=meeting,
        entities=tuple(sorted(held, key=lambda one: (_ORDER[one.KIND], one.ref))),
        amendments=tuple(
            sorted(
                amendments, key=lambda one: (one.item, _ORDER[one.key.kind], one.key.ref, one.on)
            )
        ),
    )


def amended(entity: Entity, by: Amendment) -> Entity:
    """The entity as it stands after the amendment; the same again changes nothing.

    Raises:
        Malformed: it cannot have that state.
    """
    match entity, by.state:
        case Action(), ActionState() | None:
            return _action(entity, by)
        case Condition(), ConditionState():
            if entity.state is by.state:
                return entity
            return replace(entity, state=by.state, outcome=by.said)
        case Minutes(), MinutesState():
            if entity.state is by.state or entity.state.is_approved:
                return entity
            meeting = by.item.rpartition("/")[0] if by.state.is_approved else ""
            return replace(entity, state=by.state, approved_at=meeting)
    raise Malformed(f"{entity.key}: cannot stand as {by.state}", rule="meeting-file.amendment")


def told_in(meeting: str, actions: Iterable[Action]) -> tuple[Amendment, ...]:
    """What items of this meeting said of actions that other meetings raised."""
    return tuple(
        Amendment(key=one.key, item=update.item, on=update.on, said=update.text)
        for one in actions
        if not _is_of(meeting, one.item)
        for update in one.updates
        if _is_of(meeting, update.item)
    )


def _is_of(meeting: str, item: str) -> bool:
    return item.rpartition("/")[0] == meeting


def _action(action: Action, by: Amendment) -> Action:
    update = Update(on=by.on, text=by.said, item=by.item)
    if update in action.updates:
        return action
    assert by.state is None or isinstance(by.state, ActionState)
    return replace(
        action,
        state=by.state or action.state,
        updates=(*action.updates, update),
        successor=by.successor or action.successor,
    )
