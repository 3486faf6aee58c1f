"""Entities as canonical JSON, by their annotations: one value, one spelling, nothing too many.

    text, whole number, truth   as JSON has them
    day, time, instant          "2026-11-21", "10:00", "2026-11-21T10:00:00Z"
    member of an enumeration    its value
    none                        null
    several                     list
    a value with attributes     object; an attribute that has its default is left out

What is left out stays readable when attributes are added: no entity that was written becomes
unreadable. Reading refuses every other spelling, and names where.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin, get_type_hints

from smki.governance.entities import ENTITIES, Entity, Key, Kind
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.terms import Malformed, instant_text

REF_MAX: Final = 120  # characters
TEXT_MAX: Final = 100_000  # characters of one text: a long section of a paper, ten times over

_Write = Callable[[Any], JSON]
_Read = Callable[[JSON, str], Any]


class _Form(NamedTuple):
    write: _Write
    read: _Read


def encode_entity(entity: Entity) -> bytes:
    """The only spelling of this entity; its kind is kept beside it."""
    return encode_json(_form(type(entity)).write(entity))


def parse_entity(key: Key, octets: bytes) -> Entity:
    """The entity that is spelt so.

    Raises:
        Malformed: not its spelling, of another kind, or with another name.
    """
    entity: Entity = _form(ENTITIES[key.kind]).read(parse_json(octets, str(key)), key.kind.value)
    if entity.ref != key.ref:
        raise _malformed(f"{key.kind.value}.ref", f"{entity.ref!r}, must be {key.ref!r}")
    if encode_entity(entity) != octets:
        raise _malformed(
            key.kind.value,
            "is not in its one form: a default that is written out, or a time in another form",
        )
    return entity


def entity_of(kind: Kind, value: JSON) -> Entity:
    """The entity with these attributes, as JSON has them; those that have their default may be there.

    Raises:
        Malformed: an attribute that there is not, is missing, or is of another form: which.
    """
    entity: Entity = _form(ENTITIES[kind]).read(value, kind.value)
    return entity


def _form(of: Any) -> _Form:
    """How a value of that annotation is written and read; made once."""
    if of not in _FORMS:
        _FORMS[of] = _made(of)
    return _FORMS[of]


def _made(of: Any) -> _Form:
    if isinstance(of, type) and issubclass(of, Enum):
        return _enum(of)
    if is_dataclass(of):
        return _record(of)
    if get_origin(of) is tuple:
        return _several(_form(get_args(of)[0]))
    if get_origin(of) in (Union, UnionType):
        (inner,) = (one for one in get_args(of) if one is not NoneType)
        return _optional(_form(inner))
    raise TypeError(f"no spelling for {of}")  # a fault of ours: seen by the first test


def _record(of: Any) -> _Form:
    hints = get_type_hints(of)
    forms = {one.name: (one, _form(hints[one.name])) for one in fields(of)}

    def write(value: Any) -> JSON:
        return {
            name: form.write(getattr(value, name))
            for name, (field, form) in forms.items()
            if getattr(value, name) != _default(field)
        }

    def read(value: JSON, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise _malformed(where, "must be an object")
        if unknown := sorted(set(value) - set(forms)):
            raise _malformed(where, f"has {unknown[0][:40]!r}, which there is not")
        found = {
            name: form.read(value[name], f"{where}.{name}")
            for name, (_, form) in forms.items()
            if name in value
        }
        for name, (field, _) in forms.items():
            if name not in found and field.default is MISSING:
                raise _malformed(f"{where}.{name}", "is not there, must be")
        return of(**found)

    return _Form(write, read)


def _default(field: "Field[Any]") -> object:
    return field.default


def _several(form: _Form) -> _Form:
    def read(value: JSON, where: str) -> Any:
        if not isinstance(value, list):
            raise _malformed(where, "must be a list")
        return tuple(form.read(one, f"{where}[{at}]") for at, one in enumerate(value))

    return _Form(lambda value: [form.write(one) for one in value], read)


def _optional(form: _Form) -> _Form:
    return _Form(
        lambda value: None if value is None else form.write(value),
        lambda value, where: None if value is None else form.read(value, where),
    )


def _enum(of: type[Enum]) -> _Form:
    known = {one.value: one for one in of}

    def read(value: JSON, where: str) -> Any:
        if not isinstance(value, str) or value not in known:
            raise _malformed(where, f"{str(value)[:40]!r}, must be one of {', '.join(known)}")
        return known[value]

    return _Form(lambda value: str(value.value), read)


def _text(value: JSON, where: str) -> str:
    if not isinstance(value, str) or len(value) > TEXT_MAX or not _is_plain(value):
        raise _malformed(where, f"must be a text of at most {TEXT_MAX} printable characters")
    return value


def _is_plain(text: str) -> bool:
    return text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable()


def _number(value: JSON, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _malformed(where, "must be a whole number")
    return value


def _truth(value: JSON, where: str) -> bool:
    if not isinstance(value, bool):
        raise _malformed(where, "must be true or false")
    return value


def _dated(kind: Callable[[str], Any], form: str) -> _Read:
    def read(value: JSON, where: str) -> Any:
        try:
            return kind(_text(value, where))
        except ValueError:
            raise _malformed(where, f"{str(value)[:40]!r}, must be as {form}") from None

    return read


def _time(text: str) -> time:
    at = time.fromisoformat(text)
    if at.tzinfo is not None:
        raise ValueError("no time of Great Britain")
    return at.replace(second=0, microsecond=0)  # what is written has none


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


_FORMS: Final[dict[Any, _Form]] = {
    str: _Form(str, _text),
    int: _Form(int, _number),
    bool: _Form(bool, _truth),
    date: _Form(date.isoformat, _dated(date.fromisoformat, "2026-11-21")),
    time: _Form(lambda at: f"{at:%H:%M}", _dated(_time, "10:00")),
    datetime: _Form(
        instant_text,
        _dated(_instant, "2026-11-21T10:00:00Z"),
    ),
}


def _malformed(where: str, message: str) -> Malformed:
    return Malformed(f"{where}: {message}", where=where, rule="register.form")
