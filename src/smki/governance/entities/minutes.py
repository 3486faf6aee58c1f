"""Minutes, as versions; what was resolved, on which conditions, and the actions.

    minutes PMA_21_0803/open           and /confidential, each drafted, commented, approved on its own
      paragraph PMA_21_0803/open/007   belongs to its minutes first, then to its agenda item
    resolution PMA_21_0803/4/1         of the agenda item; conditions .../1/c1
    action PMA 21/01                   named for life by the meeting that raised it

An open stub is a paragraph that was written to be read; a withheld body is one of the confidential
minutes. Nothing leads from the one to the other but the agenda item.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import Enum
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind
from smki.governance.entities.bodies import MinutesSet


class MinutesState(Enum):
    """How far minutes are."""

    DRAFT = "draft"
    IN_COMMENT = "in-comment"
    DEFERRED = "deferred"
    APPROVED_AS_WRITTEN = "approved-as-written"
    APPROVED_AS_MODIFIED = "approved-as-modified"
    FINAL = "final"

    @property
    def is_approved(self) -> bool:
        """Whether the body has approved them: what they say stays."""
        return self in _APPROVED


_APPROVED = frozenset(
    {MinutesState.APPROVED_AS_WRITTEN, MinutesState.APPROVED_AS_MODIFIED, MinutesState.FINAL}
)


class ParagraphRole(Enum):
    """What a paragraph is."""

    TEXT = "text"
    OPEN_STUB = "open-stub"
    WITHHELD_BODY = "withheld-body"
    DECISION = "decision"
    ACTION = "action"
    FOOTNOTE = "footnote"
    APPENDIX = "appendix"


class Verb(Enum):
    """What a body did, in the words of its minutes."""

    APPROVED = "approved"
    AGREED = "agreed"
    RECOMMENDED = "recommended"
    DECIDED = "decided"
    DETERMINED = "determined"
    CONSIDERED = "considered"
    NOTED = "noted"
    PROVIDED_VIEWS = "provided-views"
    INVITED_VIEWS = "invited-views"
    CONFIRMED = "confirmed"


class ConditionKind(Enum):
    """What a condition holds up: its taking effect, its staying so, or the next body's look at it."""

    PRECEDENT = "precedent"
    SUBSEQUENT = "subsequent"
    AMENDMENT = "amendment"


class ConditionState(Enum):
    """What became of a condition."""

    OPEN = "open"
    MET = "met"
    FAILED = "failed"


class ActionState(Enum):
    """How far an action is; complete says its owner, closed says the body."""

    OPEN = "open"
    ON_TARGET = "on-target"
    COMPLETE = "complete"
    CLOSED = "closed"
    COMBINED = "combined"
    TRANSFERRED = "transferred"
    NOT_REQUIRED = "not-required"

    @property
    def is_open(self) -> bool:
        """Whether the body still has to do with it."""
        return self in _OPEN


_OPEN = frozenset({ActionState.OPEN, ActionState.ON_TARGET, ActionState.COMPLETE})


class DueKind(Enum):
    """How it is said when something is due."""

    WORKING_DAYS = "working-days"
    DATE = "date"
    BEFORE_MEETING = "before-meeting"
    NEXT_MEETING = "next-meeting"
    CONTINGENT = "contingent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When something is due, as it was said.

    Attributes:
        kind: how it was said; the others are there as it needs them.
        working_days: so many after the meeting that raised it.
        on: that day.
        meeting: ref of the meeting before which it is due.
        at: time of the day.
        action: ref of the action on which it depends.
    """

    kind: DueKind
    working_days: int = 0
    on: date | None = None
    meeting: str = ""
    at: time | None = None
    action: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes(Entity):
    """One version of a meeting's minutes; `ref` is the meeting's, a stroke and the set.

    Attributes:
        meeting: ref.
        set: which version.
        state: how far they are.
        revision: drafts are counted, from 1.
        comments_close: last day of the comment round; None if there is none.
        approved_at: ref of the meeting that approved them.
    """

    KIND: ClassVar[Kind] = Kind.MINUTES

    meeting: str
    set: MinutesSet
    state: MinutesState = MinutesState.DRAFT
    revision: int = 1
    comments_close: date | None = None
    approved_at: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The meeting."""
        return (Key(Kind.MEETING, self.meeting),)

    @property
    def standing(self) -> str:
        """How far they are."""
        return self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph(Entity):
    """A paragraph of minutes; `ref` is the minutes', a stroke and its number.

    Attributes:
        minutes: ref.
        item: ref of the agenda item.
        place: its place in the minutes, from 1: numbers of each version run without gaps.
        role: what it is.
        text: what it says.
        footnotes: marker and text of each, kept apart from the sentence.
        of: ref of the resolution or action that it records; empty if none.
    """

    KIND: ClassVar[Kind] = Kind.PARAGRAPH

    minutes: str
    item: str
    place: int
    role: ParagraphRole
    text: str
    footnotes: tuple[str, ...] = ()
    of: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The minutes, and the agenda item."""
        return (Key(Kind.MINUTES, self.minutes), Key(Kind.AGENDA_ITEM, self.item))

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says."""
        return (self.text, *self.footnotes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Entity):
    """What somebody said to a draft.

    Attributes:
        about: ref of the minutes, version or other draft, with its kind: `minutes PMA_21_0803/open`.
        by: ref of the person, or an organisation.
        received: when.
        text: what; empty for a nil return.
        disposition: what became of it.
        about_kind: kind of what it is about.
        material: of an answer to a consultation, whether it touches what was decided; None until
            that is judged.
        judged_by: who judged that: a role, or ref of a body or person.
    """

    KIND: ClassVar[Kind] = Kind.COMMENT

    about_kind: Kind
    about: str
    by: str
    received: date
    text: str = ""
    disposition: str = ""
    material: bool | None = None
    judged_by: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """What it is about."""
        return (Key(self.about_kind, self.about),)

    @property
    def texts(self) -> tuple[str, ...]:
        """What it says."""
        return (self.text, self.disposition)

    @property
    def day(self) -> date | None:
        """When it came."""
        return self.received


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """Something that must be considered, and where it is shown that it was.

    Attributes:
        text: what must be considered, with its clause.
        shown: how it was; empty is not yet.
    """

    text: str
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A vote that was taken.

    Attributes:
        in_favour: refs of the seats.
        against: refs of the seats.
        abstained: refs of the seats.
    """

    in_favour: tuple[str, ...]
    against: tuple[str, ...] = ()
    abstained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Entity):
    """A decision as minutes record it; `decisions.Decision` is the file that systems obey.

    Attributes:
        item: ref of the agenda item.
        place: order within the item, from 1; compound decisions are several.
        verb: what the body did; it may be weaker than what the paper asked for, both are kept.
        bodies: refs of the bodies that took it.
        text: in the words of the minutes.
        about: ref of what it is about, such as a document; empty if nothing of the register.
        version: of the document; empty if none.
        clause: under which it was taken.
        criteria: what had to be considered.
        evidence: what was.
        tally: the vote, if one was taken.
        effective: from that day; None at once.
        until: until that day; None for ever.
        rests_on: refs of resolutions, or of versions whose own approval is pending, on which it depends.
        ratifies: ref of the resolution at short notice that it ratifies.
        short_notice: it was taken at short notice, and is to be ratified.
        withdrawn: when it was withdrawn; what was done under it stays.
        decision: id of the decision file that carries it out, empty if no system has to obey.
    """

    KIND: ClassVar[Kind] = Kind.RESOLUTION

    item: str
    place: int
    verb: Verb
    bodies: tuple[str, ...]
    text: str
    about: str = ""
    version: str = ""
    clause: str = ""
    criteria: tuple[Criterion, ...] = ()
    evidence: tuple[str, ...] = ()
    tally: Tally | None = None
    effective: date | None = None
    until: date | None = None
    rests_on: tuple[str, ...] = ()
    ratifies: str = ""
    short_notice: bool = False
    withdrawn: datetime | None = None
    decision: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The agenda item."""
        return (Key(Kind.AGENDA_ITEM, self.item),)

    @property
    def title(self) -> str:
        """Its words."""
        return self.text

    @property
    def day(self) -> date | None:
        """From when it has effect."""
        return self.effective

    @property
    def standing(self) -> str:
        """Whether it was withdrawn."""
        return "withdrawn" if self.withdrawn else "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Entity):
    """What a decision is subject to; `ref` is the resolution's, `/c` and a number.

    Attributes:
        resolution: ref.
        kind: what it holds up.
        text: what must be so.
        judge: who says that it is met: ref of a body or a person.
        deadline: until when.
        action: ref of the action by which it is to be met.
        consultation: ref of the consultation on which it depends.
        state: what became of it.
        outcome: in words, with a pointer.
    """

    KIND: ClassVar[Kind] = Kind.CONDITION

    resolution: str
    kind: ConditionKind
    text: str
    judge: str = ""
    deadline: date | None = None
    action: str = ""
    consultation: str = ""
    state: ConditionState = ConditionState.OPEN
    outcome: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The resolution."""
        return (Key(Kind.RESOLUTION, self.resolution),)

    @property
    def title(self) -> str:
        """What must be so."""
        return self.text

    @property
    def day(self) -> date | None:
        """Until when."""
        return self.deadline

    @property
    def standing(self) -> str:
        """What became of it."""
        return self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What was said of an action.

    Attributes:
        on: when.
        text: what.
        item: ref of the agenda item where it stands; empty if none.
    """

    on: date
    text: str
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Entity):
    """An action; `ref` as `numbering.ActionReference` prints it, never used again.

    Attributes:
        text: what is to be done.
        item: ref of the agenda item that raised it.
        raised: when.
        owner: ref of the body, or a role or organisation.
        due: when, as it was said.
        due_on: the day that it comes to; None while that is not known.
        state: how far it is.
        updates: what was said of it since.
        successor: ref of the action it was combined into, or of the body it was transferred to.
    """

    KIND: ClassVar[Kind] = Kind.ACTION

    text: str
    item: str
    raised: date
    owner: str
    due: Due
    due_on: date | None = None
    state: ActionState = ActionState.OPEN
    updates: tuple[Update, ...] = ()
    successor: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The agenda item."""
        return (Key(Kind.AGENDA_ITEM, self.item),)

    @property
    def title(self) -> str:
        """What is to be done."""
        return self.text

    @property
    def texts(self) -> tuple[str, ...]:
        """What is to be done, and what was said of it."""
        return (self.text, *(one.text for one in self.updates))

    @property
    def day(self) -> date | None:
        """When it is due."""
        return self.due_on

    @property
    def standing(self) -> str:
        """How far it is."""
        return self.state.value
