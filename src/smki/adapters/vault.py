"""A secret in a file, encrypted under a passphrase: symmetric keys at rest.

The contingency symmetric key of a development SMKI, and the key that seals the journal.

file = "SMKI-VAULT-1" LF || salt 16 || nonce 12 || AES-256-GCM(scrypt(passphrase), secret)
"""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from smki.adapters.files import write_durably
from smki.adapters.keys.private_files import read_private
from smki.ports import Entropy
from smki.terms import Refused

_TITLE: Final = b"SMKI-VAULT-1\n"
_SALT, _NONCE = 16, 12


def lock_away(path: Path, secret: bytes, passphrase: bytes, entropy: Entropy) -> None:
    """The secret is durable in the file, readable with the passphrase only."""
    salt, nonce = entropy.octets(_SALT), entropy.octets(_NONCE)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, secret, _TITLE)
    write_durably(path, _TITLE + salt + nonce + sealed, private=True)


def take_out(path: Path, passphrase: bytes) -> bytes:
    """The secret in the file.

    Raises:
        FileNotFoundError: there is none.
        Refused: not a vault file, changed, or another passphrase; or open to others.
        Unavailable: it cannot be read.
    """
    octets = read_private(path)
    title, body = octets[: len(_TITLE)], octets[len(_TITLE) :]
    try:
        key = _key(passphrase, body[:_SALT])
        nonce = body[_SALT : _SALT + _NONCE]
        return AESGCM(key).decrypt(nonce, body[_SALT + _NONCE :], title)
    except (InvalidTag, ValueError):
        raise Refused(
            f"vault {path.name}: does not open, must be unchanged and its own passphrase given",
            where=os.fspath(path),
            rule="keys.vault",
        ) from None


def _key(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase)
