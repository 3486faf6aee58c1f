"""A party that a running server has never heard of: registered, given a credential, served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.journeys.conftest import House

IDENTITY = "0A-53-4D-4B-4D-02-00-01"
DEVICE = "0A-53-4D-4B-4D-AA-00-01"


@pytest.mark.clause("sec-app-d:3", "sec-app-d:5.4", "sec-app-m:G")
def test_a_new_party_sends_its_first_batch(house: House, tmp_path: Path) -> None:
    """Nothing is started again; what it asked for is its own, in a proof that verifies."""

    def done(*words: str, code: int = 0) -> str:
        ended = house.command(*words)
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout

    csr, key, pem, batch, proof = (
        str(tmp_path / name) for name in ("a.csr", "a.key", "a.pem", "a.xml", "a.proof")
    )
    named = ("--trading-name", "Newcomer", "--identity", f"{IDENTITY}=supplier")
    done("party", "add", "newcomer", *named, "--gas-supplier")
    system = ("--organisation", "Newcomer", "--role", "02", "--name", "one")
    done("csr", "system", *system, "--out", csr, "--key-out", key)
    done(
        *("registration", "credential", csr, "--party", "newcomer"),
        *("--interface", "batch", "--out", pem),
    )
    done("batch", "make", "--count", "4", "--device", DEVICE, "--out", batch)
    credential = ("--certificate", pem, "--key", key)
    result = json.loads(
        done("submit", "batch", batch, "--wait", "--proof", proof, *credential, "--json")
    )
    assert (result["status"], result["issued"], result["rejected"]) == ("COMPLETED", 4, 0)
    done("repository", "verify", proof, "--key", house.settings.log_vkey)
    done("submit", "adhoc", csr, *credential, code=1)  # the credential opens the other interface
    done("submit", "batch", batch, "--certificate", pem, code=2)  # a certificate without its key


@pytest.mark.clause("sec-app-m:2.3.1.7")
def test_a_wrong_request_is_answered_with_the_way_to_a_right_one(
    house: House, tmp_path: Path
) -> None:
    """The command names what makes a device's CSR; an answer that cannot be kept is said to be."""
    csr, key = str(tmp_path / "a.csr"), str(tmp_path / "a.key")
    words = ("csr", "organisation", "--entity", IDENTITY, "--role", "02", "--usage", "ds")
    assert house.command(*words, "--out", csr, "--key-out", key).returncode == 0
    told = house.command("submit", "adhoc", csr)
    assert told.returncode == 1
    assert told.stdout.startswith("CSR_ERROR CR:")
    assert "next: 'smki csr make" in told.stdout
    kept = house.command("submit", "adhoc", csr, "--out", str(tmp_path / "no" / "a.xml"), "--json")
    error = json.loads(kept.stdout)["error"]
    assert (kept.returncode, error["family"]) == (1, "malformed")
    assert "cannot be kept" in error["message"]
