"""Any entity as facts, by its annotations: so that no kind is without a page."""

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any, Final

from smki.governance.entities import Entity, Kind
from smki.interfaces.web.portal.register.attributes import (
    Attribute,
    Shape,
    attributes_of,
    of_entity,
)
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.words import REFERS, attribute, choice, label_of

_CITED: Final = frozenset({Kind.AGENDA_ITEM, Kind.PAPER, Kind.RESOLUTION, Kind.ACTION})
"""What people cite by its reference: a title alone does not say which one it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of a fact.

    Attributes:
        text: what it says.
        href: where it leads; empty if nowhere.
    """

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An attribute with its value.

    Attributes:
        name: in words.
        pieces: the value; several are shown one below the other.
        columns: headings, if the value is a table.
        rows: of that table.
        long: it is prose.
    """

    name: str
    pieces: tuple[Piece, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[tuple[Piece, ...], ...], ...] = ()
    long: bool = False


def facts_of(entity: Entity, scene: Scene, leave: frozenset[str] = frozenset()) -> tuple[Fact, ...]:
    """What there is to say of it, attribute by attribute; what is empty, or to be left, is not there."""
    wanted = (one for one in of_entity(type(entity)) if one.name not in leave)
    found = (_fact(one, getattr(entity, one.name), scene) for one in wanted)
    return tuple(one for one in found if one is not None)


def _fact(one: Attribute, value: Any, scene: Scene) -> Fact | None:
    if one.name == "label":
        own = label_of(value)
        return Fact(name="Label", pieces=(Piece(text=own),))
    if value in (None, "", (), 0) and value is not False:
        return None
    name = attribute(one.name)
    if one.shape is Shape.ROWS:
        parts = _used(one, value)
        return Fact(
            name=name,
            columns=tuple(attribute(each.name) for each in parts),
            rows=tuple(
                tuple(_pieces(each, getattr(row, each.name), scene) for each in parts)
                for row in value
            ),
        )
    return Fact(name=name, pieces=_pieces(one, value, scene), long=one.shape is Shape.TEXT)


def _used(one: Attribute, rows: Any) -> tuple[Attribute, ...]:
    """The columns in which some row has something."""
    return tuple(
        each for each in attributes_of(one.of) if any(getattr(row, each.name) for row in rows)
    )


def _pieces(one: Attribute, value: Any, scene: Scene) -> tuple[Piece, ...]:
    if is_dataclass(value):
        parts = [(each, getattr(value, each.name)) for each in attributes_of(type(value))]
        return tuple(
            Piece(text=f"{attribute(each.name)}: {piece.text}", href=piece.href)
            for each, part in parts
            if part
            for piece in _pieces(each, part, scene)
        )
    if isinstance(value, tuple):
        return tuple(_piece(one.name, each, scene) for each in value)
    return () if value is None else (_piece(one.name, value, scene),)


def _piece(name: str, value: Any, scene: Scene) -> Piece:
    kind = REFERS.get(name)
    if name == "owner" and (owner := scene.owner(str(value))) is not None:
        kind = owner.kind
    if kind is not None and isinstance(value, str) and scene.there(kind, value):
        text = name_of(kind, value, scene) if kind in _CITED else scene.called(kind, value)
        return Piece(text=text, href=scene.link(kind, value))
    return Piece(text=said(value))


def said(value: object) -> str:
    """A value in words."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return choice(value)
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case date():
            return day(value)
        case time():
            return f"{value:%H:%M}"
        case _:
            return str(value)


def day(value: date | None) -> str:
    """A day as minutes write it: 8 March 2026."""
    return "–" if value is None else f"{value.day} {value:%B %Y}"


def belongs(entity: Entity, scene: Scene) -> Iterator[Piece]:
    """What it belongs to, as far as this reader may know."""
    for key in entity.parents:
        if scene.there(key.kind, key.ref):
            yield Piece(text=name_of(key.kind, key.ref, scene), href=scene.link(key.kind, key.ref))


def name_of(kind: Kind, ref: str, scene: Scene) -> str:
    """How it is called in a list: its reference too, where that is what people cite."""
    title = scene.called(kind, ref)
    return title if title == ref else f"{ref}: {title}"
