"""Public keys of certification requests: points of P-256, and RSA keys of 2048 bits.

Whether a point is on its curve is not asked here.
"""

from typing import Final

from smki.terms import Malformed
from smki.wire.der import BIT_STRING, INTEGER, OID, SEQUENCE, Reader
from smki.wire.pkcs10.objects import EC_PUBLIC_KEY_OID, PRIME256V1, RSA_ENCRYPTION
from smki.wire.pkcs10.rules import part

POINT_OCTETS: Final = 65  # 04 || x (32) || y (32)

_SYSTEM: Final = "sec-app-m:G"
_RSA_MODULUS_OCTETS: Final = 257  # 00, then 2048 bits of which the first is set
_RSA_EXPONENT: Final = (65_537).to_bytes(3, "big")


def point_of(key: Reader) -> bytes:
    """The 65 octets of an uncompressed point of P-256; `key` ends with them.

    Args:
        key: over the content of SubjectPublicKeyInfo.

    Raises:
        Malformed: `csr.algorithm`, `csr.curve` or `csr.point`.

    Clause: gbcs:12, rfc5480:2.2
    """
    algorithm = key.enter(SEQUENCE, "algorithm")
    where = f"offset {algorithm.position}"
    if algorithm.element("algorithm", OID)[2:] != EC_PUBLIC_KEY_OID:
        raise Malformed(
            "public key algorithm: another, must be id-ecPublicKey",
            where=where,
            clause="gbcs:12",
            rule="csr.algorithm",
        )
    parameters = b"" if algorithm.at_end else algorithm.element("parameters")
    if parameters != PRIME256V1 or not algorithm.at_end:
        raise Malformed(
            f"curve: {parameters[:24].hex().upper() or 'absent'},"
            f" must be prime256v1 ({PRIME256V1.hex().upper()})",
            where=where,
            clause="gbcs:12",
            rule="csr.curve",
        )
    bits = key.take(BIT_STRING, "subjectPublicKey")
    key.done()
    if len(bits) != POINT_OCTETS + 1 or bits[:2] != b"\x00\x04":
        raise Malformed(
            f"public key: {max(len(bits) - 1, 0)} octets, first"
            f" {bits[1:2].hex().upper() or 'absent'}, must be an uncompressed point: 65 octets,"
            " first 04",
            where=f"offset {key.position - len(bits)}",
            clause="gbcs:12",
            rule="csr.point",
        )
    return bits[1:]


def check_rsa_key(key: Reader) -> None:
    """Holds if `key` is an RSA key of 2048 bits with exponent 65537.

    Args:
        key: over the content of SubjectPublicKeyInfo.

    Raises:
        Malformed: `csr.algorithm` or `csr.rsa`.

    Clause: sec-app-m:G
    """
    where = f"offset {key.position}"
    if key.element("algorithm", SEQUENCE) != RSA_ENCRYPTION:
        raise Malformed(
            "public key algorithm: another, must be rsaEncryption with NULL",
            where=where,
            clause=_SYSTEM,
            rule="csr.algorithm",
        )
    bits = key.take(BIT_STRING, "subjectPublicKey")
    key.done()
    with part("csr.rsa"):
        octets = Reader(bits, "RSA key", start=1) if bits[:1] == b"\x00" else Reader(b"", "RSA key")
        numbers = octets.enter(SEQUENCE, "RSAPublicKey")
        octets.done()
        modulus = numbers.take(INTEGER, "modulus")
        exponent = numbers.take(INTEGER, "publicExponent")
        numbers.done()
    exact = len(modulus) == _RSA_MODULUS_OCTETS and modulus[0] == 0 and modulus[1] >= 0x80
    if not exact or not modulus[-1] & 1 or exponent != _RSA_EXPONENT:
        size = int.from_bytes(modulus, "big").bit_length()
        raise Malformed(
            f"RSA key: {size} bits, exponent {exponent[:8].hex()},"
            " must be a positive odd modulus of 2048 bits and exponent 010001",
            where=where,
            clause=_SYSTEM,
            rule="csr.rsa",
        )
