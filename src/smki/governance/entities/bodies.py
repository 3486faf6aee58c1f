"""Bodies and the people in them.

A committee's seats are by category; who sits in one does so for a term. One person may sit in
several bodies, and a body may act in a second capacity with the same members.

Clause: sec:C6
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar

from smki.governance.entities.base import Entity, Key, Kind


class BodyKind(Enum):
    """What a body is."""

    PANEL = "panel"
    FUNDING_BOARD = "funding-board"
    COMMITTEE = "committee"
    SUB_COMMITTEE = "sub-committee"
    ISSUE_GROUP = "issue-group"
    OPERATORS_BOARD = "operators-board"
    WORKING_GROUP = "working-group"
    EXTERNAL = "external"


class BodyRole(Enum):
    """What a body is in the routes that documents and work packages take."""

    AUTHORITY = "authority"
    PANEL = "panel"
    TESTING_GROUP = "testing-group"
    FUNDING_BOARD = "funding-board"
    CHANGE_SUB_COMMITTEE = "change-sub-committee"
    OPERATOR = "operator"
    OUTSIDE_GROUP = "outside-group"


class MinutesSet(Enum):
    """The versions in which a body's minutes exist."""

    OPEN = "open"
    CONFIDENTIAL = "confidential"


class SeatCategory(Enum):
    """For whom a seat is.

    Clause: sec:C6
    """

    CHAIR = "chair"
    SECRETARIAT = "secretariat"
    LARGE_SUPPLIER = "large-supplier"
    SMALL_SUPPLIER = "small-supplier"
    NETWORKS = "networks"
    GAS_NETWORKS = "gas-networks"
    SHARED_RESOURCE_PROVIDER = "shared-resource-provider"
    OTHER_USER = "other-user"
    OPERATOR = "operator"
    SISTER_BODY = "sister-body"
    ADVISER = "adviser"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerName:
    """What a body was called, until that day."""

    name: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A second role in which the same members act.

    Attributes:
        name: of the role.
        terms_of_reference: ref of the document, empty if there is none.
        update_item: title of the standing item in which it is reported.
    """

    name: str
    terms_of_reference: str = ""
    update_item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What a body lets its confidential labels open, where the information policy leaves it open.

    Attributes:
        amber_seats: categories of the seats whose holders read Amber; empty is all of them.
        amber_to_those_there: who was there for an item reads its Amber too: advisers, visitors, and
            members whose term has ended since.
        red_to_secretariat: the secretariat reads Red for which it was not there.

    Clause: sec:M4.13
    """

    amber_seats: tuple[SeatCategory, ...] = ()
    amber_to_those_there: bool = False
    red_to_secretariat: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyCriterion:
    """By what a body can be called together at once.

    Attributes:
        name: by which it is cited.
        text: what must be so.
        triggered_by: who may say that it is: holders of seats of these categories.
    """

    name: str
    text: str
    triggered_by: tuple[SeatCategory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee(Entity):
    """A body; `ref` is the prefix of its references, which may differ from its name.

    Attributes:
        name: as it is called now.
        kind: what it is.
        former_names: what it was called before.
        parent: ref of the body above it; empty if none.
        terms_of_reference: ref of the controlled document.
        minutes: the versions in which its minutes exist.
        quorum: voting members who must be there; 0 is more than half of the seats that vote.
        capacities: other roles of the same members.
        signs_as: the body of the decision files it signs (`decisions.Body`); empty if it signs none.
        casting_vote: whether the chair's seat decides a vote that is tied.
        handling: who reads its Amber and Red, where that is for the body to say.
        roles: what it is in the routes of documents; a panel and a funding board are that without it.
        convening: by what it can be called together at once; empty is `governance.convening.CRITERIA`.
    """

    KIND: ClassVar[Kind] = Kind.BODY

    name: str
    kind: BodyKind
    former_names: tuple[FormerName, ...] = ()
    parent: str = ""
    terms_of_reference: str = ""
    minutes: tuple[MinutesSet, ...] = (MinutesSet.OPEN, MinutesSet.CONFIDENTIAL)
    quorum: int = 0
    capacities: tuple[Capacity, ...] = ()
    signs_as: str = ""
    casting_vote: bool = False
    handling: Handling = Handling()
    roles: tuple[BodyRole, ...] = ()
    convening: tuple[EmergencyCriterion, ...] = ()

    @property
    def title(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Entity):
    """Somebody who sits in a body, advises or attends; known by role.

    Attributes:
        name: what minutes call them.
        organisation: whose they are.
        initials: for use in text.
        credentials: serial numbers of the IKI credentials with which they come and sign, at most 40
            hexadecimal digits each.
        channel: how they are called in an emergency: name of the encrypted channel and address in it.
    """

    KIND: ClassVar[Kind] = Kind.PERSON

    name: str
    organisation: str = ""
    initials: str = ""
    credentials: tuple[str, ...] = ()
    channel: str = ""

    @property
    def title(self) -> str:
        """Their name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat(Entity):
    """A seat in a body, and who sits in it.

    Attributes:
        body: ref of the body.
        category: for whom it is.
        votes: whether who sits there has a vote in this body.
        holder: ref of the person; empty while it is vacant.
        start: first day of the holder's term.
        end: last day; None without end.
        represents: ref of the body for which a sister body's representative sits there.
    """

    KIND: ClassVar[Kind] = Kind.SEAT

    body: str
    category: SeatCategory
    votes: bool
    holder: str = ""
    start: date | None = None
    end: date | None = None
    represents: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def day(self) -> date | None:
        """When the term ends."""
        return self.end

    @property
    def standing(self) -> str:
        """Whether somebody sits there."""
        return "held" if self.holder else "vacant"

    def is_held_on(self, day: date) -> bool:
        """Whether the holder's term has begun and not ended that day."""
        begun = self.start is None or self.start <= day
        return bool(self.holder) and begun and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternate(Entity):
    """Who may stand in for whoever holds a seat.

    Attributes:
        seat: ref of the seat.
        person: ref of who stands in.
        start: from that day.
        end: until that day; None without end.
    """

    KIND: ClassVar[Kind] = Kind.ALTERNATE

    seat: str
    person: str
    start: date | None = None
    end: date | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The seat."""
        return (Key(Kind.SEAT, self.seat),)

    @property
    def day(self) -> date | None:
        """When it ends."""
        return self.end

    def is_on(self, day: date) -> bool:
        """Whether they may stand in that day."""
        begun = self.start is None or self.start <= day
        return begun and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One vote.

    Attributes:
        voter: the organisation or person that votes.
        person: ref of whom it votes for.
    """

    voter: str
    person: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Election(Entity):
    """Nominations and vote for a seat whose term ends; both open three months before.

    Attributes:
        seat: ref of the seat.
        opens: first day of nominations.
        nominations_close: last day of nominations.
        vote_closes: last day of the vote.
        nominated: refs of the persons.
        ballots: the votes; one for each voter.
        elected: ref of the person; empty until it is known.
    """

    KIND: ClassVar[Kind] = Kind.ELECTION

    seat: str
    opens: date
    nominations_close: date
    vote_closes: date
    nominated: tuple[str, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    elected: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The seat."""
        return (Key(Kind.SEAT, self.seat),)

    @property
    def day(self) -> date | None:
        """When the vote closes."""
        return self.vote_closes

    @property
    def standing(self) -> str:
        """Whether it is decided."""
        return "decided" if self.elected else "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest(Entity):
    """An interest that somebody declared.

    Attributes:
        body: ref of the body in which it was declared.
        person: ref of whose it is.
        text: what it is.
        declared: when.
        item: ref of the agenda item it is about; empty for a standing interest.
        confirmed: the body confirmed it.
    """

    KIND: ClassVar[Kind] = Kind.INTEREST

    body: str
    person: str
    text: str
    declared: date
    item: str = ""
    confirmed: bool = False

    @property
    def parents(self) -> tuple[Key, ...]:
        """The body."""
        return (Key(Kind.BODY, self.body),)

    @property
    def texts(self) -> tuple[str, ...]:
        """What it is."""
        return (self.text,)

    @property
    def day(self) -> date | None:
        """When it was declared."""
        return self.declared
