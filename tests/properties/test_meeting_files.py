"""A meeting's file is what it says: written and read, it is the same, whatever people write in it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.meetings import (
    AgendaItem,
    Ask,
    Attachment,
    Attendance,
    JointItem,
    Meeting,
    MeetingKind,
    MeetingState,
    Mode,
    Paper,
    Presence,
    Section,
)
from smki.governance.entities.minutes import (
    Action,
    ActionState,
    Condition,
    ConditionKind,
    ConditionState,
    Criterion,
    Due,
    DueKind,
    Minutes,
    MinutesState,
    Paragraph,
    ParagraphRole,
    Resolution,
    Tally,
    Update,
    Verb,
)
from smki.governance.labels import Label
from smki.governance.text import MeetingFile, meeting_file, parse_meeting, write_meeting
from smki.governance.text.blocks import inline, lines_of, split, text_of, unescaped
from smki.governance.text.files import STATES, Amendment
from smki.terms import Malformed

MEETING = "PMA_21_0803"
HARD = st.text("aé 1#-*>|\\{}[]()^;:.,<!_&\n\t", max_size=30)
SOFT = st.sampled_from(
    [
        "",
        "Agreed (Red)",
        "(Green)",
        "of PMA",
        "votes",
        "- Owner: nobody",
        "7. Not a paragraph",
        "one\n\n\ntwo\n- a\n- b\n\n",
        "# no heading",
        "[^1]: no footnote",
        "{Red} no label",
        "called 4",
        "4",
        "<!-- said -->",
        "ends with \\",
        "\\",
        " between ",
    ]
)
TEXTS = HARD | SOFT
LINES = TEXTS.map(lambda one: one.replace("\n", " ").replace("\t", " "))
NAMES = LINES.filter(bool)
DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
LABELS = st.none() | st.sampled_from(Label)
MEETINGS = st.sampled_from(["PMA_22_1203", "TAG_07_3104", "JM_01_0101"])
ACTIONS = st.sampled_from(["PMA 21/01", "JM_0803/02", "TAG 103/11"])
ITEMS = st.sampled_from([f"{MEETING}/1", f"{MEETING}/4", f"{MEETING}/12", "4", "odd", "(Red)"])


def _several(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


def _of(kind: type[Enum]) -> st.SearchStrategy[Any]:
    return st.sampled_from(kind)


DUES = st.builds(
    Due,
    kind=_of(DueKind),
    working_days=st.integers(0, 40),
    on=st.none() | DAYS,
    meeting=st.just("") | MEETINGS,
    at=st.none() | TIMES,
    action=st.just("") | ACTIONS,
) | st.sampled_from(
    [
        Due(kind=DueKind.WORKING_DAYS, working_days=10),
        Due(kind=DueKind.NEXT_MEETING),
        Due(kind=DueKind.BEFORE_MEETING, meeting="PMA_22_1203", at=time(17)),
        Due(kind=DueKind.CONTINGENT, action="PMA 21/01"),
        Due(kind=DueKind.DATE, on=date(2027, 3, 12)),
    ]
)
MEETING_VALUES = st.builds(
    Meeting,
    ref=st.just(MEETING),
    label=LABELS,
    body=TEXTS,
    number=st.integers(0, 999),
    held_on=DAYS,
    starts=st.none() | TIMES,
    ends=st.none() | TIMES,
    place=TEXTS,
    presider=TEXTS,
    secretary=TEXTS,
    kind=_of(MeetingKind),
    state=_of(MeetingState),
    attendance=_several(
        st.builds(
            Attendance,
            person=LINES,
            organisation=LINES,
            seat=LINES,
            votes=st.booleans(),
            mode=_of(Mode),
            part=st.none()
            | st.builds(
                Presence,
                items=_several(st.integers(0, 99)),
                arrived=st.none() | TIMES,
                left=st.none() | TIMES,
            ),
            alternate_for=LINES,
            joint_of=LINES,
        )
    ),
    apologies=_several(LINES),
    next_meeting=st.just("") | MEETINGS,
)
ITEM_VALUES = st.builds(
    AgendaItem,
    ref=ITEMS,
    label=LABELS,
    meeting=st.just(MEETING),
    number=st.integers(0, 99),
    heading=TEXTS,
    stub=TEXTS,
    place=st.integers(0, 99),
    minutes=st.integers(0, 600),
    ask=_of(Ask),
    presenter=TEXTS,
    standing_item=TEXTS,
    omitted=TEXTS,
    nothing_to_report=st.booleans(),
    pointer=st.just("") | MEETINGS,
    joint=st.none()
    | st.builds(
        JointItem,
        bodies=_several(LINES),
        starts=st.none() | TIMES,
        ends=st.none() | TIMES,
        record=TEXTS,
    ),
)
PAPER_VALUES = st.builds(
    Paper,
    ref=st.sampled_from([f"{MEETING}_04", f"{MEETING}_CONF05", "a paper: of old"]),
    label=LABELS,
    item=ITEMS,
    heading=TEXTS,
    ask=_of(Ask),
    version=LINES,
    purpose=TEXTS,
    requested=TEXTS,
    sections=_several(st.builds(Section, heading=LINES, text=TEXTS, label=LABELS)),
    author=TEXTS,
    organisation=TEXTS,
    dated=st.none() | DAYS,
    circulated=st.none() | DAYS,
    attachments=_several(
        st.builds(Attachment, name=LINES, sha256=LINES, octets=st.integers(0, 10**9))
    ),
    copyright=TEXTS,
)
SETS = st.sampled_from([f"{MEETING}/open", f"{MEETING}/confidential", "open", "(Red)"])
MINUTES_VALUES = st.builds(
    Minutes,
    ref=SETS,
    label=LABELS,
    meeting=st.just(MEETING),
    set=_of(MinutesSet),
    state=_of(MinutesState),
    revision=st.integers(0, 9),
    comments_close=st.none() | DAYS,
    approved_at=st.just("") | MEETINGS,
)
PARAGRAPH_VALUES = st.builds(
    Paragraph,
    ref=st.sampled_from([f"{MEETING}/open/001", f"{MEETING}/confidential/017", "a; b}", "(Red)"]),
    label=LABELS,
    minutes=SETS,
    item=ITEMS,
    place=st.integers(0, 120),
    role=_of(ParagraphRole),
    text=TEXTS,
    footnotes=_several(LINES | st.just("1 See the report.")),
    of=LINES,
)
RESOLUTIONS = st.sampled_from([f"{MEETING}/4/1", f"{MEETING}/12/2", "odd/7", "7", "(Red)"])
RESOLUTION_VALUES = st.builds(
    Resolution,
    ref=RESOLUTIONS,
    label=LABELS,
    item=ITEMS,
    place=st.integers(0, 9),
    verb=_of(Verb),
    bodies=_several(LINES),
    text=TEXTS,
    about=TEXTS,
    version=TEXTS,
    clause=TEXTS,
    criteria=_several(st.builds(Criterion, text=TEXTS, shown=TEXTS)),
    evidence=_several(LINES),
    tally=st.none()
    | st.builds(
        Tally, in_favour=_several(LINES), against=_several(LINES), abstained=_several(LINES)
    ),
    effective=st.none() | DAYS,
    until=st.none() | DAYS,
    rests_on=_several(LINES),
    ratifies=TEXTS,
    short_notice=st.booleans(),
    withdrawn=st.none()
    | st.integers(-(10**10), 10**11).map(lambda at: datetime.fromtimestamp(at, UTC)),
    decision=TEXTS,
)
CONDITION_VALUES = st.builds(
    Condition,
    ref=st.sampled_from([f"{MEETING}/4/1/c1", "odd/7/c2", "3", "c"]),
    label=LABELS,
    resolution=RESOLUTIONS,
    kind=_of(ConditionKind),
    text=TEXTS,
    judge=TEXTS,
    deadline=st.none() | DAYS,
    action=TEXTS,
    consultation=TEXTS,
    state=_of(ConditionState),
    outcome=TEXTS,
)
ACTION_VALUES = st.builds(
    Action,
    ref=ACTIONS,
    label=LABELS,
    text=TEXTS,
    item=ITEMS,
    raised=DAYS,
    owner=TEXTS,
    due=DUES,
    due_on=st.none() | DAYS,
    state=_of(ActionState),
    updates=_several(st.builds(Update, on=DAYS, text=TEXTS, item=LINES)),
    successor=TEXTS,
)


@st.composite
def _amendments(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Amendment:
    kind = draw(st.sampled_from(list(STATES)))
    return Amendment(
        key=Key(kind, draw(ACTIONS if kind is Kind.ACTION else NAMES)),
        item=draw(ITEMS),
        on=draw(DAYS),
        state=draw(st.none() | st.sampled_from(STATES[kind])),
        said=draw(TEXTS),
        successor=draw(LINES),
    )


def _entities() -> st.SearchStrategy[list[Entity]]:
    one = st.one_of(
        MEETING_VALUES,
        ITEM_VALUES,
        PAPER_VALUES,
        MINUTES_VALUES,
        PARAGRAPH_VALUES,
        RESOLUTION_VALUES,
        CONDITION_VALUES,
        ACTION_VALUES,
    )
    return st.lists(one, max_size=8, unique_by=lambda entity: entity.key)


FILES = st.builds(
    meeting_file,
    st.just(MEETING),
    _entities(),
    st.lists(_amendments(), max_size=2),
)


@settings(max_examples=120, deadline=None)
@given(FILES)
def test_what_is_written_is_read(file: MeetingFile) -> None:
    """Every file, whatever it holds and leaves out, is read as it was written, and written the same."""
    text = write_meeting(file)
    read = parse_meeting(text).file
    assert read == file
    assert write_meeting(read) == text


@settings(max_examples=80, deadline=None)
@given(FILES, st.data())
def test_any_text_gives_a_file_or_malformed(file: MeetingFile, data: st.DataObject) -> None:
    """A text that was cut and put together again gives a file, or says what is wrong with it."""
    text = write_meeting(file)
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 40)))
    other = text[:at] + data.draw(TEXTS | st.text(max_size=10)) + text[end:]
    read = _read_or_told(other)
    if isinstance(read, str):
        assert read.startswith("line ")
    else:
        assert parse_meeting(write_meeting(read)).file == read


def _read_or_told(text: str) -> MeetingFile | str:
    """The file, or what is said to be wrong with it."""
    try:
        return parse_meeting(text).file
    except Malformed as error:
        return str(error)


@given(TEXTS)
def test_a_text_is_its_lines(text: str) -> None:
    """A text and its lines say the same, and so does one that is written on a line."""
    assert text_of(lines_of(text)) == text
    assert unescaped(inline(text, ";}")) == text


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_parts_stay_apart(texts: list[str]) -> None:
    """Texts that are written on one line, parted by a mark, are the same texts."""
    line = "; ".join(inline(one, ";") for one in texts)
    assert [unescaped(one) for one in split(line, ";")] == texts
