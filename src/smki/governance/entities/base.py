"""What all entities of the register have: a kind, a lasting name, a label, and what they belong to."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar, NamedTuple, Protocol

from smki.governance.labels import Label


class Kind(Enum):
    """The kinds of entities; the values are for ever."""

    BODY = "body"
    PERSON = "person"
    SEAT = "seat"
    ALTERNATE = "alternate"
    ELECTION = "election"
    INTEREST = "interest"
    STANDING_ITEM = "standing-item"
    MEETING = "meeting"
    AGENDA_ITEM = "agenda-item"
    PAPER = "paper"
    MINUTES = "minutes"
    PARAGRAPH = "paragraph"
    COMMENT = "comment"
    RESOLUTION = "resolution"
    CONDITION = "condition"
    ACTION = "action"
    OUTPUT = "output"
    ALIAS = "alias"
    DOCUMENT = "document"
    VERSION = "version"
    COMMENT_ROUND = "comment-round"
    CONSULTATION = "consultation"
    TRIGGER = "trigger"
    DIRECTION = "direction"
    CORRESPONDENCE = "correspondence"
    INTERPRETATION = "interpretation"
    GUIDANCE = "guidance"
    WORK_PACKAGE = "work-package"
    RISK = "risk"
    MODIFICATION = "modification"
    MODIFICATION_INTEREST = "modification-interest"
    CONVENING = "convening"
    INCIDENT = "incident"


class Key(NamedTuple):
    """What names an entity.

    Attributes:
        kind: its kind.
        ref: its lasting name, unique within the kind.
    """

    kind: Kind
    ref: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.ref}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Something that the register keeps, as it stands after the entry that says so.

    Attributes:
        ref: its lasting name, unique within its kind: 1 to 120 printable characters.
        label: its classification; None is that of what it belongs to.
    """

    KIND: ClassVar[Kind]

    ref: str
    label: Label | None = None

    @property
    def key(self) -> Key:
        """What names it."""
        return Key(self.KIND, self.ref)

    @property
    def parents(self) -> tuple[Key, ...]:
        """What it belongs to; the first one's label is its own if it has none."""
        return ()

    @property
    def title(self) -> str:
        """What a list shows of it; as withheld as itself."""
        return self.ref

    @property
    def texts(self) -> tuple[str, ...]:
        """What a search finds it by."""
        return (self.title,)

    @property
    def day(self) -> date | None:
        """By which day it is put in order: that it is of, or due, or ends."""
        return None

    @property
    def standing(self) -> str:
        """Its state in one word, to ask for; empty if it has none."""
        return ""


class Known(Protocol):
    """The register as it stands, as far as it is asked for."""

    def get(self, key: Key) -> Entity | None:
        """The entity as it stands; None if there is none of that name."""
        ...

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """All of that kind that belong to `parent`, in the order of their first entry."""
        ...
