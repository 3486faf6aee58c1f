"""Names that are derived from public keys. No signature is checked here."""

from hashlib import sha1, sha256
from typing import Final

POINT_OCTETS: Final = 65

_SPKI_P256: Final = bytes.fromhex("3059301306072A8648CE3D020106082A8648CE3D030107034200")


def key_identifier(key_bits: bytes) -> bytes:
    """The 8 octets that name a public key: `0100`, then the last 60 bits of SHA-1 over it.

    Args:
        key_bits: content of subjectPublicKey without the octet of unused bits: the 65 octets
            `04 || x || y`, or the RSAPublicKey.

    Clause: gbcs:12, rfc5280:4.2.1.2
    """
    digest = sha1(key_bits, usedforsecurity=False).digest()
    return bytes((0x40 | digest[12] & 0x0F,)) + digest[13:]


def spki_p256(point: bytes) -> bytes:
    """SubjectPublicKeyInfo, DER (91 octets), of a P-256 key given as its 65 octet point.

    Clause: gbcs:12
    """
    return _SPKI_P256 + point


def key_fingerprint(octets: bytes) -> int:
    """The first 8 octets of SHA-256 over a public key, as an unsigned integer.

    For finding candidates for "the same key"; whether it is, is decided on the keys themselves.

    Args:
        octets: the 65 octet point, or SubjectPublicKeyInfo of a key that is not on P-256.
    """
    return int.from_bytes(sha256(octets).digest()[:8], "big")
