"""A quorum opens the key of a recovery at a terminal, carriers use it by reference, it is forgotten."""

import threading
from pathlib import Path
from typing import Any

import pytest

from smki.ceremonies.replaying import replay
from smki.interfaces.recovery_activating import forget

SAID = {
    "decision": "K-1",
    "recovery": "M-1",
    "incident": "INC-7",
    "method": "method-3",
    "purpose": "replace",
}


@pytest.mark.usefixtures("uncampaigned")
@pytest.mark.clause("sec:L10.9", "sec:L10", "sec-app-l:3")
def test_a_key_is_open_for_carriers_until_it_is_used_up(trial: Any) -> None:
    """Under decisions and by three of five: each use is counted, the last one ends it, and it is told."""
    before = len(trial.lodged())
    with trial.carrying(2):
        code, said = trial.activate(uses=2)
    assert code == 0, said
    assert len(trial.signatures) == 2
    assert not trial.recovery.key_socket.exists()
    assert [one["outcome"] for one in trial.lodged()[before:]] == ["permitted", "permitted"]
    file = trial.site.signed(said["state"])
    told = replay(Path(file).read_bytes())
    assert (told.keys, told.result) == ({"recovery": trial.held.fingerprint}, "completed")
    assert b'"used":2' in Path(file).read_bytes()
    assert b'"ended":"used up"' in Path(file).read_bytes()
    assert trial.house.json("ceremony", "lodge", file)[0] == 0


@pytest.mark.clause("sec:L10.9", "sec-app-l:3", "sec:L10")
def test_what_was_brought_is_signed(trial: Any) -> None:
    """Without carriers: 'activation' has the key sign a file, by the same decisions and quorum."""
    command = trial.site.folder / "command-1"
    command.write_bytes(b"a command to be signed")
    key = trial.site.path("recovery", "keys", "recovery.json")
    state = trial.site.path("use")
    run: list[str] = ["ceremony", "run", "activation", "--state", state, "--purpose", "live"]
    run += [*trial.site.who(), "--key", key, "--sign", str(command)]
    run += ["--answers", trial.site.answers(), "--answer", "use.recovery.command-1=agreed"]
    for name, text in (SAID | trial.shares(1, 2, 3)).items():
        act = "open" if name.startswith("custodian") else "permit"
        run += ["--answer", f"{act}.recovery.{name}={text}"]
    code, done = trial.house.json(*run)
    assert code == 0, done
    assert Path(state, "signatures", "recovery-command-1.sig").exists()
    assert trial.house.json("ceremony", "lodge", trial.site.signed(state))[0] == 0
    assert trial.house.json("repository", "audit")[1]["problems"] == []


@pytest.mark.usefixtures("uncampaigned")
@pytest.mark.clause("sec:L10.9")
def test_whoever_is_there_ends_it(trial: Any) -> None:
    """From another terminal: nobody has the key any more, though uses were left."""
    done: list[tuple[int, Any]] = []
    thread = threading.Thread(target=lambda: done.append(trial.activate(uses=1000)))
    thread.start()
    with trial.carrying(1):
        pass
    forget(trial.recovery)
    thread.join(60)
    ((code, said),) = done
    assert code == 0, said
    assert b'"ended":"ended by the operator"' in Path(said["to_be_signed"]).read_bytes()
    trial.recovery.key_socket.touch()  # as whoever is killed leaves it behind
    code, said = trial.house.json("recovery", "activate", "trial", "--forget")
    assert (code, "nobody has its keys open" in said["error"]["message"]) == (3, True)
    trial.recovery.key_socket.unlink()


def test_one_way_is_named(trial: Any) -> None:
    """A ceremony's folder, or the end of it, or a development SMKI's key: one of them."""
    assert trial.house.run("recovery", "activate", "trial")[0] == 2
    code, said = trial.house.json("recovery", "activate", "trial", "--development", "recovery")
    assert (code, "its keys are in custody" in said["error"]["message"]) == (1, True)
