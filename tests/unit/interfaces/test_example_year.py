"""The example year comes in by the rules, goes out for each reader, and comes in as what it was."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from lxml import etree
from tests.support.founding import copied, founded

from smki.adapters.sql import migrate, open_database
from smki.bootstrap.example_year import example_texts, example_year, whole_year
from smki.flows import importing_register
from smki.flows.exporting_register import Gathered, gather
from smki.flows.importing_register import bring_in
from smki.flows.keeping import all_of, keep
from smki.flows.reading_register import ReadersOfRegister, Reading
from smki.governance.encoding import encode_entity
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.bodies import Person
from smki.governance.entities.meetings import Meeting
from smki.governance.entities.minutes import Action, ActionState, Condition, ConditionState
from smki.governance.entries import Change
from smki.governance.labels import Label
from smki.governance.text import (
    MeetingFile,
    meeting_file,
    parse_meeting,
    parse_tables,
    write_meeting,
    write_tables,
)
from smki.governance.text.files import IN_FILES
from smki.interfaces.cli import main
from smki.interfaces.cli.example import bring_in_year
from smki.interfaces.register_exports import FORMATS, export
from smki.interfaces.register_exports.lists import harmless
from smki.ports.register import Head, Register
from smki.terms import Refused

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "meeting-files.md"
PERSONS = ("", "large-1", "ssg-small", "ssg-assessor", "pma-secretary")


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Register]:
    """A register with the example year in it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('year') / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        bring_in_year(database.proceedings, example_year({}))
        yield database.proceedings


@pytest.fixture(scope="module")
def everything(register: Register) -> dict[Key, Entity]:
    """All that stands in it."""
    return {one.key: one for kind in Kind for one in all_of(register, kind)}


def _reading(register: Register, person: str) -> Reading:
    readers = ReadersOfRegister(register, lambda: NOW)
    found = readers.member(person) if person else readers.anybody()
    assert found is not None
    return found


def _files(everything: dict[Key, Entity]) -> tuple[list[MeetingFile], list[Entity]]:
    """Everything as files of meetings and tables, written and read again."""
    groups: dict[str, list[Entity]] = {}
    tables: list[Entity] = []
    for one in everything.values():
        at: Entity | None = one
        while at is not None and not isinstance(at, Meeting):
            at = everything.get(at.parents[0]) if at.parents else None
        if at is None or one.KIND not in IN_FILES:
            tables.append(one)
        else:
            groups.setdefault(at.ref, []).append(one)
    files = [parse_meeting(write_meeting(_whole(ref, group))).file for ref, group in groups.items()]
    return files, list(parse_tables(write_tables(tables)))


def _whole(ref: str, entities: list[Entity]) -> MeetingFile:
    labels = {one.key: Label.GREEN for one in entities}
    found = Gathered(
        key=Key(Kind.MEETING, ref),
        reader="all",
        at=NOW,
        entities=tuple(entities),
        labels=labels,
        names={},
    )
    return found.file


def test_the_year_is_whole(everything: dict[Key, Entity]) -> None:
    """Actions were combined, transferred, not required and closed; conditions were met."""
    states = {one.state for one in everything.values() if isinstance(one, Action)}
    assert states == set(ActionState)
    conditions = [one for one in everything.values() if isinstance(one, Condition)]
    assert {one.state for one in conditions} == {ConditionState.MET}
    assert {one.kind.value for one in conditions} == {"precedent", "subsequent", "amendment"}


def test_the_same_again_changes_nothing(register: Register) -> None:
    """Brought in a second time, the year leaves the register as it is."""
    before = register.head()
    found = bring_in_year(register, example_year({}))
    assert (found.entities, found.head) == ((), before)


def test_what_goes_out_comes_in_again_as_what_it_was(
    everything: dict[Key, Entity], tmp_path: Path
) -> None:
    """All of it, as files, comes into an empty register at once, and is what it was."""
    files, tables = _files(everything)
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        bring_in(database.proceedings, files, tables, at=NOW, said="again")
        again = {one.key: one for kind in Kind for one in all_of(database.proceedings, kind)}
    assert again == everything


def test_the_example_of_the_page_comes_in(tmp_path: Path) -> None:
    """The meeting that the page shows is one that the rules allow, with the day of what is due."""
    found = re.search(r"```markdown\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    texts = dict(example_texts())
    first = parse_meeting(texts["PMA_20_1111.md"].replace("- Next meeting: PMA_21_0912\n", ""))
    files = [first.file, parse_meeting(found[1]).file]
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        register = database.proceedings
        tables = parse_tables(texts["people.toml"])
        bring_in(register, files, tables, at=NOW, said="the page")
        raised = register.get(Key(Kind.ACTION, "PMA 20/02"))
        closed = register.get(Key(Kind.ACTION, "PMA 20/01"))
    assert isinstance(raised, Action)
    assert raised.due_on == date(2025, 11, 25)
    assert isinstance(closed, Action)
    assert closed.state is ActionState.CLOSED


@pytest.mark.clause("sec:M4.13")
@pytest.mark.parametrize("person", PERSONS)
def test_no_export_holds_what_is_withheld(
    person: str, register: Register, everything: dict[Key, Entity]
) -> None:
    """Of what a reader may not read no text stands in any export that they can have."""
    reading = _reading(register, person)
    seen = {key: reading.get(key) for key in everything}
    shown = "\n".join(encode_entity(one).decode() for one in seen.values() if one)
    withheld = {
        text
        for key, one in everything.items()
        if seen[key] is None
        for text in one.texts
        if len(text) > 24 and text not in shown
    }
    wanted = [key for key, one in seen.items() if one and key.kind in (Kind.MEETING, Kind.BODY)]
    assert wanted
    assert person == "pma-secretary" or withheld
    for key in wanted:
        found = gather(reading, key.ref, key.kind)
        for name in FORMATS.keys() - {"pdf"}:
            if name == "md" and key.kind is Kind.BODY:
                continue
            text = _plain(name, export(found, name))
            assert [one for one in withheld if " ".join(one.split()) in text] == []


def _tree(page: bytes) -> etree._Element:
    return etree.fromstring(page, etree.HTMLParser(encoding="utf-8"))


def _plain(name: str, octets: bytes) -> str:
    text = octets.decode()
    if name == "html":
        text = "".join(map(str, _tree(octets).itertext()))
    if name == "ics":
        text = text.replace("\r\n ", "").replace("\\,", ",").replace("\\;", ";")
    return " ".join(text.split())


def test_a_copy_comes_in_as_its_readers(register: Register) -> None:
    """A reader's copy, read again, holds what that reader sees, and brought in changes nothing."""
    reading = _reading(register, "pma-secretary")
    found = gather(reading, "PMA_24_1003", Kind.MEETING)
    read = parse_meeting(export(found, "md").decode()).file
    assert read.entities == found.file.entities
    before = register.head()
    done = bring_in(register, [read], (), at=NOW, said="a copy", reading=reading)
    assert (done.entities, done.head) == ((), before)


@pytest.mark.clause("sec:M4.13")
def test_a_copy_that_was_cut_changes_nothing(register: Register) -> None:
    """A copy from which something was cut says of it what its reader sees: nothing is undone by it."""
    reading = _reading(register, "large-1")
    found = gather(reading, "SSG_11_0503", Kind.MEETING)
    read = parse_meeting(export(found, "md").decode()).file
    (cut,) = (one for one in read.entities if one.KIND is Kind.MEETING)
    assert cut != register.get(cut.key)
    done = bring_in(register, [read], (), at=NOW, said="a copy", reading=reading)
    assert done.entities == ()
    text = export(found, "md").decode().replace("Secure meeting room", "Corridor")
    with pytest.raises(Refused):
        bring_in(register, [parse_meeting(text).file], (), at=NOW, said="a copy", reading=reading)


def test_whoever_may_read_nothing_of_it_learns_nothing(register: Register) -> None:
    """Something withheld and something that is not there are refused in the same words."""
    said = []
    for ref in ("FND_05_2602", "FND_06_2602"):
        with pytest.raises(Refused) as caught:
            gather(_reading(register, ""), ref)
        said.append(str(caught.value).replace(ref, "REF"))
    assert said[0] == said[1]


def test_what_belongs_to_what_may_not_be_read_is_refused_too(register: Register) -> None:
    """Two files that say different things, or speak of what is not there, change nothing."""
    text = "# PMA_29_0903\n\n- Date: 9 March 2027\n- Place: {}\n"
    files = [parse_meeting(text.format(place)).file for place in ("here", "there")]
    with pytest.raises(Refused, match="two files say different things"):
        bring_in(register, files, (), at=NOW, said="twice")
    text = "# PMA_28_0812\n\n## 1.\n\n### Update action PMA 99/01\n\n- On: 1 May 2026\n\nSaid.\n"
    with pytest.raises(Refused, match="it is not there"):
        bring_in(register, [parse_meeting(text).file], (), at=NOW, said="nothing")


def test_what_changed_meanwhile_is_not_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody changes between the comparison and the entry is left as they put it."""
    texts = dict(example_texts())
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        register = database.proceedings
        tables = parse_tables(texts["people.toml"])
        file = parse_meeting(texts["PMA_28_0812.md"]).file
        bring_in(register, [file], tables, at=NOW, said="first")
        there = register.get(Key(Kind.MEETING, "PMA_28_0812"))
        assert isinstance(there, Meeting)
        theirs = replace(there, place="Meeting room 9")

        def late(held: Register, change: Change, expected: dict[Key, Entity | None]) -> Head:
            keep(held, Change(at=NOW, by="", said="meanwhile", entities=(theirs,)))
            return keep(held, change, expected)

        monkeypatch.setattr(importing_register, "keep", late)
        later = meeting_file(file.meeting, [replace(there, ends=time(15))])
        with pytest.raises(Refused, match="somebody changed it meanwhile"):
            bring_in(register, [later], (), at=NOW, said="late")
        assert register.get(there.key) == theirs


def test_the_calendar_keeps_its_names(register: Register) -> None:
    """Two exports of the same have the same names in the calendar, each once; times are there."""
    made = []
    for person in ("pma-secretary", "large-1"):
        found = gather(_reading(register, person), "PMA", Kind.BODY)
        made.append(Calendar.from_ical(export(found, "ics")))
    names = [[str(one["uid"]) for one in each.walk("VEVENT")] for each in made]
    assert len(set(names[0])) == len(names[0])
    assert set(names[1]) <= set(names[0])
    meeting = next(one for one in made[0].walk("VEVENT") if "PMA_26_0906" in str(one["summary"]))
    assert meeting.decoded("dtstart") == datetime(2026, 6, 9, 9, tzinfo=UTC)  # summer time


def test_lists_have_a_line_for_each(register: Register, everything: dict[Key, Entity]) -> None:
    """The list of actions has every action that the reader may read, with its label."""
    found = gather(_reading(register, "pma-secretary"), "PMA", Kind.BODY)
    rows = list(csv.DictReader(io.StringIO(export(found, "csv-actions").decode("utf-8-sig"))))
    named = {one.ref for one in everything.values() if isinstance(one, Action)}
    assert {one["action"] for one in rows} == {
        one for one in named if one.startswith(("PMA", "JM"))
    }
    assert {one["label"] for one in rows} <= {"white", "green", "amber"}


@given(st.text(max_size=12))
def test_no_cell_is_a_formula(text: str) -> None:
    """No cell begins as a formula does, and every other text stays as it is."""
    for cell in (text, f"={text}", f"+{text}", f"-{text}", f"@{text}", f" ={text}"):
        made = harmless(cell)
        assert not made.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
        assert made in (cell, f"'{cell}")


def test_a_page_runs_nothing(register: Register) -> None:
    """Markup in a text is text in the page, which loads nothing and has one first heading."""
    found = gather(_reading(register, "pma-secretary"), "PMA_24_1003", Kind.MEETING)
    named = dict(found.names) | {"pma-chair": "<script>alert(1)</script>"}
    page = export(_with_names(found, named), "html")
    tree = _tree(page)
    assert tree.xpath("//script | //img | //link | //*[@onclick]") == []
    assert "<script>alert(1)</script>" in "".join(map(str, tree.itertext()))
    assert tree.xpath("count(//h1)") == 1
    assert tree.get("lang") == "en-GB"


def _with_names(found: Gathered, names: dict[str, str]) -> Gathered:
    return Gathered(
        key=found.key,
        reader=found.reader,
        at=found.at,
        entities=found.entities,
        labels=found.labels,
        names=names,
    )


def test_a_pdf_is_tagged_and_always_the_same(register: Register) -> None:
    """The PDF conforms to PDF/UA-1, markup in a text is text, and twice it is the same octets."""
    found = gather(_reading(register, "pma-secretary"), "PMA_23_1002", Kind.MEETING)
    found = _with_names(found, {"pma-chair": '#panic("x") $ * _'})
    made = export(found, "pdf")
    assert made.startswith(b"%PDF-")
    assert b"StructTreeRoot" in made
    assert b"pdfuaid" in made
    assert export(found, "pdf") == made


@pytest.mark.parametrize(
    ("kind", "ref"),
    [
        (Kind.AGENDA_ITEM, "PMA_24_1003/5"),
        (Kind.PAPER, "PMA_24_1003_05"),
        (Kind.RESOLUTION, "PMA_24_1003/5/1"),
        (Kind.ACTION, "PMA 23/02"),
        (Kind.VERSION, "SRT-APPROACH/3.9"),
        (Kind.MODIFICATION, "102"),
    ],
)
def test_a_sheet_of_anything_can_be_set(kind: Kind, ref: str, register: Register) -> None:
    """Whatever is taken along by itself has its headings in order, as a page and as PDF."""
    found = gather(_reading(register, "pma-secretary"), ref, kind)
    assert export(found, "pdf").startswith(b"%PDF-")
    levels = [
        int(str(one.tag)[1]) for one in _tree(export(found, "html")).iter("h1", "h2", "h3", "h4")
    ]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_whole_year_is_what_its_chapters_are() -> None:
    """What comes in chapter by chapter is, in the end, what comes in at once."""
    chapters = example_year({"pma-chair": ("0" * 40,)})
    whole = whole_year(chapters)
    named = {one.ref: one for one in whole.tables if one.KIND is Kind.PERSON}
    assert named["pma-chair"] != named["pma-secretary"]
    assert {one.meeting for one in whole.meetings} == {
        name.removesuffix(".md") for name, _ in example_texts() if name.endswith(".md")
    }


def test_what_was_done_meanwhile_stays(tmp_path: Path) -> None:
    """The year again, with a further credential, puts that alone: no edit and no credential is undone."""
    url = f"sqlite:///{tmp_path / 'smki.db'}"
    migrate(url)
    with open_database(url) as database:
        register = database.proceedings
        bring_in_year(register, example_year({"pma-chair": ("2a" * 20,)}))
        meeting = register.get(Key(Kind.MEETING, "PMA_28_0812"))
        assert isinstance(meeting, Meeting)
        moved = replace(meeting, place="Room 9")
        keep(register, Change(at=NOW, by="", said="another room", entities=(moved,)))
        done = bring_in_year(register, example_year({"networks-1": ("1b" * 20,)}))
        assert [one.ref for one in done.entities] == ["networks-1"]
        assert register.get(meeting.key) == moved
        chair = register.get(Key(Kind.PERSON, "pma-chair"))
        assert isinstance(chair, Person)
        assert chair.credentials == ("2a" * 20,)


def test_commands(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The year comes in by a command; what it has is listed, found, shown, and written out."""
    copied(founded(tmp_path_factory), tmp_path / "state")
    monkeypatch.setenv("SMKI_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    run = CliRunner()

    def said(*words: str) -> str:
        done = run.invoke(main, ["governance", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "is in the register" in said("example")
    assert "PMA_24_1003" in said("register", "list", "meeting", "--public")
    assert "nothing is found" in said("register", "search", "Kestrel", "--public")
    assert "CONF05" in said("register", "search", "Kestrel", "--for", "large-1")
    shown = said("register", "show", "PMA_24_1003", "--for", "pma-secretary")
    assert "meeting PMA_24_1003 (white)" in shown
    assert "    person pma-chair; organisation Policy Management Authority; seat PMA/chair" in shown
    begun = "paragraph PMA_24_1003/open/003 (white)  The fixes for the defects of part 1a will be"
    assert begun in said("register", "search", "deployed", "--public")
    out = ("--for", "pma-secretary", "--format", "md", "--out", "copy.md")
    said("register", "export", "PMA_24_1003", *out)
    assert "nothing is changed" in said("register", "import", "copy.md")
    done = run.invoke(main, ["governance", "register", "list", "meeting", "--json"])
    assert done.exit_code == 1
    assert "must be one, --for PERSON or --public" in done.stdout
