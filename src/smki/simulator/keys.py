"""The private keys of simulated devices: a handle is the key itself, 32 octets of its scalar.

Signatures are deterministic (RFC 6979), so that a device that is asked the same twice answers the
same; new keys come from the chance that is given.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from smki.crypto.gbcs_protection import shared_secret
from smki.messages import KeyUse
from smki.terms import EUI64
from smki.wire.gbcs.trust_anchors import KeyUsageBits

SCALAR_OCTETS: Final = 32

_CURVE: Final = SECP256R1()
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ECDSA_SHA256: Final = ECDSA(SHA256(), deterministic_signing=True)
_KEYS_KEPT: Final = 256  # a device is asked several things in a row


@lru_cache(maxsize=_KEYS_KEPT)
def loaded(scalar: bytes) -> EllipticCurvePrivateKey:
    """The private key of a handle; some 20 us: who uses it often keeps it."""
    return derive_private_key(int.from_bytes(scalar, "big"), _CURVE)


class ScalarKeys:
    """`devices.DeviceKeys` of simulated devices.

    Args:
        chance: so many random octets; seeded for a simulation that can be repeated.
    """

    def __init__(self, chance: Callable[[int], bytes]) -> None:
        self.chance = chance

    def sign(self, handle: bytes, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) over `message`, P-256 with SHA-256.

        Clause: rfc6979:3.2
        """
        return loaded(handle).sign(message, ECDSA_SHA256)

    def agree(self, handle: bytes, point: bytes) -> bytes:
        """Z, 32 octets, with the holder of `point`.

        Raises:
            Malformed: `point` is not on the curve.

        Clause: gbcs:18.4
        """
        return shared_secret(loaded(handle), point)

    def generate(self, usage: KeyUsageBits) -> tuple[bytes, bytes]:
        """A new key: its scalar and its public key (65 octets).

        Clause: gbcs:CS02c
        """
        del usage  # a key of either use is made the same way
        # 64 bits more than the order has: what the remainder favours cannot be told from chance
        number = int.from_bytes(self.chance(SCALAR_OCTETS + 8), "big") % (_ORDER - 1) + 1
        scalar = number.to_bytes(SCALAR_OCTETS, "big")
        return scalar, self.point(scalar)

    def of_party(self, entity: EUI64, use: KeyUse) -> tuple[bytes, bytes]:
        """A key of a remote party: its handle and its public key (65 octets); here a new one."""
        del entity, use
        return self.generate(KeyUsageBits.DIGITAL_SIGNATURE)

    def point(self, handle: bytes) -> bytes:
        """The public key of a handle, 65 octets."""
        return (
            loaded(handle).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )

    def pem(self, handle: bytes) -> bytes | None:
        """The private key as PKCS#8 (PEM), not encrypted; None of one that cannot be taken out."""
        return loaded(handle).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def public_pem(self, handle: bytes) -> bytes:
        """The public key as SubjectPublicKeyInfo (PEM)."""
        public = loaded(handle).public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
