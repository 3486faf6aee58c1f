"""The contingency public key, as the root cell wraps it.

    ApexContingencyKey ::= SEQUENCE {
        wrapAlgorithm        AlgorithmIdentifier,
        wrappedContinPubKey  OCTET STRING }                    -- unwrapped: SubjectPublicKeyInfo

Clause: rfc5934:9
"""

from smki.crypto import unwrap
from smki.terms import Malformed, Refused
from smki.wire import der
from smki.wire.certificate import P256_SPKI, POINT_OCTETS
from smki.wire.der import Reader


def contingency_point(wrapped: bytes, symmetric_key: bytes) -> bytes | None:
    """The contingency public key (65 octets) that `symmetric_key` unwraps; None if it does not.

    Args:
        wrapped: the value of WrappedApexContingencyKey (DER), or empty.
        symmetric_key: as the command brings it.

    Clause: rfc5934:9
    """
    try:
        body = Reader(wrapped, "ApexContingencyKey").enter(der.SEQUENCE, "ApexContingencyKey")
        algorithm = body.enter(der.SEQUENCE, "wrapAlgorithm").take(der.OID, "algorithm")
        octets = body.take(der.OCTET_STRING, "wrappedContinPubKey")
        spki = unwrap(der.dotted(algorithm), symmetric_key, octets)
    except (Malformed, Refused):
        return None
    if len(spki) != len(P256_SPKI) + POINT_OCTETS or not spki.startswith(P256_SPKI):
        return None
    return spki[len(P256_SPKI) :]
