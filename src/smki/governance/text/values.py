"""Single values of fields as they are written, and back: by what they are, nothing by name."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, Final, get_origin

from smki.governance.entities.meetings import Attachment
from smki.governance.entities.minutes import Criterion, Update
from smki.governance.text.blocks import inline, lines_of, split, text_of, unescaped
from smki.governance.text.words import day_in_words, read_day, read_time
from smki.terms import Malformed

RECORDS: Final[Mapping[type, str]] = {
    Attachment: "Attachment",
    Criterion: "Criterion",
    Update: "Update",
}
"""Values of which an entity can have several, and the name of their field."""

NOTHING: Final = r"\z"
_NUMBER: Final = re.compile(r"(-?[0-9]{1,12})(?:[ ]+[A-Za-z]+)?")
_OCTETS: Final = re.compile(r"(-?[0-9]{1,12})[ ]+octets")
_TRUTHS: Final = {"yes": True, "no": False, "true": True, "false": False}
_NO_ITEM: Final = {"": "-", "-": r"\-"}
_INSTANT: Final = "%Y-%m-%dT%H:%M:%SZ"


def written_value(value: Any) -> Sequence[str]:
    """The lines of a value; at least one."""
    if isinstance(value, str):
        return lines_of(value) or ("",)
    if isinstance(value, tuple):
        return ["; ".join(inline(one, ";") for one in value)]
    return [_one_line(value)]


def read_value(of: Any, line: str, text: str, after: date | None) -> Any:
    """The value that is written so.

    Args:
        of: its annotation, without None.
        line: as one line, still as it is written.
        text: as a text.
        after: from which day days without a year are counted.

    Raises:
        Malformed: not readable as such.
    """
    if of is str:
        return text
    if get_origin(of) is tuple:
        return tuple(unescaped(one) for one in split(line, ";")) if line else ()
    if isinstance(of, type) and issubclass(of, Enum):
        return member_named(of, line)
    if of is date:
        return read_day(line, after)
    if of is time:
        return read_time(line)
    return _READ[of](line)


def written_record(value: Any) -> Iterator[tuple[str, Sequence[str]]]:
    """The fields, name and lines, of one of several values."""
    match value:
        case Attachment():
            sha256, name = inline(value.sha256, ";"), inline(value.name)
            yield "Attachment", [f"{value.octets} octets; sha256 {sha256}; {name}"]
        case Criterion():
            yield "Criterion", written_value(value.text)
            if value.shown:
                yield "Shown", written_value(value.shown)
        case Update():
            item = _NO_ITEM.get(value.item) or inline(value.item, ";")
            first, *others = lines_of(value.text) or (NOTHING,)
            yield "Update", [f"{day_in_words(value.on)}; {item}; {first}", *others]


def read_record(of: type, lines: Sequence[str], after: date | None) -> Any:
    """One of several values.

    Raises:
        Malformed: not readable as such.
    """
    if of is Criterion:
        return Criterion(text=text_of(lines))
    line, *others = lines if of is Update else [" ".join(one.strip() for one in lines).strip()]
    first, second, rest = (*split(line, ";", 3), "", "")[:3]
    if of is Attachment:
        octets = _OCTETS.fullmatch(first)
        if not octets or not second.startswith("sha256 "):
            raise _malformed(line, "as 1234 octets; sha256 0f...; name.pdf")
        sha256 = unescaped(second.removeprefix("sha256 "))
        return Attachment(name=unescaped(rest), sha256=sha256, octets=int(octets[1]))
    if not rest:
        raise _malformed(line, "as 8 March 2027; PMA_22_1203/2; what was said")
    item = "" if second == "-" else unescaped(second)
    return Update(on=read_day(first, after), text=text_of([rest, *others]), item=item)


def in_words(member: Enum) -> str:
    """A member of an enumeration as it is written: `approved as written`."""
    return str(member.value).replace("-", " ")


def member_named(of: type[Enum], written: str) -> Any:
    """The member that is meant.

    Raises:
        Malformed: there is none.
    """
    wanted = re.sub(r"[-_ ]+", "-", written.strip().lower())
    for one in of:
        if one.value == wanted:
            return one
    raise _malformed(written, f"one of {', '.join(in_words(one) for one in of)}")


def _one_line(value: Any) -> str:
    match value:
        case Enum():
            return in_words(value)
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
        case date():
            return day_in_words(value)
        case time():
            return f"{value:%H:%M}"
        case _:
            return str(value)


def _number(line: str) -> int:
    found = _NUMBER.fullmatch(line)
    if found is None:
        raise _malformed(line, "a whole number")
    return int(found[1])


def _truth(line: str) -> bool:
    try:
        return _TRUTHS[line.lower()]
    except KeyError:
        raise _malformed(line, "yes or no") from None


def _instant(line: str) -> datetime:
    try:
        return datetime.strptime(line, _INSTANT).replace(tzinfo=UTC)
    except ValueError:
        raise _malformed(line, "as 2027-03-08T10:30:00Z") from None


_READ: Final[Mapping[Any, Any]] = {int: _number, bool: _truth, datetime: _instant}


def _malformed(found: str, expected: str) -> Malformed:
    return Malformed(f"{found[:60]!r}, must be {expected}", rule="meeting-file.value")
