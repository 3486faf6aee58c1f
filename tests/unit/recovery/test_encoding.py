"""A campaign's plan is kept in one spelling, and whoever changed it is told where."""

from datetime import UTC, datetime
from typing import Final

import pytest

from smki.merkle.canonical import JSON, encode_json
from smki.recovery import CampaignPlan, Compromised, Method
from smki.recovery.encoding import encode_plan, parse_plan, plan_fields
from smki.terms import Malformed

PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=datetime(2026, 12, 21, tzinfo=UTC),
    per_second={"north": 20},
)


def test_a_plan_is_read_as_it_was_written() -> None:
    """What is decided upon, kept and reported is the same octets."""
    assert parse_plan(encode_plan(PLAN)) == PLAN


@pytest.mark.parametrize(
    ("changed", "where", "said"),
    [
        ({"incident": 7}, "incident", "must be a text"),
        ({"compromised": "heart"}, "compromised", "'heart', must be one of organisation, "),
        ({"method": 9}, "method", "must be a text"),
        ({"expires": "2026-12-41T00:00:00Z"}, "expires", "must be as 2026-11-21T09:00:00Z"),
        ({"waves": "all"}, "waves", "must be a list"),
        ({"waves": ["1000"]}, "waves", "'1000', must be a whole number from 0 to"),
        ({"per_second": []}, "per_second", "must be an object"),
        ({"per_second": {"north": True}}, "per_second.north", "True, must be a whole number"),
        ({"canaries": -1}, "canaries", "-1, must be a whole number from 0 to"),
        ({"first_pause": 10**13}, "first_pause", "must be a whole number from 0 to 1000000000000"),
        ({"more": 1}, "plan", "not its one form"),
        ({"otherwise": 0}, "", "a rate below 1 a second"),
        ({"incident": "I" * 201}, "incident", "must be at most 200 printable characters"),
        ({"decision": "PMA\n21"}, "decision", "'PMA\\n21', must be at most 200 printable"),
        ({"per_second": {"\x1b": 1}}, "region", "must be at most 200 printable"),
        ({"tries": 99}, "", "99 tries"),
    ],
)
def test_a_plan_of_another_form_is_told(changed: dict[str, JSON], where: str, said: str) -> None:
    """Field, what was found and what must be there; whatever is there, nothing else is raised."""
    with pytest.raises(Malformed) as raised:
        parse_plan(encode_json({**plan_fields(PLAN), **changed}))
    assert said in raised.value.message
    assert raised.value.where == where


@pytest.mark.parametrize("name", sorted(plan_fields(PLAN)))
def test_a_field_that_is_missing_is_named(name: str) -> None:
    """No default takes the place of what was decided."""
    fields = plan_fields(PLAN)
    del fields[name]
    with pytest.raises(Malformed, match=f"plan: {name}: is missing, must be there"):
        parse_plan(encode_json(fields))
