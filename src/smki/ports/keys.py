"""Private keys: made, opened and used, never seen."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol, runtime_checkable


class KeyAlgorithm(Enum):
    """What a key is for and how it signs."""

    P256 = "p256"  # ECDSA with SHA-256, DER signature
    RSA2048 = "rsa2048"  # RSASSA-PKCS1-v1_5 with SHA-256
    ED25519 = "ed25519"  # checkpoints of the log
    ML_DSA_44 = "ml-dsa-44"  # checkpoints too, beside it


class SigningKey(Protocol):
    """A private key that signs. Safe to call from any thread; calls may queue."""

    @property
    def algorithm(self) -> KeyAlgorithm:
        """How it signs."""
        ...

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo, DER."""
        ...

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message, in order; the whole messages are given, not digests.

        Without a message nothing is signed, and a token is asked whether it is there.

        Raises:
            Unavailable: the token is away; nothing was signed that the caller will see.
        """
        ...


@runtime_checkable
class DelegatingKey(SigningKey, Protocol):
    """A key whose signatures can be made elsewhere while the caller does something else."""

    def begin(self, messages: Sequence[bytes]) -> Callable[[], list[bytes]]:
        """The messages are on their way; calling what comes back gives their signatures.

        To be called once, from the same thread. Raises then what `sign` does.
        """
        ...


class AgreementKey(SigningKey, Protocol):
    """A P-256 key that agrees on secrets with others (static ECDH).

    It signs the certification request for itself, to prove that it is held, and nothing else.
    """

    def agree(self, points: Sequence[bytes]) -> list[bytes]:
        """Z (32 octets) with the holder of each point (65 octets, uncompressed), in order.

        The private key stays where it is; Z is as good as it for this one pair of keys, and is for
        whoever derives a key from it at once.

        Raises:
            Malformed: one of them is no point of P-256; nothing was computed.
            Unavailable: the token is away.
        """
        ...


class KeyStore(Protocol):
    """A place where private keys live, encrypted or in a token."""

    def make(self, name: str, algorithm: KeyAlgorithm) -> SigningKey:
        """A new key, durable on return. Never replaces one.

        Raises:
            Refused: a key of that name is there.
            Unavailable: the store cannot be reached or written.
        """
        ...

    def open(self, name: str) -> SigningKey:
        """The key of that name, ready to sign.

        Raises:
            Refused: no such key, or the passphrase or PIN does not open it.
            Unavailable: the store cannot be reached.
        """
        ...

    def names(self) -> tuple[str, ...]:
        """The names of all keys, sorted."""
        ...


class AgreementKeyStore(KeyStore, Protocol):
    """A key store that holds keys for key agreement too."""

    def make_agreement(self, name: str) -> AgreementKey:
        """A new P-256 key for key agreement, durable on return. Never replaces one.

        Raises:
            Refused: a key of that name is there.
            Unavailable: the store cannot be reached or written.
        """
        ...

    def open_agreement(self, name: str) -> AgreementKey:
        """The key of that name, ready to agree.

        Raises:
            Refused: no such key, or not one for key agreement.
            Unavailable: the store cannot be reached.
        """
        ...
