"""What others are asked about a draft: comment rounds, and consultations with their wrapper.

Answers are comments (`minutes.Comment`) that belong to the round or consultation: one without text
is a nil return. Of a comment's disposition, and of whether an answer is material, decide the rules.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRound(Entity):
    """Members, or a group outside, are asked to comment on a draft.

    Attributes:
        about_kind: kind of what it is about: a version, guidance, minutes.
        about: its ref.
        invitees: refs of bodies and persons, or names of groups outside.
        opens: first day.
        closes: last day.
        working_days: how many, if it was said so; 0 if a date was said.
        compiled_by: who put the comments together; empty while nobody did.
        compiled_on: when; the round is over.
    """

    KIND: ClassVar[Kind] = Kind.COMMENT_ROUND

    about_kind: Kind
    about: str
    invitees: tuple[str, ...]
    opens: date
    closes: date
    working_days: int = 0
    compiled_by: str = ""
    compiled_on: date | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """What it is about."""
        return (Key(self.about_kind, self.about),)

    @property
    def day(self) -> date | None:
        """Its last day."""
        return self.closes

    @property
    def standing(self) -> str:
        """Whether it is over."""
        return "compiled" if self.compiled_on else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consultation(Entity):
    """Parties are consulted on a version, with a wrapper that says what is asked and what is not.

    Attributes:
        version: ref.
        by: ref of the body, or the role, that consults.
        changed: what changed, one each.
        not_reopened: what is not up for comment again.
        regression: what the changes do to tests that were passed.
        opens: first day.
        closes: last day.
        working_days: how many, if it was said so; 0 if a date was said.
        concluded: when every answer had been judged; None before.
        outcome: in words.
    """

    KIND: ClassVar[Kind] = Kind.CONSULTATION

    version: str
    by: str
    changed: tuple[str, ...]
    opens: date
    closes: date
    not_reopened: tuple[str, ...] = ()
    regression: str = ""
    working_days: int = 0
    concluded: date | None = None
    outcome: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The version."""
        return (Key(Kind.VERSION, self.version),)

    @property
    def texts(self) -> tuple[str, ...]:
        """The wrapper, and the outcome."""
        return (self.ref, *self.changed, *self.not_reopened, self.regression, self.outcome)

    @property
    def day(self) -> date | None:
        """Its last day."""
        return self.closes

    @property
    def standing(self) -> str:
        """Whether it is concluded."""
        return "concluded" if self.concluded else "open"
