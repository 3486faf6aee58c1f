"""Whether a signature over octets holds, however loosely its DER was written.

Clause: gbcs:12
"""

from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from smki.terms import Malformed
from smki.wire import der
from smki.wire.der import Reader

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signature_holds(public_key: bytes, octets: bytes, signature: bytes) -> bool:
    """True if `signature` over `octets` was made with the key of SubjectPublicKeyInfo `public_key`.

    A superfluous leading zero in an ECDSA integer does not matter here; the linter names it.

    Clause: gbcs:12
    """
    try:
        key = load_der_public_key(public_key)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, octets, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            loose = encode_dss_signature(*ecdsa_integers(signature))
            key.verify(loose, octets, ec.ECDSA(SHA256()))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, Malformed):
        return False
    return True


def key_loads(public_key: bytes) -> bool:
    """True if the key is one: a point on its curve, or a modulus and exponent that can be."""
    try:
        load_der_public_key(public_key)
    except (UnsupportedAlgorithm, ValueError):
        return False
    return True


def ecdsa_integers(signature: bytes) -> tuple[int, int]:
    """The integers r and s of an ECDSA-Sig-Value, minimal or not.

    Raises:
        Malformed: not a SEQUENCE of two INTEGERs.
    """
    r, s = _contents(signature)
    return int.from_bytes(r, "big", signed=True), int.from_bytes(s, "big", signed=True)


def ecdsa_fault(signature: bytes) -> str:
    """What keeps `signature` from being a DER ECDSA-Sig-Value on P-256; empty if nothing does.

    Clause: x690:8.3.2
    """
    try:
        contents = _contents(signature)
    except Malformed as malformed:
        return malformed.message
    for name, content in zip("rs", contents, strict=True):
        value = int.from_bytes(content, "big", signed=True)
        if der.element(der.INTEGER, content) != der.integer(value):
            return f"{name} has a superfluous leading octet {content[0]:02X}, must be the shortest"
        if not 0 < value < _ORDER:
            return f"{name} is out of range, must be from 1 to the order of the curve less 1"
    return ""


def _contents(signature: bytes) -> tuple[bytes, bytes]:
    outer = Reader(signature, "signature")
    body = outer.enter(der.SEQUENCE, "ECDSA-Sig-Value")
    outer.done()
    r, s = body.take(der.INTEGER, "r"), body.take(der.INTEGER, "s")
    body.done()
    if not r or not s:
        raise Malformed("signature: an integer without content", clause="x690:8.3.1")
    return r, s
