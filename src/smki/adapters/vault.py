"""A secret in a file, encrypted under a passphrase: symmetric keys at rest.

The contingency symmetric key of a development SMKI, and the key that seals the journal.

file = "SMKI-VAULT-2" LF || log2 n u8 || salt 16 || nonce 12
       || AES-256-GCM(scrypt(passphrase, salt, n, r 8, p 1), secret), with all before the salt as
          associated data

Files of version 1, which say no n, are read: theirs is 32768.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from smki.adapters.files import write_durably
from smki.adapters.keys.passphrases import is_made
from smki.adapters.keys.private_files import read_private
from smki.ports import Entropy
from smki.terms import Refused

_TITLE: Final = b"SMKI-VAULT-2\n"
_TITLE_1: Final = b"SMKI-VAULT-1\n"
_SALT, _NONCE = 16, 12
_COST: Final = 15  # log2 n: 32 MiB and 0.1 s
_MADE_COST: Final = 10  # under a passphrase that was made at random, which nobody can guess
_COSTS: Final = range(1, 21)  # a changed file must not take all memory


def lock_away(
    path: Path, secret: bytes, passphrase: bytes, entropy: Entropy, *, cost: int | None = None
) -> None:
    """The secret is durable in the file, readable with the passphrase only.

    `cost` is the logarithm of n of scrypt, to the base 2; by default what the passphrase needs.
    """
    cost = cost or (_MADE_COST if is_made(passphrase) else _COST)
    salt, nonce = entropy.octets(_SALT), entropy.octets(_NONCE)
    head = _TITLE + bytes((cost,))
    sealed = AESGCM(_key(passphrase, salt, cost)).encrypt(nonce, secret, head)
    write_durably(path, head + salt + nonce + sealed, private=True)


def take_out(path: Path, passphrase: bytes) -> bytes:
    """The secret in the file.

    Raises:
        FileNotFoundError: there is none.
        Refused: not a vault file, changed, or another passphrase; or open to others.
        Unavailable: it cannot be read.
    """
    octets = read_private(path)
    head, cost = _head(octets)
    salt, nonce = octets[len(head) :][:_SALT], octets[len(head) + _SALT :][:_NONCE]
    sealed = octets[len(head) + _SALT + _NONCE :]
    try:
        if cost in _COSTS:
            return AESGCM(_key(passphrase, salt, cost)).decrypt(nonce, sealed, head)
    except (InvalidTag, ValueError):  # ValueError: the file ends too soon
        pass
    raise Refused(
        f"vault {path.name}: does not open, must be unchanged and its own passphrase given",
        where=os.fspath(path),
        rule="keys.vault",
    )


def _head(octets: bytes) -> tuple[bytes, int]:
    """What stands before the salt, and the cost that it says; none if it is no vault file."""
    if octets.startswith(_TITLE_1):
        return _TITLE_1, _COST
    head = octets[: len(_TITLE) + 1]
    return head, head[-1] if head.startswith(_TITLE) and len(head) > len(_TITLE) else 0


def _key(passphrase: bytes, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << cost, r=8, p=1).derive(passphrase)
