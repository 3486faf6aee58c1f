"""What a terminal shows of an entity: attributes as people read them, and how its text begins."""

from datetime import date, time

from smki.governance.entities.meetings import Attendance, Meeting, MeetingKind, Presence
from smki.governance.entities.minutes import Paragraph, ParagraphRole
from smki.governance.labels import Label
from smki.interfaces.cli.in_words import beginning, lines_of

MEETING = Meeting(
    ref="QPA_07_0203",
    label=Label.GREEN,
    body="QPA",
    number=7,
    held_on=date(2026, 3, 2),
    starts=time(9, 30),
    kind=MeetingKind.JOINT,
    place="Quill House,\nroom 4",
    apologies=("second", "third"),
    attendance=(
        Attendance(person="chair", seat="QPA/chair", votes=True),
        Attendance(
            person="guest", organisation="Quill Energy", part=Presence(items=(4, 5), left=time(11))
        ),
    ),
)


def _paragraph(text: str) -> Paragraph:
    return Paragraph(
        ref="QPA_07_0203/open/001",
        minutes="QPA_07_0203/open",
        item="QPA_07_0203/1",
        place=1,
        role=ParagraphRole.TEXT,
        text=text,
    )


def test_attributes_are_shown_as_people_read_them() -> None:
    """Rows have a line each, further lines stand below the first, and no Python shows anywhere."""
    lines = list(lines_of(MEETING))
    assert "held on: 2026-03-02" in lines
    assert "kind: joint" in lines
    assert "apologies: second, third" in lines
    assert "place: Quill House,\n    room 4" in lines
    at = lines.index("attendance:")
    assert lines[at + 1] == "  person chair; seat QPA/chair; votes"
    assert lines[at + 2].startswith("  person guest; organisation Quill Energy; ")
    assert lines[at + 2].endswith("part (items 4, 5; left 11:00)")
    assert "starts: 09:30" in lines
    assert not set("[]{}'") & set("".join(lines))


def test_what_has_no_title_begins_with_its_text() -> None:
    """A paragraph is listed by how its text begins, in one line; a meeting has nothing but its name."""
    assert beginning(_paragraph("The operator\npresented  it.")) == "The operator presented it."
    assert beginning(_paragraph("word " * 40)) == f"{('word ' * 18)}…"
    assert beginning(MEETING) == ""
