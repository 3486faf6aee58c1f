"""Seals a secret under a wrapping key, and a share to the credential of its custodian.

    sealed   = nonce 12 || AES-256-GCM(wrapping key 32, nonce, secret, header)
    box      = RSAES-OAEP(credential, content key 32) || nonce 12
               || AES-256-GCM(content key, nonce, content, header)
    header   = canonical JSON, not inside: what the secret is and for whom

OAEP is with SHA-256 and MGF1 with SHA-256, its label the SHA-256 of the header; the first part of a
box is as long as the credential's modulus. CMS EnvelopedData would say the same, but the library
transports keys in it by PKCS#1 v1.5 alone.

Clause: sec-app-l:3
"""

from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from smki.merkle.canonical import JSON, encode_json
from smki.ports import Entropy
from smki.terms import Refused

KEY_OCTETS: Final = 32
NONCE_OCTETS: Final = 12
_CLAUSE: Final = "sec-app-l:3"


def seal(key: bytes, secret: bytes, header: JSON, entropy: Entropy) -> bytes:
    """The secret, readable with this key (32 octets) and this header only.

    Clause: sec-app-l:3
    """
    nonce = entropy.octets(NONCE_OCTETS)
    return nonce + AESGCM(key).encrypt(nonce, secret, encode_json(header))


def unseal(key: bytes, sealed: bytes, header: JSON) -> bytes:
    """The secret that was sealed under this key with this header.

    Raises:
        Refused: another key, or another header, or changed since.

    Clause: sec-app-l:3
    """
    nonce, body = sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:]
    try:
        return AESGCM(key).decrypt(nonce, body, encode_json(header))
    except (InvalidTag, ValueError):
        raise Refused(
            "sealed key: does not open, must be unchanged, with its own name, purpose and set of"
            " shares",
            clause=_CLAUSE,
            rule="ceremony.sealed",
        ) from None


def lock(credential: RSAPublicKey, content: bytes, header: JSON, entropy: Entropy) -> bytes:
    """The box with this content, which the holder of the credential alone opens.

    Clause: sec-app-l:3
    """
    key = entropy.octets(KEY_OCTETS)
    return credential.encrypt(key, _oaep(header)) + seal(key, content, header, entropy)


def unlock(credential: RSAPrivateKey, box: bytes, header: JSON) -> bytes:
    """The content of the box.

    Raises:
        Refused: it is for another credential or another header, or was changed.

    Clause: sec-app-l:3
    """
    modulus = credential.key_size // 8
    try:
        key = credential.decrypt(box[:modulus], _oaep(header))
    except ValueError:
        raise Refused(
            "share: does not open with this credential, must be the one that it was encrypted to,"
            " and the file unchanged",
            clause=_CLAUSE,
            rule="ceremony.share.credential",
        ) from None
    return unseal(key, box[modulus:], header)


def _oaep(header: JSON) -> OAEP:
    label = sha256(encode_json(header)).digest()
    return OAEP(mgf=MGF1(SHA256()), algorithm=SHA256(), label=label)
