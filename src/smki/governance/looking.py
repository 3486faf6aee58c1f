"""Looks up entities of the register by their class: what is there of that kind and name."""

from typing import TypeVar

from smki.governance.entities import Entity, Key, Known

_Entity = TypeVar("_Entity", bound=Entity)


def look(known: Known, of: type[_Entity], ref: str) -> _Entity | None:
    """The entity of that class and name; None if there is none."""
    found = known.get(Key(of.KIND, ref)) if ref else None
    return found if isinstance(found, of) else None


def all_under(known: Known, parent: Entity, of: type[_Entity]) -> tuple[_Entity, ...]:
    """All of that class that belong to `parent`, in the order of their first entry."""
    return tuple(one for one in known.under(parent.key, of.KIND) if isinstance(one, of))
