"""What an entity has, by its annotations: how each attribute is asked for, shown, and typed back.

    typed    what stands in a form's fields, flat: "attendance.0.person" -> "chair"
    JSON     as `governance.encoding` has it

A row or a group in which nothing is filled in is not there. What is wrong is said by
`encoding.entity_of`, which names where; `field_of` finds the field of it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, datetime, time
from enum import Enum, auto
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from smki.governance.entities import Entity
from smki.merkle.canonical import JSON
from smki.terms import Malformed

Typed = Mapping[str, str]


class Shape(Enum):
    """How an attribute is asked for."""

    LINE = auto()
    TEXT = auto()
    NUMBER = auto()
    TICK = auto()
    WHETHER = auto()
    DAY = auto()
    TIME = auto()
    INSTANT = auto()
    CHOICE = auto()
    TICKS = auto()
    LINES = auto()
    NUMBERS = auto()
    GROUP = auto()
    ROWS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of an entity, or of a value in it.

    Attributes:
        name: as the code has it.
        shape: how it is asked for.
        hint: what its class says of it.
        of: the enumeration or the class of its parts; None for others.
        optional: it may be none.
        required: it has no default.
    """

    name: str
    shape: Shape
    hint: str
    of: Any = None
    optional: bool = False
    required: bool = False


_SIMPLE: Final[Mapping[Any, Shape]] = {
    str: Shape.LINE,
    int: Shape.NUMBER,
    bool: Shape.TICK,
    date: Shape.DAY,
    time: Shape.TIME,
    datetime: Shape.INSTANT,
}
_LONG: Final = frozenset(
    {
        "text",
        "purpose",
        "requested",
        "outcome",
        "disposition",
        "problem",
        "problem_statement",
        "statement",
        "changes",
        "demands",
        "wrapper",
        "intent",
        "what_changed",
        "not_reopened",
        "effect",
        "shown",
    }
)
_WHETHER: Final[Mapping[Any, str]] = {None: "", True: "yes", False: "no"}
_SAID: Final = re.compile(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", re.MULTILINE)
_PLACE: Final = re.compile(r"\[([0-9]+)\]")
_APART: Final = re.compile(r"[\s,;]+")


def attributes_of(of: Any) -> tuple[Attribute, ...]:
    """The attributes of this class of entity or value, in their order; an entity's name first."""
    if of not in _KNOWN:
        hints, said = get_type_hints(of), _said(of)
        _KNOWN[of] = tuple(
            _attribute(
                one.name,
                hints[one.name],
                said.get(one.name, ""),
                required=one.default is MISSING,
            )
            for one in fields(of)
        )
    return _KNOWN[of]


_KNOWN: Final[dict[Any, tuple[Attribute, ...]]] = {}


def _said(of: Any) -> Mapping[str, str]:
    """What the docstrings of the class, and of those above it, say of each attribute."""
    found: dict[str, str] = {}
    for one in reversed(of.__mro__):
        for name, text in _SAID.findall(one.__doc__ or ""):
            found[name] = " ".join(text.split()).replace("; None ", "; empty ")
    return found


def _attribute(name: str, of: Any, hint: str, *, required: bool) -> Attribute:
    optional = False
    if get_origin(of) in (Union, UnionType):
        optional = True
        (of,) = (one for one in get_args(of) if one is not NoneType)
    shape, inner = _shape(name, of)
    if shape is Shape.TICK and optional:
        shape = Shape.WHETHER
    return Attribute(
        name=name, shape=shape, hint=hint, of=inner, optional=optional, required=required
    )


def _shape(name: str, of: Any) -> tuple[Shape, Any]:
    if of in _SIMPLE:
        shape = _SIMPLE[of]
        return (Shape.TEXT if shape is Shape.LINE and name in _LONG else shape), None
    if get_origin(of) is tuple:
        inner = get_args(of)[0]
        if is_dataclass(inner):
            return Shape.ROWS, inner
        if inner is int:
            return Shape.NUMBERS, None
        return (Shape.LINES, None) if inner is str else (Shape.TICKS, inner)
    return (Shape.GROUP, of) if is_dataclass(of) else (Shape.CHOICE, of)


def typed_of(of: Any, value: JSON, before: str = "") -> dict[str, str]:
    """What stands in the fields for this value, defaults included."""
    given = value if isinstance(value, Mapping) else {}
    found: dict[str, str] = {}
    for one in attributes_of(of):
        path = before + one.name
        found.update(_typed(one, given.get(one.name, _default(of, one.name)), path))
    return found


def _default(of: Any, name: str) -> JSON:
    """An attribute's default, as JSON has it."""
    default = next(one.default for one in fields(of) if one.name == name)
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, tuple):
        return [one.value if isinstance(one, Enum) else one for one in default]
    return None if default is MISSING else default


def _typed(one: Attribute, value: JSON, path: str) -> dict[str, str]:
    several = value if isinstance(value, list) else []
    match one.shape:
        case Shape.ROWS:
            rows = (typed_of(one.of, row, f"{path}.{at}.") for at, row in enumerate(several))
            found = {name: text for row in rows for name, text in row.items()}
        case Shape.GROUP:
            found = {} if one.optional and value is None else typed_of(one.of, value, f"{path}.")
        case Shape.TICKS:
            found = {f"{path}.{each}": "on" for each in several}
        case Shape.TICK:
            found = {path: "on"} if value else {}
        case Shape.WHETHER:
            found = {path: _WHETHER[value]}
        case Shape.LINES | Shape.NUMBERS:
            parted = "\n" if one.shape is Shape.LINES else ", "
            found = {path: parted.join(str(each) for each in several)}
        case _:
            found = {path: "" if value is None else str(value)}
    return found


def json_of(of: Any, typed: Typed, before: str = "") -> dict[str, JSON]:
    """What was typed, as JSON; fields that are not there are as if nothing was typed.

    Raises:
        Malformed: no number where one must be: in which field.
    """
    found: dict[str, JSON] = {}
    for one in attributes_of(of):
        value = _json(one, typed, before + one.name)
        if value is not MISSING:
            found[one.name] = value
    return found


def _json(one: Attribute, typed: Typed, path: str) -> Any:
    if one.shape is Shape.ROWS:
        return [
            json_of(one.of, typed, f"{path}.{at}.")
            for at in rows_of(typed, path)
            if _is_filled(one.of, typed, f"{path}.{at}.")
        ]
    if one.shape is Shape.GROUP:
        if one.optional and not _is_filled(one.of, typed, f"{path}."):
            return None
        return json_of(one.of, typed, f"{path}.")
    if one.shape is Shape.TICKS:
        return [each.value for each in one.of if f"{path}.{each.value}" in typed]
    if one.shape is Shape.TICK:
        return path in typed
    return _single(one, typed.get(path, "").replace("\r\n", "\n"), path)


def _single(one: Attribute, text: str, path: str) -> Any:
    said = text.strip()
    if one.shape is Shape.LINES:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if one.shape is Shape.NUMBERS:
        return [_number(each, path) for each in _APART.split(said) if each]
    return _filled(one, text, path) if said else _nothing(one)


def _filled(one: Attribute, text: str, path: str) -> Any:
    said = text.strip()
    match one.shape:
        case Shape.NUMBER:
            return _number(said, path)
        case Shape.WHETHER:
            return said == _WHETHER[True]
        case Shape.TEXT:
            return text.strip("\n")
        case Shape.TIME:
            return said[:5]  # browsers may say seconds, too
        case _:
            return said


def _nothing(one: Attribute) -> Any:
    """What it is if nothing was typed."""
    if one.optional:
        return None
    is_text = one.shape in (Shape.LINE, Shape.TEXT)
    return "" if is_text and not one.required else MISSING


def _number(text: str, path: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        raise Malformed(
            f"{path}: {text[:40]!r}, must be a whole number", where=path, rule="register.form"
        )
    return int(text)


def rows_of(typed: Typed, path: str) -> tuple[int, ...]:
    """Which rows of that attribute were typed."""
    begin = f"{path}."
    rest = (name[len(begin) :].partition(".")[0] for name in typed if name.startswith(begin))
    return tuple(sorted({int(one) for one in rest if one.isdecimal() and len(one) < _DIGITS}))


_DIGITS: Final = 5


def _is_filled(of: Any, typed: Typed, before: str) -> bool:
    """Whether something was typed into it; a choice is always made, so it does not count."""
    return any(typed.get(path, "").strip() for path in _leaves(of, typed, before))


def _leaves(of: Any, typed: Typed, before: str) -> Iterator[str]:
    for one in attributes_of(of):
        path = before + one.name
        if one.shape is Shape.GROUP:
            yield from _leaves(one.of, typed, f"{path}.")
        elif one.shape is Shape.ROWS:
            for at in rows_of(typed, path):
                yield from _leaves(one.of, typed, f"{path}.{at}.")
        elif one.shape not in (Shape.CHOICE, Shape.TICK, Shape.TICKS, Shape.WHETHER):
            yield path


def field_of(error: Malformed) -> str:
    """The field that the error is about: `meeting.attendance[0].person` is `attendance.0.person`."""
    _, _, rest = _PLACE.sub(r".\1", error.where).partition(".")
    return rest or error.where


def of_entity(of: type[Entity]) -> tuple[Attribute, ...]:
    """The attributes of an entity as people look for them: its own before its label."""
    own = [one for one in attributes_of(of) if one.name not in ("ref", "label")]
    (label,) = (one for one in attributes_of(of) if one.name == "label")
    return (*own, label)
