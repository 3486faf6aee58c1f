"""Whether the register is what it was: its chain, what the record vouches for, and what stands by it.

1 chain     every entry can be read, has the next number, and the digest of the one before
2 record    every head to which the record commits is on that chain: up to which entry
3 standing  what stands is what the entries make stand, and who may read it what the policy says

That changes nothing; what stands can be made again from the entries by `mend_register`, which changes
no entry. What is found are sentences: they name entries and entities, and quote nothing.

Clause: sec:L1
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from smki.flows.office import FrontOffice
from smki.flows.register_heads import LodgedHead, lodged_heads
from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entries import NO_ENTRY, digest, parse_entry
from smki.governance.reading import audience_of
from smki.ports.confidential import Confidential
from smki.ports.register import Kept, Register, Wanted
from smki.terms import Malformed

PAGE: Final = 500  # entities that are asked for at a time
REMEMBERED: Final = 10_000  # entities, from which the readers of others follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was found.

    Attributes:
        entries: how many entries the register has.
        vouched: the newest one to which the record commits; 0 if to none.
        heads: how often the record commits to one.
        problems: sentences; empty if all is as it was.
    """

    entries: int
    vouched: int
    heads: int
    problems: tuple[str, ...]


def verify_register(front: FrontOffice, kept: Confidential) -> Verified:
    """What is wrong with the register, and how far the record vouches for it.

    Raises:
        Unavailable: the disk or the database is away.
        Inconsistent: an entity cannot be read.

    Clause: sec:L1
    """
    register, problems = front.proceedings, list[str]()
    lodged = list[LodgedHead]()
    for one in lodged_heads(front, kept):  # before the chain, which only grows
        problems.append(one) if isinstance(one, str) else lodged.append(one)
    digests = _chain(register, problems)
    vouched = _vouched(lodged, digests, problems)
    problems += register.problems()
    problems += audience_problems(register)
    return Verified(
        entries=len(digests) - 1, vouched=vouched, heads=len(lodged), problems=tuple(problems)
    )


def mend_register(front: FrontOffice) -> None:
    """What stands, and who may read it, follows from the entries again; these stay as they are.

    For what an older version had stand otherwise, or a fault. The chain and the record mend nothing.

    Raises:
        Unavailable: the disk or the database is away.
        Inconsistent: an entity cannot be read.

    Clause: sec:M4.13
    """

    def readers(known: Known) -> Callable[[Entity], frozenset[str]]:
        remembered = _Remembered(known)
        return lambda one: audience_of(one, remembered)

    front.proceedings.make_again(readers)


def _chain(register: Register, problems: list[str]) -> list[bytes]:
    """The digest of each entry as it is now, by its number; of 0 there are zeros."""
    head, digests = register.head(), [NO_ENTRY]
    for octets in register.entries():
        number = len(digests)
        try:
            entry = parse_entry(octets)
        except Malformed as error:
            problems.append(f"entry {number}: cannot be read, {error.message}")
        else:
            if entry.number != number:
                problems.append(f"entry {number}: has the number {entry.number}, must be next")
            if entry.previous != digests[-1]:
                problems.append(f"entry {number - 1}: is not what entry {number} was chained to")
        digests.append(digest(octets))
        if number == head.number and digests[-1] != head.digest:
            problems.append(f"entry {number}: is not what it was when it was the newest")
    return digests


def _vouched(lodged: Iterable[LodgedHead], digests: list[bytes], problems: list[str]) -> int:
    """Up to which entry the record vouches, of the heads in its order."""
    vouched = 0
    for one in lodged:
        when = datetime.fromtimestamp(one.at / 1000, UTC)
        said = f"the record commits to entry {one.number} (leaf {one.leaf}, {when:%F %T} UTC)"
        if not 0 < one.number < len(digests):
            problems.append(f"{said}, and there are {len(digests) - 1}: entries were lost")
        elif digests[one.number] != one.digest:
            problems.append(
                f"{said}, and that is another now: one of {vouched + 1} to {one.number} was rewritten"
            )
        else:
            vouched = max(vouched, one.number)
    return vouched


def audience_problems(register: Register) -> Iterator[str]:
    """A sentence for each entity that others may read than the policy says."""
    outputs = _all(register, Wanted(tokens=None, kinds=(Kind.OUTPUT,)))
    given_out = frozenset(parent for one in outputs for parent in one.entity.parents)
    known = _Remembered(register, given_out)
    for one in _all(register, Wanted(tokens=None)):
        key = one.entity.key
        if one.audience != audience_of(one.entity, known) and _still_wrong(register, key):
            yield f"{key}: may be read by others than it should be"


def _all(register: Register, wanted: Wanted) -> Iterator[Kept]:
    page = register.find(wanted, limit=PAGE)
    yield from page.kept
    while page.more:
        page = register.find(wanted, after=page.more, limit=PAGE)
        yield from page.kept


def _still_wrong(register: Register, key: Key) -> bool:
    """Whether it is so when it is asked for now: somebody may have changed something meanwhile."""
    now = register.kept(key)
    return now is None or now.audience != audience_of(now.entity, register)


class _Remembered:
    """The register, so much of it remembered that what others belong to is not asked for again.

    `given_out` is all that something was given out of, where that is known: few things are, and
    every entity is asked whether it was.
    """

    def __init__(self, known: Known, given_out: frozenset[Key] | None = None) -> None:
        self.get = lru_cache(maxsize=REMEMBERED)(known.get)
        self._under = lru_cache(maxsize=REMEMBERED)(known.under)
        self._given_out = given_out

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """All of that kind that belong to `parent`, in the order of their first entry."""
        if kind is Kind.OUTPUT and self._given_out is not None and parent not in self._given_out:
            return ()
        return self._under(parent, kind)
