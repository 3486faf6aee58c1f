"""`smki governance planner`: three months as one reader sees them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
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
    code, refused = house.json(*window, "--public", "--body", "NOPE")
    assert (code, refused["error"]["where"]) == (1, "--body")
    code, said = house.run("governance", "planner", "--from", "1990-01-01", "--public")
    assert (code, said.strip()) == (0, "nothing is planned")


SEATS = """
[[body]]
ref = "QPA"
name = "Quill Policy Authority"
kind = "committee"

[[person]]
ref = "ada"
name = "Ada"

[[seat]]
ref = "QPA/1"
body = "QPA"
category = "networks"
votes = true
holder = "ada"

[[seat]]
ref = "QPA/2"
body = "QPA"
category = "networks"
votes = true
"""


@pytest.mark.clause("sec:C6")
def test_terms_and_elections_are_commands(house: Any, tmp_path: Path) -> None:
    """Terms begin, an election opens in time, and each step that is out of time is refused."""
    (tmp_path / "seats.toml").write_text(SEATS)
    assert house.run("governance", "register", "import", str(tmp_path / "seats.toml"))[0] == 0
    long_ago = (datetime.now(UTC).date() - timedelta(days=700)).isoformat()
    code, begun = house.json("governance", "election", "begin", "QPA", "--start", long_ago)
    assert (code, [one["ref"] for one in begun["seats"]]) == (0, ["QPA/1", "QPA/2"])
    code, opened = house.json("governance", "election", "open", "QPA")
    assert (code, [one["seat"] for one in opened["elections"]]) == (0, ["QPA/1"])
    ref = opened["elections"][0]["ref"]
    again = house.run("governance", "election", "open", "QPA")
    assert again[0] == 0
    assert "but those whose election is open" in again[1]
    for command in (
        ("nominate", ref, "ada"),
        ("vote", ref, "Ink Energy", "ada"),
        ("decide", ref),
        ("install", ref),
        ("install", ref, "--review", "02-29"),
    ):
        code, refused = house.json("governance", "election", *command)
        assert (code, refused["error"]["family"]) in ((1, "refused"), (1, "malformed"))
