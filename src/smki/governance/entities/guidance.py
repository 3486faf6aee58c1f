"""Agreed interpretations of clauses, and guidance for a role.

An interpretation is never edited: another takes its place, and both stay.

Clause: sec:L1
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind


class GuidanceState(Enum):
    """How far guidance is."""

    DRAFT = "draft"
    IN_COMMENT = "in-comment"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class PublicationBasis(Enum):
    """On what guidance was published."""

    RESOLUTION = "resolution"
    NO_COMMENTS = "no-comments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation(Entity):
    """How a body agreed that clauses are to be read.

    Attributes:
        body: ref of the body that keeps it.
        heading: what it is about.
        number: its version, M.m.
        clauses: ids of the clauses; it is shown wherever one of them is.
        text: what was agreed.
        agreed_by: ref of the resolution; empty while it is a draft.
        published: when; None before.
        replaces: ref of the interpretation whose place it takes.
        replaced_by: ref of the one that took its place.

    Clause: sec:L1
    """

    KIND: ClassVar[Kind] = Kind.INTERPRETATION

    body: str
    heading: str
    number: str
    clauses: tuple[str, ...]
    text: str
    agreed_by: str = ""
    published: date | None = None
    replaces: str = ""
    replaced_by: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """What it is about."""
        return self.heading

    @property
    def texts(self) -> tuple[str, ...]:
        """What it is about, its clauses, and what was agreed."""
        return (self.heading, *self.clauses, self.text)

    @property
    def day(self) -> date | None:
        """When it was published."""
        return self.published

    @property
    def standing(self) -> str:
        """Whether it is agreed, published, or was replaced."""
        if self.replaced_by:
            return "replaced"
        if self.published:
            return "published"
        return "agreed" if self.agreed_by else "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance(Entity):
    """Guidance that a role can follow.

    Attributes:
        body: ref of the body that gives it.
        name: its title.
        audience: the role it is for.
        text: what it says; empty if it is a file elsewhere.
        clauses: ids of the clauses from which it comes.
        requirements: others from which it comes: of screening, of staffing ...
        draft_due: ref of the meeting at which a draft is due.
        recipients: to whom it is sent.
        state: how far it is.
        basis: on what it was published; None before.
        resolution: ref of the resolution, where it was published on one.
        published: when; None before.
    """

    KIND: ClassVar[Kind] = Kind.GUIDANCE

    body: str
    name: str
    audience: str
    text: str = ""
    clauses: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    draft_due: str = ""
    recipients: tuple[str, ...] = ()
    state: GuidanceState = GuidanceState.DRAFT
    basis: PublicationBasis | None = None
    resolution: str = ""
    published: date | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """Its name."""
        return self.name

    @property
    def texts(self) -> tuple[str, ...]:
        """Its name, for whom it is, and what it says."""
        return (self.name, self.audience, self.text, *self.requirements)

    @property
    def day(self) -> date | None:
        """When it was published."""
        return self.published

    @property
    def standing(self) -> str:
        """How far it is."""
        return self.state.value
