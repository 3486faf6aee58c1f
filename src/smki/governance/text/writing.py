"""A meeting's file is written: every attribute in the one place and form that it has there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeVar

from smki.governance.entities import Entity
from smki.governance.entities.bodies import MinutesSet
from smki.governance.entities.meetings import AgendaItem, Meeting, Paper
from smki.governance.entities.minutes import (
    Action,
    Condition,
    Minutes,
    Paragraph,
    Resolution,
)
from smki.governance.labels import Label
from smki.governance.text import forms
from smki.governance.text.attendance import attendance_line
from smki.governance.text.blocks import inline, lines_of
from smki.governance.text.fields import write_fields
from smki.governance.text.files import Amendment, MeetingFile
from smki.governance.text.headings import UNLABELLED, title
from smki.governance.text.paragraphs import paragraph_lines
from smki.governance.text.values import in_words
from smki.governance.text.words import day_in_words

_PROSE: Final = re.compile(r"#|<!--")  # what a line of text must not begin with
_LIST: Final = re.compile(r"[-*+•]")  # and the first one after fields
_CONF: Final = re.compile(r"_CONF[0-9]+$", re.IGNORECASE)
_COUNTED: Final = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)
_SETS: Final = tuple(MinutesSet)
_LAST: Final = 1_000_000_000  # what has no number comes after what has

_Entity = TypeVar("_Entity", bound=Entity)
_Belonging = TypeVar("_Belonging", Paper, Paragraph, Resolution, Action)


def write_meeting(file: MeetingFile) -> str:
    """The text of a meeting's file; what `parse_meeting` reads it as is the file again."""
    lines = [*_meeting(file), *_minutes(file)]
    for item in _items(file):
        lines += _item(file, item)
    return "\n".join(lines) + "\n"


def _meeting(file: MeetingFile) -> Iterator[str]:
    meeting = next((one for one in _all(file, Meeting) if one.ref == file.meeting), None)
    yield f"# {title(file.meeting, meeting.label if meeting else None)}"
    if meeting is None:
        return
    yield ""
    yield from write_fields(meeting, forms.MEETING)
    if meeting.attendance:
        yield from ("", "## Attendance", "")
        yield from (f"- {attendance_line(one)}" for one in meeting.attendance)


def _minutes(file: MeetingFile) -> Iterator[str]:
    for one in sorted(_all(file, Minutes), key=lambda one: (_SETS.index(one.set), one.ref)):
        yield from ("", f"## Minutes {title(one.set.value, one.label)}", "")
        yield from _named(one, forms.minutes_ref(file.meeting, one.set.value))
        yield from write_fields(one, forms.MINUTES)


def _items(file: MeetingFile) -> Sequence[str]:
    """The names of the items that the file has or cites, by their number."""
    items = {one.ref: one.number for one in _all(file, AgendaItem)}
    resolutions = {one.ref for one in _all(file, Resolution)}
    belonging = (Paper, Paragraph, Resolution, Action)
    cited = {one.item for one in file.entities if isinstance(one, belonging)}
    cited |= {one.item for one in file.amendments}
    cited |= {
        item_of(one.resolution)
        for one in _all(file, Condition)
        if one.resolution not in resolutions
    }
    names = items.keys() | cited
    return sorted(names, key=lambda ref: (items.get(ref, _number(ref)), ref))


def _item(file: MeetingFile, ref: str) -> Iterator[str]:
    item = next((one for one in _all(file, AgendaItem) if one.ref == ref), None)
    yield ""
    if item is None:
        yield f"## Item {_called(ref, forms.item_ref(file.meeting, ''))}"
    else:
        yield f"## {item.number}. {title(item.heading, item.label)}"
        yield ""
        yield from _named(item, forms.item_ref(file.meeting, item.number))
        yield from write_fields(item, forms.ITEM)
    for paper in _of(file, Paper, ref):
        yield from _paper(paper)
    yield from _paragraphs(file, ref)
    yield from _decisions(file, ref)
    for action in _of(file, Action, ref):
        head = f"### Action {title(action.ref, action.label)}"
        yield from _record(head, write_fields(action, forms.ACTION), action.text)
    for one in file.amendments:
        if one.item == ref:
            yield from _amendment(one)


def _paper(paper: Paper) -> Iterator[str]:
    nothing = paper.label is None and _CONF.search(paper.ref)
    unlabelled = f" ({UNLABELLED})" if nothing else ""
    heading = title(paper.heading, paper.label)
    yield from ("", f"### Paper {inline(paper.ref, ':')}: {heading}{unlabelled}", "")
    yield from write_fields(paper, forms.PAPER)
    for section in paper.sections:
        head = f"#### {title(section.heading, section.label)}"
        yield from _record(head, (), section.text)


def _paragraphs(file: MeetingFile, item: str) -> Iterator[str]:
    names = [forms.minutes_ref(file.meeting, one.value) for one in _SETS]

    def rank(one: Paragraph) -> tuple[int, str]:
        return (names.index(one.minutes) if one.minutes in names else len(names)), one.minutes

    found = sorted(_of(file, Paragraph, item), key=lambda one: (*rank(one), one.place, one.ref))
    for (place, minutes), group in groupby(found, key=rank):
        known = place < len(names)
        yield ""
        yield (
            f"### {_SETS[place].value.capitalize()} minutes"
            if known
            else (f"### Minutes {title(minutes)}")
        )
        yield ""
        for one in group:
            yield from paragraph_lines(one)


def _decisions(file: MeetingFile, item: str) -> Iterator[str]:
    there = _of(file, Resolution, item)
    conditions = _all(file, Condition)
    for one in sorted(there, key=lambda one: (one.place, one.ref)):
        plain = one.ref == forms.resolution_ref(item, one.place)
        name = title(str(one.place) if plain else one.ref, one.label)
        head = f"### Decision {'' if plain else 'called '}{name}"
        form = [slot for slot in forms.RESOLUTION if slot.attribute != "place" or not plain]
        yield from _record(head, write_fields(one, form), one.text)
        yield from _conditions(one.ref, conditions)
    known = {one.ref for one in _all(file, Resolution)}
    cited = {one.resolution for one in conditions if item_of(one.resolution) == item} - known
    for ref in sorted(cited):
        yield from ("", f"### Decision called {title(ref)}")
        yield from _conditions(ref, conditions)


def _conditions(resolution: str, conditions: Iterable[Condition]) -> Iterator[str]:
    for one in conditions:
        if one.resolution == resolution:
            name = _called(one.ref, forms.condition_ref(resolution, ""), one.label)
            yield from _record(
                f"#### Condition {name}", write_fields(one, forms.CONDITION), one.text
            )


def _amendment(one: Amendment) -> Iterator[str]:
    fields = [f"- On: {day_in_words(one.on)}"]
    if one.state is not None:
        fields.append(f"- State: {in_words(one.state)}")
    if one.successor:
        fields.append(f"- Successor: {inline(one.successor)}")
    yield from _record(f"### Update {one.key.kind.value} {title(one.key.ref)}", fields, one.said)


def _record(head: str, fields: Iterable[str], text: str) -> Iterator[str]:
    """A heading, the fields, and the text after them."""
    yield from ("", head)
    shown = tuple(fields)
    yield from ("", *shown) if shown else ()
    first, *others = lines_of(text, _PROSE) or ("",)
    if first:
        yield from ("", "\\" + first if _LIST.match(first) else first, *others)


def _named(entity: Entity, usual: str) -> Iterator[str]:
    if entity.ref != usual:
        yield f"- Ref: {inline(entity.ref)}"


def _called(ref: str, usual: str, label: Label | None = None) -> str:
    """A name by its last number where it is the usual one, else in full."""
    last = ref.removeprefix(usual)
    if ref.startswith(usual) and _COUNTED.fullmatch(last):
        return title(last, label)
    return f"called {title(ref, label)}"


def _number(ref: str) -> int:
    """The number of an item that is only cited: the end of its name."""
    last = ref.rpartition("/")[2]
    return int(last) if _COUNTED.fullmatch(last) else _LAST


def item_of(resolution: str) -> str:
    """The item of a resolution that is only cited: the beginning of its name."""
    return resolution.rpartition("/")[0]


def _all(file: MeetingFile, kind: type[_Entity]) -> Sequence[_Entity]:
    return [one for one in file.entities if isinstance(one, kind)]


def _of(file: MeetingFile, kind: type[_Belonging], item: str) -> Sequence[_Belonging]:
    return [one for one in _all(file, kind) if one.item == item]
