"""A detached CMS signature holds over a content, by a certificate's key. Nothing about who it is."""

from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from smki.terms import Malformed, Refused
from smki.wire.cms import DetachedSignature


def verify_detached(content: bytes, signature: DetachedSignature, certificate: bytes) -> None:
    """The key of `certificate` (DER) signed `content`: RSASSA-PKCS1-v1_5 with SHA-256.

    Raises:
        Malformed: not a certificate, or one without an RSA key.
        Refused: the certificate is not the one that the signature names, or it does not hold.

    Clause: sec-app-q:B
    """
    try:
        signer = x509.load_der_x509_certificate(certificate)
        key = signer.public_key()
        own = (signer.issuer.public_bytes(), signer.serial_number)  # a name is read not before
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise Malformed(
            f"signer's certificate: {error}, must be DER",
            clause="rfc5280:4.1",
            rule="certificate.der",
        ) from error
    if not isinstance(key, RSAPublicKey):
        raise Malformed(
            "signer's certificate: a key of another algorithm, must be RSA",
            clause="sec-app-q:B",
            rule="signature.key",
        )
    if (signature.issuer, signature.serial.value) != own:
        raise _refused(f"names another certificate, {signature.serial}")
    if signature.digest is not None and signature.digest != sha256(content).digest():
        raise _refused("was made over other octets")
    signed = content if signature.attributes is None else signature.attributes
    try:
        key.verify(signature.signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise _refused("does not hold") from None


def _refused(what: str) -> Refused:
    return Refused(
        f"signature: {what}, must be of the signer's key over exactly this content",
        where="signature",
        clause="sec-app-q:B",
        rule="signature.holds",
    )
