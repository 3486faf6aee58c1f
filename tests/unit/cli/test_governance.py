"""`smki governance`: officers sign outside the house; only what officers in force signed counts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

if TYPE_CHECKING:
    from tests.unit.cli.conftest import Authority

KIND, ABOUT = "supersede-document", "Recovery Procedure"


@pytest.mark.clause("sec:L5.3", "sec-app-q:B")
def test_a_signed_decision_is_lodged_once(authority: Authority) -> None:
    """What an officer of the authority signed becomes an entry; lodged again, nothing changes."""
    words = authority.decide("D-1", KIND, ABOUT, officers=("chair",))
    code, lodged = authority.house.json("governance", "lodge", *words)
    assert (code, lodged["officers"]) == (0, ["chair"])
    assert authority.house.json("governance", "lodge", *words)[1] == lodged
    _, shown = authority.house.json("governance", "list")
    assert [(one["id"], one["used"]) for one in shown["decisions"]] == [("D-1", None)]
    assert authority.house.json("repository", "audit")[1]["problems"] == []


@pytest.mark.clause("sec-app-q:B")
def test_openssl_signs_as_well(authority: Authority) -> None:
    """A signature that OpenSSL made, with the attributes that it adds, is as good as ours."""
    (file, *_) = authority.decide("D-2", KIND, ABOUT, officers=())
    _, certificate, _, key = authority.desk("chair")
    made = subprocess.run(
        f"openssl cms -sign -binary -outform DER -md sha256 -in {file} -signer {certificate}"
        f" -inkey {key} -out {file}.p7s".split(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert made.returncode == 0, made.stderr
    code, _ = authority.house.json("governance", "lodge", file, "--signature", f"{file}.p7s")
    assert code == 0


@pytest.mark.parametrize("officer", ["clerk", "stranger"])
@pytest.mark.clause("sec:L5.3")
def test_officers_of_others_decide_nothing(authority: Authority, officer: str) -> None:
    """A decision of the authority that another party's officer signed is refused."""
    words = authority.decide("D-3", KIND, ABOUT, officers=(officer,))
    code, said = authority.house.json("governance", "lodge", *words)
    assert (code, said["error"]["family"]) == (1, "refused")
    assert f"{officer} is no officer of smki-pma" in said["error"]["message"]


@pytest.mark.clause("sec-app-q:B")
def test_a_credential_that_was_revoked_signs_nothing(authority: Authority) -> None:
    """What an officer signs with a revoked credential is refused; earlier decisions stand."""
    authority.lodge("D-4", KIND, ABOUT)
    certificate = x509.load_pem_x509_certificate((authority.folder / "chair.pem").read_bytes())
    assert authority.house.run("registration", "revoke", f"{certificate.serial_number:X}")[0] == 0
    words = authority.decide("D-5", KIND, ABOUT, officers=("chair",))
    code, said = authority.house.json("governance", "lodge", *words)
    assert (code, "was revoked on" in said["error"]["message"]) == (1, True)
    _, shown = authority.house.json("governance", "list")
    assert [one["id"] for one in shown["decisions"]] == ["D-4"]


@pytest.mark.clause("sec-app-q:B")
def test_a_signature_is_over_exactly_this_decision(authority: Authority) -> None:
    """The signature of one decision does not serve another, nor with one octet changed."""
    (first, *signed) = authority.decide("D-6", KIND, ABOUT, officers=("chair",))
    (second, *_) = authority.decide("D-7", KIND, ABOUT, officers=())
    code, said = authority.house.json("governance", "lodge", second, *signed)
    assert (code, "other octets" in said["error"]["message"]) == (1, True)
    octets = bytearray(Path(signed[1]).read_bytes())
    octets[-1] ^= 1
    Path(signed[1]).write_bytes(octets)
    code, said = authority.house.json("governance", "lodge", first, *signed)
    assert (code, "does not hold" in said["error"]["message"]) == (1, True)


@pytest.mark.clause("sec:L5.3")
def test_an_id_is_one_decisions_for_ever(authority: Authority) -> None:
    """Another decision with an id that is recorded is refused."""
    authority.lodge("D-8", KIND, ABOUT)
    (authority.folder / "D-8").unlink()
    for officer in ("chair", "deputy"):
        (authority.folder / f"D-8.{officer}").unlink()
    words = authority.decide("D-8", KIND, "Another", officers=("chair",))
    code, said = authority.house.json("governance", "lodge", *words)
    assert (code, "another with this id" in said["error"]["message"]) == (1, True)


def test_the_table_is_shown(authority: Authority) -> None:
    """Each kind of decision is shown with what it permits and its clause."""
    _, shown = authority.house.json("governance", "permits")
    assert {row["kind"] for row in shown["permits"]} >= {"direct-lodging", "remove-content"}
    assert all(row["clause"] for row in shown["permits"])
