"""What forms have in common: what the address names, days and times, the entry they were made from."""

from datetime import date, time
from typing import TypeVar

from starlette.requests import Request

from smki.governance.entities import Entity, Key
from smki.interfaces.web.portal.register.scene import Scene, key_of
from smki.terms import Malformed

_Entity = TypeVar("_Entity", bound=Entity)


def found_in(request: Request, scene: Scene) -> Entity | None:
    """What the address names by kind and ref, if this reader may know of it."""
    key = key_of(request.path_params["kind"], request.path_params["ref"])
    return None if key is None else scene.reading.get(key)


def kept_of(request: Request, scene: Scene, of: type[_Entity]) -> _Entity | None:
    """What the address names, if this reader keeps it."""
    found = scene.reading.get(Key(of.KIND, request.path_params["ref"]))
    return found if isinstance(found, of) and scene.keeps(found) else None


def entry_of(scene: Scene, entity: Entity) -> int:
    """Number of the entry as which this reader has it."""
    kept = scene.reading.kept(entity.key)
    return 0 if kept is None else kept.entry


def day_of(text: str, where: str) -> date | None:
    """The day that was typed; None if none was.

    Raises:
        Malformed: it is no day.
    """
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Malformed(
            f"day: {text[:40]!r}, must be as 2026-11-21",
            where=f"meeting.{where}",
            rule="register.day",
        ) from None


def time_of(text: str, where: str) -> time | None:
    """The time of the day that was typed; None if none was.

    Raises:
        Malformed: it is no time.
    """
    try:
        return time.fromisoformat(text[:5]) if text else None
    except ValueError:
        raise Malformed(
            f"time: {text[:40]!r}, must be as 10:00",
            where=f"meeting.{where}",
            rule="register.time",
        ) from None
