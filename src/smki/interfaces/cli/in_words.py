"""Entities of the register as lines of a terminal. What a reader may see of them is decided before."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from datetime import time
from enum import Enum
from typing import Any, Final

from smki.governance.entities import Entity

_SHOWN: Final = 90  # characters of a text in a list


def lines_of(entity: Entity) -> Iterator[str]:
    """What there is to say of it, attribute by attribute, in the order of its class; no defaults."""
    for name, value in _given(entity):
        if isinstance(value, tuple) and any(map(is_dataclass, value)):
            yield f"{name}:"
            yield from (_indented(f"  {_said(row)}") for row in value)
        else:
            yield _indented(f"{name}: {_said(value)}")


def beginning(entity: Entity) -> str:
    """How its title begins, or its first text where that only repeats its name; in one line."""
    said = next((one for one in (entity.title, *entity.texts) if one != entity.ref), "")
    line = " ".join(said.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _given(of: Any) -> Iterator[tuple[str, Any]]:
    for one in fields(of):
        value = getattr(of, one.name)
        if one.default is MISSING or value != one.default:
            yield one.name.replace("_", " "), value


def _said(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case time():
            return f"{value:%H:%M}"
        case tuple():
            return ", ".join(map(_said, value))
        case _ if is_dataclass(value):
            return "; ".join(_part(name, part) for name, part in _given(value))
        case _:
            return str(value)


def _part(name: str, value: Any) -> str:
    if value is True:
        return name
    return f"{name} ({_said(value)})" if is_dataclass(value) else f"{name} {_said(value)}"


def _indented(text: str) -> str:
    """With its further lines below the first."""
    return text.replace("\n", "\n    ")
