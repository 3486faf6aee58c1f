"""Attributes of entities as fields of a file, by their annotations: `- Name: value`, and back.

    text               as it is; further lines and paragraphs indented by two blanks
    number, truth      30 (also `30 minutes`); yes, no
    member             its value, `-` as a blank: approved as written
    day, time          8 March 2027; 10:30; an instant as 2027-03-08T10:30:00Z
    several texts      parted by `;`
    when it is due     in words (`words`)
    a value in it      its attributes as fields of their own: Joint bodies, Tally in favour
    several values     a field for each: Attachment, Criterion, Update

What has its default is not written. Letter case of names and members does not matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from smki.governance.entities import Entity
from smki.governance.entities.meetings import AgendaItem, JointItem, Meeting, Paper
from smki.governance.entities.minutes import Due, Tally
from smki.governance.text.lexing import Field, malformed
from smki.governance.text.values import (
    RECORDS,
    read_record,
    read_value,
    written_record,
    written_value,
)
from smki.governance.text.words import Note, due_in_words, meeting_named, read_due
from smki.terms import Malformed

INDENT: Final = "  "
_NAMES: Final[Mapping[tuple[type, str], str]] = {
    (Meeting, "held_on"): "Date",
    (AgendaItem, "minutes"): "Timing",
    (Paper, "dated"): "Date",
    (Paper, "requested"): "Requested decision",
}
_PREFIXES: Final[Mapping[type, str]] = {JointItem: "Joint", Tally: "Tally", Due: "When"}
_MEETINGS: Final = frozenset({"next_meeting", "pointer", "approved_at"})  # that name a meeting
_SHOWN: Final = "shown"  # of the criterion before it
_LABEL: Final = ("ref", "label")  # in the heading


@dataclass(frozen=True, slots=True)
class Slot:
    """A field that an entity can have.

    Attributes:
        attribute: of the entity.
        within: attribute of the value in it; empty if it is the attribute itself.
        name: as it is shown.
        of: the annotation without None.
        default: what it is if it is not written; MISSING if it must be.
        several: there may be more of it.
        whole: class of the value that `within` is of.
    """

    attribute: str
    within: str
    name: str
    of: Any
    default: Any
    several: bool = False
    whole: Any = None

    @property
    def needed(self) -> bool:
        """Whether it must be written."""
        return self.default is MISSING


def slots(of: type[Any], left: Iterable[str]) -> tuple[Slot, ...]:
    """The fields of a class, without the attributes `left` that stand elsewhere."""
    hints = get_type_hints(of)
    out = {*left, *_LABEL}
    found: list[Slot] = []
    for one in fields(of):
        if one.name not in out:
            name = _NAMES.get((of, one.name), one.name.replace("_", " ").capitalize())
            found += _slots(one.name, name, _inner(hints[one.name]), one.default)
    return tuple(found)


def write_fields(entity: Entity, form: Sequence[Slot]) -> Iterator[str]:
    """The lines that say what of these fields has not its default."""
    for slot in form:
        value = getattr(entity, slot.attribute)
        if slot.several:
            for one in value:
                for name, lines in written_record(one):
                    yield from _field(name, lines)
            continue
        if slot.within:
            value = _within(value, slot)
        if slot.of is Due:
            value = due_in_words(value) or None
        if value is not None and (slot.needed or value != slot.default):
            yield from _field(slot.name, written_value(value))


def read_fields(
    form: Sequence[Slot], found: Iterable[Field], note: Note, raised: date | None = None
) -> dict[str, Any]:
    """The attributes that these fields say; those that are not said are not there.

    Args:
        form: which there are.
        found: as they stand.
        note: takes what was read though it departs from the one form.
        raised: the day from which days without a year are counted.

    Raises:
        Malformed: a field that there is not, twice the same, or a value that cannot be read.
    """
    known = {slot.name.lower(): slot for slot in form}
    values: dict[str, Any] = {}
    several: dict[str, list[Any]] = {}
    inner: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    for one in found:
        if one.name == _SHOWN and several.get("criteria"):
            several["criteria"][-1] = replace(several["criteria"][-1], shown=one.text)
            continue
        slot = known.get(one.name)
        if slot is None:
            names = ", ".join(each.name for each in form)
            raise malformed(one.line, f"field {one.name[:40]!r}", f"one of {names}")
        lines[slot.attribute] = one.line
        if slot.several:
            several.setdefault(slot.attribute, []).append(_read(slot, one, note, raised))
            continue
        into = inner.setdefault(slot.attribute, {}) if slot.within else values
        name = slot.within or slot.attribute
        if name in into:
            raise malformed(one.line, f"field {slot.name} a second time", "there once")
        into[name] = _read(slot, one, note, raised)
    values.update({attribute: tuple(held) for attribute, held in several.items()})
    for attribute, parts in inner.items():
        values[attribute] = _made(attribute, parts, form, lines[attribute])
    return values


def _slots(attribute: str, name: str, of: Any, default: Any) -> Iterator[Slot]:
    prefix = _PREFIXES.get(of)
    if prefix is None:
        record = get_args(of)[0] if get_origin(of) is tuple else None
        several = RECORDS.get(record, "") if isinstance(record, type) else ""
        yield Slot(attribute, "", several or name, of, default, bool(several))
        return
    if of is Due:
        yield Slot(attribute, "", name, of, None)
    hints = get_type_hints(of)
    for one in fields(of):
        shown = f"{prefix} {one.name.replace('_', ' ')}"
        inner = _inner(hints[one.name])
        yield Slot(attribute, one.name, shown, inner, one.default, whole=of)


def _inner(of: Any) -> Any:
    """The annotation without None."""
    if get_origin(of) in (Union, UnionType):
        return next(one for one in get_args(of) if one is not NoneType)
    return of


def _within(outer: Any, slot: Slot) -> Any:
    """An attribute of a value in the entity; None if the value is said in another way."""
    if outer is None or (isinstance(outer, Due) and due_in_words(outer)):
        return None
    return getattr(outer, slot.within)


def _field(name: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"- {name}: {lines[0]}".rstrip()
        yield from (INDENT + one if one else "" for one in lines[1:])


def _read(slot: Slot, field: Field, note: Note, raised: date | None) -> Any:
    """The value of a field; what is wrong with it, with its line."""

    def noted(text: str) -> None:
        note(f"line {field.line}: {text}")

    try:
        if slot.several:
            return read_record(get_args(slot.of)[0], field.written, raised)
        if slot.of is Due:
            return read_due(field.text, raised, noted)
        if slot.attribute in _MEETINGS:
            return meeting_named(field.text, noted)
        return read_value(slot.of, field.value, field.text, raised)
    except Malformed as error:
        raise malformed(field.line, f"{slot.name}: {error}", "readable") from error


def _made(attribute: str, parts: Mapping[str, Any], form: Sequence[Slot], line: int) -> Any:
    """The value that has these attributes."""
    own = [one for one in form if one.attribute == attribute and one.within]
    for one in own:
        if one.needed and one.within not in parts:
            raise malformed(line, f"no field {one.name}", "there with the others of its kind")
    return own[0].whole(**parts)
