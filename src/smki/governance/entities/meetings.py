"""Meetings: who was there and for which part, what was on the agenda, and the papers to it.

    meeting > agenda items > papers
    meeting > minutes (`minutes`) > paragraphs, resolutions, actions

An agenda item carries its own label: papers, paragraphs and actions that have none take the one of
what they belong to first.
"""

from dataclasses import dataclass
from datetime import date, time
from enum import Enum
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind
from smki.governance.labels import Label


class MeetingKind(Enum):
    """What kind of meeting it is."""

    ORDINARY = "ordinary"
    EXTRAORDINARY = "extraordinary"
    TELECONFERENCE = "teleconference"
    JOINT = "joint"
    EMERGENCY = "emergency"


class MeetingState(Enum):
    """How far a meeting is."""

    PLANNED = "planned"
    AGENDA_ISSUED = "agenda-issued"
    HELD = "held"
    CANCELLED = "cancelled"


class Mode(Enum):
    """How somebody attended."""

    ROOM = "room"
    TELECONFERENCE = "teleconference"


class Ask(Enum):
    """What a paper or an item asks of the body."""

    DECISION = "decision"
    APPROVAL = "approval"
    RECOMMENDATION = "recommendation"
    DISCUSSION = "discussion"
    COMMENT = "comment"
    INFORMATION = "information"
    VIEWS = "views"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The part for which somebody was there who was not there for the whole.

    Attributes:
        items: numbers of the agenda items.
        arrived: when they came; None at the beginning.
        left: when they went; None at the end.
    """

    items: tuple[int, ...]
    arrived: time | None = None
    left: time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Somebody who was there.

    Attributes:
        person: ref.
        organisation: for whom they came.
        seat: ref of the seat; empty for advisers and visitors.
        votes: whether they have a vote here.
        mode: how.
        part: for which part; None for the whole.
        alternate_for: ref of the person for whom they stood in; empty if for none.
        joint_of: ref of the other body, for who came by a joint item; empty otherwise.
    """

    person: str
    organisation: str = ""
    seat: str = ""
    votes: bool = False
    mode: Mode = Mode.ROOM
    part: Presence | None = None
    alternate_for: str = ""
    joint_of: str = ""

    def is_there_for(self, item: int) -> bool:
        """Whether they were there for the agenda item of that number."""
        return self.part is None or item in self.part.items


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting(Entity):
    """A meeting of a body; `ref` as `numbering.MeetingReference` prints it.

    Attributes:
        body: ref of the body.
        number: its meetings are counted.
        held_on: its day.
        starts: when it begins.
        ends: when it ended or is to end.
        place: where; empty if by teleconference alone.
        presider: ref of the person who presides, the chair or an alternate.
        secretary: ref of the person who takes the minutes.
        kind: what kind of meeting.
        state: how far it is.
        attendance: who was there.
        apologies: refs of who sent them, members and alternates alike.
        next_meeting: ref; empty while there is none.
    """

    KIND: ClassVar[Kind] = Kind.MEETING

    body: str
    number: int
    held_on: date
    starts: time | None = None
    ends: time | None = None
    place: str = ""
    presider: str = ""
    secretary: str = ""
    kind: MeetingKind = MeetingKind.ORDINARY
    state: MeetingState = MeetingState.PLANNED
    attendance: tuple[Attendance, ...] = ()
    apologies: tuple[str, ...] = ()
    next_meeting: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def day(self) -> date | None:
        """Its day."""
        return self.held_on

    @property
    def standing(self) -> str:
        """How far it is."""
        return self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class JointItem:
    """What an item is when another body joins for it.

    Attributes:
        bodies: refs of all bodies that take it, the host's first.
        starts: when they were together.
        ends: until when.
        record: ref of the briefing note that is its own record, appended to the minutes.
    """

    bodies: tuple[str, ...]
    starts: time | None = None
    ends: time | None = None
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaItem(Entity):
    """An item of an agenda; `ref` is the meeting's, a stroke and the number.

    Attributes:
        meeting: ref.
        number: as it is printed and cited.
        heading: what it is about, as authored: shown to whoever may read the item.
        stub: what the open agenda and minutes say in its stead where the item is confidential.
        place: running order, from 1.
        minutes: how long it is to take; 0 if that is not said.
        ask: what it asks.
        presenter: who presents it.
        standing_item: ref of the standing item it was copied from; empty if none.
        omitted: why a standing item is not on this agenda; empty if it is.
        nothing_to_report: the entry says so; `pointer` may name another body's meeting.
        pointer: ref of that meeting.
        joint: the other bodies, if some join.
    """

    KIND: ClassVar[Kind] = Kind.AGENDA_ITEM

    meeting: str
    number: int
    heading: str
    stub: str = ""
    place: int = 0
    minutes: int = 0
    ask: Ask = Ask.INFORMATION
    presenter: str = ""
    standing_item: str = ""
    omitted: str = ""
    nothing_to_report: bool = False
    pointer: str = ""
    joint: JointItem | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The meeting."""
        return (Key(Kind.MEETING, self.meeting),)

    @property
    def title(self) -> str:
        """What it is about."""
        return self.heading

    @property
    def texts(self) -> tuple[str, ...]:
        """What all who know of it may find it by: the stub, if it has one."""
        return (self.stub or self.heading,)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingItem(Entity):
    """An item that every agenda of a body has.

    Attributes:
        body: ref.
        heading: what it is about.
        stub: what the open agenda says in its stead.
        place: where it stands among the items.
        ask: what it asks.
        since: from that day on.
        until: until that day; None for ever.
    """

    KIND: ClassVar[Kind] = Kind.STANDING_ITEM

    body: str
    heading: str
    since: date
    stub: str = ""
    place: int = 0
    ask: Ask = Ask.INFORMATION
    until: date | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """What it is about."""
        return self.heading

    def is_on(self, day: date) -> bool:
        """Whether an agenda of that day has it."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of a paper.

    Attributes:
        heading: its heading.
        text: what it says, paragraphs parted by an empty line.
        label: its classification; None is the paper's.
    """

    heading: str
    text: str
    label: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that is attached.

    Attributes:
        name: of the file.
        sha256: of its content, in hexadecimal.
        octets: how long it is.
    """

    name: str
    sha256: str
    octets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(Entity):
    """A paper to an agenda item; `ref` as `numbering.PaperReference` prints it.

    Attributes:
        item: ref of the agenda item.
        version: its version.
        heading: its title.
        ask: what it asks.
        purpose: why it is there.
        requested: the text of the decision that it requests; empty if none.
        sections: what it says.
        author: role of who wrote it.
        organisation: whose it is.
        dated: its date.
        circulated: when it was sent out; None before.
        attachments: files.
        copyright: the note about it.
    """

    KIND: ClassVar[Kind] = Kind.PAPER

    item: str
    heading: str
    ask: Ask
    version: str = "1.0"
    purpose: str = ""
    requested: str = ""
    sections: tuple[Section, ...] = ()
    author: str = ""
    organisation: str = ""
    dated: date | None = None
    circulated: date | None = None
    attachments: tuple[Attachment, ...] = ()
    copyright: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The agenda item."""
        return (Key(Kind.AGENDA_ITEM, self.item),)

    @property
    def title(self) -> str:
        """Its title."""
        return self.heading

    @property
    def texts(self) -> tuple[str, ...]:
        """All that it says in its own label; a section with another one is not found."""
        own = (one for one in self.sections if one.label in (None, self.label))
        said = (part for one in own for part in (one.heading, one.text))
        return (self.heading, self.purpose, self.requested, *said)

    @property
    def day(self) -> date | None:
        """Its date."""
        return self.dated

    @property
    def standing(self) -> str:
        """Whether it was sent out."""
        return "circulated" if self.circulated else "draft"
