"""Wraps one key under another, by an algorithm that an object identifier names.

The documents do not say which algorithm wraps the contingency public key in the Root OCA
Certificate, so it is a row of a table, chosen in the configuration. No key is made or kept here.

Clause: rfc5649:4.1
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
    aes_key_wrap,
    aes_key_wrap_with_padding,
)

from smki.terms import Malformed, Refused

AES128_WRAP: Final = "2.16.840.1.101.3.4.1.5"
AES128_WRAP_PAD: Final = "2.16.840.1.101.3.4.1.8"
AES256_WRAP_PAD: Final = "2.16.840.1.101.3.4.1.48"

PLAINTEXT_OCTETS_MAX: Final = 4_096  # a SubjectPublicKeyInfo has 91 on P-256, 294 for RSA-2048


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapAlgorithm:
    """One row of the table.

    Attributes:
        name: as its document calls it.
        key_octets: length of the wrapping key.
        padded: takes any length from 1 octet on; otherwise multiples of 8 from 16 on.
    """

    name: str
    key_octets: int
    padded: bool


WRAP_ALGORITHMS: Final = MappingProxyType(
    {
        AES128_WRAP: WrapAlgorithm(name="id-aes128-wrap", key_octets=16, padded=False),
        AES128_WRAP_PAD: WrapAlgorithm(name="id-aes128-wrap-pad", key_octets=16, padded=True),
        AES256_WRAP_PAD: WrapAlgorithm(name="id-aes256-wrap-pad", key_octets=32, padded=True),
    }
)

_WRAPS: Final[dict[bool, Callable[[bytes, bytes], bytes]]] = {
    False: aes_key_wrap,
    True: aes_key_wrap_with_padding,
}
_UNWRAPS: Final[dict[bool, Callable[[bytes, bytes], bytes]]] = {
    False: aes_key_unwrap,
    True: aes_key_unwrap_with_padding,
}


def wrap(oid: str, key: bytes, plaintext: bytes) -> bytes:
    """`plaintext` wrapped under `key` by the algorithm `oid`; the same every time.

    Args:
        oid: dotted; a key of `WRAP_ALGORITHMS`.
        key: the wrapping key, as long as the algorithm has it.
        plaintext: 1 to 4,096 octets; without padding a multiple of 8, from 16 on.

    Raises:
        Refused: no such algorithm, or key or plaintext of a length that it does not take.

    Clause: rfc5649:4.1
    """
    algorithm = _algorithm(oid, key)
    length = len(plaintext)
    fits = length >= 1 if algorithm.padded else length >= 16 and length % 8 == 0
    if not fits or length > PLAINTEXT_OCTETS_MAX:
        wanted = "1 or more" if algorithm.padded else "a multiple of 8, 16 or more"
        raise Refused(
            f"{algorithm.name}: {length} octets to wrap, must be {wanted}, at most"
            f" {PLAINTEXT_OCTETS_MAX}",
            clause="rfc5649:4.1",
            rule="wrap.length",
        )
    return _WRAPS[algorithm.padded](key, plaintext)


def unwrap(oid: str, key: bytes, wrapped: bytes) -> bytes:
    """What `wrap` was given, if `wrapped` came from it under the same key.

    Raises:
        Refused: no such algorithm, or a key of a length that it does not take.
        Malformed: `wrap.integrity`: it was wrapped under another key, or changed since.

    Clause: rfc5649:4.2
    """
    algorithm = _algorithm(oid, key)
    try:
        return _UNWRAPS[algorithm.padded](key, wrapped)
    except InvalidUnwrap:
        raise Malformed(
            f"{algorithm.name}: {len(wrapped)} wrapped octets do not open with this key,"
            " must be wrapped under it and unchanged",
            clause="rfc5649:4.2",
            rule="wrap.integrity",
        ) from None


def _algorithm(oid: str, key: bytes) -> WrapAlgorithm:
    algorithm = WRAP_ALGORITHMS.get(oid)
    if algorithm is None:
        raise Refused(
            f"key wrap algorithm: {oid[:60]!r}, must be one of"
            f" {', '.join(f'{row.name} ({known})' for known, row in WRAP_ALGORITHMS.items())}",
            clause="rfc5649:5",
            rule="wrap.algorithm",
        )
    if len(key) != algorithm.key_octets:
        raise Refused(
            f"{algorithm.name}: wrapping key of {len(key)} octets,"
            f" must have {algorithm.key_octets}",
            clause="rfc5649:4.1",
            rule="wrap.key",
        )
    return algorithm
