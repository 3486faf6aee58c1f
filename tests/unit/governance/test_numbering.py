"""References have one form; what people wrote instead is read, and said."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.governance.numbering import (
    ActionReference,
    MeetingReference,
    ModificationNumber,
    ModificationStage,
    PaperReference,
    Version,
    alias_letters,
    alias_place,
    read_action,
    read_meeting,
    read_modification,
    read_paper,
    read_version,
)
from smki.terms import Malformed

DAYS = st.dates(date(2024, 1, 1), date(2024, 12, 31))
PREFIXES = st.from_regex(r"[A-Z]{2,8}", fullmatch=True).filter(lambda one: one != "JM")
MEETINGS = st.builds(
    lambda prefix, number, day: MeetingReference(
        prefix=prefix, number=number, day=day.day, month=day.month
    ),
    PREFIXES,
    st.integers(1, 999),
    DAYS,
)


@given(meeting=MEETINGS, item=st.integers(1, 99), confidential=st.booleans())
def test_what_is_written_is_read(
    *, meeting: MeetingReference, item: int, confidential: bool
) -> None:
    """Each reference is read as the one that was written, with nothing to note."""
    paper = PaperReference(meeting=meeting, item=item, confidential=confidential)
    action = ActionReference(prefix=meeting.prefix, meeting=meeting.number, sequence=item)
    joint = ActionReference(prefix="JM", meeting=meeting.day * 100 + meeting.month, sequence=item)
    assert (read_meeting(str(meeting)).value, read_meeting(str(meeting)).notes) == (meeting, ())
    assert (read_paper(str(paper)).value, read_paper(str(paper)).notes) == (paper, ())
    for one in (action, joint):
        assert (read_action(str(one)).value, read_action(str(one)).notes) == (one, ())


@given(MEETINGS)
def test_what_people_wrote_is_read_too(meeting: MeetingReference) -> None:
    """O for 0, blanks for `_`, lower case, a footnote's mark: the same meeting, and a note."""
    text = str(meeting)
    for other in (text.replace("_", " "), text.lower(), f"{text}*", f"{text}[12]"):
        if other != text:
            found = read_meeting(other)
            assert found.value == meeting
            assert found.notes == (f"is written {other}, would be {text}",)


@pytest.mark.parametrize(
    ("text", "form", "notes"),
    [
        ("PMA_21_0803", "PMA_21_0803", 0),
        ("PMA_21_O803", "PMA_21_0803", 1),
        ("PMA 9_803", "PMA_09_0803", 1),
        ("PMA_21_3102", "PMA_21_3102", 1),
        ("PMA_21_2902", "PMA_21_2902", 0),
    ],
)
def test_meetings_of_old_papers(text: str, form: str, notes: int) -> None:
    """Missing zeros are put back, a day that no year has is kept and noted."""
    found = read_meeting(text)
    assert (str(found.value), len(found.notes)) == (form, notes)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("PMA_21_0803_04", "PMA_21_0803_04"),
        ("PMA_21_0803_CONF04", "PMA_21_0803_CONF04"),
        ("PMA_21_0803_CONF_4", "PMA_21_0803_CONF04"),
        ("pma 21 0803 conf 4", "PMA_21_0803_CONF04"),
        ("PMA_21_0803_O4*", "PMA_21_0803_04"),
    ],
)
def test_papers(text: str, form: str) -> None:
    """A paper is known with its meeting, its item, and whether it is confidential."""
    assert str(read_paper(text).value) == form


@pytest.mark.parametrize(
    ("text", "form"),
    [("PMA 21/01", "PMA 21/01"), ("PMA 21 / 1", "PMA 21/01"), ("JM_803/1", "JM_0803/01")],
)
def test_actions(text: str, form: str) -> None:
    """An action is named by the meeting that raised it, a joint one by its day."""
    assert str(read_action(text).value) == form


def test_a_meeting_is_of_its_day() -> None:
    """DDMM must equal the date, whatever the year."""
    meeting = read_meeting("PMA_21_0803").value
    assert meeting.is_of(date(2016, 3, 8))
    assert not meeting.is_of(date(2016, 8, 3))


def test_versions_and_modifications() -> None:
    """A correction lifts the second number; a modification keeps its own through all stages."""
    version = read_version("3.9").value
    assert str(version.corrected()) == "3.10"
    assert version < version.corrected() < Version(major=4, minor=0)
    (number, stage) = read_modification("DP073").value
    assert (number, stage) == (ModificationNumber(number=73), ModificationStage.DRAFT)
    assert number.at(ModificationStage.MODIFICATION) == "MP073"
    older = read_modification("SECMP0007")
    assert older.value == (ModificationNumber(number=7), ModificationStage.MODIFICATION)
    assert older.notes == ("is written SECMP0007, would be MP007",)


@given(st.integers(0, 2_000_000))
def test_an_alias_has_a_place(place: int) -> None:
    """Letters and places name each other."""
    assert alias_place(alias_letters(place)) == place


def test_aliases_go_on_after_z() -> None:
    """A to Z, then AA."""
    assert [alias_letters(place) for place in (0, 25, 26, 27, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AB",
        "ZZ",
        "AAA",
    ]


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_meeting, "PMA_21"),
        (read_meeting, "PMA_00_0803"),
        (read_meeting, "PMA_21_08\u0660\u0663"),
        (read_paper, "PMA_21_0803"),
        (read_action, "PMA 21/00"),
        (read_action, "21/01"),
        (read_version, "3"),
        (read_modification, "XP001"),
        (alias_place, "a"),
    ],
)
def test_what_is_no_reference_is_refused(read: object, text: str) -> None:
    """It says what was found and what the form is."""
    with pytest.raises(Malformed, match="must be"):
        read(text)  # type: ignore[operator] # each of them takes a text
