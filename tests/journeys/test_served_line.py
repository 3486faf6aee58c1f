"""An estate is made, its hubs are served over TCP, its certificates renewed over that line."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.founding import copied, founded
from tests.support.served_line import ServedLine

DEVICES = 14
ROUGH = """
[line]
pace = 300
"""
REGION = """
[line.regions.{}]
loss = 0.1
duplicate = 0.1
corrupt = 0.05
overtake = 0.1
power_failure = 0
unreachable = 0
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SMKI with an estate, and a rough line to it."""
    folder = copied(founded(tmp_path_factory), tmp_path_factory.mktemp("line") / "state")
    with (folder / "smki.toml").open("a", encoding="utf-8") as file:
        file.write(ROUGH + "".join(map(REGION.format, ("north", "central", "south"))))
    made = _run(folder, "make", "--devices", str(DEVICES), "--processes", "1")
    assert made[0] == 0, made[1]
    return folder


@pytest.fixture
def served(state: Path) -> Iterator[ServedLine]:
    """The hubs, served; killed afterwards."""
    line = ServedLine(state)
    yield line
    line.kill()


def _run(state: Path, *arguments: str) -> tuple[int, Any]:
    """Exit code and document of a command about the estate."""
    done = subprocess.run(
        [sys.executable, "-m", "smki", "estate", *arguments, "--json"],
        env={**os.environ, "SMKI_STATE": str(state)},
        capture_output=True,
        timeout=600,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or b"null")


@pytest.mark.clause("gbcs:CS02c", "gbcs:GBT")
def test_each_command_over_a_rough_line_is_obeyed_and_answered_once(
    state: Path, served: ServedLine
) -> None:
    """Three processes: the hubs with the devices, the head end, the SMKI; nothing twice, nothing lost."""
    served.begin()
    code, done = _run(state, "rotate", "--served", "--count", str(DEVICES), "--usage", "ds")
    assert (code, done["renewed"], done["unanswered"]) == (0, DEVICES, 0)
    assert done["commands"] == 3 * DEVICES
    assert done["passed_over"] == {}
    assert done["seed"] is None
    said = served.end()
    assert said["outcomes"] == {"obeyed": 3 * DEVICES}
    with sqlite3.connect(state / "estate.sqlite") as database:
        outcomes = database.execute(
            "SELECT outcome, count(*) FROM headend_command GROUP BY outcome"
        ).fetchall()
    assert outcomes == [("answered", 3 * DEVICES)]


def test_a_line_that_nobody_serves_is_told(state: Path) -> None:
    """With the command that serves it; nothing was asked of anybody."""
    code, done = _run(state, "rotate", "--served", "--count", "1")
    assert code == 3
    assert "run 'smki estate serve'" in done["error"]["message"]
    code, done = _run(state, "rotate", "--served", "--count", "1", "--loss", "0.5")
    assert (code, done["error"]["family"]) == (2, "usage")
