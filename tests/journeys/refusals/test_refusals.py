"""What opens no key in an SMKI of real roots: nine ways, each refused by the command, each on record.

1 no decision; 2 one that has expired; 3 one about another key; 4 one for another method; 5 one
custodian too few; 6 two shares of one custodian; 7 two custodians of one organisation; 8 a share that
was altered; 9 a rehearsal's key, which a real device does not obey either.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from tests.support.ceremony import kept
from tests.support.custody import people, person, presents
from tests.support.founding import quick_stores
from tests.support.recovering import AT, RECOVERY, World, new_world
from tests.unit.cli.conftest import House

from smki.ceremonies.quorum import open_key
from smki.devices import KINDS, DeviceKind, DeviceState, process
from smki.recovery import recovering
from smki.simulator.catalogue import recipient_of
from smki.terms import RemotePartyRole
from smki.wire.gbcs.update_credentials import UpdateCredentialsCommand

EXPIRED = ("--not-before", "2026-01-01", "--expiry", "2026-02-01")
SCOPE = ("--scope", "INC-7: replace")


def _refused(trial: Any, **asked: Any) -> str:
    """Why the command refuses it: the last entry about keys says the same, and nobody had the key."""
    before = len(trial.lodged())
    code, said = trial.activate(**asked)
    assert (code, said["error"]["family"]) == (1, "refused"), said
    lodged = trial.lodged()[before:]
    assert lodged[-1]["outcome"] == "refused"
    assert lodged[-1]["wanted"]["key"] in {"recovery", "rehearsal-recovery"}
    message = str(said["error"]["message"])
    assert "; ".join(lodged[-1]["reasons"]) == message
    assert not trial.recovery.key_socket.exists()
    return message


@pytest.mark.clause("sec:L10.9", "sec:L10")
@pytest.mark.parametrize(
    ("lodged", "said", "reason"),
    [
        pytest.param((), {"decision": "K-0"}, "'K-0': not in the record", id="1-no-decision"),
        pytest.param(
            ("K-2", "use-key", "recovery", *SCOPE, *EXPIRED),
            {"decision": "K-2"},
            "is in force from 2026-01-01",
            id="2-expired",
        ),
        pytest.param(
            ("K-3", "use-key", "contingency", *SCOPE),
            {"decision": "K-3"},
            "is about 'contingency', must be about",
            id="3-another-key",
        ),
        pytest.param(
            (), {"method": "method-2"}, "has the scope 'method-3', must have", id="4-another-method"
        ),
    ],
)
def test_without_the_decision_no_share_is_asked_for(
    trial: Any, lodged: tuple[str, ...], said: Mapping[str, str], reason: str
) -> None:
    """None, an expired one, one about another key, one for another method: refused before the quorum."""
    if lodged:
        trial.authority.lodge(*lodged)
    assert reason in _refused(trial, **said)


@pytest.mark.clause("sec-app-l:3")
def test_one_custodian_too_few_opens_nothing(trial: Any) -> None:
    """5: two of the three that the key wants, the decisions notwithstanding."""
    assert "2 shares count, must be 3" in _refused(trial, shares=trial.shares(1, 2))


@pytest.mark.clause("sec-app-l:3")
def test_two_shares_of_one_custodian_are_one(trial: Any) -> None:
    """6: somebody gives the share of another who gives it too; it counts once."""
    twice = trial.shares(1, 2) | {"custodian-3": trial.shares(1)["custodian-1"]}
    reason = _refused(trial, shares=twice)
    assert "of custodian-3 is that of another custodian, custodian-1: each has one" in reason
    assert "2 shares count, must be 3" in reason


@pytest.mark.clause("sec-app-l:3")
def test_two_of_one_organisation_are_one_too_many(trial: Any) -> None:
    """7: a custodian works today for the house of another who is here."""
    moved = {"custodian-2": "Organisation 1"}
    assert "2 custodians of 'organisation 1', must be at most 1" in _refused(trial, houses=moved)


@pytest.mark.clause("sec-app-l:3")
def test_a_share_that_was_altered_is_told_with_its_owner(trial: Any) -> None:
    """8: one word is another."""
    shares = trial.shares(1, 2, 3)
    words = shares["custodian-2"].split()
    words[10] = "academic" if words[10] != "academic" else "acid"
    altered = shares | {"custodian-2": " ".join(words)}
    assert "the share of custodian-2 was altered" in _refused(trial, shares=altered)


@pytest.mark.clause("sec-app-l:3")
def test_a_custodian_must_be_approved(trial: Any, tmp_path: Path) -> None:
    """One whose approval was withdrawn takes no part; nor does one who was approved for another house."""
    other = trial.copied(tmp_path)
    other.authority.lodge("W-1", "withdraw-decision", "C-4", "--scope", "left")
    reason = _refused(other)
    assert "custodian-4 of Organisation 4: the authority has not approved them" in reason
    assert "decision C-4 was withdrawn by decision W-1" in reason
    digest = person(4).custodian.credential
    other.authority.lodge("C-6", "approve-custodian", digest, "--scope", "Organisation 5")
    assert "has the scope 'Organisation 5', must have 'Organisation 4'" in _refused(other)


@pytest.fixture(scope="module", name="rehearsed")
def fixture_rehearsed(trial: Any) -> Path:
    """The folder of a rehearsal of the recovery key, by the same people."""
    state = Path(trial.site.path("rehearsal"))
    house = House(state=trial.site.folder / "none")
    held = ("ceremony", "run", "recovery-key", "--state", str(state), *trial.site.who())
    answers = ("--answers", trial.site.answers(), "--answer", "request.entity=0A534D4B49040001")
    code, said = house.json(*held, *answers)
    assert code == 0, said
    return state


@pytest.mark.clause("sec-app-l:3", "sec:L10.9")
def test_a_rehearsals_key_does_nothing_for_real(trial: Any, rehearsed: Path) -> None:
    """9: no real ceremony takes it, and the octets that it signs are dropped by a real device."""
    key = str(rehearsed / "keys" / "rehearsal-recovery.json")
    assert "is a rehearsal key, must never be used in a live ceremony" in _refused(trial, key=key)
    held = kept(rehearsed, "rehearsal-recovery")
    octets = open_key(held, [presents(held, one) for one in people(3)]).octets
    world = new_world()
    device = world.catalogue.device(DeviceKind.ESME)
    command = recovering(world.materials(RECOVERY), KINDS[DeviceKind.ESME].cells, 9_000)
    for message, obeyed in (
        (_signed(world, device, command, _scalar(octets)), False),
        (world.sent(device, command, 9_000), True),
    ):
        done = process(device, message, AT, world.keys)
        assert (done.dropped is None, bool(done.out)) == (obeyed, obeyed)
        assert (done.state.anchors != device.anchors) is obeyed


@pytest.mark.clause("sec-app-l:3", "gbcs:12")
def test_a_rehearsals_transcript_founds_nothing_real(trial: Any, tmp_path: Path) -> None:
    """Nor does it go into one: an environment of the real thing, and a house of real roots, refuse it."""
    house = House(state=tmp_path / "state")
    folder = str(tmp_path / "requests")
    with quick_stores():
        assert house.run("ceremony", "requests", "--out", folder)[0] == 0
    state = str(tmp_path / "roots")
    held: list[str] = ["ceremony", "run", "roots", "--state", state, *trial.site.who()]
    for kind in ("issuing-oca", "issuing-dca", "issuing-ica"):
        held += ["--issuing", kind, f"{folder}/{kind}.csr"]
    assert house.run(*held, "--answers", trial.site.answers())[0] == 0
    transcript = trial.site.signed(state)
    code, said = house.json("init", "--ceremony", transcript, SMKI_ENVIRONMENT="quill-1")
    assert (code, "says other profiles than the ceremony's" in said["error"]["message"]) == (
        1,
        True,
    )
    code, said = trial.house.json("ceremony", "take", transcript)
    assert (code, "of a rehearsal ceremony, must be of a live one" in said["error"]["message"]) == (
        1,
        True,
    )


def _signed(
    world: World, device: DeviceState, command: UpdateCredentialsCommand, handle: bytes
) -> bytes:
    """The command in the recovery party's name, signed by that key."""
    return world.catalogue.senders.send(
        world.catalogue.parties[RemotePartyRole.RECOVERY].entity,
        handle,
        recipient_of(device),
        message_code=command.control.mode.message_code,
        counter=9_000,
        value=command,
    ).command


def _scalar(octets: bytes) -> bytes:
    key = load_der_private_key(octets, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key.private_numbers().private_value.to_bytes(32, "big")
