"""The words for people of what the register has: kinds, labels, attributes, states."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from smki.governance.entities import Kind
from smki.governance.entities.bodies import MinutesSet
from smki.governance.labels import Label

# One and several; a kind that is not here is called by its own name.
KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.BODY: ("Body", "Bodies"),
    Kind.PERSON: ("Person", "People"),
    Kind.STANDING_ITEM: ("Standing item", "Standing items"),
    Kind.AGENDA_ITEM: ("Agenda item", "Agenda items"),
    Kind.MINUTES: ("Minutes", "Minutes"),
    Kind.RESOLUTION: ("Decision", "Decisions"),
    Kind.OUTPUT: ("Giving out", "What was given out"),
    Kind.ALIAS: ("Alias", "Aliases"),
    Kind.DOCUMENT: ("Controlled document", "Controlled documents"),
    Kind.CORRESPONDENCE: ("Correspondence", "Correspondence"),
    Kind.GUIDANCE: ("Guidance", "Guidance"),
    Kind.TRIGGER: ("Review trigger", "Review triggers"),
    Kind.MODIFICATION_INTEREST: ("Interest in a modification", "Interests in modifications"),
    Kind.CONVENING: ("Emergency convening", "Emergency convenings"),
    Kind.INCIDENT: ("Incident", "Incidents"),
}
LABELS: Final[Mapping[Label, tuple[str, str]]] = {
    Label.WHITE: ("White", "public once it is published"),
    Label.GREEN: ("Green", "for parties and stakeholders once it is distributed, never published"),
    Label.AMBER: ("Amber", "for the body and those who are entitled"),
    Label.RED: ("Red", "for those who were there and those who are entitled"),
}
SETS: Final[Mapping[MinutesSet, str]] = {
    MinutesSet.OPEN: "Open minutes",
    MinutesSet.CONFIDENTIAL: "Confidential minutes",
}
NAVIGATION: Final[tuple[tuple[str, str, str], ...]] = (  # section of the page, address, words
    ("register", "", "Overview"),
    ("meeting", "/kinds/meeting", "Meetings"),
    ("action", "/actions", "Actions"),
    ("resolution", "/kinds/resolution", "Decisions taken"),
    ("planner", "/planner", "Planner"),
    ("document", "/kinds/document", "Controlled documents"),
    ("body", "/kinds/body", "Bodies"),
    ("person", "/kinds/person", "People"),
    ("all", "/all", "Everything else"),
)
PUBLIC_NAVIGATION: Final = (
    ("register", "", "Overview"),
    ("meeting", "/kinds/meeting", "Meetings"),
    ("resolution", "/kinds/resolution", "Decisions taken"),
    ("document", "/kinds/document", "Controlled documents"),
    ("all", "/all", "Everything else"),
)
# What an attribute is called where its own name says too little.
ATTRIBUTES: Final[Mapping[str, str]] = {
    "held_on": "Day",
    "starts": "Begins",
    "ends": "Ends",
    "presider": "Presides",
    "part": "For part of it",
    "stub": "Open stub",
    "minutes": "Minutes",
    "of_kind": "Kind of what was given out",
    "of": "About",
    "on": "Day",
    "rests_on": "Rests on",
    "tally": "Vote",
    "about_kind": "Kind of what it is about",
    "comments_close": "Comments until",
    "due_on": "Due on",
    "signs_as": "Signs decision files as",
    "sha256": "SHA-256",
    "votes": "Has a vote",
    "dated": "Date",
    "ref": "Reference",
}
# Which kind an attribute names by a ref, wherever it stands. A ref that leads nowhere is shown as text.
REFERS: Final[Mapping[str, Kind]] = {
    "body": Kind.BODY,
    "bodies": Kind.BODY,
    "parent": Kind.BODY,
    "represents": Kind.BODY,
    "joint_of": Kind.BODY,
    "person": Kind.PERSON,
    "persons": Kind.PERSON,
    "holder": Kind.PERSON,
    "presider": Kind.PERSON,
    "presenter": Kind.PERSON,
    "secretary": Kind.PERSON,
    "apologies": Kind.PERSON,
    "alternate_for": Kind.PERSON,
    "readers": Kind.PERSON,
    "nominated": Kind.PERSON,
    "elected": Kind.PERSON,
    "watcher": Kind.PERSON,
    "triggered_by": Kind.PERSON,
    "by": Kind.PERSON,
    "seat": Kind.SEAT,
    "in_favour": Kind.SEAT,
    "against": Kind.SEAT,
    "abstained": Kind.SEAT,
    "meeting": Kind.MEETING,
    "next_meeting": Kind.MEETING,
    "pointer": Kind.MEETING,
    "approved_at": Kind.MEETING,
    "item": Kind.AGENDA_ITEM,
    "presented_at": Kind.AGENDA_ITEM,
    "standing_item": Kind.STANDING_ITEM,
    "resolution": Kind.RESOLUTION,
    "resolutions": Kind.RESOLUTION,
    "rests_on": Kind.RESOLUTION,
    "ratifies": Kind.RESOLUTION,
    "withdrawn_by": Kind.RESOLUTION,
    "agreed_by": Kind.RESOLUTION,
    "approved_by": Kind.RESOLUTION,
    "recommended_by": Kind.RESOLUTION,
    "decided_by": Kind.RESOLUTION,
    "action": Kind.ACTION,
    "actions": Kind.ACTION,
    "successor": Kind.ACTION,
    "consultation": Kind.CONSULTATION,
    "document": Kind.DOCUMENT,
    "terms_of_reference": Kind.DOCUMENT,
    "version": Kind.VERSION,
    "superseded_by": Kind.VERSION,
    "corrects": Kind.VERSION,
    "part_of": Kind.DOCUMENT,
    "trigger": Kind.TRIGGER,
    "draft_due": Kind.MEETING,
    "referred_to": Kind.BODY,
    "replaces": Kind.INTERPRETATION,
    "replaced_by": Kind.INTERPRETATION,
    "answers": Kind.CORRESPONDENCE,
    "answered_by": Kind.CORRESPONDENCE,
    "statement": Kind.CORRESPONDENCE,
    "acknowledgement": Kind.CORRESPONDENCE,
    "record": Kind.PAPER,
    "modification": Kind.MODIFICATION,
}


_SHEETS: Final[Mapping[str, str]] = {"html": "Page, HTML", "pdf": "PDF"}
_OF_MEETINGS: Final[Mapping[str, str]] = {
    "md": "Meeting file, Markdown",
    **_SHEETS,
    "ics": "Calendar, iCalendar",
    "csv-actions": "Actions, CSV",
    "csv-attendance": "Attendance, CSV",
    "csv-decisions": "Decisions, CSV",
}
_EXPORTS: Final[Mapping[Kind, Mapping[str, str]]] = {
    Kind.MEETING: _OF_MEETINGS,
    Kind.MINUTES: _OF_MEETINGS,
    **dict.fromkeys(
        (
            Kind.AGENDA_ITEM,
            Kind.PAPER,
            Kind.RESOLUTION,
            Kind.ACTION,
            Kind.VERSION,
            Kind.CONSULTATION,
            Kind.INTERPRETATION,
            Kind.GUIDANCE,
            Kind.MODIFICATION,
        ),
        _SHEETS,
    ),
}
"""What can be taken along of each kind. A whole body would be all of its meetings: it is not among them."""


def exports_of(kind: Kind) -> Mapping[str, str]:
    """The formats in which one of that kind can be taken along, with their words."""
    return _EXPORTS.get(kind, {})


def one_of(kind: Kind) -> str:
    """What one of that kind is called."""
    return KINDS[kind][0] if kind in KINDS else spoken(kind.value)


def several_of(kind: Kind) -> str:
    """What several of that kind are called."""
    return KINDS[kind][1] if kind in KINDS else f"{spoken(kind.value)}s"


def spoken(name: str) -> str:
    """A name of the code as a heading: `nominations_close` is Nominations close."""
    words = name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def attribute(name: str) -> str:
    """What an attribute is called."""
    return ATTRIBUTES.get(name) or spoken(name)


def choice(one: Enum) -> str:
    """What a member of an enumeration is called."""
    return spoken(str(one.value))


def label_of(label: Label | None) -> str:
    """What a label is called; none is that of what it belongs to."""
    return "As what it belongs to" if label is None else LABELS[label][0]
