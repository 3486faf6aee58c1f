"""Entities of any kind as tables of a TOML file, and back: bodies, people, documents, whatever there is.

    [[seat]]
    ref = "PMA/chair"
    body = "PMA"
    category = "chair"
    votes = false
    holder = "pma-chair"
    start = 2025-11-01

Tables are called as kinds are, keys as attributes; what has its default may be left out. Days and
times are TOML's own or texts.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

import tomli_w

from smki.governance.encoding import encode_entity, entity_of, parse_entity
from smki.governance.entities import ENTITIES, Entity, Kind
from smki.merkle.canonical import JSON, parse_json
from smki.terms import Malformed

CHARACTERS_MAX: Final = 4_000_000  # of a file
_KINDS: Final = {kind.value: kind for kind in ENTITIES}


def parse_tables(text: str) -> tuple[Entity, ...]:
    """The entities in a file of tables, in its order.

    Raises:
        Malformed: not TOML, a table that is no kind's, an attribute that there is not.
    """
    if len(text) > CHARACTERS_MAX:
        raise _malformed("file", f"{len(text)} characters, must be at most {CHARACTERS_MAX}")
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of too many digits is a ValueError
        raise _malformed("file", f"not TOML: {error}, must be") from error
    found: dict[tuple[Kind, str], Entity] = {}
    for name, rows in tables.items():
        kind = _KINDS.get(name)
        if kind is None or not isinstance(rows, list):
            known = ", ".join(_KINDS)
            raise _malformed(name[:40], f"is no table of a kind, must be [[kind]], one of {known}")
        for at, row in enumerate(rows, 1):
            one = _entity(kind, row, f"{name} {at}")
            if (kind, one.ref) in found:
                raise _malformed(f"{name} {at}", f"{one.ref} a second time, must be there once")
            found[kind, one.ref] = one
    return tuple(found.values())


def write_tables(entities: Iterable[Entity]) -> str:
    """The file that holds these, by kind and name."""
    tables: dict[str, list[Any]] = {}
    for one in sorted(entities, key=lambda one: (_ORDER[one.KIND], one.ref)):
        row = parse_json(encode_entity(one), str(one.key))
        tables.setdefault(one.KIND.value, []).append({"ref": one.ref, **_filled(row)})
    return tomli_w.dumps(tables, multiline_strings=False)


_ORDER: Final = {kind: place for place, kind in enumerate(Kind)}


def _entity(kind: Kind, row: Any, where: str) -> Entity:
    try:
        found = entity_of(kind, _plain(row))
        return parse_entity(found.key, encode_entity(found))
    except Malformed as error:
        raise _malformed(where, str(error)) from error


def _plain(value: Any) -> JSON:
    """A value of TOML as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, bool | int | str) else _dated(value)


def _dated(value: Any) -> str | None:
    match value:
        case datetime():
            at = value.astimezone(UTC) if value.tzinfo else value
            return f"{at.replace(microsecond=0, tzinfo=None).isoformat()}Z"
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
    return None  # a fraction: no attribute has one


def _filled(row: JSON) -> dict[str, Any]:
    """The attributes that say something: TOML has nothing for none."""
    assert isinstance(row, Mapping)
    return {name: value for name, value in row.items() if value is not None}


def _malformed(where: str, message: str) -> Malformed:
    return Malformed(f"{where}: {message}", where=where, rule="register-file.form")
