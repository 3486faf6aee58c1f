"""Checks of signatures: each returns nothing if it holds, and raises if it does not.

Signatures by P-256 keys are ECDSA-Sig-Value in DER, r and s in 1..n-1, each in its shortest form,
nothing after them; any other encoding is refused. A signature whose s was replaced by n - s is as
good as the one it was made from, for the key's holder made it: it is accepted, and nobody may take
a signature's octets for the name of anything.

Clause: gbcs:12
"""

from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from cryptography.x509.oid import SignatureAlgorithmOID

from smki.terms import Malformed

POINT_OCTETS: Final = 65

_P256: Final = SECP256R1()
_ECDSA_SHA256: Final = ECDSA(SHA256())
_PKCS1: Final = PKCS1v15()
_SHA256: Final = SHA256()
_load_point = EllipticCurvePublicKey.from_encoded_point


def verify_p256(point: bytes, signature_der: bytes, message: bytes) -> None:
    """The holder of the key `point` signed `message`: ECDSA with SHA-256 over P-256.

    Args:
        point: 65 octets, `04 || x || y`.
        signature_der: ECDSA-Sig-Value, DER.
        message: the whole message, not its digest.

    Raises:
        Malformed: `csr.point`: not an uncompressed point of the curve; `csr.signature`: the
            signature is not DER or not of this key over this message.

    Clause: gbcs:12
    """
    if len(point) != POINT_OCTETS or point[0] != 4:
        raise _bad_point(f"{len(point)} octets, first {point[:1].hex() or 'absent'}")
    try:
        key = _load_point(_P256, point)
    except ValueError:
        raise _bad_point("not a point of the curve") from None
    try:
        key.verify(signature_der, message, _ECDSA_SHA256)
    except InvalidSignature:
        raise _bad_signature("sec-app-m:2.3.1.2") from None


def p256_holds(key: EllipticCurvePublicKey, signature_der: bytes, message: bytes) -> bool:
    """Whether the holder of `key`, which is loaded, signed `message`: as `verify_p256` has it.

    Clause: gbcs:12
    """
    try:
        key.verify(signature_der, message, _ECDSA_SHA256)
    except InvalidSignature:
        return False
    return True


def verify_rsa_sha256(spki: bytes, signature: bytes, message: bytes) -> None:
    """The holder of the RSA key in `spki` signed `message`: RSASSA-PKCS1-v1_5 with SHA-256.

    Args:
        spki: SubjectPublicKeyInfo, DER.
        signature: as many octets as the modulus has.
        message: the whole message, not its digest.

    Raises:
        Malformed: `csr.rsa`: not an RSA key that can be used; `csr.signature`: the signature is
            not of this key over this message.

    Clause: sec-app-m:G
    """
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm):
        raise _bad_rsa("not a public key") from None
    if not isinstance(key, RSAPublicKey):
        raise _bad_rsa("a key of another algorithm")
    try:
        key.verify(signature, message, _PKCS1, _SHA256)
    except InvalidSignature:
        raise _bad_signature("sec-app-m:G") from None


def verify_certificate_signature(certificate: bytes, issuer_public_key: bytes) -> None:
    """`certificate` was signed by the key `issuer_public_key`; nothing else about it is checked.

    ECDSA with SHA-256 by a P-256 key, or RSASSA-PKCS1-v1_5 with SHA-256, as the key has it.

    Args:
        certificate: DER.
        issuer_public_key: SubjectPublicKeyInfo, DER.

    Raises:
        Malformed: `certificate.der`: not a certificate; `certificate.signature`: of another
            algorithm, or the signature does not hold.

    Clause: rfc5280:6.1.3
    """
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        signature_oid = parsed.signature_algorithm_oid
        key = load_der_public_key(issuer_public_key)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as fault:
        raise Malformed(
            f"certificate or key of its issuer: {fault}, must be DER",
            clause="rfc5280:4.1",
            rule="certificate.der",
        ) from None
    try:
        if isinstance(key, RSAPublicKey) and signature_oid == SignatureAlgorithmOID.RSA_WITH_SHA256:
            key.verify(parsed.signature, parsed.tbs_certificate_bytes, _PKCS1, _SHA256)
        elif (
            isinstance(key, EllipticCurvePublicKey)
            and isinstance(key.curve, SECP256R1)
            and signature_oid == SignatureAlgorithmOID.ECDSA_WITH_SHA256
        ):
            key.verify(parsed.signature, parsed.tbs_certificate_bytes, _ECDSA_SHA256)
        else:
            raise _bad_certificate(f"algorithm {signature_oid.dotted_string} with another key")
    except InvalidSignature:
        raise _bad_certificate("does not hold") from None


def is_signed_by(certificate: bytes, issuer: bytes) -> bool:
    """Whether the key of the certificate `issuer` signed `certificate`; nothing else is checked.

    Both are DER; of what is no certificate nothing is signed, and it signed nothing.

    Clause: rfc5280:6.1.3
    """
    try:
        key = x509.load_der_x509_certificate(issuer).public_key()
        spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        verify_certificate_signature(certificate, spki)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion, Malformed):
        return False
    return True


def _bad_point(found: str) -> Malformed:
    return Malformed(
        f"public key: {found}, must be an uncompressed point of P-256: 65 octets, first 04",
        clause="gbcs:12",
        rule="csr.point",
    )


def _bad_signature(clause: str) -> Malformed:
    return Malformed(
        "signature: not made by the private key of the public key in the request,"
        " must prove its possession",
        where="signature",
        clause=clause,
        rule="csr.signature",
    )


def _bad_rsa(found: str) -> Malformed:
    return Malformed(
        f"public key: {found}, must be RSA in SubjectPublicKeyInfo",
        clause="sec-app-m:G",
        rule="csr.rsa",
    )


def _bad_certificate(found: str) -> Malformed:
    return Malformed(
        f"certificate signature: {found}, must be of the issuer's key: ECDSA with SHA-256 on"
        " P-256, or RSA with SHA-256",
        where="signatureValue",
        clause="rfc5280:6.1.3",
        rule="certificate.signature",
    )
