"""CMS EnvelopedData (RFC 5652): octets that only the holders of some certificates can read.

DER, AES-256-CBC, a recipient for each certificate, key transport to RSA keys. Nothing here says who
wrote what is inside, or that it is whole: that is for a signature inside.
"""

from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7EnvelopeBuilder,
    PKCS7Options,
    pkcs7_decrypt_der,
)

from smki.terms import Malformed, Refused

ENVELOPE_OCTETS: Final = 64 * 1024  # around what is inside, with many recipients


def seal(octets: bytes, certificates: tuple[bytes, ...]) -> bytes:
    """The envelope that the holders of these certificates (DER) can open.

    Raises:
        Malformed: no certificate, one that is none, or one without an RSA key.
    """
    if not certificates:
        raise _malformed("for nobody, must be for one certificate at least")
    builder = PKCS7EnvelopeBuilder().set_data(octets).set_content_encryption_algorithm(AES256)
    try:
        for certificate in certificates:
            builder = builder.add_recipient(x509.load_der_x509_certificate(certificate))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _malformed(f"{error}, must be for certificates with RSA keys") from None
    return builder.encrypt(Encoding.DER, [PKCS7Options.Binary])


def unseal(envelope: bytes, certificate: x509.Certificate, key: RSAPrivateKey) -> bytes:
    """What is inside, for the holder of this certificate.

    Raises:
        Refused: it is for others, was changed, or is no envelope.
    """
    try:
        return pkcs7_decrypt_der(envelope, certificate, key, [])
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Refused(
            "envelope: does not open, must be one, sealed for this certificate and unchanged",
            where="envelope",
            clause="sec-app-l:2",
            rule="envelope.open",
        ) from None


def _malformed(message: str) -> Malformed:
    return Malformed(f"envelope: {message}", where="envelope", clause="sec-app-l:2")
