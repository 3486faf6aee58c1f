"""Keys in files: one encrypted PKCS#8 file a key, under one passphrase for the store.

While a store is open its secrets and the keys opened from it are in the memory of the process:
for development, tests and small installations. A production authority signs in a token
(`tokens`). What the files hold and how they are protected stands in `protection`.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, assert_never

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa

from smki.adapters.keys.names import (
    check_key_name,
    is_key_name,
    missing,
    not_for_agreement,
    taken,
)
from smki.adapters.keys.private_files import (
    create_private,
    make_private_directory,
    read_private,
    unavailable,
)
from smki.adapters.keys.protection import open_protection
from smki.crypto.gbcs_protection import shared_secret
from smki.ports.keys import KeyAlgorithm
from smki.terms import Inconsistent, Refused

PrivateKey = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | mldsa.MLDSA44PrivateKey
)

RSA_BITS: Final = 2048
_SUFFIX: Final = ".pem"


class SoftwareKeyStore:
    """`ports.keys.KeyStore` over a folder. Safe for several processes.

    `deterministic` ECDSA signatures (RFC 6979, the default) give the same octets for the same
    message, so that what a journal says was to be signed can be signed again after a crash.
    `cost` is the n of scrypt for a store that is made now, by default what its passphrase needs; an
    existing one keeps its own.

    Raises:
        Refused: the passphrase does not open the store, or others can look into the folder.
        Inconsistent: the store's parameters are damaged or missing.
        Unavailable: the folder cannot be read or written.
    """

    def __init__(
        self,
        directory: Path,
        passphrase: bytes,
        *,
        deterministic: bool = True,
        cost: int | None = None,
    ) -> None:
        make_private_directory(directory)
        self._directory = directory
        self._deterministic = deterministic
        self._protection = open_protection(directory, passphrase, cost=cost)

    def make(self, name: str, algorithm: KeyAlgorithm) -> "SoftwareSigningKey":
        """A new key, durable on return, read back from its file. Never replaces one.

        Raises:
            Refused: a key of that name is there, or it cannot be a name.
            Unavailable: the store cannot be written.
        """
        self._make(name, algorithm)
        return self.open(name)

    def open(self, name: str) -> "SoftwareSigningKey":
        """The key of that name, ready to sign.

        Raises:
            Refused: no such key, or others can read its file.
            Inconsistent: its file was changed.
            Unavailable: its file cannot be read.
        """
        return SoftwareSigningKey(self._read(name), deterministic=self._deterministic)

    def make_agreement(self, name: str) -> "SoftwareAgreementKey":
        """A new P-256 key for key agreement, durable on return. Never replaces one.

        Raises:
            Refused: a key of that name is there, or it cannot be a name.
            Unavailable: the store cannot be written.

        Clause: gbcs:18.4
        """
        self._make(name, KeyAlgorithm.P256)
        return self.open_agreement(name)

    def open_agreement(self, name: str) -> "SoftwareAgreementKey":
        """The key of that name, ready to agree.

        What a key in a file is for, its name says: here any P-256 key can agree.

        Raises:
            Refused: no such key, one that is not P-256, or others can read its file.
            Inconsistent: its file was changed.
            Unavailable: its file cannot be read.

        Clause: gbcs:18.4
        """
        key = self._read(name)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise not_for_agreement(name, str(self._directory))
        return SoftwareAgreementKey(key, deterministic=self._deterministic)

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted."""
        try:
            files = [path.name for path in self._directory.iterdir() if path.suffix == _SUFFIX]
        except OSError as error:
            raise unavailable("list", self._directory, error) from error
        return tuple(sorted(filter(is_key_name, (file[: -len(_SUFFIX)] for file in files))))

    def __repr__(self) -> str:
        return f"SoftwareKeyStore({str(self._directory)!r})"

    def _make(self, name: str, algorithm: KeyAlgorithm) -> None:
        check_key_name(name)
        pem = generate(algorithm).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._protection.password),
        )
        try:
            create_private(self._path(name), self._protection.seal(name, pem))
        except FileExistsError:
            raise taken(name, str(self._directory)) from None

    def _read(self, name: str) -> PrivateKey:
        check_key_name(name)
        try:
            content = read_private(self._path(name))
        except FileNotFoundError:
            raise missing(name, str(self._directory)) from None
        pem = self._protection.unseal(name, content)
        return _load(pem, self._protection.password, name)

    def _path(self, name: str) -> Path:
        return self._directory / (name + _SUFFIX)


class SoftwareSigningKey:
    """`ports.keys.SigningKey` in the memory of this process. Shows its public key only."""

    __slots__ = ("_algorithm", "_arguments", "_public_key", "_sign")

    def __init__(self, key: PrivateKey, *, deterministic: bool) -> None:
        self._sign: Callable[..., bytes] = key.sign
        self._algorithm, self._arguments = _signing(key, deterministic=deterministic)
        self._public_key = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def algorithm(self) -> KeyAlgorithm:
        """How it signs."""
        return self._algorithm

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        return self._public_key

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, in order; the whole messages are given, not digests.

        Clause: rfc6979:3.2
        """
        sign, arguments = self._sign, self._arguments
        return [sign(message, *arguments) for message in messages]

    def __repr__(self) -> str:
        fingerprint = hashlib.sha256(self._public_key).hexdigest()[:16]
        return f"{type(self).__name__}({self._algorithm.value}, public key {fingerprint})"


class SoftwareAgreementKey(SoftwareSigningKey):
    """`ports.keys.AgreementKey` in the memory of this process. Shows its public key only."""

    __slots__ = ("_private",)

    def __init__(self, key: ec.EllipticCurvePrivateKey, *, deterministic: bool) -> None:
        super().__init__(key, deterministic=deterministic)
        self._private = key

    def agree(self, points: Sequence[bytes]) -> list[bytes]:
        """Z (32 octets) with the holder of each point (65 octets), in order.

        Raises:
            Malformed: one of them is no point of P-256.

        Clause: gbcs:18.4
        """
        return [shared_secret(self._private, point) for point in points]


def generate(algorithm: KeyAlgorithm) -> PrivateKey:
    """A new key, in memory only.

    Raises:
        Refused: the installed library makes none of this kind.
    """
    match algorithm:
        case KeyAlgorithm.P256:
            return ec.generate_private_key(ec.SECP256R1())
        case KeyAlgorithm.RSA2048:
            return rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
        case KeyAlgorithm.ED25519:
            return ed25519.Ed25519PrivateKey.generate()
        case KeyAlgorithm.ML_DSA_44:
            return _generate_ml_dsa()
        case _:
            assert_never(algorithm)


def _generate_ml_dsa() -> PrivateKey:
    try:
        return mldsa.MLDSA44PrivateKey.generate()
    except UnsupportedAlgorithm as error:
        raise Refused(
            "ML-DSA-44: not known to the installed cryptography library, another algorithm must be"
            " chosen",
            rule="keys.algorithm",
        ) from error


def offers(algorithm: KeyAlgorithm) -> bool:
    """Whether the installed cryptography library makes keys of this kind."""
    if algorithm is not KeyAlgorithm.ML_DSA_44:
        return True
    try:
        _generate_ml_dsa()
    except Refused:
        return False
    return True


def _signing(key: PrivateKey, *, deterministic: bool) -> tuple[KeyAlgorithm, tuple[object, ...]]:
    match key:
        case ec.EllipticCurvePrivateKey():
            scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=deterministic)
            return KeyAlgorithm.P256, (scheme,)
        case rsa.RSAPrivateKey():
            return KeyAlgorithm.RSA2048, (padding.PKCS1v15(), hashes.SHA256())
        case ed25519.Ed25519PrivateKey():
            return KeyAlgorithm.ED25519, ()
        case mldsa.MLDSA44PrivateKey():
            return KeyAlgorithm.ML_DSA_44, ()
        case _:
            assert_never(key)


def _load(pem: bytes, password: bytes, name: str) -> PrivateKey:
    # The seal held, so the file is as this store wrote it: anything else is our own fault.
    try:
        key = serialization.load_pem_private_key(pem, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Inconsistent(f"key file: cannot be read ({error})", where=f"{name}.pem") from error
    if isinstance(key, PrivateKey):
        return key
    raise Inconsistent("key file: of an algorithm that this store never makes", where=f"{name}.pem")
