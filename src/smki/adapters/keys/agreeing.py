"""Key agreement in a token: what PKCS#11 needs of it. Which key, and whether it may, is `tokens`' matter.

The token computes Z from its private key and gives it out; the object that held it is destroyed.
"""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.keys.token_library import pkcs11

POINT_OCTETS: Final = 65
_SECRET_BITS: Final = 256  # of Z: the x coordinate


def agrees(private: Any) -> bool:
    """Whether the token lets that key derive."""
    return bool(private[pkcs11().Attribute.DERIVE])


def shared_in_token(private: Any, point: bytes) -> bytes:
    """Z of the key in the token and the holder of `point`, a point of P-256.

    Clause: gbcs:18.4
    """
    names = pkcs11()
    attributes = names.Attribute
    derived = private.derive_key(
        names.KeyType.GENERIC_SECRET,
        _SECRET_BITS,
        mechanism_param=(names.KDF.NULL, None, point),
        store=False,
        template={attributes.SENSITIVE: False, attributes.EXTRACTABLE: True},
    )
    try:
        return bytes(derived[attributes.VALUE])
    finally:
        derived.destroy()


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The key as an uncompressed point, 65 octets."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
