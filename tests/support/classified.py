"""A body with a meeting of classified parts, for tests of who reads what: roles, no people."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from tests.support.known import Held

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import (
    BodyKind,
    Committee,
    MinutesSet,
    Person,
    Seat,
    SeatCategory,
)
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attendance,
    JointItem,
    Meeting,
    MeetingState,
    Paper,
    Presence,
    Section,
)
from smki.governance.entities.minutes import (
    Minutes,
    MinutesState,
    Paragraph,
    ParagraphRole,
    Resolution,
    Verb,
)
from smki.governance.labels import Label
from smki.governance.reading import ANYBODY, Reader, reader

DAY: Final = date(2026, 3, 9)
TERM_ENDED: Final = date(2026, 1, 31)
MEETING: Final = "QSC_07_0903"


class Standing(Held):
    """A register in memory that tells what is below something, too."""

    def below(self, key: Key) -> Iterator[Entity]:
        """All that belongs to it, directly or not, each once."""
        waiting, reached = [key], {key}
        while waiting:
            parent = waiting.pop()
            for one in (one for kind in Kind for one in self.under(parent, kind)):
                if one.key not in reached:
                    reached.add(one.key)
                    waiting.append(one.key)
                    yield one


PEOPLE: Final = tuple(
    Person(
        ref=role,
        name=f"The {role}",
        channel=f"channel-of-{role}",
        credentials=(f"{number:040x}",),
    )
    for number, role in enumerate(
        ("secretary", "chair", "member", "absent", "former", "adviser", "guest", "testers"), start=1
    )
)
BODIES: Final = (
    Committee(ref="QSC", name="Quill Security Committee", kind=BodyKind.COMMITTEE),
    Committee(ref="QTG", name="Quill Testing Group", kind=BodyKind.COMMITTEE),
)


def _seat(name: str, holder: str, category: SeatCategory, end: date | None = None) -> Seat:
    body = "QTG" if holder == "testers" else "QSC"
    return Seat(
        ref=f"{body}/{name}",
        body=body,
        category=category,
        votes=category is not SeatCategory.SECRETARIAT,
        holder=holder,
        end=end,
    )


SEATS: Final = (
    _seat("secretary", "secretary", SeatCategory.SECRETARIAT),
    _seat("chair", "chair", SeatCategory.CHAIR),
    _seat("supplier", "member", SeatCategory.LARGE_SUPPLIER),
    _seat("networks", "absent", SeatCategory.NETWORKS),
    _seat("other", "former", SeatCategory.OTHER_USER, TERM_ENDED),
    _seat("tester", "testers", SeatCategory.OTHER_USER),
)


def item(number: int, label: Label | None, heading: str, stub: str = "") -> AgendaItem:
    """An item of the meeting."""
    ref = f"{MEETING}/{number}"
    return AgendaItem(
        ref=ref,
        label=label,
        meeting=MEETING,
        number=number,
        heading=heading,
        stub=stub,
        place=number,
        presenter=f"presenter of {heading}",
    )


MET: Final = Meeting(
    ref=MEETING,
    label=Label.GREEN,
    body="QSC",
    number=7,
    held_on=DAY,
    state=MeetingState.HELD,
    attendance=(
        Attendance(person="chair"),
        Attendance(person="member", part=Presence(items=(1, 2, 3, 5))),
        Attendance(person="former"),
        Attendance(person="adviser", part=Presence(items=(4,))),
        Attendance(person="testers", joint_of="QTG"),
    ),
)
JOINT: Final = AgendaItem(
    ref=f"{MEETING}/5",
    label=Label.AMBER,
    meeting=MEETING,
    number=5,
    heading="joint matter",
    joint=JointItem(bodies=("QSC", "QTG")),
)
ITEMS: Final = (
    item(1, Label.WHITE, "white matter"),
    item(2, Label.GREEN, "green matter"),
    item(3, Label.RED, "red matter of a party", "An assessment was considered"),
    item(4, Label.RED, "red matter without a stub"),
    JOINT,
)
OPEN: Final = Minutes(
    ref=f"{MEETING}/open",
    label=Label.GREEN,
    meeting=MEETING,
    set=MinutesSet.OPEN,
    state=MinutesState.FINAL,
)
CONFIDENTIAL: Final = Minutes(
    ref=f"{MEETING}/confidential", meeting=MEETING, set=MinutesSet.CONFIDENTIAL
)


def paragraph(
    minutes: Minutes,
    number: int,
    of_item: int,
    text: str,
    label: Label | None = None,
    role: ParagraphRole = ParagraphRole.TEXT,
) -> Paragraph:
    """A paragraph of one of the sets."""
    return Paragraph(
        ref=f"{minutes.ref}/{number:03d}",
        label=label,
        minutes=minutes.ref,
        item=f"{MEETING}/{of_item}",
        place=number,
        role=role,
        text=text,
    )


STUB: Final = paragraph(OPEN, 1, 3, "A stub to be read", role=ParagraphRole.OPEN_STUB)
AMBER_BODY: Final = paragraph(CONFIDENTIAL, 1, 2, "an amber body", Label.AMBER)
RED_BODY: Final = paragraph(
    CONFIDENTIAL, 2, 3, "a red body", Label.RED, role=ParagraphRole.WITHHELD_BODY
)
RED_FOUR: Final = paragraph(
    CONFIDENTIAL, 3, 4, "a red body of four", Label.RED, role=ParagraphRole.WITHHELD_BODY
)
JOINT_BODY: Final = paragraph(CONFIDENTIAL, 4, 5, "a joint amber body")
PAPER: Final = Paper(
    ref=f"{MEETING}_02",
    item=f"{MEETING}/2",
    heading="A green paper",
    ask=Ask.INFORMATION,
    circulated=DAY,
    sections=(
        Section(heading="Open", text="what all may read"),
        Section(heading="Values", text="what is red of it", label=Label.RED),
    ),
)
RESOLVED: Final = Resolution(
    ref=f"{MEETING}/2/1",
    item=f"{MEETING}/2",
    place=1,
    verb=Verb.NOTED,
    bodies=("QSC",),
    text="The committee noted it.",
    about=f"{MEETING}/4",
)
ALL: Final = (
    *PEOPLE,
    *BODIES,
    *SEATS,
    MET,
    *ITEMS,
    OPEN,
    CONFIDENTIAL,
    STUB,
    AMBER_BODY,
    RED_BODY,
    RED_FOUR,
    JOINT_BODY,
    PAPER,
    RESOLVED,
)


def register(*more: Entity) -> Standing:
    """All of it, and these as they stand from now on."""
    return Standing(*ALL, *more)


def who(role: str, day: date = DAY) -> Reader:
    """The reader of that role; `outside` sits nowhere, `officer` is a party's."""
    if role == "outside":
        return ANYBODY
    person = next((one for one in PEOPLE if one.ref == role), None)
    return reader(person, SEATS, day, role)
