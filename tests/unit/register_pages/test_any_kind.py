"""Every kind of the register has a page and a form, by its annotations alone."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints

import pytest

from smki.governance.encoding import encode_entity, entity_of
from smki.governance.entities import ENTITIES, Kind
from smki.governance.entities.minutes import Action, Due, DueKind
from smki.interfaces.web.portal.register.attributes import (
    attributes_of,
    field_of,
    json_of,
    rows_of,
    typed_of,
)
from smki.interfaces.web.portal.register.fields import Form
from smki.interfaces.web.portal.register.scene import Scene
from smki.interfaces.web.portal.register.showing import facts_of
from smki.interfaces.web.portal.register.words import one_of, several_of
from smki.merkle.canonical import parse_json
from smki.terms import Malformed

if TYPE_CHECKING:
    from tests.support.register_pages import PagesHouse

    from smki.governance.entities import Entity

SIMPLE: dict[Any, Any] = {
    str: "said so",
    int: 3,
    bool: True,
    date: date(2026, 3, 2),
    time: time(10, 30),
    datetime: datetime(2026, 3, 2, 9, tzinfo=UTC),
}


def made(of: Any) -> Any:
    """A value with something in every attribute."""
    if of in SIMPLE:
        return SIMPLE[of]
    if is_dataclass(of):
        hints, maker = get_type_hints(of), cast("Any", of)
        return maker(**{one.name: made(hints[one.name]) for one in fields(of)})
    if get_origin(of) is tuple:
        return (made(get_args(of)[0]),)
    if get_origin(of) in (Union, UnionType):
        return made(next(one for one in get_args(of) if one is not NoneType))
    assert issubclass(of, Enum)
    return list(of)[-1]


def json(entity: Entity) -> Any:
    """The entity as JSON."""
    return parse_json(encode_entity(entity), "entity")


@pytest.mark.parametrize("of", ENTITIES.values(), ids=lambda of: of.KIND.value)
@pytest.mark.parametrize("full", [True, False], ids=["full", "bare"])
def test_what_is_shown_in_a_form_comes_back(of: type[Entity], *, full: bool) -> None:
    """A form that is sent as it was made changes nothing, whatever is in it."""
    whole = made(of)
    required = {one.name: getattr(whole, one.name) for one in attributes_of(of) if one.required}
    entity = whole if full else of(**required)
    typed = typed_of(of, json(entity))
    assert entity_of(of.KIND, json_of(of, typed)) == entity


@pytest.mark.parametrize("of", ENTITIES.values(), ids=lambda of: of.KIND.value)
def test_every_kind_has_facts_and_fields(pages: PagesHouse, of: type[Entity]) -> None:
    """Nothing of an entity is passed over: each attribute is a fact and a field, with its words."""
    scene = Scene(reading=pages.services.readers.anybody())
    entity = made(of)
    names = [one.name for one in attributes_of(of) if one.name != "ref"]
    assert len(facts_of(entity, scene)) == len(names)
    form = Form(scene=scene, typed=typed_of(of, json(entity)), errors={})
    first, others = form.of(of, new=False)
    assert sorted(one.id for one in (*first, *others)) == sorted(names)
    assert all(one.hint for one in attributes_of(of)), of


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words(kind: Kind) -> None:
    """One and several are called otherwise than by names of the code."""
    for said in (one_of(kind), several_of(kind)):
        assert said[0].isupper()
        assert "-" not in said
        assert "_" not in said


def test_lists_and_forms_of_every_kind_are_there(pages: PagesHouse) -> None:
    """The secretary may look at each, and begin one."""
    for kind in ENTITIES:
        assert pages.get("secretary", f"/kinds/{kind.value}").status == 200
        assert pages.get("secretary", f"/new/{kind.value}").status == 200


def test_a_row_in_which_nothing_is_typed_is_none() -> None:
    """A choice is always made: alone it makes no row; what is typed does, wherever it stands."""
    of = ENTITIES[Kind.MEETING]
    typed = {
        "attendance.0.mode": "room",
        "attendance.7.person": "chair",
        "attendance.x.person": "y",
    }
    assert rows_of(typed, "attendance") == (0, 7)
    rows = json_of(of, typed)["attendance"]
    assert isinstance(rows, list)
    assert [row["person"] for row in rows if isinstance(row, dict)] == ["chair"]


def test_an_error_leads_to_its_field() -> None:
    """Where the encoding says is the field's name."""
    error = Malformed("x", where="meeting.attendance[3].part.items")
    assert field_of(error) == "attendance.3.part.items"


def test_what_people_cite_has_its_reference(pages: PagesHouse) -> None:
    """An item is named by its reference and its heading; an owner who is a person by their name."""
    reading = pages.services.readers.member("secretary")
    assert reading is not None
    action = Action(
        ref="QPA 01/09",
        text="Write it",
        item="QPA_01_0203/1",
        raised=date(2026, 3, 2),
        owner="chair",
        due=Due(kind=DueKind.NEXT_MEETING),
    )
    found = {one.name: one.pieces for one in facts_of(action, Scene(reading=reading))}
    assert found["Item"][0].text == "QPA_01_0203/1: Minutes of the last meeting"
    assert found["Owner"][0].text == "The chair"
    assert found["Owner"][0].href.endswith("/person/chair")
