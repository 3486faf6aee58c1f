"""A rehearsal that is killed, again and again, and called again with the same words."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.founding import copied, founded

DEVICES: Final = 40
KILLS: Final = 25
PATIENCE_SECONDS: Final = 1_800.0


def smki(state: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """The command, in a process of its own, beside that SMKI; its story goes to a file."""
    program = (sys.executable, "-m", "smki", *arguments, "--json")
    with log_of(state).open("ab") as story:
        return subprocess.Popen(
            program,
            env={**os.environ, "SMKI_STATE": str(state)},
            stdout=subprocess.PIPE,
            stderr=story,
        )


def log_of(state: Path) -> Path:
    """Where commands tell their story."""
    return state.parent / "story.txt"


def told(state: Path, *arguments: str) -> Mapping[str, Any]:
    """The document of the command, which did what it was to do."""
    command = smki(state, *arguments)
    out, _ = command.communicate()
    assert command.returncode == 0, out.decode() + log_of(state).read_text()[-3_000:]
    document: Mapping[str, Any] = json.loads(out)
    return document


@pytest.mark.soak
@pytest.mark.clause("sec:L10", "sec-app-l:3")
def test_a_rehearsal_goes_on_wherever_it_was_killed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    """Killed at 25 random instants it comes to its end; its evidence is whole, and proves it.

    Ceremonies, keys, certificates, campaigns and what is lodged are taken up where they were.
    """
    state = copied(founded(tmp_path_factory), tmp_path / "state")
    words = ("recovery", "rehearse", "--devices", str(DEVICES), "--name", "killed")
    started = time.monotonic()
    for _ in range(KILLS):
        command = smki(state, *words)
        try:
            command.wait(chance.uniform(0.8, 6.0))
        except subprocess.TimeoutExpired:
            command.send_signal(signal.SIGKILL)
        command.communicate()
        story = log_of(state).read_text()[-3_000:]
        assert command.returncode in (0, -signal.SIGKILL), story
        assert time.monotonic() - started < PATIENCE_SECONDS, story
    said = told(state, *words)
    assert (said["devices"], said["recovered"]) == (DEVICES, DEVICES)
    verified = told(state, "recovery", "verify", said["report"])
    assert verified["problems"] == []
