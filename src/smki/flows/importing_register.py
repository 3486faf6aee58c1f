"""Files of meetings and tables come into the register: all of them as one entry, or nothing.

1 join    what the files hold; the same twice must be the same
2 amend   what items of later meetings say of actions, conditions and minutes, oldest first
3 date    what a new action's words come to, where the file does not say
4 keep    what differs from what stands, by the rules that every change goes by

A file that was read before changes nothing, and neither does what is in a copy as its reader sees
it: only what they put otherwise is theirs to answer for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from smki.flows.keeping import keep
from smki.flows.reading_register import Reading
from smki.governance.entities import Entity, Key, Known
from smki.governance.entities.meetings import AgendaItem, Meeting
from smki.governance.entities.minutes import Action
from smki.governance.entries import Change
from smki.governance.looking import look
from smki.governance.rules import Ahead
from smki.governance.text import Amendment, MeetingFile, amended
from smki.governance.working_days import due_on
from smki.ports.register import Head, Register
from smki.terms import Finding, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of it.

    Attributes:
        head: the newest entry of the register.
        entities: what was put or changed; empty if all of it stood so already.
    """

    head: Head
    entities: tuple[Entity, ...]


def bring_in(
    register: Register,
    files: Sequence[MeetingFile],
    tables: Iterable[Entity],
    *,
    at: datetime,
    said: str,
    reading: Reading | None = None,
) -> Imported:
    """What these files hold stands in the register.

    `reading` is the register as whoever brings them in sees it; None is whoever runs the house.

    Raises:
        Refused: two files say different things of the same, something is spoken of that is not
            there, somebody changed it meanwhile, or a rule forbids it; every reason.
        Unavailable: the database is away.
    """
    known = Joined(register, reading)
    for one in tables:
        known.put(one)
    for file in files:
        for one in file.entities:
            known.put(one)
    for amendment in sorted((one for file in files for one in file.amendments), key=_when):
        known.amend(amendment)
    entities = known.changed()
    if not entities:
        return Imported(head=register.head(), entities=())
    by = reading.reader.person if reading else ""
    change = Change(at=at, by=by, said=said, entities=entities)
    head = keep(register, change, {one.key: known.stood[one.key] for one in entities})
    return Imported(head=head, entities=entities)


class Joined:
    """What several files hold, over what stands."""

    def __init__(self, register: Register, reading: Reading | None = None) -> None:
        self._register = register
        self._reading = reading
        self._put: dict[Key, Entity] = {}
        self._amended: dict[Key, Entity] = {}
        self.stood: dict[Key, Entity | None] = {}  # what was compared with

    def put(self, entity: Entity) -> None:
        """A file holds this.

        Raises:
            Refused: another one says something else of it.
        """
        there = self._put.setdefault(entity.key, entity)
        if there != entity:
            raise _refused(entity.key, "two files say different things of it, must be one", "twice")

    def amend(self, by: Amendment) -> None:
        """A file says this of something earlier.

        Raises:
            Refused: it is not there.
            Malformed: it cannot stand so.
        """
        key = by.key
        standing = self._amended.get(key) or self._put.get(key) or self._register.get(key)
        if standing is None:
            raise _refused(key, f"item {by.item} speaks of it, it is not there", "unknown")
        self._amended[key] = amended(standing, by)

    def changed(self) -> tuple[Entity, ...]:
        """What differs from what stands.

        Raises:
            Refused: an action is due in a year whose bank holidays are not known.
        """
        wanted = {**self._put, **self._amended}
        ahead = Ahead(self._register, wanted.values())
        dated = (_dated(one, ahead, self._register) for one in wanted.values())
        return tuple(one for one in dated if not self._stands(one))

    def _stands(self, one: Entity) -> bool:
        """Whether it stands so, or is what its reader sees of what stands."""
        there = self.stood[one.key] = self._register.get(one.key)
        if there == one or there is None or self._reading is None:
            return there == one
        return self._reading.get(one.key) == one


def _dated(one: Entity, ahead: Known, register: Register) -> Entity:
    """An action with the day that its words come to; one that stands keeps the day that it has."""
    if not isinstance(one, Action) or one.due_on is not None:
        return one
    there = register.get(one.key)
    if isinstance(there, Action) and there.due_on is not None:
        return replace(one, due_on=there.due_on)
    item = look(ahead, AgendaItem, one.item)
    meeting = look(ahead, Meeting, item.meeting) if item else None
    if meeting is None:
        return one
    return replace(one, due_on=due_on(one.due, one.raised, meeting.body, ahead))


def _when(one: Amendment) -> tuple[object, ...]:
    return one.on, one.item, str(one.key)


def _refused(key: Key, said: str, rule: str) -> Refused:
    found = Finding(
        rule=f"register-file.{rule}",
        message=f"{key}: {said}",
        where=key.kind.value,
        clause="sec:L1",
    )
    return Refused(findings=(found,))
