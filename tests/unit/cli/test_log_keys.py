"""A second key of the log, switched on and off in the configuration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from smki.adapters.keys import offers
from smki.bootstrap import values
from smki.ports import KeyAlgorithm

if TYPE_CHECKING:
    from tests.unit.cli.conftest import House

BOTH = '["ed25519", "ml-dsa-44"]'
ONE = '["ed25519"]'


def lodge_something(house: House, signatures: str = ONE) -> None:
    """A list is lodged by a process that is configured so."""
    assert (
        house.run(
            "registration", "refresh-crl", "issuing-ica", SMKI_CHECKPOINT_SIGNATURES=signatures
        )[0]
        == 0
    )


def keys(house: House) -> dict[str, Any]:
    """What the status says of the log."""
    _, shown = house.json("status")
    log: dict[str, Any] = shown["log"]
    assert log["vkey"] == log["vkeys"][0]
    return log


@pytest.mark.clause("c2sp:tlog-checkpoint", "c2sp:signed-note", "c2sp:tlog-cosignature")
def test_switched_on_and_off(
    house: House, serial_of: Callable[[str, str], str], tmp_path: Path
) -> None:
    """Key and note are entries, checkpoints carry both lines, either key verifies; then one again."""
    if not offers(KeyAlgorithm.ML_DSA_44):
        pytest.skip("ML-DSA-44 is not known to the installed cryptography library")
    before = keys(house)
    assert len(before["vkeys"]) == 1
    kept = tmp_path / "kept"
    kept.write_text(house.run("repository", "checkpoint")[1])
    lodge_something(house, BOTH)
    first, second = keys(house)["vkeys"]
    assert first == before["vkey"]
    note = house.run("repository", "checkpoint")[1]
    assert note.count(f"\u2014 {before['origin']} ") == 2
    proof = tmp_path / "proof"
    number = serial_of("supplier", "batch")
    assert house.run("repository", "prove", number, "--out", str(proof))[0] == 0
    for key in (first, second):
        assert house.run("repository", "verify", str(proof), "--key", key)[0] == 0
    assert house.json("repository", "audit")[1]["problems"] == []
    size = keys(house)["size"]
    lodge_something(house, BOTH)  # nothing but the list: the key is known
    assert keys(house)["size"] == size + 1
    lodge_something(house)
    assert keys(house)["vkeys"] == [first]
    assert house.run("repository", "checkpoint")[1].count(f"\u2014 {before['origin']} ") == 1
    assert house.json("repository", "audit")[1]["problems"] == []
    lodge_something(house, BOTH)  # the same key again
    assert keys(house)["vkeys"] == [first, second]
    assert house.run("repository", "consistency", "--from", str(kept))[0] == 0


def test_a_library_without_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library does not know ML-DSA-44 the configuration is refused, saying so."""
    monkeypatch.setattr(values, "offers", lambda one: one is KeyAlgorithm.ED25519)
    code, told = house.json("status", SMKI_CHECKPOINT_SIGNATURES=BOTH)
    assert code == 2 or told["error"]["family"] == "malformed"
    assert "ml-dsa-44 is not known to the installed cryptography" in str(told)


@pytest.mark.parametrize("given", ['["ml-dsa-44"]', "[]", '["ed25519", "ed25519"]', '["rsa"]'])
def test_the_first_key_always_signs(house: House, given: str) -> None:
    """Checkpoints without the key that everybody has would be believed by nobody."""
    _, told = house.json("status", SMKI_CHECKPOINT_SIGNATURES=given)
    assert "checkpoint_signatures" in told["error"]["message"]
