"""What differs between two states of an entity, attribute by attribute, in words."""

from dataclasses import dataclass

from smki.governance.entities import Entity
from smki.governance.labels import Label
from smki.interfaces.web.portal.register.attributes import of_entity
from smki.interfaces.web.portal.register.showing import said
from smki.interfaces.web.portal.register.words import attribute, label_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An attribute that differs.

    Attributes:
        name: in words.
        before: its value in the one state.
        now: in the other.
        typed: as somebody typed it, if that is a third.
    """

    name: str
    before: str
    now: str
    typed: str = ""


def differences(before: Entity, now: Entity) -> tuple[Difference, ...]:
    """Where the two states differ."""
    return tuple(
        Difference(
            name=attribute(one.name),
            before=_said(one.name, getattr(before, one.name)),
            now=_said(one.name, getattr(now, one.name)),
        )
        for one in of_entity(type(now))
        if getattr(before, one.name) != getattr(now, one.name)
    )


def three(before: Entity, now: Entity, typed: Entity) -> tuple[Difference, ...]:
    """Where what stands now differs from what somebody began with, and what they typed there."""
    return tuple(
        Difference(
            name=attribute(one.name),
            before=_said(one.name, getattr(before, one.name)),
            now=_said(one.name, getattr(now, one.name)),
            typed=_said(one.name, getattr(typed, one.name)),
        )
        for one in of_entity(type(now))
        if getattr(before, one.name) != getattr(now, one.name)
    )


def _said(name: str, value: object) -> str:
    if name == "label" and (value is None or isinstance(value, Label)):
        return label_of(value)
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "; ".join(_said("", one) for one in value)
    if hasattr(value, "__dataclass_fields__"):
        parts = (getattr(value, each) for each in value.__dataclass_fields__)
        return ", ".join(_said("", part) for part in parts if part not in (None, "", ()))
    return said(value)
