"""`smki governance`: officers sign outside the house; only what officers in force signed counts."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from smki.bootstrap import load_settings, open_front, settings
from smki.flows.deciding import in_force, must_permit
from smki.governance import Act
from smki.terms import Refused

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
        timeout=180,
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
    for officer in ("chair", "secretary"):
        (authority.folder / f"D-8.{officer}").unlink()
    words = authority.decide("D-8", KIND, "Another", officers=("chair",))
    code, said = authority.house.json("governance", "lodge", *words)
    assert (code, "another with this id" in said["error"]["message"]) == (1, True)


def test_the_table_is_shown(authority: Authority) -> None:
    """Each kind of decision is shown with what it permits and its clause."""
    _, shown = authority.house.json("governance", "permits")
    assert {row["kind"] for row in shown["permits"]} >= {"direct-lodging", "remove-content"}
    assert all(row["clause"] for row in shown["permits"])


@pytest.mark.clause("sec:L5.3")
def test_it_waits_for_the_second_signature(authority: Authority) -> None:
    """What the chair alone signed permits nothing; lodged again with the secretary's it does."""
    single = authority.decide("D-9", "remove-content", "1", officers=("chair",))
    code, lodged = authority.house.json("governance", "lodge", *single)
    assert (code, lodged["missing"]) == (0, ["secretary"])
    _, shown = authority.house.json("governance", "list")
    assert [(one["standing"], one["missing"]) for one in shown["decisions"]] == [
        ("unsigned", ["secretary"])
    ]
    sign = ("governance", "sign", single[0], *authority.desk("secretary"))
    assert authority.house.run(*sign, "--out", f"{single[0]}.second")[0] == 0
    code, lodged = authority.house.json(
        "governance", "lodge", *single, "--signature", f"{single[0]}.second"
    )
    assert (code, lodged["missing"], lodged["officers"]) == (0, [], ["chair", "secretary"])
    told = authority.house.run("governance", "list")[1].splitlines()
    assert [one.rpartition("; ")[2] for one in told] == [
        "lacks the signature of secretary",
        "in force",
    ]


@pytest.mark.clause("sec:L1")
def test_a_decision_is_withdrawn_by_its_own_body(authority: Authority) -> None:
    """From the withdrawal's entry on it permits nothing; what was done before stays proven."""
    house = authority.house
    authority.lodge("D-1", "withhold-revocation", "0A-53-4D-4B-49-02-00-01")
    authority.lodge("W-1", "withdraw-decision", "D-1")
    authority.lodge("R-1", "ratify-decision", "D-1")
    _, shown = house.json("governance", "list")
    first, second, third = shown["decisions"]
    assert (first["standing"], first["withdrawn"]) == ("withdrawn", second["entry"])
    assert first["ratified"] == third["entry"]
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        at = front.clock.now()
        about = {"0A-53-4D-4B-49-02-00-01"}
        now = in_force(front, Act.WITHHOLD, about, at=at, before=front.index.size())
        then = in_force(front, Act.WITHHOLD, about, at=at, before=second["entry"])
        with pytest.raises(Refused, match="was withdrawn by decision W-1"):
            must_permit(front, "D-1", Act.WITHHOLD, *about, at=at, before=front.index.size())
    assert now is None
    assert then is not None


@pytest.mark.parametrize(
    ("kind", "about", "options", "said"),
    [
        ("withdraw-decision", "D-0", (), "'D-0' is not in the record"),
        ("ratify-decision", "D-0", (), "'D-0' is not in the record"),
        ("withdraw-decision", "D-1", ("--condition", "later"), "takes none, must have none"),
        ("conditions-met", "D-1", ("--condition", "later"), "takes none, must have none"),
    ],
)
@pytest.mark.clause("sec:L1")
def test_what_could_never_permit_anything_is_not_lodged(
    authority: Authority, kind: str, about: str, options: tuple[str, ...], said: str
) -> None:
    """A decision about none that there is, or about another on conditions, is refused."""
    words = authority.decide("D-2", kind, about, *options, officers=("chair", "secretary"))
    code, told = authority.house.json("governance", "lodge", *words)
    assert (code, said in told["error"]["message"]) == (1, True), told


@pytest.mark.clause("sec:L5.3")
def test_what_was_believed_before_capacities_were_named_stays(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One officer's decision, lodged while that was enough, goes on permitting what it did."""
    house, refresh = authority.house, ("registration", "refresh-crl", "issuing-oca")
    with monkeypatch.context() as patch:
        older = tuple(one for one in settings.BEARING if one != "signatories")
        patch.setattr(settings, "BEARING", older)
        assert house.run(*refresh)[0] == 0
        assert (
            house.run(
                "governance", "lodge", *authority.decide("D-1", KIND, ABOUT, officers=("chair",))
            )[0]
            == 0
        )
    assert house.run(*refresh)[0] == 0
    words = authority.decide("D-2", KIND, ABOUT, officers=("chair",))
    assert house.run("governance", "lodge", *words)[0] == 0
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        at, size = front.clock.now(), front.index.size()
        assert must_permit(front, "D-1", Act.SUPERSEDE, ABOUT, at=at, before=size)
        with pytest.raises(Refused, match="not signed by the secretary"):
            must_permit(front, "D-2", Act.SUPERSEDE, ABOUT, at=at, before=size)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--upload", "https://localhost:1/portal"), 2, "belong together"),
        (("--ca", "ca.pem"), 2, "belong together"),
        (("--upload", "http://localhost:1/portal", "--ca", "ca.pem"), 1, "must be an address as"),
        (("--upload", "https://localhost:1/portal", "--ca", "none.pem"), 3, "cannot be used"),
    ],
)
def test_handing_in_needs_a_portal_and_whom_to_trust(
    authority: Authority, options: tuple[str, ...], code: int, said: str
) -> None:
    """What is missing is named before anything goes over the network."""
    (file, *_) = authority.decide("D-1", KIND, ABOUT, officers=())
    words = ("governance", "sign", file, *authority.desk("chair"), *options)
    found, told = authority.house.json(*words)
    assert (found, said in told["error"]["message"]) == (code, True), told


def test_nothing_waits_where_nobody_signed(authority: Authority) -> None:
    """Of no decision a signature is missing."""
    assert authority.house.json("governance", "waiting") == (0, {"waiting": []})
    assert "no decision waits" in authority.house.run("governance", "waiting")[1]
