"""Entities of the register have one spelling, and no octets are read in two ways."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.governance.encoding import encode_entity, parse_entity
from smki.governance.entities import ENTITIES, Entity, Key, Kind
from smki.terms import Malformed

SIMPLE: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x2FF), max_size=9),
    int: st.integers(-9, 10**6),
    bool: st.booleans(),
    date: st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    time: st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    datetime: st.integers(0, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
}


def values(of: Any) -> st.SearchStrategy[Any]:
    """Any value of that annotation."""
    if of in SIMPLE:
        return SIMPLE[of].filter(lambda one: not isinstance(one, str) or one.isprintable())
    if isinstance(of, type) and issubclass(of, Enum):
        return st.sampled_from(of)
    if is_dataclass(of) and isinstance(of, type):
        hints = get_type_hints(of)
        return st.builds(of, **{one.name: values(hints[one.name]) for one in fields(of)})
    if get_origin(of) is tuple:
        return st.lists(values(get_args(of)[0]), max_size=2).map(tuple)
    (inner,) = (one for one in get_args(of) if one is not NoneType)
    return st.none() | values(inner)


@pytest.mark.parametrize("kind", ENTITIES, ids=lambda kind: kind.value)
@settings(max_examples=25)
@given(data=st.data())
def test_an_entity_is_read_as_it_was_written(kind: Kind, data: st.DataObject) -> None:
    """Whatever an entity holds, its octets give it back."""
    entity: Entity = data.draw(values(ENTITIES[kind]))
    assert parse_entity(entity.key, encode_entity(entity)) == entity


def _dropped(octets: bytes, at: int) -> bytes:
    return octets[:at] + octets[at + 1 :]


def _changed(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


def _doubled(octets: bytes, at: int) -> bytes:
    return octets[:at] + octets[at : at + 1] + octets[at:]


@pytest.mark.parametrize("change", [_dropped, _changed, _doubled])
@given(kind=st.sampled_from(list(ENTITIES)), data=st.data())
def test_changed_octets_are_another_entity_or_none(
    change: Callable[[bytes, int], bytes], kind: Kind, data: st.DataObject
) -> None:
    """Changed octets are refused as malformed, or are the one spelling of another entity."""
    entity: Entity = data.draw(values(ENTITIES[kind]))
    octets = encode_entity(entity)
    other = change(octets, data.draw(st.integers(0, len(octets) - 1)))
    try:
        found = parse_entity(Key(kind, entity.ref), other)
    except Malformed:
        return
    assert (found != entity, encode_entity(found)) == (other != octets, other)
