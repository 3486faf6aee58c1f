"""The register is changed: rules and duties are asked, then what was decided upon is kept at once.

1 look     whether who asks sees all that the change rests on; nothing else is said if not
2 decide   every rule of every entity, and whether who asks may
3 hear     who may read what, of all that the change touches; nobody opens anything to themselves
4 keep     one entry, durable

Nothing else writes to the register.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from smki.governance.duties import decide_duties, seats_of
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Person, Seat
from smki.governance.entries import Change
from smki.governance.opening import decide_claims, decide_opening
from smki.governance.reading import Reader, audience_of, tokens_of, touched_by
from smki.governance.remembering import Remembered
from smki.governance.rulebook import RULES
from smki.governance.rules import Ahead, decide_change
from smki.governance.sighted import decide_sighted
from smki.ports.register import Head, Inside, Register, Wanted
from smki.terms import Finding, Refused

CHANGED: Final = "register.changed"
_AT_ONCE: Final = 1_000


def keep(
    register: Register, change: Change, expected: Mapping[Key, Entity | None] | None = None
) -> Head:
    """The change is the newest entry of the register.

    `expected` is what whoever changes it had before them: None where there was nothing.

    Raises:
        Refused: a rule forbids it, or whoever asks may not; every reason. `register.changed` if
            something is not as expected.
        Unavailable: the database is away.

    Clause: sec:L1
    """
    seats = tuple(_seats(register)) if change.by else ()
    own = seats_of(change.by, seats)
    named = any(isinstance(one, Person) for one in change.entities)
    people = all_of(register, Kind.PERSON) if named else ()
    day = change.at.date()
    who = Reader(person=change.by, tokens=tokens_of(change.by, own, day))

    def decide(known: Inside) -> tuple[Change, Mapping[Key, frozenset[str]]]:
        unseen = decide_sighted(change, known, who) if change.by else ()
        if unseen:
            raise Refused(findings=unseen)
        _must_stand(expected or {}, known)
        findings = (*decide_change(change, known, RULES), *decide_duties(change, known, seats))
        if findings:
            raise Refused(findings=findings)
        audiences = audiences_after(change, known)
        opened = decide_opening(change, known, audiences, who, own) if change.by else ()
        claimed = decide_claims(change, known, people) if change.by else ()
        if opened or claimed:
            raise Refused(findings=(*opened, *claimed))
        return change, audiences

    return register.change(decide)


def all_of(register: Register, kind: Kind) -> tuple[Entity, ...]:
    """All entities of a kind of which there are few, whoever may read them; for decisions of ours."""
    found: list[Entity] = []
    after = ""
    while True:
        page = register.find(Wanted(tokens=None, kinds=(kind,)), after=after, limit=_AT_ONCE)
        found += [one.entity for one in page.kept]
        after = page.more
        if not after:
            return tuple(found)


def audiences_after(change: Change, known: Inside) -> Mapping[Key, frozenset[str]]:
    """Who may read what the change makes, and what it opens or shuts.

    Clause: sec:M4.13
    """
    ahead = Remembered(Ahead(known, change.entities))
    touched = {one.key: one for one in change.entities}
    for after in change.entities:
        for one in touched_by(known.get(after.key), after, known, known.below):
            touched.setdefault(one.key, one)
    return {key: audience_of(one, ahead) for key, one in touched.items()}


def _seats(register: Register) -> Iterator[Seat]:
    for one in all_of(register, Kind.SEAT):
        if isinstance(one, Seat):
            yield one


def _must_stand(expected: Mapping[Key, Entity | None], known: Inside) -> None:
    findings = tuple(
        Finding(
            rule=CHANGED,
            message=f"{key}: somebody changed it meanwhile, must be looked at again",
            where=key.kind.value,
            clause="sec:L1",
        )
        for key, entity in expected.items()
        if known.get(key) != entity
    )
    if findings:
        raise Refused(findings=findings)
