"""`smki recovery activate --development`: a key out of its file, under the same decisions; it says so."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from tests.unit.cli.conftest import Authority

from smki.bootstrap import load_settings, open_front
from smki.bootstrap.recoveries import recovery_of
from smki.interfaces.key_commands import OnlyCommands
from smki.interfaces.key_over import KeyOver
from smki.merkle.leaf import LeafType
from smki.terms import Refused

SAID = {"incident": "INC-7", "purpose": "replace", "recovery": "M-1", "method": "contingency"}


def _given(*keys: str) -> list[str]:
    words = []
    for key in keys:
        said = SAID | {"decision": f"K-{key}"}
        for name, text in said.items():
            words += ["--answer", f"permit.{key}.{name}={text}"]
    return words


@pytest.mark.clause("sec:L10.9")
def test_whoever_ends_the_process_ends_it_in_order(authority: Authority) -> None:
    """As Ctrl-C does: how often the key was used is on record; for no campaign, it never is."""
    house = authority.house
    authority.lodge("K-recovery", "use-key", "recovery", "--scope", "INC-7: replace")
    authority.lodge("M-1", "recovery-method", "INC-7", "--scope", "contingency")
    path = recovery_of(load_settings({"SMKI_STATE": str(house.state)}), "trial").key_socket
    command = ("recovery", "activate", "trial", "--development", "recovery", "--uses", "5")
    words = (sys.executable, "-m", "smki", *command, *_given("recovery"), "--json")
    environment = {**os.environ, "SMKI_STATE": str(house.state)}
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
        until = time.monotonic() + 180
        while not path.exists():
            assert time.monotonic() < until
            time.sleep(0.05)
        key = KeyOver(path, patience=60)
        with pytest.raises(Refused, match="campaign trial: there is none"):
            key.sign([b"a command"])
        key.close()
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=180)
    said = json.loads(out)
    assert process.returncode == 0, said
    assert said["keys"] == [{"key": "recovery", "used": 0}]
    assert not path.exists()


@pytest.mark.clause("sec:L10.9", "sec:L10")
def test_contingency_and_symmetric_key_are_used_by_decision(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused without a decision about each; with them both are open, and each use is on record."""
    monkeypatch.setattr(OnlyCommands, "__call__", lambda *_: None)  # there is no campaign
    house = authority.house
    keys = ("contingency", "contingency-symmetric")
    command = ("recovery", "activate", "trial", "--development", "contingency", "--uses", "1")
    authority.lodge("K-contingency", "use-key", keys[0], "--scope", "INC-7: replace")
    authority.lodge("M-1", "recovery-method", "INC-7", "--scope", "contingency")
    code, said = house.json(*command, *_given(*keys))
    assert (code, "'K-contingency-symmetric': not in the record" in said["error"]["message"]) == (
        1,
        True,
    )
    authority.lodge("K-contingency-symmetric", "use-key", keys[1], "--scope", "INC-7: replace")
    made: list[bytes] = []
    settings = load_settings({"SMKI_STATE": str(house.state)})
    path = recovery_of(settings, "trial").key_socket

    def carry() -> None:
        until = time.monotonic() + 180
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.02)
        key = KeyOver(path, patience=60)
        made.extend([key.symmetric(), *key.sign([b"a command"])])
        key.close()

    thread = threading.Thread(target=carry)
    thread.start()
    code, said = house.json(*command, *_given(*keys))
    thread.join(180)
    assert code == 0, said
    assert said["keys"] == [{"key": one, "used": 1} for one in keys]
    assert [len(made[0]), len(made)] == [16, 2]
    with open_front(settings) as front:
        names = [
            word
            for word in ("refused", "permitted", "used")
            for _ in front.index.items(of=LeafType.TRANSCRIPT, name=f"{word}: {keys[1]}")
        ]
    assert names == ["refused", "permitted", "used"]
