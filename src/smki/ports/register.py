"""The register of the policy authority: entries that stay, and what stands after the newest.

One at a time changes it; what it decides upon does not change meanwhile. Durable on return.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from smki.governance.entities import Entity, Key, Kind, Known
from smki.governance.entries import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An entity as one entry left it.

    Attributes:
        entity: as it stands then.
        entry: number of the entry.
        first: number of the entry that first named it.
        audience: tokens of who may read it now (`governance.reading`).
    """

    entity: Entity
    entry: int
    first: int
    audience: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of the register; a part that is not given asks nothing.

    Attributes:
        tokens: what the reader holds: nothing that they may not read is found, counted or passed over
            in a way that shows. None is for decisions of our own, never for what somebody is shown.
        kinds: of one of these kinds.
        under: belongs to this, directly.
        standings: in one of these states.
        since: its day is that or later.
        until: its day is that or earlier.
        words: each of them is in its texts; letter case and accents do not matter.
    """

    tokens: frozenset[str] | None
    kinds: tuple[Kind, ...] = ()
    under: Key | None = None
    standings: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of what was found.

    Attributes:
        kept: newest first, by their day if they have one, then by their first entry.
        more: what `after` must be for the next page; empty if there is none.
    """

    kept: tuple[Kept, ...]
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest entry.

    Attributes:
        number: entries are counted from 1; 0 is none.
        digest: SHA-256 of it, 32 octets; zeros if there is none.
    """

    number: int = 0
    digest: bytes = field(default=bytes(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Somebody saw something.

    Attributes:
        reader: ref of the person, or the name of the officer and party.
        key: what.
        entry: as which entry left it.
        at: seconds since 1970.
        by: how: `page`, `search`, `export`, `message`.
    """

    reader: str
    key: Key
    entry: int
    at: int
    by: str


class Inside(Known, Protocol):
    """The register while it is being changed: nobody else changes it meanwhile."""

    def below(self, key: Key) -> Iterator[Entity]:
        """All that belongs to it, directly or by something else, each once; not itself."""
        ...


class Register(Inside, Protocol):
    """Durable on return; safe for several threads and processes."""

    def change(
        self, decide: Callable[[Inside], tuple[Change, Mapping[Key, frozenset[str]]]]
    ) -> Head:
        """What `decide` gives is the newest entry: entities, and the audiences that change by it.

        `decide` may be called again if the database asks for it; what it raises passes through, and
        nothing is changed. Audiences may be of entities that the change does not name.

        Raises:
            Unavailable: the database is away.
        """
        ...

    def kept(self, key: Key) -> Kept | None:
        """The entity as it stands, whoever may read it; None if there is none."""
        ...

    def history(self, key: Key) -> Sequence[Kept]:
        """Every state that it had, newest first."""
        ...

    def find(self, wanted: Wanted, *, after: str = "", limit: int = 25) -> Page:
        """A page of what is asked for.

        Raises:
            Malformed: `after` is of no page.
        """
        ...

    def head(self) -> Head:
        """The newest entry."""
        ...

    def entries(self, after: int = 0) -> Iterator[bytes]:
        """The entries after that number, oldest first, octet for octet (`governance.entries`)."""
        ...

    def problems(self) -> Iterator[str]:
        """A sentence for each thing that does not stand as the entries say; looks at all of them.

        Raises:
            Inconsistent: an entity cannot be read.
        """
        ...

    def make_again(self, readers: Callable[[Known], Callable[[Entity], frozenset[str]]]) -> None:
        """Everything stands as the entries say and is read by its audience; no entry is touched.

        `readers` is given the register as it stands, and gives what the audience of an entity is.
        Whoever changes the register waits.

        Raises:
            Inconsistent: an entity cannot be read.
        """
        ...

    def note_seen(self, seen: Iterable[Seen]) -> None:
        """It is on record who saw these; the same again the same day is noted once."""
        ...

    def seen(self, key: Key, limit: int = 100) -> Sequence[Seen]:
        """Who saw it, newest first."""
        ...


def holds(kept: Kept, tokens: AbstractSet[str]) -> bool:
    """Whether who holds these tokens is of its audience."""
    return not kept.audience.isdisjoint(tokens)
