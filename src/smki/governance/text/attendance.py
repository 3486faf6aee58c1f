"""Who was there, a line each, and back.

    large-1; of Supplier One; seat PMA/large-1; votes; teleconference; items 4, 5; from 10:30;
      until 11:15; alternate for large-2; joint of TAG

Only the first part must be there. Who was there for the whole has neither items nor times.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from smki.governance.entities.meetings import Attendance, Mode, Presence
from smki.governance.text.blocks import inline, split, unescaped
from smki.governance.text.lexing import malformed
from smki.governance.text.words import read_time
from smki.terms import Malformed

_WORDS: Final = {
    "of": "organisation",
    "seat": "seat",
    "alternate for": "alternate_for",
    "joint of": "joint_of",
}
_WORDED: Final = re.compile(r"(of|seat|alternate for|joint of)[ ]+(.+)", re.IGNORECASE)
_ITEMS: Final = re.compile(
    r"(?:for[ ]+)?items?[ ]+(none|-?[0-9]{1,6}(?:(?:,|[ ]and)[ ]*-?[0-9]{1,6})*)", re.IGNORECASE
)
_TIMED: Final = re.compile(r"(from|until)[ ]+(.+)", re.IGNORECASE)
_PLAIN: Final[dict[str, tuple[str, Any]]] = {
    "votes": ("votes", True),
    "room": ("mode", Mode.ROOM),
    "teleconference": ("mode", Mode.TELECONFERENCE),
    "by teleconference": ("mode", Mode.TELECONFERENCE),
}
_TIMES: Final = {"from": "arrived", "until": "left"}


def attendance_line(one: Attendance) -> str:
    """The line that says who was there."""
    return "; ".join((inline(one.person, ";"), *_parts(one)))


def read_attendance(line: str, number: int) -> Attendance:
    """Who was there, from a line of that number.

    Raises:
        Malformed: a part that says nothing of the kind.
    """
    person, *parts = split(line, ";")
    values: dict[str, Any] = {}
    part: dict[str, Any] = {}
    for one in parts:
        try:
            into, name, value = _said(one)
        except Malformed as error:
            raise malformed(number, str(error), "readable") from error
        (part if into else values)[name] = value
    presence = Presence(**{"items": (), **part}) if part else None
    return Attendance(person=unescaped(person), part=presence, **values)


def _parts(one: Attendance) -> Iterator[str]:
    for word in ("of", "seat"):
        if value := getattr(one, _WORDS[word]):
            yield f"{word} {inline(value, ';')}"
    if one.votes:
        yield "votes"
    if one.mode is not Mode.ROOM:
        yield one.mode.value
    if one.part is not None:
        yield f"items {', '.join(map(str, one.part.items)) or 'none'}"
        for word, name in _TIMES.items():
            if (at := getattr(one.part, name)) is not None:
                yield f"{word} {at:%H:%M}"
    for word in ("alternate for", "joint of"):
        if value := getattr(one, _WORDS[word]):
            yield f"{word} {inline(value, ';')}"


def _said(part: str) -> tuple[bool, str, Any]:
    """Whether a part is of the presence, which attribute it gives, and its value."""
    if (plain := _PLAIN.get(part.lower())) is not None:
        return False, *plain
    if found := _ITEMS.fullmatch(part):
        return True, "items", tuple(int(one) for one in re.findall(r"-?[0-9]+", found[1]))
    if found := _TIMED.fullmatch(part):
        return True, _TIMES[found[1].lower()], read_time(found[2])
    if found := _WORDED.fullmatch(part):
        return False, _WORDS[found[1].lower()], unescaped(found[2])
    forms = "of, seat, votes, teleconference, items, from, until, alternate for, joint of"
    raise Malformed(f"{part[:60]!r}, must be one of {forms}", rule="meeting-file.attendance")
