"""The form that all four files of a compromise share: lines of three fields, in one order, one spelling.

    file  = "field,value,detail" LF *( line LF )       UTF-8, no mark before it
    line  = name "," value "," detail                  RFC 4180; quoted only where it must be
    value, detail: printable, at most 2,000 characters; empty where there is nothing to say

Which names come in which order is each file's own. What is read is written again and compared, so
that a file has one spelling: its signature means something.

Clause: sec-app-l:2
"""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from typing import Final, NamedTuple, TypeVar

from smki.terms import EUI64, Malformed, instant_of

FILE_MAX_OCTETS: Final = 4 * 1024 * 1024  # 100,000 devices and what stands before them
TEXT_MAX: Final = 2_000
ROWS_MAX: Final = 110_000
HEADER: Final = "field,value,detail"
VERSION: Final = "1"
CLAUSE: Final = "sec-app-l:2"
_FIELDS: Final = 3
_Value = TypeVar("_Value")
_Member = TypeVar("_Member", bound=Enum)


class Row(NamedTuple):
    """A line: what it is called, what it says, what more."""

    field: str
    value: str
    detail: str = ""


class FileKind(Enum):
    """The four families of files; the value stands in their first line.

    Clause: sec-app-l:2
    """

    ORGANISATION_NOTIFICATION = "organisation-compromise-notification"
    ORGANISATION_PROGRESS = "organisation-compromise-recovery-progress"
    OTHER_NOTIFICATION = "other-compromise-notification"
    OTHER_PROGRESS = "other-compromise-recovery-progress"


def write_rows(kind: FileKind, rows: Iterable[Row]) -> bytes:
    """The file with these lines after its header and its first line.

    Clause: sec-app-l:2
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    out.write(f"{HEADER}\n")
    writer.writerow(Row("file", kind.value, VERSION))
    writer.writerows(rows)
    return out.getvalue().encode()


class Rows:
    """The lines of a file, taken one after the other as its kind has them.

    Args:
        octets: the file.

    Raises:
        Malformed: not of the form that all have: which line, what was found, what was expected.

    Clause: sec-app-l:2
    """

    def __init__(self, octets: bytes) -> None:
        if len(octets) > FILE_MAX_OCTETS:
            raise wrong(0, f"{len(octets)} octets, must be at most {FILE_MAX_OCTETS}")
        try:
            text = octets.decode()
        except UnicodeDecodeError as error:
            line = octets.count(b"\n", 0, error.start) + 1
            raise wrong(line, f"octet {error.start} is not UTF-8, must be") from None
        lines = text.split("\n")
        if lines[0] != HEADER:
            raise wrong(1, f"{lines[0][:60]!r}, must be {HEADER!r}")
        if lines.pop():
            raise wrong(len(lines) + 1, "does not end with a line feed, must")
        if len(lines) > ROWS_MAX:
            raise wrong(ROWS_MAX, f"{len(lines)} lines, must be at most {ROWS_MAX}")
        self._rows = [_row(number, line) for number, line in enumerate(lines[1:], start=2)]
        self._at = 0
        kind = self.row("file")
        if kind.detail != VERSION:
            raise self.wrong(f"version {kind.detail!r}, must be {VERSION!r}")
        self.kind = self.member(FileKind, kind.value)

    @property
    def line(self) -> int:
        """Which line was taken last, from 1."""
        return self._at + 1

    def row(self, field: str) -> Row:
        """The next line, which must be called that.

        Raises:
            Malformed: it is called otherwise, or there is none.
        """
        found = self._rows[self._at] if self._at < len(self._rows) else None
        self._at += 1
        if found is None:
            raise self.wrong(f"the file ends, must have {field!r}")
        if found.field != field:
            raise self.wrong(f"{found.field[:60]!r}, must be {field!r}")
        return found

    def text(self, field: str) -> str:
        """The value of the next line, which is there and has no detail.

        Raises:
            Malformed: otherwise.
        """
        row = self.row(field)
        if not row.value.strip() or row.detail:
            raise self.wrong(f"{field}: must have a value and no detail")
        return row.value

    def optional(self, field: str) -> str:
        """The value of the next line if it is called that; else empty, and it is not taken.

        Raises:
            Malformed: it has no value, or a detail.
        """
        there = self._at < len(self._rows) and self._rows[self._at].field == field
        return self.text(field) if there else ""

    def some(self, field: str, most: int, read: Callable[[Row], _Value]) -> tuple[_Value, ...]:
        """All lines that follow and are called that, ascending by what they say, none twice.

        Raises:
            Malformed: more than `most`, out of order, or what `read` refuses.
        """
        found: list[_Value] = []
        last = ""
        while self._at < len(self._rows) and self._rows[self._at].field == field:
            row = self.row(field)
            if row.value <= last:
                raise self.wrong(f"{field}: {row.value[:60]!r} after {last[:60]!r}, must ascend")
            if len(found) == most:
                raise self.wrong(f"{field}: more than {most}, must be at most that")
            last = row.value
            found.append(read(row))
        return tuple(found)

    def instant(self, field: str) -> datetime:
        """The instant in the next line.

        Raises:
            Malformed: another form.
        """
        text = self.text(field)
        found = instant_of(text)
        if found is None:
            raise self.wrong(f"{field}: {text[:60]!r}, must be as 2026-11-21T10:00:00Z")
        return found

    def count(self, text: str) -> int:
        """The whole number that the text is.

        Raises:
            Malformed: another text.
        """
        if not (text.isascii() and text.isdecimal()) or str(int(text[:18])) != text:
            raise self.wrong(f"{text[:60]!r}, must be a whole number")
        return int(text)

    def device(self, text: str) -> EUI64:
        """The EUI-64 that the text is, as it is printed.

        Raises:
            Malformed: another text.
        """
        try:
            found = EUI64.parse(text)
        except Malformed:
            found = None
        if found is None or str(found) != text:
            raise self.wrong(f"{text[:60]!r}, must be an EUI-64 as 00-01-02-03-04-05-06-07")
        return found

    def member(self, kinds: type[_Member], text: str) -> _Member:
        """The member with this value.

        Raises:
            Malformed: there is none.
        """
        for one in kinds:
            if one.value == text:
                return one
        known = ", ".join(str(one.value) for one in kinds)
        raise self.wrong(f"{text[:60]!r}, must be one of {known}")

    def done(self, written: bytes, octets: bytes) -> None:
        """Nothing is left, and the file is as it would be written.

        Raises:
            Malformed: otherwise.
        """
        if self._at < len(self._rows):
            self._at += 1
            raise self.wrong(f"{self._rows[self._at - 1].field[:60]!r}, must be the end")
        if written != octets:
            pairs = zip(written.split(b"\n"), octets.split(b"\n"), strict=False)
            line = next((at for at, (a, b) in enumerate(pairs, 1) if a != b), 0)
            raise wrong(
                line, "is not in its one spelling: a quotation that need not be, or the like"
            )

    def wrong(self, what: str) -> Malformed:
        """An error in the line that was taken last."""
        return wrong(self.line, what)


def wrong(line: int, what: str) -> Malformed:
    """What is wrong, and in which line; 0 for the whole file."""
    return Malformed(
        f"file: line {line}: {what}" if line else f"file: {what}",
        where=f"line {line}" if line else "file",
        clause=CLAUSE,
        rule="notice.form",
    )


def _row(number: int, line: str) -> Row:
    if not line.isprintable():
        raise wrong(number, "a character that is not printable, must be none")
    try:
        (fields,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        raise wrong(number, f"not three fields of RFC 4180 ({error}), must be") from None
    if len(fields) != _FIELDS:
        raise wrong(number, f"{len(fields)} fields, must be {_FIELDS}")
    if longest := max(fields, key=len)[TEXT_MAX:]:
        raise wrong(number, f"{TEXT_MAX + len(longest)} characters, must be at most {TEXT_MAX}")
    return Row(*fields)
