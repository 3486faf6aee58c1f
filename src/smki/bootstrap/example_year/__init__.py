"""A year of fictitious bodies, as the files that a secretariat would write: read, and put in order.

Roles and no persons; parties, makes and numbers are invented. Brought in as it happened: people,
then meeting by meeting, then documents as they stand at the end, then what was given out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Final

from smki.governance.entities import Entity
from smki.governance.entities.bodies import Person
from smki.governance.entities.meetings import Meeting
from smki.governance.text import MeetingFile, meeting_file, parse_meeting, parse_tables

_PEOPLE: Final = "people.toml"
_DOCUMENTS: Final = "documents.toml"
_GIVEN_OUT: Final = "given_out.toml"
# From here on documents stand as they do at the end, and meetings speak of how they stand.
_LAST: Final = date(2026, 4, 14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """What comes into the register at once.

    Attributes:
        said: why.
        meetings: files of meetings.
        tables: everything else.
    """

    said: str
    meetings: tuple[MeetingFile, ...] = ()
    tables: tuple[Entity, ...] = ()


def example_year(credentials: Mapping[str, tuple[str, ...]]) -> tuple[Chapter, ...]:
    """The chapters in their order; `credentials` are serial numbers by person."""
    people = tuple(_with_credentials(one, credentials) for one in _tables(_PEOPLE))
    meetings = sorted(_meetings(), key=_day)
    first = Chapter(said="bodies and who sits in them", tables=people)
    early = [
        Chapter(said=f"meeting {one.meeting}", meetings=(_without_next(one),))
        for one in meetings
        if _day(one) < _LAST
    ]
    rest = Chapter(
        said="meetings to the end of the year, and documents as they stand",
        meetings=tuple(meetings),
        tables=_tables(_DOCUMENTS),
    )
    given = Chapter(said="minutes and papers are given out", tables=_tables(_GIVEN_OUT))
    return first, *early, rest, given


def whole_year(chapters: Sequence[Chapter]) -> Chapter:
    """All that stands in the end, at once."""
    last = next(one for one in reversed(chapters) if one.meetings)
    tables = tuple(one for chapter in chapters for one in chapter.tables)
    return Chapter(said="the example year", meetings=last.meetings, tables=tables)


def example_texts() -> Iterator[tuple[str, str]]:
    """Name and text of each file, by name."""
    for one in sorted(files(__package__).iterdir(), key=lambda one: one.name):
        if one.name.endswith((".md", ".toml")):
            yield one.name, one.read_text(encoding="utf-8")


def _meetings() -> Iterator[MeetingFile]:
    for name, text in example_texts():
        if name.endswith(".md"):
            yield parse_meeting(text).file


def _tables(name: str) -> tuple[Entity, ...]:
    return parse_tables(dict(example_texts())[name])


def _day(file: MeetingFile) -> date:
    return next(one.held_on for one in file.entities if isinstance(one, Meeting))


def _without_next(file: MeetingFile) -> MeetingFile:
    """The file without pointers to the next meeting, which is not there yet."""
    entities = [
        replace(one, next_meeting="") if isinstance(one, Meeting) else one for one in file.entities
    ]
    return meeting_file(file.meeting, entities, file.amendments)


def _with_credentials(one: Entity, credentials: Mapping[str, tuple[str, ...]]) -> Entity:
    if isinstance(one, Person) and one.ref in credentials:
        return replace(one, credentials=credentials[one.ref])
    return one
