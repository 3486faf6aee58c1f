"""`smki governance planner`: three months as one reader sees them."""

from typing import Any

import pytest


@pytest.mark.clause("sec:C6")
def test_the_planner_is_one_readers(house: Any) -> None:
    """The secretary sees meetings to come and what is due; what is published is less; one says for whom."""
    assert house.run("governance", "example")[0] == 0
    window = ("governance", "planner", "--from", "2026-02-11")
    code, own = house.json(*window, "--for", "pma-secretary")
    _, published = house.json(*window, "--public")
    _, panel = house.json(*window, "--for", "pma-secretary", "--body", "PNL")
    assert code == 0
    assert {one["what"] for one in own["planned"]} >= {"meeting", "quarter begins"}
    assert len(published["planned"]) < len(own["planned"])
    assert all(one in own["planned"] for one in panel["planned"])
    assert own["planned"] == sorted(own["planned"], key=lambda one: str(one["day"]))
    code, refused = house.json(*window)
    assert (code, refused["error"]["where"]) == (1, "--for")
    code, said = house.run("governance", "planner", "--from", "1990-01-01", "--public")
    assert (code, said.strip()) == (0, "nothing is planned")
