"""A rehearsal that is killed, again and again, and called again: by the clock, and by what it writes."""

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
from tests.crash.rehearser import run_of
from tests.support.founding import copied, founded

from smki.interfaces.rehearsal.holding import hold_rehearsal

ROOT: Final = Path(__file__).resolve().parents[2]
DEVICES: Final = 40
KILLS: Final = 25
PATIENCE_SECONDS: Final = 1_800.0
WRITES: Final = 200  # of some thousands, to the next kill at the most
MORE_WRITES: Final = 12  # times as many, now and then: some of what is begun must end
TURNS: Final = 2_000


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


@pytest.mark.soak
@pytest.mark.clause("sec:L10", "sec-app-l:3")
@pytest.mark.parametrize("scenario", ["method-2", "contingency-key", "smki-53"])
def test_a_rehearsal_goes_on_whatever_it_was_writing(
    scenario: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    """Killed before or after a file is in its place, or a commit; its evidence is whole, and proves it.

    In every step, many times: each time it goes on from what it had written.
    """
    state = copied(founded(tmp_path_factory), tmp_path / "state")
    words = [sys.executable, "-m", "tests.crash.rehearser", str(state), scenario]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as rehearser:
        asking, answering = rehearser.stdin, rehearser.stdout
        assert asking is not None
        assert answering is not None
        for turn in range(TURNS):
            most = WRITES * (MORE_WRITES if turn % 4 == 3 else 1)
            asking.write(json.dumps([chance.randrange(most), chance.random() < 0.5]) + "\n")
            asking.flush()
            if not json.loads(answering.readline()):
                break
        asking.close()
    found = hold_rehearsal(run_of(state, scenario))
    assert (found.passed, found.findings) == (True, ())
    assert told(state, "recovery", "verify", str(found.report))["problems"] == []
