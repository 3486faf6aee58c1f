"""What an officer signs of an incident's checklist is read, or told what it lacks."""

from typing import Final

import pytest

from smki.flows.incidents import CHECKLIST, said_items
from smki.merkle.canonical import JSON, encode_json
from smki.terms import Malformed

WHOLE: Final[dict[str, JSON]] = {"act": CHECKLIST, "incident": "PMA/i1", "items": ["a", "b"]}


def test_incident_and_items_are_read() -> None:
    """A statement of this kind says which items of which incident are done."""
    assert said_items(encode_json(WHOLE)) == ("PMA/i1", ("a", "b"))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"act": "revoke"}, "is not of items of a checklist, must be"),
        ({"incident": None}, "names no incident, must name one"),
        ({"incident": 7}, "names no incident, must name one"),
        ({"items": []}, "items must be a list of names, one at least"),
        ({"items": ["a", 7]}, "items must be a list of names, one at least"),
        ({"items": "a"}, "items must be a list of names, one at least"),
    ],
)
def test_what_a_statement_lacks_is_told(said: dict[str, JSON], message: str) -> None:
    """No statement without an incident is signed as one of an incident called None."""
    with pytest.raises(Malformed, match=message):
        said_items(encode_json({**WHOLE, **said}))
