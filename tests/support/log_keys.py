"""The keys of a log in memory, the same in every run."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.ports import KeyAlgorithm


class LogKey:
    """An Ed25519 key behind the port; another seed, another key."""

    algorithm = KeyAlgorithm.ED25519

    def __init__(self, seed: int = 7) -> None:
        self._key = self._made(bytes([seed]) * 32)
        self.public_key = self._key.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, messages: Sequence[bytes]) -> list[bytes]:
        """One signature for each message."""
        return [self._key.sign(message) for message in messages]

    def _made(self, seed: bytes) -> Ed25519PrivateKey | MLDSA44PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(seed)


class PostQuantumKey(LogKey):
    """An ML-DSA-44 key behind the port."""

    algorithm = KeyAlgorithm.ML_DSA_44

    def _made(self, seed: bytes) -> MLDSA44PrivateKey:
        return MLDSA44PrivateKey.from_seed_bytes(seed)
