"""The cryptography of GBCS messages: key agreement, derivation, MAC, signature, encryption.

Octets in, octets or verdicts out. Whose keys are to be used for which message is decided
elsewhere; no key that lasts is here, and no random number is made here.

    key       = SHA-256( 00000001 || Z || OtherInfo )[0:16]
    OtherInfo = 60857406080300 || originator(8) || 09 || flag(1) || counter(8) || recipient(8)
    IV        = originator(8) || 00000000
    MAC       = AES-128-GCM tag[0:12], nothing encrypted, AAD = 11 || 0000000000 || authenticated

Clause: gbcs:18.4
"""

from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA256, Hash

from smki.terms import EUI64, Malformed

KEY_OCTETS: Final = 16
TAG_OCTETS: Final = 12
_HALF: Final = 32  # of a signature: r, s
_COUNTER_OCTETS: Final = 8
_ONE: Final = (1).to_bytes(4, "big")
_ALGORITHM: Final = bytes.fromhex("60857406080300")
_INVOCATION: Final = bytes(4)
_EMPTY_FIELDS: Final = bytes(5)  # of general-ciphering: transaction id to other-information
_AUTHENTICATED_ONLY: Final = b"\x11"
_ENCRYPTED: Final = b"\x31"
_CURVE: Final = SECP256R1()
_ECDSA_SHA256: Final = ECDSA(SHA256())
_CLAUSE: Final = "gbcs:18.4"


class Purpose(IntEnum):
    """What a key is derived for: the flag in OtherInfo.

    Clause: gbcs:18.4
    """

    COMMAND_MAC = 1
    RESPONSE_MAC = 2
    ALERT_MAC = 3
    ENCRYPTION = 4


def shared_secret(private: EllipticCurvePrivateKey, point: bytes) -> bytes:
    """Z: the 32 octets that the holder of `private` and the holder of `point` have in common.

    Args:
        private: P-256.
        point: 65 octets, `04 || x || y`.

    Raises:
        Malformed: `point` is not an uncompressed point of the curve.

    Clause: gbcs:18.4
    """
    return private.exchange(ECDH(), public_point(point))


def public_point(point: bytes) -> EllipticCurvePublicKey:
    """The public key whose uncompressed point is `point`, on P-256.

    Raises:
        Malformed: it is not one.
    """
    key = _loaded(point) if point[:1] == b"\x04" else None
    if key is None:
        raise Malformed(
            f"public key: {len(point)} octets, first {point[:1].hex() or 'absent'}, must be an"
            " uncompressed point of P-256",
            clause=_CLAUSE,
            rule="gbcs.point",
        )
    return key


def _loaded(point: bytes) -> EllipticCurvePublicKey | None:
    try:
        return EllipticCurvePublicKey.from_encoded_point(_CURVE, point)
    except ValueError:
        return None


def derive_key(
    secret: bytes, purpose: Purpose, *, originator: EUI64, counter: int, recipient: EUI64
) -> bytes:
    """The 16 octets of the key for one message, from the secret Z that two parties share.

    Originator, counter and recipient are those of the grouping header; for encryption those that
    the supplementary fields put in their place.

    Clause: gbcs:18.4
    """
    digest = Hash(SHA256())
    digest.update(
        b"".join(
            (
                _ONE,
                secret,
                _ALGORITHM,
                originator.octets,
                b"\x09",
                bytes((purpose,)),
                counter.to_bytes(_COUNTER_OCTETS, "big"),
                recipient.octets,
            )
        )
    )
    return digest.finalize()[:KEY_OCTETS]


def message_mac(key: bytes, originator: EUI64, authenticated: bytes) -> bytes:
    """The 12 octets of the MAC over `authenticated`, grouping header to signature.

    `originator` is that of the grouping header, also where the access control broker's key is used.

    Clause: gbcs:18.4
    """
    cipher = Cipher(AES(key), GCM(originator.octets + _INVOCATION)).encryptor()
    cipher.authenticate_additional_data(_AUTHENTICATED_ONLY + _EMPTY_FIELDS + authenticated)
    cipher.finalize()
    return cipher.tag[:TAG_OCTETS]


def mac_holds(key: bytes, originator: EUI64, authenticated: bytes, mac: bytes) -> bool:
    """Whether `mac` is the MAC; compared in constant time.

    Clause: gbcs:18.4
    """
    return bytes_eq(message_mac(key, originator, authenticated), mac)


def open_attribute(key: bytes, originator: EUI64, ciphertext: bytes, tag: bytes) -> bytes:
    """What `ciphertext` hides.

    Raises:
        Malformed: the tag is not of this ciphertext under this key.

    Clause: gbcs:18.4
    """
    try:
        mode = GCM(originator.octets + _INVOCATION, tag, min_tag_length=TAG_OCTETS)
        cipher = Cipher(AES(key), mode).decryptor()
        cipher.authenticate_additional_data(_ENCRYPTED)
        return cipher.update(ciphertext) + cipher.finalize()
    except (InvalidTag, ValueError):
        raise Malformed(
            f"encrypted attribute: tag {tag.hex()} does not hold, must be of this key and content",
            clause=_CLAUSE,
            rule="gbcs.encryption",
        ) from None


def raw_signature(signature_der: bytes) -> bytes:
    """`r || s` of 64 octets, of an ECDSA-Sig-Value in DER.

    Clause: gbcs:18.4
    """
    return b"".join(number.to_bytes(_HALF, "big") for number in decode_dss_signature(signature_der))


def signature_holds(key: EllipticCurvePublicKey, signature: bytes, signed: bytes) -> bool:
    """Whether the holder of `key` signed `signed`: ECDSA with SHA-256, `signature` is `r || s`.

    Clause: gbcs:18.4
    """
    if len(signature) != 2 * _HALF:
        return False
    r, s = (int.from_bytes(signature[at : at + _HALF], "big") for at in (0, _HALF))
    try:
        key.verify(encode_dss_signature(r, s), signed, _ECDSA_SHA256)
    except InvalidSignature:
        return False
    return True
