"""An officer changes the register: as it was when they looked, and in their own name.

Nothing here decides who may, or what: `keeping` asks for that.
"""

from collections.abc import Mapping

from smki.flows.keeping import CHANGED, keep
from smki.flows.reading_register import Reading
from smki.governance.entities import Entity, Key
from smki.governance.entries import Change
from smki.ports.register import Head
from smki.terms import Refused


def put(
    reading: Reading,
    said: str,
    entities: tuple[Entity, ...],
    since: Mapping[Key, int] | None = None,
) -> Head:
    """The entities stand so from now on.

    `since` names the entry as which the officer saw each; what is not named must still be as this
    reading has it, or new.

    Raises:
        Refused: `register.changed` if somebody was quicker; whatever rules and duties say.
        Unavailable: the database is away.

    Clause: sec:L1
    """
    if reading.person is None:
        raise Refused(
            "register: your credential belongs to no person of the register, must belong to one",
            clause="sec:C6",
            rule="register.person",
        )
    entries = since or {}
    expected = {one.key: _expected(reading, one.key, entries.get(one.key)) for one in entities}
    change = Change(at=reading.now, by=reading.person.ref, said=said, entities=entities)
    return keep(reading.register, change, expected)


def _expected(reading: Reading, key: Key, entry: int | None) -> Entity | None:
    if entry is None:
        return reading.get(key)
    then = reading.state(key, entry)
    if then is None:
        raise Refused(
            f"{key}: entry {entry} says nothing of it, must be the one that it was seen as",
            clause="sec:L1",
            rule=CHANGED,
        )
    return then
