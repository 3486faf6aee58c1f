"""Names for public keys: the 8-octet key identifier, and the form a P-256 key takes in DER.

Does not check that a point is on the curve.
"""

import hashlib
from typing import Final

KEY_IDENTIFIER_OCTETS: Final = 8
POINT_OCTETS: Final = 65  # 04 || x || y

_SPKI_P256: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def key_identifier(point: bytes) -> bytes:
    """The 8 octets that name a public key: `0100` and the low 60 bits of SHA-1 over `point`.

    `point` is the content of the subjectPublicKey BIT STRING without its octet of unused bits:
    65 octets `04 || x || y` for P-256, an RSAPublicKey in DER for RSA.

    Clause: gbcs:12, rfc5280:4.2.1.2
    """
    digest = hashlib.sha1(point, usedforsecurity=False).digest()
    return bytes((0x40 | digest[12] & 0x0F,)) + digest[13:]


def spki_p256(point: bytes) -> bytes:
    """SubjectPublicKeyInfo, DER, 91 octets, of a P-256 key given as 65 octets `04 || x || y`.

    Clause: gbcs:12
    """
    return _SPKI_P256 + point
