"""A secret in a file opens with its own passphrase, as long as nobody changed the file."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from smki.adapters.keys import make_passphrase_file, passphrase_from
from smki.adapters.vault import lock_away, take_out
from smki.adapters.world import SystemEntropy
from smki.terms import Refused

SECRET = bytes(range(32))
TITLE = len(b"SMKI-VAULT-2\n")


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A secret that is locked away under `open`, at little cost."""
    path = tmp_path / "key.vault"
    lock_away(path, SECRET, b"open", SystemEntropy(), cost=4)
    return path


def test_a_secret_is_taken_out_with_its_passphrase(vault: Path) -> None:
    """The secret, at the cost that the file says; nothing of it stands in the file."""
    assert take_out(vault, b"open") == SECRET
    assert SECRET not in vault.read_bytes()
    with pytest.raises(Refused, match="its own passphrase given"):
        take_out(vault, b"shut")


def test_a_changed_file_does_not_open(vault: Path) -> None:
    """Neither title, cost, salt, nonce nor secret can be changed, nor an end be missing."""
    whole = vault.read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1
        vault.write_bytes(changed)
        with pytest.raises(Refused, match="must be unchanged"):
            take_out(vault, b"open")
    for size in range(len(whole)):
        vault.write_bytes(whole[:size])
        with pytest.raises(Refused, match="must be unchanged"):
            take_out(vault, b"open")


def test_what_words_lock_costs_what_they_need(tmp_path: Path) -> None:
    """A passphrase that was made at random needs little, any other all of it."""
    make_passphrase_file(tmp_path / "file")
    made = passphrase_from({}, tmp_path / "file")
    for passphrase, cost in ((made, 10), (b"open", 15)):
        path = tmp_path / f"{cost}.vault"
        lock_away(path, SECRET, passphrase, SystemEntropy())
        assert path.read_bytes()[TITLE] == cost
        assert take_out(path, passphrase) == SECRET


@pytest.mark.parametrize("cost", [0, 21, 255])
def test_a_cost_that_nobody_can_pay_is_refused(vault: Path, cost: int) -> None:
    """What the file says of its cost is bounded before it is paid."""
    whole = vault.read_bytes()
    vault.write_bytes(whole[:TITLE] + bytes((cost,)) + whole[TITLE + 1 :])
    with pytest.raises(Refused, match="must be unchanged"):
        take_out(vault, b"open")


def test_a_file_of_the_first_version_opens(tmp_path: Path) -> None:
    """Houses that were founded earlier have such a file: it says no cost."""
    title, salt, nonce = b"SMKI-VAULT-1\n", bytes(16), bytes(12)
    key = Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(b"open")
    path = tmp_path / "key.vault"
    path.write_bytes(title + salt + nonce + AESGCM(key).encrypt(nonce, SECRET, title))
    path.chmod(0o600)
    assert take_out(path, b"open") == SECRET
