"""What a form or a file gives is read again once it is written: nothing unreadable is ever kept."""

import pytest

from smki.governance.encoding import encode_entity, entity_of, parse_entity
from smki.governance.entities import Kind
from smki.merkle.canonical import JSON
from smki.terms import Malformed

RESOLUTION: dict[str, JSON] = {
    "ref": "r",
    "item": "i",
    "place": 1,
    "verb": "agreed",
    "bodies": ["QPA"],
    "text": "t",
}
MEETING: dict[str, JSON] = {"ref": "m", "body": "QPA", "number": 1, "held_on": "2026-03-02"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.RESOLUTION, {**RESOLUTION, "withdrawn": "0999-01-01T00:00:00Z"}),
        (Kind.RESOLUTION, {**RESOLUTION, "withdrawn": "9999-12-31T23:59:59Z"}),
        (Kind.RESOLUTION, {**RESOLUTION, "effective": "0001-01-01"}),
        (Kind.RESOLUTION, {**RESOLUTION, "place": -(10**15)}),
        (Kind.RESOLUTION, {**RESOLUTION, "text": "\u1e9b\u0323 \U0001f600\t\n'"}),
        (Kind.MEETING, {**MEETING, "starts": "10:00:59.5"}),
    ],
)
def test_what_is_typed_can_be_read(kind: Kind, value: JSON) -> None:
    """Early years, odd times and any text come back as they were taken."""
    entity = entity_of(kind, value)
    assert parse_entity(entity.key, encode_entity(entity)) == entity


@pytest.mark.parametrize("starts", ["10:00+01:00", "10:00Z", "24:00", "ten"])
def test_a_time_is_of_one_place(starts: str) -> None:
    """A time of another zone, or none at all, is refused: it could not be compared with others."""
    with pytest.raises(Malformed, match="must be as 10:00"):
        entity_of(Kind.MEETING, {**MEETING, "starts": starts})
