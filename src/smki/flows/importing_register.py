"""Files of meetings and tables come into the register: all of them as one entry, or nothing.

1 join    what the files hold; the same twice must be the same
2 amend   what items of later meetings say of actions, conditions and minutes, oldest first
3 keep    what differs from what stands, by the rules that every change goes by

A file that was read before changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from smki.flows.keeping import keep
from smki.governance.entities import Entity, Key
from smki.governance.entries import Change
from smki.governance.text import Amendment, MeetingFile, amended
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
    by: str,
    said: str,
) -> Imported:
    """What these files hold stands in the register.

    Raises:
        Refused: two files say different things of the same, something is spoken of that is not
            there, or a rule forbids it; every reason.
        Unavailable: the database is away.
    """
    known = Joined(register)
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
    head = keep(register, Change(at=at, by=by, said=said, entities=entities))
    return Imported(head=head, entities=entities)


class Joined:
    """What several files hold, over what stands."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._put: dict[Key, Entity] = {}
        self._amended: dict[Key, Entity] = {}

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
        """What differs from what stands."""
        wanted = {**self._put, **self._amended}
        return tuple(one for one in wanted.values() if self._register.get(one.key) != one)


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
