r"""What protects a software key store: one passphrase, stretched once, seals every key file.

    store.json    {"kdf": "scrypt", "n": 32768, "r": 8, "p": 3, "salt": hex, "check": hex}
                  n is 1024 under a passphrase that was made at random
    stretched     scrypt(passphrase, salt, n, r, p), 64 octets
    password      hexadecimal digits of its octets 0 to 31: what the PKCS#8 files are encrypted under
    sealing key   its octets 32 to 63
    check         HMAC-SHA256(sealing key, "smki-key-store\0" n:r:p:salt)
    <name>.pem    EncryptedPrivateKeyInfo, PEM (PBES2: AES-256-CBC under PBKDF2), then one line:
                  smki-seal: HMAC-SHA256(sealing key, name "\0" PEM), hexadecimal

PKCS#8 alone cannot tell that a file was changed or took another's name; the seal can. Programs
that read PEM pass over the line. To read a key without this program: derive the password with
any scrypt, and give it to `openssl pkey -in <name>.pem -passin`.

Stretching costs once per store, so that opening a key costs a millisecond; the password has 256
bits of its own, so that PBKDF2 has nothing left to stretch.

scrypt is RFC 7914, EncryptedPrivateKeyInfo RFC 5958 section 3.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from smki.adapters.keys.passphrases import is_made
from smki.adapters.keys.private_files import create_private, read_private
from smki.terms import Inconsistent, Refused, Unavailable

PARAMETERS_FILE: Final = "store.json"
SCRYPT_N: Final = 1 << 15  # with r and p below: 32 MiB and 0.2 s, as strong as the usual 2^17, 8, 1
MADE_N: Final = 1 << 10  # 1 MiB and 6 ms: 256 random bits cannot be guessed, however fast one tries
SCRYPT_R: Final = 8
SCRYPT_P: Final = 3
SALT_OCTETS: Final = 16
_LIMITS: Final = {"n": 1 << 20, "r": 32, "p": 16}  # a changed file must not take all memory
_SEAL: Final = b"smki-seal: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretching:
    """How the passphrase of a store is stretched: the parameters of scrypt.

    Attributes:
        n: cost, a power of two.
        r: block size; memory is 128 n r octets.
        p: repetitions.
        salt: random octets of this store.

    Clause: rfc7914:2
    """

    n: int
    r: int
    p: int
    salt: bytes

    @classmethod
    def fresh(cls, n: int) -> Self:
        """The parameters for a new store."""
        return cls(n=n, r=SCRYPT_R, p=SCRYPT_P, salt=os.urandom(SALT_OCTETS))

    def stretch(self, passphrase: bytes) -> "Protection":
        """The secrets that this passphrase gives.

        Raises:
            Unavailable: not enough memory.
        """
        try:
            octets = hashlib.scrypt(
                passphrase,
                salt=self.salt,
                n=self.n,
                r=self.r,
                p=self.p,
                maxmem=256 * self.n * self.r + (1 << 20),
                dklen=64,
            )
        except (MemoryError, ValueError) as error:  # OpenSSL reports both as ValueError
            raise Unavailable(f"key store: the passphrase cannot be stretched ({error})") from error
        return Protection(octets)

    def __bytes__(self) -> bytes:
        return f"{self.n}:{self.r}:{self.p}:{self.salt.hex()}".encode()


class Protection:
    """The two secrets of an open store. Shows neither.

    Clause: rfc5958:3
    """

    __slots__ = ("_sealing", "password")

    def __init__(self, stretched: bytes) -> None:
        self.password = stretched[:32].hex().encode()
        self._sealing = stretched[32:]

    def seal(self, name: str, pem: bytes) -> bytes:
        """The content of the key file: the PEM and its seal."""
        return pem + _SEAL + self._mac(name.encode() + b"\0" + pem).encode() + b"\n"

    def unseal(self, name: str, content: bytes) -> bytes:
        """The PEM in the key file, which is as it was written under this name.

        Raises:
            Inconsistent: it was changed, cut, or belongs to another name or store.
        """
        pem, found, _ = content.rpartition(_SEAL)
        if not found or not hmac.compare_digest(self.seal(name, pem), content):
            raise Inconsistent(
                "key file: its seal does not hold, must be as this store wrote it under this name:"
                " restore it from a copy",
                where=f"{name}.pem",
            )
        return pem

    def check(self, stretching: Stretching) -> str:
        """What store.json says if the passphrase and the parameters are the right ones."""
        return self._mac(b"smki-key-store\0" + bytes(stretching))

    def _mac(self, octets: bytes) -> str:
        return hmac.digest(self._sealing, octets, "sha256").hex()

    def __repr__(self) -> str:
        return "Protection(64 octets, not shown)"


def open_protection(directory: Path, passphrase: bytes, *, cost: int | None = None) -> Protection:
    """The secrets of the store in `directory`; a folder without keys becomes a store.

    `cost` is the n of scrypt for a new store; by default what its passphrase needs.

    Raises:
        Refused: the passphrase is not the one of this store.
        Inconsistent: store.json is damaged, or missing beside keys.
        Unavailable: it cannot be read or written.
    """
    path = directory / PARAMETERS_FILE
    if not path.exists():
        if any(directory.glob("*.pem")):
            raise Inconsistent(
                "key store: keys are here and no store.json, without which they cannot be opened:"
                " restore it from a copy",
                where=str(directory),
            )
        needed = MADE_N if is_made(passphrase) else SCRYPT_N
        made = _make(path, passphrase, Stretching.fresh(cost or needed))
        if made is not None:
            return made
    stretching, check = _read(path)
    protection = stretching.stretch(passphrase)
    if not hmac.compare_digest(protection.check(stretching), check):
        raise Refused(
            f"key store: this passphrase ({len(passphrase)} octets) does not open it: give the one"
            " it was made with, in SMKI_PASSPHRASE, SMKI_PASSPHRASE_FILE or the passphrase file",
            where=str(directory),
            rule="keys.passphrase.wrong",
        )
    return protection


def _make(path: Path, passphrase: bytes, stretching: Stretching) -> Protection | None:
    """What protects the new store; None if another process made it meanwhile: that one counts."""
    protection = stretching.stretch(passphrase)
    content = {
        "kdf": "scrypt",
        "n": stretching.n,
        "r": stretching.r,
        "p": stretching.p,
        "salt": stretching.salt.hex(),
        "check": protection.check(stretching),
    }
    try:
        create_private(path, json.dumps(content, indent=2).encode() + b"\n")
    except FileExistsError:
        return None
    return protection


def _read(path: Path) -> tuple[Stretching, str]:
    try:
        content = json.loads(read_private(path))
        numbers = {name: content[name] for name in _LIMITS}
        salt, check = bytes.fromhex(content["salt"]), str(content["check"])
        known = content["kdf"] == "scrypt" and check.isascii()
    except FileNotFoundError as error:
        raise Unavailable("key store: store.json has gone", where=str(path)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path, repr(error)) from error
    for name, limit in _LIMITS.items():
        if type(numbers[name]) is not int or not 0 < numbers[name] <= limit:
            raise _damaged(path, f"{name} must be 1 to {limit}")
    if not known or numbers["n"] & (numbers["n"] - 1) or numbers["n"] == 1:
        raise _damaged(path, "must be scrypt, n a power of two")
    return Stretching(n=numbers["n"], r=numbers["r"], p=numbers["p"], salt=salt), check


def _damaged(path: Path, what: str) -> Inconsistent:
    return Inconsistent(
        f"key store: store.json is damaged ({what}): restore it from a copy", where=str(path)
    )
