"""Shares are renewed, and the key stays: by whom, how shares come, and where it is cut off."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from tests.support.ceremony import (
    Failing,
    close,
    hall,
    held,
    held_on,
    kept,
    opening,
    signed,
)
from tests.support.custody import custodians, people, person, presents, words_of

from smki.adapters.world import SystemEntropy
from smki.ceremonies.acts import ACTS
from smki.ceremonies.acts_keys import SESSION
from smki.ceremonies.holding import hold, open_ceremony, resume
from smki.ceremonies.keysets import (
    Earlier,
    KeySet,
    encode_key_set,
    parse_key_set,
    put_into_custody,
    share_header,
)
from smki.ceremonies.quorum import open_key
from smki.ceremonies.replaying import replay
from smki.ceremonies.sealing import lock
from smki.terms import Malformed, Refused, Unavailable

RECOVERY = "rehearsal-recovery"


@pytest.mark.clause("sec-app-l:3")
def test_a_share_may_come_encrypted_to_the_session(tmp_path: Path) -> None:
    """A custodian's own machine encrypts the share to the ceremony's key instead of showing words."""
    source = tmp_path / "source"
    held(source, "recovery-key")
    one = kept(source, RECOVERY)
    folder = tmp_path / "renewal"
    asked: list[str] = []

    def box(prompt: str) -> str:
        asked.append(prompt)
        return "box:" + base64.b64encode(_boxed(folder, one)).decode()

    here = hall(folder)
    here = replace(here, console=_Boxing(here.console, box))
    open_ceremony(here, opening("renewal", (RECOVERY,)), custodians(), (one,))
    hold(resume(here), ACTS)
    close(here)
    assert len(asked) == 1
    assert kept(folder, RECOVERY).number == 2


@pytest.mark.clause("sec-app-l:3")
@pytest.mark.parametrize("sent", ["no base64", "no words"])
def test_what_comes_encrypted_and_is_no_share_counts_for_none(
    recovery: tuple[Path, bytes], tmp_path: Path, sent: str
) -> None:
    """Whatever is in a box, or instead of one, is told as that custodian's altered share."""
    one = kept(recovery[0], RECOVERY)
    folder = tmp_path / "renewal"

    def box(_: str) -> str:
        octets = _boxed(folder, one, b"\xff" * 200)
        return "box:*" if sent == "no base64" else "box:" + base64.b64encode(octets).decode()

    here = hall(folder)
    here = replace(here, console=_Boxing(here.console, box))
    open_ceremony(here, opening("renewal", (RECOVERY,)), custodians(), (one,))
    with pytest.raises(Refused, match="the share of custodian-1 was altered") as caught:
        hold(resume(here), ACTS)
    close(here)
    assert "2 shares count, must be 3" in caught.value.message


@pytest.mark.clause("sec-app-l:3")
def test_a_renewal_changes_shares_and_not_the_key(
    recovery: tuple[Path, bytes], tmp_path: Path
) -> None:
    """New shares open the key, old ones do not; the transcript has the same fingerprint."""
    source, _ = recovery
    before = kept(source, RECOVERY)
    folder = tmp_path / "renewal"
    told = replay(signed(folder, held(folder, "renewal", (before,))))
    after = kept(folder, RECOVERY)
    assert told.keys == {RECOVERY: before.fingerprint}
    old, new = ([presents(one, each) for each in people(3)] for one in (before, after))
    assert open_key(after, new).octets == open_key(before, old).octets
    with pytest.raises(Refused, match="of an earlier set, which was refreshed"):
        open_key(after, old)


@pytest.mark.clause("sec-app-l:3")
def test_a_key_is_not_refreshed_beyond_what_can_be_read(
    recovery: tuple[Path, bytes], tmp_path: Path
) -> None:
    """After a thousand sets the key stays under the last one, instead of under one that nobody reads."""
    one = kept(recovery[0], RECOVERY)
    secret = open_key(one, [presents(one, each) for each in people(3)])
    names = tuple(each.identifier for each in custodians())
    earlier = tuple(
        Earlier(set=number.to_bytes(16, "big"), custodians=names) for number in range(999)
    )
    last = put_into_custody(secret, one.rule, custodians(), SystemEntropy(), earlier)
    assert parse_key_set(encode_key_set(last)) == last
    folder = tmp_path / "renewal"
    with pytest.raises(Malformed, match="must be a number from 1 to 1000"):
        held(folder, "renewal", (last,))
    assert kept(folder, RECOVERY) == last


@pytest.mark.clause("sec-app-l:3")
def test_a_renewal_that_was_cut_off_is_not_made_twice(
    recovery: tuple[Path, bytes], tmp_path: Path
) -> None:
    """The power fails when the new set of shares is on the disk: it is found, and stays."""
    before = kept(recovery[0], RECOVERY)
    folder = tmp_path / "renewal"
    with pytest.raises(Unavailable):
        held(
            folder,
            "renewal",
            (before,),
            through=lambda one: replace(one, ledger=Failing(one.ledger, f"keys/{RECOVERY}.json")),
        )
    made = kept(folder, RECOVERY)
    assert made.number == 2
    assert replay(signed(folder, held_on(folder))).result == "completed"
    assert kept(folder, RECOVERY) == made


@pytest.mark.clause("sec-app-l:3")
def test_a_refused_quorum_stands_in_the_transcript(
    recovery: tuple[Path, bytes], tmp_path: Path
) -> None:
    """Two shares of three: nothing was opened, the refusal is told, and no share in it."""
    source, _ = recovery
    before = kept(source, RECOVERY)
    folder = tmp_path / "renewal"
    words = words_of(before, person(1))
    instead = {
        f"open.{RECOVERY}.custodian-3": "absent",
        f"open.{RECOVERY}.custodian-2": words,
    }
    with pytest.raises(Refused, match="1 shares count"):
        held(folder, "renewal", (before,), instead=instead)
    told = replay(signed(folder, held_on(folder)))
    assert "is that of another custodian" in told.refusals[0]
    some = " ".join(words.split()[6:9])  # one alone may be part of another word
    assert some not in (folder / "journal").read_text()


class _Boxing:
    """A console on which the first custodian gives a box instead of words."""

    def __init__(self, console: Any, box: Callable[[str], str]) -> None:
        self._console, self._box = console, box

    def say(self, text: str) -> None:
        self._console.say(text)

    def ask(self, prompt: str, text: str, *, secret: bool = False) -> str:
        if prompt == f"open.{RECOVERY}.custodian-1":
            return self._box(prompt)
        return str(self._console.ask(prompt, text, secret=secret))


def _boxed(folder: Path, one: KeySet, content: bytes = b"") -> bytes:
    session = load_pem_public_key((folder / SESSION).read_bytes())
    assert isinstance(session, RSAPublicKey)
    said = content or words_of(one, person(1)).encode()
    return lock(session, said, share_header(one, 0), SystemEntropy())
