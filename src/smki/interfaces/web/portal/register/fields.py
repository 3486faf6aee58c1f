"""The fields of a form for any entity: what stands in each, what may be chosen, what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from smki.governance.entities import Entity, Key, Kind
from smki.interfaces.web.portal.register.attributes import (
    Attribute,
    Shape,
    Typed,
    attributes_of,
    rows_of,
)
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.words import LABELS, REFERS, attribute, choice
from smki.ports.register import Wanted

_BLANK_ROWS: Final = 2
_OFFERED: Final = 100  # of each kind: more would be no help, and any ref may be typed
_KINDS: Final[Mapping[Shape, str]] = {
    Shape.LINE: "text",
    Shape.TEXT: "text",
    Shape.NUMBER: "number",
    Shape.TICK: "tick",
    Shape.DAY: "date",
    Shape.TIME: "time",
    Shape.INSTANT: "text",
    Shape.WHETHER: "choice",
    Shape.CHOICE: "choice",
    Shape.LINES: "textarea",
    Shape.NUMBERS: "text",
}
_MORE: Final[Mapping[Shape, str]] = {
    Shape.LINES: "One a line.",
    Shape.INSTANT: "As 2026-11-21T10:00:00Z.",
    Shape.NUMBERS: "Numbers, parted by commas.",
}
# What a form of that kind asks for first; the rest is one step further, never gone.
FIRST: Final[Mapping[Kind, frozenset[str]]] = {
    Kind.RESOLUTION: frozenset(
        {
            "ref",
            "label",
            "item",
            "place",
            "verb",
            "bodies",
            "text",
            "clause",
            "evidence",
            "decision",
        }
    ),
    Kind.ACTION: frozenset({"ref", "label", "text", "item", "raised", "owner", "due", "due_on"}),
    Kind.PAPER: frozenset(
        {"ref", "label", "item", "heading", "ask", "version", "purpose", "requested", "author"}
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One of several boxes."""

    id: str
    name: str
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field, or several together.

    Attributes:
        id: of the field, and its name in the form.
        name: in words.
        kind: of input; empty for several together.
        hint: what it is for.
        value: what stands in it.
        required: it must be filled in.
        error: what is wrong with it.
        choices: values and words.
        list: name of the list of what it may name.
        lines: how high a text is.
        ticks: boxes, for several of a few.
        parts: fields of a group.
        rows: fields of each row.
    """

    id: str
    name: str
    kind: str = ""
    hint: str = ""
    value: str = ""
    required: bool = False
    error: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    list: str = ""
    lines: int = 3
    ticks: tuple[Tick, ...] = ()
    parts: "tuple[Field, ...]" = ()
    rows: "tuple[tuple[Field, ...], ...]" = ()


@dataclass(slots=True)
class Form:
    """Makes fields for what was typed; notes which lists they need.

    Attributes:
        scene: for whom.
        typed: what stands in the fields.
        errors: what is wrong, by field.
        lists: what fields may name, by the name of the list.
    """

    scene: Scene
    typed: Typed
    errors: Mapping[str, str]
    lists: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def of(self, of: type[Entity], *, new: bool) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
        """The fields that are asked for first, and the others; of what is not new the name stays."""
        wanted = FIRST.get(of.KIND)
        made = [
            (one.name, self._field(one, one.name))
            for one in attributes_of(of)
            if new or one.name != "ref"
        ]
        first = tuple(each for name, each in made if wanted is None or name in wanted)
        return first, tuple(each for name, each in made if wanted and name not in wanted)

    def _fields(self, of: object, before: str) -> tuple[Field, ...]:
        return tuple(self._field(one, before + one.name) for one in attributes_of(of))

    def _field(self, one: Attribute, path: str) -> Field:
        name = attribute(one.name)
        if one.shape is Shape.GROUP:
            return Field(
                id=path, name=name, hint=_hint(one), parts=self._fields(one.of, f"{path}.")
            )
        if one.shape is Shape.ROWS:
            there = rows_of(self.typed, path)
            last = max(there, default=-1)
            rows = (*there, *range(last + 1, last + 1 + _BLANK_ROWS))
            return Field(
                id=path,
                name=name,
                hint=_hint(one),
                rows=tuple(self._fields(one.of, f"{path}.{at}.") for at in rows),
            )
        if one.shape is Shape.TICKS:
            ticks = tuple(
                Tick(
                    id=f"{path}.{each.value}",
                    name=choice(each),
                    on=f"{path}.{each.value}" in self.typed,
                )
                for each in one.of
            )
            return Field(id=path, name=name, hint=_hint(one), ticks=ticks)
        return self._single(one, path, name)

    def _single(self, one: Attribute, path: str, name: str) -> Field:
        value = self.typed.get(path, "")
        long = one.shape in (Shape.TEXT, Shape.LINES)
        return Field(
            id=path,
            name=name,
            kind="area" if long else _KINDS[one.shape],
            hint=_hint(one),
            value=value,
            required=one.required or one.shape is Shape.CHOICE,
            error=self.errors.get(path, ""),
            choices=tuple(_choices(one)) if _KINDS[one.shape] == "choice" else (),
            list=self._list(one) if one.shape is Shape.LINE else "",
            lines=max(3, min(20, len(value) // 70 + value.count("\n") + 1)),
        )

    def _list(self, one: Attribute) -> str:
        kind = REFERS.get(one.name)
        if kind is None:
            return ""
        name = f"list-{kind.value}"
        if name not in self.lists:
            found = self.scene.reading.find(Wanted(tokens=None, kinds=(kind,)), limit=_OFFERED)
            self.lists[name] = tuple((each.entity.ref, each.entity.title) for each in found.kept)
        return name if self.lists[name] else ""


def _hint(one: Attribute) -> str:
    if one.name == "label":
        return ""  # its choices say it
    said = one.hint[:1].upper() + one.hint[1:]
    return f"{said} {_MORE[one.shape]}".strip() if one.shape in _MORE else said


def _choices(one: Attribute) -> Iterator[tuple[str, str]]:
    if one.name == "label":
        yield "", "As what it belongs to"
        for label, (word, meaning) in LABELS.items():
            yield label.value, f"{word}: {meaning}"
        return
    if one.optional:
        yield "", "Not said"
    if one.shape is Shape.WHETHER:
        yield from (("yes", "Yes"), ("no", "No"))
        return
    for each in one.of:
        yield each.value, choice(each)


def prefilled(of: type[Entity], given: Mapping[str, str]) -> dict[str, str]:
    """What of the address stands in the form to begin with."""
    names = {one.name for one in attributes_of(of)}
    return {name: text for name, text in given.items() if name.partition(".")[0] in names}


def parent_typed(key: Key) -> dict[str, str]:
    """What is typed in the form of something that belongs to `key`: its own attribute, if it has it."""
    return {
        {Kind.AGENDA_ITEM: "item"}.get(key.kind, key.kind.value.replace("-", "_")): key.ref,
        "of": key.ref,
        "of_kind": key.kind.value,
        "about": key.ref,
        "about_kind": key.kind.value,
    }
