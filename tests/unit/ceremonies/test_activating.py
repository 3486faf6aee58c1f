from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.support.ceremony import START, Ticking, held, held_on, kept, signed
from tests.support.custody import people, presents

from smki.adapters.ceremony import MemoryKeys
from smki.ceremonies.activating import ActiveKey, RehearsalAuthority, Wanted, Warrant
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.keysets import Algorithm, KeySet, Secret
from smki.ceremonies.quorum import open_key
from smki.ceremonies.replaying import replay
from smki.crypto import verify_p256
from smki.ports import KeyAlgorithm
from smki.terms import Refused

RECOVERY = "rehearsal-recovery"
ASKED = {
    f"permit.{RECOVERY}.decision": "R-1",
    f"permit.{RECOVERY}.recovery": "R-2",
    f"permit.{RECOVERY}.incident": "INC-7",
    f"permit.{RECOVERY}.method": "method-3",
    f"permit.{RECOVERY}.purpose": "replace organisation certificates",
}
CONTENTS = {"command-1": b"first command", "command-2": b"second command"}


@pytest.fixture(scope="module", name="custody")
def fixture_custody(tmp_path_factory: pytest.TempPathFactory) -> KeySet:
    """The recovery key of a rehearsal, in custody."""
    folder = tmp_path_factory.mktemp("recovery") / "ceremony"
    held(folder, "recovery-key")
    return kept(folder, RECOVERY)


@pytest.fixture(name="secret")
def fixture_secret() -> Secret:
    """A live key out of custody."""
    key = MemoryKeys().make(KeyAlgorithm.P256)
    return Secret(
        key="recovery",
        purpose=Purpose.LIVE,
        algorithm=Algorithm.P256,
        fingerprint="f" * 64,
        octets=key.octets(),
    )


def _warrant(secret: Secret, expiry: datetime = START + timedelta(hours=1)) -> Warrant:
    wanted = Wanted(
        key=secret.key,
        fingerprint=secret.fingerprint,
        key_purpose=secret.purpose,
        decision="D-1",
        recovery="D-2",
        incident="INC-7",
        method="method-3",
        purpose="replace",
    )
    return Warrant(wanted=wanted, expiry=expiry, entries=(1, 2))


@pytest.mark.clause("sec:L10.9")
def test_a_quorum_uses_a_key_under_a_warrant(custody: KeySet, tmp_path: Path) -> None:
    """What was brought is signed, each content told by its digest; then the key is forgotten."""
    folder = tmp_path / "use"
    octets = held(folder, "activation", (custody,), ASKED, contents=CONTENTS)
    told = replay(signed(folder, octets))
    assert told.keys == {RECOVERY: custody.fingerprint}
    shares = [presents(custody, each) for each in people(3)]
    point = MemoryKeys().load(open_key(custody, shares).octets).public_key[-65:]
    for name, content in CONTENTS.items():
        verify_p256(point, (folder / "signatures" / f"{RECOVERY}-{name}.sig").read_bytes(), content)


@pytest.mark.clause("sec:L10.9")
def test_without_a_warrant_no_share_is_asked_for(custody: KeySet, tmp_path: Path) -> None:
    """A decision that does not permit it stops the ceremony before any custodian opens anything."""
    folder = tmp_path / "use"
    with pytest.raises(Refused, match="nothing was decided"):
        held(folder, "activation", (custody,), ASKED, contents=CONTENTS, authority=_Nobody())
    assert b"opened" not in (folder / "journal").read_bytes().replace(b'"opened","number":0', b"")
    assert not (folder / "signatures").exists()


@pytest.mark.clause("sec:L10.9")
def test_a_warrant_that_ends_meanwhile_opens_nothing(custody: KeySet, tmp_path: Path) -> None:
    """It is asked for again right before the key is opened."""
    folder = tmp_path / "use"
    with pytest.raises(Refused, match="nothing was decided"):
        held(folder, "activation", (custody,), ASKED, contents=CONTENTS, authority=_Nobody(after=1))
    assert not (folder / "signatures").exists()


@pytest.mark.clause("sec:L10.9")
def test_content_that_was_changed_is_not_signed(custody: KeySet, tmp_path: Path) -> None:
    """What was brought is signed as it was brought, or not at all."""
    folder = tmp_path / "use"
    no = {**ASKED, f"use.{RECOVERY}.command-2": "no"}
    with pytest.raises(Refused, match="must be 'agreed'"):
        held(folder, "activation", (custody,), no, contents=CONTENTS)
    (folder / "contents" / "command-2").write_bytes(b"another command")
    with pytest.raises(Refused, match="command-2 was changed since"):
        held_on(folder, ASKED)


@pytest.mark.clause("sec-app-l:3")
def test_a_key_is_destroyed_under_a_warrant(custody: KeySet, tmp_path: Path) -> None:
    """Its file is gone, and who has not destroyed their copy stands in the transcript."""
    folder = tmp_path / "end"
    said = {
        **ASKED,
        **{f"destroy.{RECOVERY}.custodian-{n}": "destroyed" for n in (1, 2, 3, 4)},
        f"destroy.{RECOVERY}.custodian-5": "absent",
        f"destroy.{RECOVERY}.seen": "seen",
    }
    with pytest.raises(Refused, match="nothing was decided"):
        held(tmp_path / "no", "destruction", (custody,), said, authority=_Nobody())
    assert (tmp_path / "no" / "keys").exists()
    told = replay(signed(folder, held(folder, "destruction", (custody,), said)))
    assert told.keys == {RECOVERY: custody.fingerprint}
    assert list((folder / "keys").iterdir()) == []
    assert told.deviations == (f"custodian-5 has not destroyed their copy of {RECOVERY}: absent",)


@pytest.mark.clause("sec:L10.9")
def test_an_active_key_is_used_so_often_and_no_longer(secret: Secret) -> None:
    """Uses are counted, also of several at once; used up it signs nothing."""
    key = ActiveKey(secret, _warrant(secret), MemoryKeys(), Ticking(), uses=3)
    assert len(key.sign([b"a", b"b"])) == 2
    with pytest.raises(Refused, match="1 uses left, must be 2"):
        key.sign([b"c", b"d"])
    key.sign([b"c"])
    with pytest.raises(Refused, match="0 uses left"):
        key.sign([b"d"])
    assert "octets" not in repr(key)


@pytest.mark.clause("sec:L10.9")
def test_an_active_key_ends_with_its_time(secret: Secret) -> None:
    """With the warrant, and after half a day at the latest, it is forgotten."""
    clock = Ticking()
    key = ActiveKey(
        secret, _warrant(secret, START + timedelta(seconds=5)), MemoryKeys(), clock, uses=9
    )
    key.sign([b"a"])
    clock.at = START + timedelta(seconds=5)
    with pytest.raises(Refused, match="its time is over"):
        key.sign([b"b"])
    assert key.uses_left == 0
    far = ActiveKey(
        secret, _warrant(secret, START + timedelta(days=90)), MemoryKeys(), Ticking(), uses=1
    )
    assert far.until <= START + timedelta(hours=13)


@pytest.mark.clause("sec:L10.9")
@pytest.mark.parametrize(
    "change", [{"key": "contingency"}, {"fingerprint": "0" * 64}, {"purpose": Purpose.REHEARSAL}]
)
def test_a_warrant_is_for_one_key(secret: Secret, change: Mapping[str, str]) -> None:
    """A warrant for another name, another key or the other purpose activates nothing."""
    with pytest.raises(Refused, match="the warrant is for recovery"):
        ActiveKey(replace(secret, **change), _warrant(secret), MemoryKeys(), Ticking(), uses=1)  # type: ignore[arg-type] # one field of several types


@pytest.mark.clause("sec:L10.9")
def test_a_symmetric_key_is_given_and_signs_nothing(secret: Secret) -> None:
    """The contingency symmetric key is counted like the others, and each does what it is for."""
    symmetric = replace(secret, algorithm=Algorithm.SYMMETRIC, octets=bytes(16))
    given = ActiveKey(symmetric, _warrant(symmetric), MemoryKeys(), Ticking(), uses=2)
    assert given.symmetric() == bytes(16)
    with pytest.raises(Refused, match="signs nothing"):
        given.sign([b"a"])
    signing = ActiveKey(secret, _warrant(secret), MemoryKeys(), Ticking(), uses=1)
    with pytest.raises(Refused, match="must be a symmetric key"):
        signing.symmetric()


@pytest.mark.clause("sec-app-l:3")
def test_a_rehearsal_permits_no_live_key(secret: Secret) -> None:
    """Who rehearses needs no decision, and gets no real key."""
    with pytest.raises(Refused, match="recovery is a live key"):
        RehearsalAuthority().permitted(_warrant(secret).wanted, START)


class _Nobody:
    """An authority that has decided nothing, or not any more."""

    def __init__(self, after: int = 0) -> None:
        self._left = after

    def permitted(self, wanted: Wanted, at: datetime) -> Warrant:
        if not self._left:
            raise Refused("nothing was decided")
        self._left -= 1
        return Warrant(wanted=wanted, expiry=at, entries=())
