"""A file as headings, and what stands under each: its lines with their numbers.

Nothing here knows what a heading says. A heading begins its line; whatever is indented is not one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from smki.governance.text.blocks import text_of
from smki.terms import Malformed

CHARACTERS_MAX: Final = 4_000_000  # of a file: the papers of a meeting, ten times over

_HEADING: Final = re.compile(r"(#{1,6})[ ]+(.*)")
_BULLET: Final = re.compile(r"[-*+•][ ]+(.*)")
_NUMBERED: Final = re.compile(r"([0-9]{1,6})[.)](?:[ ]+(.*))?")
_COMMENT: Final = re.compile(r"<!--.*-->[ ]*")
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z ]{0,40}):(?:[ ]+(.*))?")


class Line(NamedTuple):
    """A line of the file; lines are counted from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A heading and what stands under it, up to the next heading of any level.

    Attributes:
        level: 1 to 6.
        title: as it is written.
        line: its number.
        body: the lines under it.
    """

    level: int
    title: str
    line: int
    body: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field: `- Name: value`.

    Attributes:
        name: in lower case.
        written: the value, its lines still as they are written.
        line: its number.
    """

    name: str
    written: tuple[str, ...]
    line: int

    @property
    def value(self) -> str:
        """The value as one line, still as it is written."""
        return " ".join(one.strip() for one in self.written if one.strip())

    @property
    def text(self) -> str:
        """The value as a text."""
        return text_of(self.written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A paragraph of minutes: `7. text`, or `- text` for the next number.

    Attributes:
        number: as it is written; None for the next one.
        written: its lines.
        line: number of the first.
    """

    number: int | None
    written: tuple[str, ...]
    line: int


def parts_of(text: str) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The parts of a file, and in what it departs from plain text.

    Raises:
        Malformed: too long, a character that cannot be printed, or text before the first heading.
    """
    if len(text) > CHARACTERS_MAX:
        raise malformed(1, f"{len(text)} characters", f"at most {CHARACTERS_MAX}")
    notes: list[str] = []
    lines = tuple(_plain_lines(text, notes))
    heads = [at for at, line in enumerate(lines) if _HEADING.fullmatch(line.text)]
    first = heads[0] if heads else len(lines)
    for line in lines[:first]:
        if line.text.strip():
            raise malformed(line.number, repr(line.text[:60]), "a heading: # PREFIX_NN_DDMM")
    ends = [*heads, len(lines)][1:]
    return tuple(_part(lines[at:end]) for at, end in zip(heads, ends, strict=True)), tuple(notes)


def fields_and_prose(body: Sequence[Line]) -> tuple[tuple[Field, ...], tuple[Line, ...]]:
    """The fields at the beginning of a body, and what stands after them.

    Raises:
        Malformed: a line of a list among the fields that is no field.
    """
    fields: list[Field] = []
    at = 0
    while (at := _blank(body, at)) < len(body):
        bullet = _BULLET.fullmatch(body[at].text)
        if bullet is None:
            break
        end = _end(body, at + 1)
        fields.append(_field(bullet[1], body[at:end]))
        at = end
    return tuple(fields), tuple(body[at:])


def bullets(body: Sequence[Line]) -> Iterator[tuple[int, str]]:
    """Line and text of each line of a list, its further lines joined.

    Raises:
        Malformed: something else stands there.
    """
    at = 0
    while (at := _blank(body, at)) < len(body):
        bullet = _BULLET.fullmatch(body[at].text)
        if bullet is None:
            raise malformed(body[at].number, repr(body[at].text[:60]), "a line of a list: - text")
        end = _end(body, at + 1)
        yield body[at].number, " ".join((bullet[1], *_stripped(body[at + 1 : end]))).strip()
        at = end


def numbered(body: Sequence[Line]) -> Iterator[Numbered]:
    """The numbered paragraphs of a body, each with all lines up to the next.

    Raises:
        Malformed: text before the first.
    """
    starts = [at for at, line in enumerate(body) if _start(line.text)]
    first = _blank(body, 0)
    if first < len(body) and first not in starts:
        raise malformed(body[first].number, repr(body[first].text[:60]), "a paragraph: 7. text")
    for at, end in zip(starts, [*starts, len(body)][1:], strict=True):
        number, text = _start(body[at].text) or (None, "")
        written = (text, *(line.text for line in body[at + 1 : end]))
        yield Numbered(number=number, written=written, line=body[at].number)


def malformed(line: int, found: str, expected: str) -> Malformed:
    """What is wrong in that line."""
    return Malformed(
        f"line {line}: {found}, must be {expected}", where=f"line {line}", rule="meeting-file.form"
    )


def _part(lines: Sequence[Line]) -> Part:
    head = lines[0]
    marks, title = head.text.split(" ", 1)
    return Part(level=len(marks), title=title.strip(), line=head.number, body=tuple(lines[1:]))


def _plain_lines(text: str, notes: list[str]) -> Iterator[Line]:
    """The lines without comments; what is no plain blank or line end is one from here on."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    for number, raw in enumerate(plain.split("\n"), 1):
        line = raw.replace("\t", "    ")
        if not line.isprintable():
            line = "".join(" " if one.isspace() else one for one in line)
            notes.append(f"line {number}: has a blank of another kind, taken as a blank")
        if not line.isprintable():
            strange = next(one for one in line if not one.isprintable())
            raise malformed(number, f"character {ord(strange):#06x}", "a printable one")
        if not _COMMENT.fullmatch(line):
            yield Line(number, line.rstrip())


def _field(first: str, lines: Sequence[Line]) -> Field:
    found = _FIELD.fullmatch(first)
    if found is None:
        raise malformed(lines[0].number, repr(first[:60]), "a field: - Name: value")
    written = (found[2] or "", *(line.text for line in lines[1:]))
    return Field(name=found[1].strip().lower(), written=written, line=lines[0].number)


def _blank(body: Sequence[Line], at: int) -> int:
    """Where the blank lines from there end."""
    while at < len(body) and not body[at].text.strip():
        at += 1
    return at


def _end(body: Sequence[Line], at: int) -> int:
    """Where the indented lines from there end; blank lines belong to them if one follows."""
    while (after := _blank(body, at)) < len(body) and body[after].text.startswith(" "):
        at = after + 1
    return at


def _stripped(lines: Sequence[Line]) -> Iterator[str]:
    return (line.text.strip() for line in lines if line.text.strip())


def _start(text: str) -> tuple[int | None, str] | None:
    """Number and text of a line that begins a paragraph."""
    if found := _NUMBERED.fullmatch(text):
        return int(found[1]), found[2] or ""
    if found := _BULLET.fullmatch(text):
        return None, found[1]
    return None
