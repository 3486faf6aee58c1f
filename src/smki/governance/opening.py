"""Nobody opens to themselves what they may not read: somebody else has to, or whoever runs the house.

A change may not make its maker a reader of what was there and withheld from them: by an entitlement,
by who is said to have been there, by a label, by a body's handling, by a seat. Whose a credential is,
is said when the person is put; later by whoever runs the house, for it lets in who comes with it.

Clause: sec:M4.13
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Final

from smki.governance.entities import Entity, Key, Known
from smki.governance.entities.bodies import Alternate, Person, Seat
from smki.governance.entries import Change
from smki.governance.looking import look
from smki.governance.reading import Reader, audience_of, may_read, tokens_of
from smki.governance.remembering import Remembered
from smki.governance.rules import finding
from smki.terms import Finding, SerialNumber

CLAUSE: Final = "sec:M4.13"


def decide_opening(
    change: Change,
    known: Known,
    audiences: Mapping[Key, AbstractSet[str]],
    who: Reader,
    seats: Iterable[Seat],
) -> tuple[Finding, ...]:
    """Empty if the change opens nothing to its maker that was withheld from them.

    Args:
        change: what is asked for.
        known: the register as it stands.
        audiences: who may read what after it.
        who: its maker, by what they hold now.
        seats: those that they hold.

    Clause: sec:M4.13
    """
    return (*_read(change, known, audiences, who), *_seated(change, known, who, seats))


def decide_claims(change: Change, known: Known, people: Iterable[Entity]) -> tuple[Finding, ...]:
    """Empty if no credential changes hands and none is claimed that another of these people has.

    Clause: sec:C6
    """
    asked = [one for one in change.entities if isinstance(one, Person)]
    return tuple(found for one in asked for found in _claimed(one, known, people))


def _read(
    change: Change, known: Known, audiences: Mapping[Key, AbstractSet[str]], who: Reader
) -> Iterator[Finding]:
    was = Remembered(known)
    for key, audience in audiences.items():
        before = was.get(key)
        if (
            before is not None
            and may_read(who, audience)
            and not may_read(who, audience_of(before, was))
        ):
            yield _to_themselves(change)
            return


def _seated(change: Change, known: Known, who: Reader, seats: Iterable[Seat]) -> Iterator[Finding]:
    alternates = [one for one in change.entities if isinstance(one, Alternate)]
    stood_for = (look(known, Seat, one.seat) for one in alternates)
    given = [one for one in change.entities if isinstance(one, Seat)]
    before = tuple(seats)
    after = {one.ref: one for one in (*before, *stood_for, *given) if one is not None}
    today = change.at.date()
    # Nor from a later day on, nor for longer.
    terms: tuple[Seat | Alternate, ...] = (*given, *alternates)
    later = {*(one.start or today for one in terms), *(one.end or date.max for one in terms)}
    for day in (today, *sorted(one for one in later if one > today)):
        held = who.tokens if day == today else tokens_of(change.by, before, day)
        if not tokens_of(change.by, after.values(), day, alternates) <= held:
            yield _to_themselves(change)
            return


def _claimed(after: Person, known: Known, people: Iterable[Entity]) -> Iterator[Finding]:
    before = known.get(after.key)
    if isinstance(before, Person) and before.credentials != after.credentials:
        yield finding(
            after,
            "person.claim",
            "has other credentials, must keep those that it has",
            CLAUSE,
            advice="whoever runs the house changes them",
        )
    others = (one for one in people if isinstance(one, Person) and one.key != after.key)
    taken = {SerialNumber.parse(serial) for one in others for serial in one.credentials}
    if before is None and not taken.isdisjoint(map(SerialNumber.parse, after.credentials)):
        yield finding(after, "person.claim", "claims a credential that is somebody else's", CLAUSE)


def _to_themselves(change: Change) -> Finding:
    return finding(
        change.entities[0],
        "opening",
        f"would open to {change.by} what they may not read, must be put by somebody else",
        CLAUSE,
    )
