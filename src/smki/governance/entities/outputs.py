"""What is given out, and to whom; the aliases of parties that must not be named.

Clause: sec:M4.13
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind


class OutputAct(Enum):
    """Three different acts: White is published, Green distributed, to Amber and Red readers are entitled."""

    PUBLISH = "publish"
    DISTRIBUTE = "distribute"
    ENTITLE = "entitle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output(Entity):
    """Something was given out: what it names, and what of it `governance.reading` says goes with it.

    Attributes:
        act: which.
        of_kind: kind of what was given out.
        of: its ref.
        on: when.
        readers: refs of the persons who are entitled; empty for the others.
        withdrawn: from when it holds no more; None for ever.
    """

    KIND: ClassVar[Kind] = Kind.OUTPUT

    act: OutputAct
    of_kind: Kind
    of: str
    on: date
    readers: tuple[str, ...] = ()
    withdrawn: date | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """What was given out."""
        return (Key(self.of_kind, self.of),)

    @property
    def day(self) -> date | None:
        """When."""
        return self.on

    @property
    def standing(self) -> str:
        """Whether it holds."""
        return "withdrawn" if self.withdrawn else "given out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias(Entity):
    """How a party is called where it must not be named: `ref` is body, category and letters.

    Who may not know whom it stands for does not see it at all: the alias stands in texts. Letters
    come in random order and tell nothing (`governance.aliases`).

    Attributes:
        body: ref of the body that uses it.
        category: of the party, such as Large Supplier.
        letters: A to Z, AA ...; unique within the category.
        party: whom it stands for.
    """

    KIND: ClassVar[Kind] = Kind.ALIAS

    body: str
    category: str
    letters: str
    party: str

    @property
    def name(self) -> str:
        """As texts have it: Large Supplier A."""
        return f"{self.category} {self.letters}"

    @property
    def title(self) -> str:
        """As texts have it."""
        return self.name

    @property
    def texts(self) -> tuple[str, ...]:
        """The alias and whom it stands for."""
        return (self.name, self.party)

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)
