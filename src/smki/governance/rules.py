"""What may become of an entity: rules by its kind, each with its clause, all asked before it is kept.

A rule is a function of what is to be, what was, and the register as it stands with all of the
change in it; it gives a finding for all that is wrong. Rules are pure: whoever has the register can
ask them again of every entry there is.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entries import Change
from smki.governance.remembering import Remembered
from smki.terms import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entity's step from what it was to what it is to be.

    Attributes:
        before: as it stood; None if it is new.
        after: as it is to stand.
        change: what it is a part of.
        known: the register with the whole change in it.
        was: the register without it.
    """

    before: Entity | None
    after: Entity
    change: Change
    known: Known
    was: Known


Rule = Callable[[Step], Iterable[Finding]]
_Entity = TypeVar("_Entity", bound=Entity)


def rules_of(
    of: type[_Entity], *asked: Callable[[Step, _Entity, _Entity | None], Iterable[Finding]]
) -> tuple[Rule, ...]:
    """Rules for entities of one class: each is given the step, the entity after it, and before it."""

    def rule(one: Callable[[Step, _Entity, _Entity | None], Iterable[Finding]]) -> Rule:
        def ask(step: Step) -> Iterable[Finding]:
            before = step.before if isinstance(step.before, of) else None
            return one(step, step.after, before) if isinstance(step.after, of) else ()

        return ask

    return tuple(rule(one) for one in asked)


_OF_ANYTHING: Final = frozenset({Kind.COMMENT, Kind.COMMENT_ROUND, Kind.DOCUMENT, Kind.OUTPUT})
"""What can belong to something of its own kind: in every circle is one of these, and it is new."""


class Ahead:
    """The register as it will stand: `Known` with a change in it."""

    def __init__(self, known: Known, entities: Iterable[Entity]) -> None:
        self._known = known
        self._new = {one.key: one for one in entities}

    def get(self, key: Key) -> Entity | None:
        """The entity as it will stand."""
        return self._new.get(key) or self._known.get(key)

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """All of that kind that will belong to `parent`."""
        there = self._known.under(parent, kind)
        kept = [self._new.get(one.key, one) for one in there]
        names = {one.key for one in there}
        added = [one for one in self._new.values() if one.KIND is kind and one.key not in names]
        return tuple(one for one in (*kept, *added) if parent in one.parents)


def decide_change(
    change: Change, known: Known, rules: Mapping[Kind, tuple[Rule, ...]]
) -> tuple[Finding, ...]:
    """Empty if the change may be kept; otherwise every reason.

    Asked of each entity: that what it belongs to is there, that it belongs to the same as before,
    and the rules of its kind.
    """
    was = Remembered(known)
    ahead = Remembered(Ahead(was, change.entities))
    findings = list(_twice(change))
    for after in change.entities:
        before = was.get(after.key)
        step = Step(before=before, after=after, change=change, known=ahead, was=was)
        for rule in (_belongs, *rules.get(after.KIND, ())):
            findings += rule(step)
    return tuple(findings)


def not_there(after: Entity, parent: Key) -> Finding:
    """It belongs to what is not there, or may not be known to be."""
    return finding(after, "belongs", f"belongs to {parent}, which is not there")


def finding(
    after: Entity, rule: str, message: str, clause: str = "sec:L1", *, advice: str = ""
) -> Finding:
    """Something that is wrong with an entity, and what to do about it."""
    return Finding(
        rule=f"register.{rule}",
        message=f"{after.key}: {message}",
        where=after.KIND.value,
        clause=clause,
        advice=advice,
    )


def _twice(change: Change) -> Iterator[Finding]:
    names = Counter(one.key for one in change.entities)
    for key in sorted(key for key, times in names.items() if times > 1):
        after = next(one for one in change.entities if one.key == key)
        yield finding(after, "twice", "is there twice, must be once in one entry")


def _belongs(step: Step) -> Iterator[Finding]:
    for parent in step.after.parents:
        if step.known.get(parent) is None:
            yield not_there(step.after, parent)
    if step.before is not None and step.before.parents != step.after.parents:
        yield finding(
            step.after, "belongs", "belonged to something else before, must stay where it is"
        )
    loose = step.before is None and step.after.KIND in _OF_ANYTHING
    if loose and _is_above(step.after, step.known):
        yield finding(step.after, "belongs", "belongs to itself in the end, must not")


def _is_above(entity: Entity, known: Known) -> bool:
    """Whether it is among all that it belongs to."""
    waiting, seen = list(entity.parents), set(entity.parents)
    while waiting and entity.key not in seen:
        above = known.get(waiting.pop())
        more = [] if above is None else [one for one in above.parents if one not in seen]
        waiting += more
        seen.update(more)
    return entity.key in seen
