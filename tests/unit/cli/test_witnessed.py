"""A house with a witness beside it: its proofs are believed only with the witness's word."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from smki.bootstrap import load_settings

if TYPE_CHECKING:
    from tests.unit.cli.conftest import House


@pytest.mark.clause("c2sp:tlog-witness", "c2sp:tlog-policy", "c2sp:tlog-proof")
@pytest.mark.parametrize("algorithm", ["ed25519", "ml-dsa-44"])
def test_a_witnessed_house(
    house: House, serial_of: Callable[[str, str], str], tmp_path: Path, algorithm: str
) -> None:
    """Without the witness a proof is refused under the policy; cosigned, both forms are believed."""
    vkey = load_settings({"SMKI_STATE": str(house.state)}).log_vkey
    folder, policy = tmp_path / "witness", tmp_path / "policy"
    words = ["--name", "w.example", "--log", vkey, "--algorithm", algorithm]
    code, made = house.json("witness", "init", str(folder), *words)
    assert code == 0
    program = subprocess.Popen(
        [sys.executable, "-m", "smki", "witness", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    with program:
        try:
            assert program.stdout is not None
            address = program.stdout.readline().split()[1]
            policy.write_text(f"log {vkey}\nwitness w {made['vkey']} {address}\nquorum w\n")
            number = serial_of("supplier", "batch")
            proof = tmp_path / "before"
            assert house.run("repository", "prove", number, "--out", str(proof))[0] == 0
            code, told = house.json("repository", "verify", str(proof), "--policy", str(policy))
            assert (code, told["error"]["clause"]) == (1, "c2sp:tlog-policy")
            code, round_ = house.json("repository", "cosign", SMKI_WITNESS_POLICY=str(policy))
            assert (code, round_["cosigners"], round_["problems"]) == (0, ["w"], [])
            assert " w.example " in house.run("repository", "checkpoint")[1]
            for form in ("smki", "tlog"):
                proof = tmp_path / form
                made_ = house.run(
                    "repository", "prove", number, "--out", str(proof), "--form", form
                )
                assert made_[0] == 0
                code, told = house.json("repository", "verify", str(proof), "--policy", str(policy))
                assert (code, told["cosigners"], told["serial"]) == (0, ["w"], number)
                assert house.run("repository", "verify", str(proof), "--key", vkey)[0] == 0
            assert house.run("repository", "audit")[0] == 0
        finally:
            program.kill()
    code, round_ = house.json("repository", "cosign", SMKI_WITNESS_POLICY=str(policy))
    assert code == 1
    assert "cannot be had" in round_["problems"][0]


def test_without_witnesses(house: House) -> None:
    """A house without a policy says what to configure; one policy and one key are one too many."""
    code, told = house.json("repository", "cosign")
    assert (code, "witness_policy" in told["error"]["message"]) == (1, True)
    code, _ = house.run("repository", "verify", "x", "--key", "k", "--policy", "p")
    assert code == 2
