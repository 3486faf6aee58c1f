"""What people write in a meeting's file is read, and what cannot be read is said with its line."""

import re
from datetime import date, time
from pathlib import Path

import pytest

from smki.governance.entities.meetings import AgendaItem, Meeting, Paper
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Due,
    DueKind,
    MinutesState,
    Paragraph,
    ParagraphRole,
    Update,
)
from smki.governance.labels import Label
from smki.governance.text import amended, parse_meeting, parse_tables, write_meeting, write_tables
from smki.governance.text.copies import as_copy, copy_for
from smki.governance.text.words import due_in_words, read_day, read_due
from smki.terms import Malformed

PAGE = Path(__file__).resolve().parents[4] / "docs" / "how-to" / "meeting-files.md"
HEAD = "# PMA_21_0803\n\n- Body: PMA\n- Date: 8 March 2026\n"
ITEM = f"{HEAD}\n## 4. Report (Green)\n"
EIGHTH = date(2026, 3, 8)


def _example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_example_of_the_page_is_read() -> None:
    """The meeting that the page shows is read without a note, and comes back as it was."""
    read = parse_meeting(_example("markdown"))
    assert read.notes == ()
    assert len(read.file.entities) == 16
    assert parse_meeting(write_meeting(read.file)).file == read.file


def test_the_tables_of_the_page_are_read() -> None:
    """The tables that the page shows are read, and come back as they were."""
    found = parse_tables(_example("toml"))
    assert [str(one.key) for one in found] == ["body PMA", "person pma-chair", "seat PMA/chair"]
    assert set(parse_tables(write_tables(found))) == set(found)


def test_a_reference_is_read_as_people_wrote_it() -> None:
    """O for 0, blanks, missing zeros and a footnote's mark are read, and said with the line."""
    read = parse_meeting("# PMA 21 8O3*\n\n- Date: 8 March 2026\n")
    (meeting,) = read.file.entities
    assert isinstance(meeting, Meeting)
    assert (meeting.ref, meeting.body, meeting.number) == ("PMA_21_0803", "PMA", 21)
    assert read.notes == ("line 1: is written PMA 21 8O3*, would be PMA_21_0803",)


def test_a_day_that_no_calendar_has_stays_in_a_reference() -> None:
    """A reference with an impossible day is kept as it is written, and said."""
    read = parse_meeting("# PMA_21_3002\n\n- Date: 2 March 2026\n")
    assert read.file.meeting == "PMA_21_3002"
    assert any("3002 is no day of any year" in one for one in read.notes)
    assert any("the reference says 3002, the date 0203" in one for one in read.notes)


def test_lines_may_be_broken() -> None:
    """Lines are joined, lists and breaks that are said stay, paragraphs without number are counted."""
    read = parse_meeting(
        f"{ITEM}\n### Open minutes\n\n- The operator\npresented.\n\n- Two regions:\n"
        "  - north\n  - south\n\n7) A break \\\n    stays.\n- The next one.\n"
    )
    found = [one for one in read.file.entities if isinstance(one, Paragraph)]
    assert [(one.place, one.text) for one in found] == [
        (1, "The operator presented."),
        (2, "Two regions:\n- north\n- south"),
        (7, "A break \nstays."),
        (8, "The next one."),
    ]


def test_footnotes_are_kept_apart() -> None:
    """A footnote is no part of the sentence, and the text after it is."""
    read = parse_meeting(
        f"{ITEM}\n### Open minutes\n\n1. {{Green; decision; of X}} Agreed[^1].\n\n"
        "    [^1]: See the report,\n    page 4.\n\n    More.\n"
    )
    (one,) = (each for each in read.file.entities if isinstance(each, Paragraph))
    assert (one.text, one.footnotes) == ("Agreed[^1].\n\nMore.", ("1 See the report, page 4.",))
    assert (one.label, one.role, one.of) == (Label.GREEN, ParagraphRole.DECISION, "X")


def test_a_confidential_number_without_a_label_is_amber() -> None:
    """An old paper that is confidential by its number alone is Amber, and that is said."""
    read = parse_meeting(f"{ITEM}\n### Paper PMA_21_0803_CONF04: Old\n\n- Ask: views\n")
    (paper,) = (one for one in read.file.entities if isinstance(one, Paper))
    assert paper.label is Label.AMBER
    assert any("taken as Amber" in one for one in read.notes)


def test_an_item_without_a_heading_is_cited() -> None:
    """A file of confidential minutes alone cites meeting and item, and holds neither."""
    read = parse_meeting("# PMA_21_0803\n\n## 4.\n\n### Confidential minutes\n\n1. Withheld.\n")
    (one,) = read.file.entities
    assert isinstance(one, Paragraph)
    assert (one.item, one.minutes) == ("PMA_21_0803/4", "PMA_21_0803/confidential")


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ("10 working days", Due(kind=DueKind.WORKING_DAYS, working_days=10)),
        ("within 1 working day", Due(kind=DueKind.WORKING_DAYS, working_days=1)),
        ("by 12 March", Due(kind=DueKind.DATE, on=date(2026, 3, 12))),
        ("by 1 March", Due(kind=DueKind.DATE, on=date(2027, 3, 1))),
        ("12/03/2026 at 9.30", Due(kind=DueKind.DATE, on=date(2026, 3, 12), at=time(9, 30))),
        (
            "before PMA 22 12O3 at 17:00",
            Due(kind=DueKind.BEFORE_MEETING, meeting="PMA_22_1203", at=time(17)),
        ),
        ("next meeting", Due(kind=DueKind.NEXT_MEETING)),
        ("by the next meeting", Due(kind=DueKind.NEXT_MEETING)),
        ("if PMA 21/1 is needed", Due(kind=DueKind.CONTINGENT, action="PMA 21/01")),
    ],
)
def test_due_is_said_as_committees_say_it(said: str, due: Due) -> None:
    """What committees say of when something is due is read, and said again in the one form."""
    assert read_due(said, EIGHTH, lambda _: None) == due
    assert read_due(due_in_words(due), EIGHTH, lambda _: None) == due


def test_a_leap_day_is_the_next_there_is() -> None:
    """29 February without a year is the first such day from the meeting on."""
    assert read_day("29 February", date(2097, 1, 1)) == date(2104, 2, 29)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "no heading"),
        ("said\n", 1, "a heading: # PREFIX_NN_DDMM"),
        ("## 4. Report\n", 1, "a heading: # PREFIX_NN_DDMM"),
        ("# said\n\n- Date: 8 March 2026\n", 1, "no field Body"),
        (f"{HEAD}- Body: TG\n", 5, "a second time"),
        (f"{HEAD}- Colour: red\n", 5, "field 'colour', must be one of Body"),
        (f"{HEAD}- State: over\n", 5, "must be one of planned, agenda issued, held, cancelled"),
        (f"{HEAD}- Starts: 25:00\n", 5, "a time of the day"),
        ("# PMA_21_0803\n\n- Date: 31 February 2026\n", 3, "a day that a calendar has"),
        (f"{HEAD}\n# PMA_22_1203\n", 6, "a second meeting"),
        (f"{HEAD}\n## Attendence\n", 6, "Attendance"),
        (f"{HEAD}\n## Attendance\n\n- pma-chair; sleeping\n", 8, "'sleeping', must be one of"),
        (f"{HEAD}\n### Action PMA 21/01\n\n- Due: next meeting\n", 6, "under an item"),
        (f"{ITEM}\n### Action PMA 21/01\n\n- Due: soon\n- Owner: x\n", 10, "10 working days"),
        (f"{ITEM}\n### Action PMA 21/01\n\n- Due: next meeting\n", 8, "no field Owner"),
        (f"{ITEM}\n### Decision 1\n\n- Bodies: PMA\n", 8, "no field Verb"),
        (f"{ITEM}\n### Open minutes\n\nsaid\n", 10, "a paragraph: 7. text"),
        (f"{ITEM}\n### Open minutes\n\n1. {{Blue}} said\n", 10, "in braces"),
        (f"{ITEM}\n### Open minutes\n\n1. said\n1. said\n", 11, "there once (line 10)"),
        (f"{ITEM}\n### Update seat PMA/chair\n", 8, "one of action, condition, minutes"),
        (f"{ITEM}\n#### Section\n", 8, "under a paper or a decision"),
        (f"{HEAD}\x07", 5, "character 0x0007"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, line: int, said: str) -> None:
    """The message names the line, what was found, and what was expected."""
    with pytest.raises(Malformed) as caught:
        parse_meeting(text)
    assert str(caught.value).startswith(f"line {line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1",
        "[[seats]]\nref = 'x'",
        "[[seat]]\nref = 'x'",
        "[[person]]\nref = 'x'\nname = 1.5",
        "[[person]]\nref = 'x'\nname = 'n'\n[[person]]\nref = 'x'\nname = 'n'",
        "[[person]\n",
        "a = [" * 5_000,
        f"a = {'1' * 5_000}",
    ],
)
def test_tables_that_are_none_are_malformed(text: str) -> None:
    """A file of tables that cannot be read is Malformed, whatever is wrong with it."""
    with pytest.raises(Malformed):
        parse_tables(text)


def test_what_a_later_meeting_says_is_put_once() -> None:
    """An update of an action is added, and the same again changes nothing."""
    text = f"{ITEM}\n### Update action PMA 20/03\n\n- State: closed\n\nDone.\n"
    (said,) = parse_meeting(text).file.amendments
    action = Action(
        ref="PMA 20/03",
        text="Do it",
        item="PMA_20_0902/1",
        raised=date(2026, 2, 9),
        owner="operator",
        due=Due(kind=DueKind.NEXT_MEETING),
    )
    after = amended(action, said)
    assert isinstance(after, Action)
    assert after.state is ActionState.CLOSED
    assert after.updates == (Update(on=EIGHTH, text="Done.", item="PMA_21_0803/4"),)
    assert amended(after, said) == after


def test_minutes_are_approved_by_the_meeting_that_says_so() -> None:
    """Minutes that an item approves are approved at its meeting."""
    item = "# PMA_22_1203\n\n- Date: 12 March 2026\n\n## 1. Minutes\n"
    text = f"{item}\n### Update minutes PMA_21_0803/open\n\n- State: approved as written\n"
    (said,) = parse_meeting(text).file.amendments
    assert (said.state, said.item) == (MinutesState.APPROVED_AS_WRITTEN, "PMA_22_1203/1")


def test_an_amendment_of_another_kind_is_malformed() -> None:
    """A state that something cannot have is refused."""
    text = f"{ITEM}\n### Update minutes PMA_20_0902/open\n\n- State: final\n"
    (said,) = parse_meeting(text).file.amendments
    item = AgendaItem(ref="PMA_21_0803/4", meeting="PMA_21_0803", number=4, heading="Report")
    with pytest.raises(Malformed, match="cannot stand as"):
        amended(item, said)


@pytest.mark.parametrize("reader", ["pma-secretary", "a --> b", "two\nlines"])
def test_a_copy_says_whose_it_is(reader: str) -> None:
    """The first line of a copy says for whom it was written, and is no part of the meeting."""
    text = as_copy(HEAD, reader)
    assert copy_for(text) == reader
    assert copy_for(HEAD) is None
    assert parse_meeting(text).file == parse_meeting(HEAD).file
