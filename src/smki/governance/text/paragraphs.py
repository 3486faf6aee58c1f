"""A paragraph of minutes as it is written, and back.

    7. {Amber; withheld body; of PMA 21/01} What was said, on as many lines as it takes,
        indented.

        A second paragraph of the same.

        [^1]: A footnote, kept apart from the sentence.

In the braces stand the label, the role, `of` what it records and `ref`, a name that is not the
usual one; what is usual is left out, and the braces if nothing is left.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from smki.governance.entities.minutes import Paragraph, ParagraphRole
from smki.governance.labels import Label
from smki.governance.text.blocks import inline, lines_of, split, text_of, unescaped
from smki.governance.text.forms import paragraph_ref
from smki.governance.text.lexing import Numbered, malformed
from smki.governance.text.values import NOTHING, in_words, member_named
from smki.terms import Malformed

_MARKS: Final = ";{}"
_INDENT: Final = "    "
_GUARD: Final = re.compile(r"\{|\[\^")
_MARKED: Final = re.compile(r"([^\s\]\\]+) (\S.*)")
_BRACES: Final = re.compile(r"\{((?:[^\\{}]|\\.)*)\}[ ]*")
_NOTE: Final = re.compile(r"\[\^([^\s\]\\]*)\]:[ ]*")
_NAMED: Final = re.compile(r"(of|ref)[ ]+(.+)", re.IGNORECASE)


def paragraph_lines(one: Paragraph) -> Iterator[str]:
    """The lines of a paragraph."""
    said = [inline(one.label.value.capitalize(), _MARKS)] if one.label else []
    if one.role is not ParagraphRole.TEXT:
        said.append(in_words(one.role))
    if one.of:
        said.append(f"of {inline(one.of, _MARKS)}")
    if one.ref != paragraph_ref(one.minutes, one.place):
        said.append(f"ref {inline(one.ref, _MARKS)}")
    first, *others = lines_of(one.text, _GUARD) or (NOTHING,)
    marks = f"{{{'; '.join(said)}}} " if said else ""
    yield f"{one.place}. {marks}{first}"
    yield from (_INDENT + line if line else "" for line in others)
    for note in one.footnotes:
        found = _MARKED.fullmatch(note)
        marker, text = found.groups() if found else ("", note)
        yield from ("", f"{_INDENT}[^{marker}]: {inline(text)}")


def read_paragraph(read: Numbered, minutes: str, item: str, place: int) -> Paragraph:
    """The paragraph that is written so.

    Raises:
        Malformed: something in its braces that says nothing of the kind.
    """
    first, *others = read.written
    found = _BRACES.match(first)
    values = _said(found[1], read.line) if found else {}
    text: list[str] = [first[found.end() :] if found else first]
    notes: list[list[str]] = []
    chunk = text
    for line in others:
        if note := _NOTE.match(line.strip()):
            rest = line.strip()[note.end() :]
            chunk = [f"{note[1]} {rest}" if note[1] else rest]
            notes.append(chunk)
        elif not line.strip():
            chunk = text
            text.append("")
        else:
            chunk.append(line)
    usual = {"ref": paragraph_ref(minutes, place), "role": ParagraphRole.TEXT}
    return Paragraph(
        **{**usual, **values},
        minutes=minutes,
        item=item,
        place=place,
        text=text_of(text),
        footnotes=tuple(unescaped(" ".join(part.strip() for part in one)) for one in notes),
    )


def _said(written: str, line: int) -> dict[str, Any]:
    """What the braces say."""
    values: dict[str, Any] = {}
    for part in split(written, ";"):
        if found := _NAMED.fullmatch(part):
            values[found[1].lower()] = unescaped(found[2])
        elif part.lower() in _LABELS:
            values["label"] = _LABELS[part.lower()]
        else:
            try:
                values["role"] = member_named(ParagraphRole, part)
            except Malformed as error:
                raise malformed(
                    line, f"in braces: {error}", "a label, a role, of or ref"
                ) from error
    return values


_LABELS: Final = {one.value: one for one in Label}
