"""`smki governance register`: files into the register, and what a reader may have of it out again.

Whoever runs this has the state directory. What is written out is written for one reader all the
same, and it is noted that they have it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.exporting_register import gather
from smki.flows.importing_register import Imported, bring_in
from smki.flows.reading_register import ReadersOfRegister, Reading
from smki.governance.encoding import encode_entity
from smki.governance.entities import Entity, Key, Kind
from smki.governance.text import MeetingFile, parse_meeting, parse_tables
from smki.governance.text.copies import copy_for
from smki.interfaces.cli.in_words import beginning, lines_of
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, output_file, read_input, reporting, tell
from smki.interfaces.register_exports import FORMATS, export
from smki.interfaces.register_exports.lists import LISTS
from smki.merkle.canonical import parse_json
from smki.ports.register import Page, Register, Wanted
from smki.terms import Malformed, Refused

FILE_MAX_OCTETS: Final = 16 * 1024 * 1024  # the papers of a meeting are far shorter
_FORMATS: Final = (*(name for name in FORMATS if not name.startswith("csv-")), "csv")
_KINDS: Final = tuple(kind.value for kind in Kind)
_PAGE: Final = 50
_for_option = click.option("--for", "person", metavar="PERSON", help="As that person sees it.")
_public_option = click.option("--public", is_flag=True, help="As it is published.")


@click.group(cls=WholeSentences, short_help="The register: files in, copies out, search.")
def register() -> None:
    """The policy authority's register: bring files in, write copies out, show, list, search."""


@register.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--by", default="", metavar="PERSON", help="Who changes it; the house if not given.")
@click.option("--said", default="files brought in", show_default=True, help="Why; all may read it.")
@json_option
def import_files(files: Sequence[str], *, by: str, said: str, as_json: bool) -> None:
    """Bring files into the register, all of them as one entry, or nothing.

    FILE is a meeting (Markdown, .md) or tables (.toml); - is a meeting. What departs from the one
    form is read all the same, and said. A copy for a reader comes in as theirs.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        meetings, tables, notes, reader = _parsed(files)
        for note in notes:
            tell(note)
        who = by or reader
        found = bring_in(
            front.proceedings,
            meetings,
            tables,
            at=datetime.now(UTC).replace(microsecond=0),
            said=said,
            reading=reader_named(front.proceedings, who) if who else None,
        )
    _tell_imported(found, notes, as_json=as_json)


@register.command("export")
@click.argument("ref")
@click.option("--format", "form", required=True, type=click.Choice(_FORMATS), help="Of the copy.")
@click.option(
    "--list", "which", type=click.Choice(tuple(LISTS)), default="actions", show_default=True
)
@click.option("--kind", type=click.Choice(_KINDS), help="If several things are called so.")
@_for_option
@_public_option
@click.option("--out", default="-", metavar="FILE", help="A new file; - for stdout.")
@json_option
def export_copy(
    ref: str, *, form: str, which: str, kind: str | None, out: str, as_json: bool, **who: Any
) -> None:
    """Write a copy of REF, and of what belongs to it, for one reader.

    REF is a meeting, a set of its minutes, a body, or anything else of the register. Meetings and
    minutes have all formats; other things no md. --list says of what csv is.
    """
    with reporting(as_json=as_json), _reading(**who) as reading:
        found = gather(reading, ref, Kind(kind) if kind else None)
        octets = export(found, f"csv-{which}" if form == "csv" else form)
        with output_file(out) as write:
            write(octets)
    if out != "-":
        lines = (f"a copy of {found.key} for {found.reader} is in {out}",)
        emit({"ref": ref, "for": found.reader, "file": out}, lines, as_json=as_json)


@register.command("show")
@click.argument("ref")
@click.option("--kind", type=click.Choice(_KINDS), help="If several things are called so.")
@_for_option
@_public_option
@json_option
def show(ref: str, *, kind: str | None, as_json: bool, **who: Any) -> None:
    """Show what is called REF, as a reader sees it, with its label."""
    with reporting(as_json=as_json), _reading(**who) as reading:
        found = gather(reading, ref, Kind(kind) if kind else None)
        top = next(one for one in found.entities if one.key == found.key)
        fields = {**_fields(top), "label": found.labels[top.key].value}
        below = [one for one in found.entities if one is not top]
    lines = [f"{found.key} ({fields['label']})"]
    lines += [f"  {line}" for each in lines_of(top) for line in each.split("\n")]
    lines += [f"  with {one.key}  {beginning(one)}".rstrip() for one in below]
    beneath = [str(one.key) for one in below]
    emit({"kind": top.KIND.value, "entity": fields, "below": beneath}, lines, as_json=as_json)


@register.command("search")
@click.argument("words", nargs=-1, required=True)
@_for_option
@_public_option
@click.option("--after", default="", metavar="TEXT", help="The next page, as the last one said.")
@json_option
def search(words: Sequence[str], *, after: str, as_json: bool, **who: Any) -> None:
    """Find what has all of WORDS, of what the reader may read, newest first."""
    with reporting(as_json=as_json), _reading(**who) as reading:
        wanted = Wanted(tokens=None, words=" ".join(words))
        _emit_page(reading, reading.find(wanted, after=after, limit=_PAGE), as_json=as_json)


@register.command("list")
@click.argument("kind", type=click.Choice(_KINDS))
@click.option("--standing", multiple=True, metavar="TEXT", help="In that state; several times.")
@_for_option
@_public_option
@click.option("--after", default="", metavar="TEXT", help="The next page, as the last one said.")
@json_option
def list_kind(
    kind: str, *, standing: tuple[str, ...], after: str, as_json: bool, **who: Any
) -> None:
    """List everything of a kind that the reader may read, newest first."""
    with reporting(as_json=as_json), _reading(**who) as reading:
        wanted = Wanted(tokens=None, kinds=(Kind(kind),), standings=standing)
        _emit_page(reading, reading.find(wanted, after=after, limit=_PAGE), as_json=as_json)


@contextmanager
def _reading(*, person: str | None, public: bool) -> Iterator[Reading]:
    """The register as that reader sees it.

    Raises:
        Malformed: no reader is said, or two.
        Refused: there is no such person.
    """
    if bool(person) == public:
        raise Malformed("reader: must be one, --for PERSON or --public", where="--for")
    with open_front(load_settings(os.environ)) as front:
        yield reader_named(front.proceedings, person)


def reader_named(proceedings: Register, person: str | None) -> Reading:
    """The register as this person sees it; as it is published for None.

    Raises:
        Refused: there is no such person.
    """
    readers = ReadersOfRegister(proceedings, lambda: datetime.now(UTC))
    reading = readers.member(person) if person else readers.anybody()
    if reading is None:
        raise Refused(
            f"person {person}: is not in the register, must be", where="--for", clause="sec:M4.13"
        )
    return reading


def _parsed(
    files: Sequence[str],
) -> tuple[Sequence[MeetingFile], Sequence[Entity], Sequence[str], str]:
    """Meetings and tables in these files, what was noted, and whose copy they are.

    Raises:
        Malformed: a file that cannot be read, or copies for different readers.
    """
    meetings: list[MeetingFile] = []
    tables: list[Entity] = []
    notes: list[str] = []
    readers: set[str] = set()
    for name in files:
        text = _text(name)
        try:
            if Path(name).suffix == ".toml":
                tables += parse_tables(text)
            else:
                read = parse_meeting(text)
                meetings.append(read.file)
                notes += [f"{name}: {note}" for note in read.notes]
        except Malformed as error:
            raise Malformed(
                f"{name}: {error.message}", where=error.where, clause=error.clause, rule=error.rule
            ) from error
        if (reader := copy_for(text)) is not None:
            readers.add(reader)
    if len(readers) > 1:
        raise Malformed(f"files: copies for {', '.join(sorted(readers))}, must be for one reader")
    return meetings, tables, notes, next(iter(readers), "")


def _text(name: str) -> str:
    try:
        return read_input(name, limit=FILE_MAX_OCTETS).decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"{name}: not UTF-8 at octet {error.start}, must be", where=name) from error


def _tell_imported(found: Imported, notes: Sequence[str], *, as_json: bool) -> None:
    names = [str(one.key) for one in found.entities]
    said = (
        f"{len(names)} put or changed: entry {found.head.number} of the register"
        if names
        else "all of it stands in the register already: nothing is changed"
    )
    fields = {"entry": found.head.number, "changed": names, "notes": list(notes)}
    emit(fields, (said, "next: 'smki governance register list meeting --public'"), as_json=as_json)


def _emit_page(reading: Reading, page: Page, *, as_json: bool) -> None:
    rows = [
        {
            "kind": one.entity.KIND.value,
            "ref": one.entity.ref,
            "label": reading.label(one.entity).value,
            "title": one.entity.title,
            "begins": beginning(one.entity),
            "day": one.entity.day.isoformat() if one.entity.day else None,
            "standing": one.entity.standing,
        }
        for one in page.kept
    ]
    reading.note()
    lines = [_line(row) for row in rows] or ["nothing is found"]
    if page.more:
        lines.append(f"more: --after {page.more}")
    emit({"found": rows, "more": page.more}, lines, as_json=as_json)


def _line(row: Mapping[str, str | None]) -> str:
    said = (row["kind"], row["ref"], f"({row['label']})", row["day"], row["standing"])
    return f"{' '.join(filter(None, said))}  {row['begins']}".rstrip()


def _fields(one: Entity) -> dict[str, Any]:
    row = parse_json(encode_entity(one), str(Key(one.KIND, one.ref)))
    return dict(row) if isinstance(row, Mapping) else {}
