"""Controlled documents and their versions; what sets off a review, and what a review found.

    document SRT-APPROACH
      version SRT-APPROACH/3.9      what a body approves; its file stays what it was
      trigger SRT-APPROACH/t1       what is watched, so that the document is reviewed in time
    document RP-ANNEX               `part_of` RP: a confidential part, with a label of its own

Nothing leads from an open document to its confidential parts. Who must recommend, be consulted and
approve is `governance.routes`; whether a version is in force on a day is `governance.effects`.

Clause: sec:L9
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import ClassVar, Final

from smki.governance.entities.base import Entity, Key, Kind
from smki.governance.entities.meetings import Attachment

_MONTHS: Final = 12  # a year has


class DocumentKind(Enum):
    """What a controlled document is; its route follows from it.

    Clause: sec:L9
    """

    CERTIFICATE_POLICY = "certificate-policy"
    PRACTICE_STATEMENT = "certification-practice-statement"
    PROCEDURE = "procedure"
    APPROACH = "approach"
    TERMS_OF_REFERENCE = "terms-of-reference"
    GUIDANCE = "guidance"
    INTERPRETATION = "interpretation"
    REPORT = "report"


class VersionState(Enum):
    """How far a version is."""

    DRAFT = "draft"
    PRESENTED = "presented"
    RECOMMENDED = "recommended"
    IN_CONSULTATION = "in-consultation"
    APPROVED = "approved"
    APPROVED_WITH_CONDITION = "approved-with-condition"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"

    @property
    def is_approved(self) -> bool:
        """Whether the body that approves has approved it, conditions or not."""
        return self in _APPROVED


_APPROVED: Final = frozenset({VersionState.APPROVED, VersionState.APPROVED_WITH_CONDITION})


class TriggerKind(Enum):
    """What can show that a document needs a review."""

    INCIDENT_WEAKNESS = "incident-weakness"
    EXTERNAL_POLICY = "external-policy"
    STANDARD = "standard"
    MODIFICATION = "modification"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A review of a document, and what was asked in it.

    Attributes:
        begun: first day.
        by: ref of the body, or a role.
        trigger: ref of the trigger that set it off; empty for the cycle's own.
        completed: last day; None while it goes on.
        change_needed: whether the document must change; None while that is not known.
        code_change_needed: whether the code itself must change, which takes a modification.
        outcome: in words.
    """

    begun: date
    by: str
    trigger: str = ""
    completed: date | None = None
    change_needed: bool | None = None
    code_change_needed: bool | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlledDocument(Entity):
    """A document whose versions are approved; `ref` is short, the name is `name`.

    Attributes:
        body: ref of the body that keeps it in the register.
        name: its title, to the letter as versions are lodged under.
        kind: what it is.
        group: of documents it is reviewed with: SMKI, IKI, DCCKI ...
        owner: ref of the body, or the role, that writes it.
        overseer: ref of the body, or the role, that sees to it.
        service: which service it describes.
        clauses: ids of the clauses on which it depends.
        review_months: it is reviewed every so many months; 0 is by triggers alone.
        next_review: the day it is due, if another one was set than the cycle gives.
        stable: it changes seldom: triggers are set up before a review begins.
        reviews: oldest first.
        route: the kind whose route its versions take; None is its own kind's.
        part_of: ref of the open document of which this is a confidential part; empty if it is whole.

    Clause: sec:L9
    """

    KIND: ClassVar[Kind] = Kind.DOCUMENT

    body: str
    name: str
    kind: DocumentKind
    group: str = ""
    owner: str = ""
    overseer: str = ""
    service: str = ""
    clauses: tuple[str, ...] = ()
    review_months: int = 0
    next_review: date | None = None
    stable: bool = False
    reviews: tuple[Review, ...] = ()
    route: DocumentKind | None = None
    part_of: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The document of which it is a part, or the body."""
        if self.part_of:
            return (Key(Kind.DOCUMENT, self.part_of),)
        return (Key(Kind.BODY, self.body),)

    @property
    def title(self) -> str:
        """Its name."""
        return self.name

    @property
    def texts(self) -> tuple[str, ...]:
        """Its name, its group, what it is for, and what reviews found."""
        found = (one.outcome for one in self.reviews)
        return (self.ref, self.name, self.group, self.service, *found)

    @property
    def day(self) -> date | None:
        """When its next review is due."""
        if self.next_review is not None:
            return self.next_review
        done = [one.completed for one in self.reviews if one.completed is not None]
        if not done or self.review_months <= 0:
            return None
        return months_after(max(done), self.review_months)

    @property
    def standing(self) -> str:
        """Whether a review goes on."""
        return "in review" if any(one.completed is None for one in self.reviews) else "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierApproval:
    """An approval that no resolution of this register records: it was before the register.

    Attributes:
        by: who approved.
        on: when.
        reference: where that is written.
    """

    by: str
    on: date
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentVersion(Entity):
    """A version of a document; `ref` is the document's, a stroke and the number.

    Attributes:
        document: ref.
        number: M.m, as `numbering.Version` prints it.
        dated: its date.
        state: how far it is.
        since: number of the earlier version since which `changes` tell; empty for a first one.
        changes: what changed, one each.
        presented_at: refs of the agenda items that it was presented at.
        resolutions: refs of what was resolved about it, oldest first: by whom and when it was
            recommended and approved, and on which conditions.
        earlier_approval: for one that was approved before the register; None otherwise.
        corrects: ref of the version whose listed corrections it makes; empty if of none.
        superseded_by: ref of the version that took its place.
        withdrawn_by: ref of the resolution that withdrew it.
        withdrawn_on: from that day it is not in force.
        aligned_with: name of a text not yet in force that it is aligned with.
        aligned_from: when that text comes into force, if that is known.
        file: its file; None while there is none.
        entry: number of the entry of the record in which it was lodged; None before.

    Clause: sec:L9
    """

    KIND: ClassVar[Kind] = Kind.VERSION

    document: str
    number: str
    dated: date | None = None
    state: VersionState = VersionState.DRAFT
    since: str = ""
    changes: tuple[str, ...] = ()
    presented_at: tuple[str, ...] = ()
    resolutions: tuple[str, ...] = ()
    earlier_approval: EarlierApproval | None = None
    corrects: str = ""
    superseded_by: str = ""
    withdrawn_by: str = ""
    withdrawn_on: date | None = None
    aligned_with: str = ""
    aligned_from: date | None = None
    file: Attachment | None = None
    entry: int | None = None

    @property
    def parents(self) -> tuple[Key, ...]:
        """The document."""
        return (Key(Kind.DOCUMENT, self.document),)

    @property
    def texts(self) -> tuple[str, ...]:
        """Its name, and what changed."""
        return (self.ref, *self.changes)

    @property
    def day(self) -> date | None:
        """Its date."""
        return self.dated

    @property
    def standing(self) -> str:
        """How far it is."""
        return self.state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger(Entity):
    """Something that is watched, so that a document is reviewed when it happens.

    Nobody watching is an error that shows: its standing is `unassigned`.

    Attributes:
        document: ref.
        kind: what kind of thing.
        text: what is watched.
        watcher: ref of the person or body, or the role, that watches; empty is unassigned.
        due: of one by calendar, when.
        pulled: when it happened; None before.
        evidence: names of what shows it: the evidence pack.
        review: what came of it: a version, an agenda item, or why nothing.
    """

    KIND: ClassVar[Kind] = Kind.TRIGGER

    document: str
    kind: TriggerKind
    text: str
    watcher: str = ""
    due: date | None = None
    pulled: date | None = None
    evidence: tuple[str, ...] = ()
    review: str = ""

    @property
    def parents(self) -> tuple[Key, ...]:
        """The document."""
        return (Key(Kind.DOCUMENT, self.document),)

    @property
    def title(self) -> str:
        """What is watched."""
        return self.text

    @property
    def texts(self) -> tuple[str, ...]:
        """What is watched, what showed it, and what came of it."""
        return (self.text, *self.evidence, self.review)

    @property
    def day(self) -> date | None:
        """When it happened, or is due."""
        return self.pulled or self.due

    @property
    def standing(self) -> str:
        """Whether somebody watches, it happened, or it led to its review."""
        if self.review:
            return "reviewed"
        if self.pulled is not None:
            return "pulled"
        return "watched" if self.watcher else "unassigned"


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a month that has no such day.

    The last day that there is, if that would be after it.
    """
    years, month = divmod(day.month - 1 + months, _MONTHS)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
