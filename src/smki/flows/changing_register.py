"""An officer changes the register: only what they can see, and only as it was when they looked.

Nothing here decides who may: rules and duties do (`keeping`).
"""

from collections.abc import Mapping
from typing import Final

from smki.flows.keeping import CHANGED, keep
from smki.flows.reading_register import Reading
from smki.governance.entities import Entity, Key
from smki.governance.entries import Change
from smki.ports.register import Head
from smki.terms import Refused

GONE: Final = "register.nothing"


def put(
    reading: Reading,
    said: str,
    entities: tuple[Entity, ...],
    since: Mapping[Key, int] | None = None,
) -> Head:
    """The entities stand so from now on.

    `since` names the entry as which the officer saw each; what is not named must be as it stands
    for this reading, or new.

    Raises:
        Refused: `register.nothing` for what this reader may not see; `register.changed` if
            somebody was quicker; whatever rules and duties say.
        Unavailable: the database is away.

    Clause: sec:L1
    """
    if reading.person is None:
        raise Refused(
            "register: you are no person of the register, must be one to change it",
            clause="sec:C6",
            rule="register.person",
        )
    expected: dict[Key, Entity | None] = {}
    for one in entities:
        expected[one.key] = _expected(reading, one.key, (since or {}).get(one.key))
        for parent in one.parents:
            _must_be_seen(reading, parent, {each.key for each in entities})
    change = Change(at=reading.now, by=reading.person.ref, said=said, entities=entities)
    return keep(reading.register, change, expected)


def _expected(reading: Reading, key: Key, entry: int | None) -> Entity | None:
    if reading.register.get(key) is None:
        return None
    now = reading.get(key)
    if now is None:
        raise _nothing()
    if entry is None:
        return now
    then = reading.state(key, entry)
    if then is None:
        raise Refused(f"{key}: entry {entry} did not change it", clause="sec:L1", rule=CHANGED)
    return then


def _must_be_seen(reading: Reading, key: Key, new: set[Key]) -> None:
    if key not in new and reading.get(key) is None:
        raise _nothing()


def _nothing() -> Refused:
    return Refused("register: there is nothing of that name", clause="sec:M4.13", rule=GONE)
