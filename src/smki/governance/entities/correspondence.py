"""What is demanded of and by the authority, and the letters in which bodies speak to each other.

Clause: sec:L1
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind


class DirectionSource(Enum):
    """Who directs."""

    MINISTRY = "ministry"
    REGULATOR = "regulator"
    PANEL = "panel"
    AUTHORITY = "authority"


class CorrespondenceKind(Enum):
    """What a piece of correspondence is."""

    LETTER = "letter"
    FORMAL_STATEMENT = "formal-statement"
    NOTICE = "notice"
    REPLY = "reply"
    ACKNOWLEDGEMENT = "acknowledgement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction(Entity):
    """A direction: from outside, or from the authority to the operator, such as *lodge this*.

    Attributes:
        body: ref of the body that received or gave it.
        source: who directs.
        to: who must do it: ref of a body, or a role.
        dated: its date.
        demands: what it demands, one each.
        criteria: refs or names of the criteria that it creates.
        due: until when; None if that is not said.
        version: ref of the version that is to be lodged; empty if something else is directed.
        decision: id of the decision file that carries it; empty if none does.
        fulfilled: when it was; None while it waits.
        entry: entry of the record that proves it, if one does.
        proof: what shows it, in words or as a name.

    Clause: sec:L5.3
    """

    KIND: ClassVar[Kind] = Kind.DIRECTION

    body: str
    source: DirectionSource
    to: str
    dated: date
    demands: tuple[str, ...]
    criteria: tuple[str, ...] = ()
    due: date | None = None
    version: str = ""
    decision: str = ""
    fulfilled: date | None = None
    entry: int | None = None
    proof: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def texts(self) -> tuple[str, ...]:
        """What it demands."""
        return (self.ref, *self.demands, *self.criteria, self.proof)

    @property
    def day(self) -> date | None:
        """When it is due, or of when it is."""
        return self.due or self.dated

    @property
    def standing(self) -> str:
        """Whether it was fulfilled."""
        return "fulfilled" if self.fulfilled else "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence(Entity):
    """A letter, statement, notice, reply or acknowledgement.

    Attributes:
        body: ref of the body in whose register it is.
        kind: what it is.
        sender: who wrote it: ref of a body, or a name.
        recipient: to whom.
        dated: its date.
        subject: what it is about.
        view: the view that it carries; "no comment" is a view.
        resolution: ref of the resolution that it carries; empty if none.
        about: ref of the modification or version it is about; empty if none.
        answers: ref of the correspondence that it answers; empty if none.
        answer_until: an answer is awaited until then; None if none is.
        answered_by: ref of the answer.
    """

    KIND: ClassVar[Kind] = Kind.CORRESPONDENCE

    body: str
    kind: CorrespondenceKind
    sender: str
    recipient: str
    dated: date
    subject: str
    view: str = ""
    resolution: str = ""
    about: str = ""
    answers: str = ""
    answer_until: date | None = None
    answered_by: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """What it is about."""
        return self.subject

    @property
    def texts(self) -> tuple[str, ...]:
        """What it is about, and what it says."""
        return (self.ref, self.subject, self.view)

    @property
    def day(self) -> date | None:
        """Until when an answer is awaited, or its date."""
        return self.answer_until if self.standing == "awaited" else self.dated

    @property
    def standing(self) -> str:
        """Whether an answer is awaited."""
        if self.answered_by:
            return "answered"
        return "awaited" if self.answer_until else "filed"
