"""An officer at a desk of their own: certificate and key as files, and what is signed with them."""

from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from smki.adapters.files import read_octets
from smki.terms import Malformed

certificate_option = click.option(
    "--certificate", required=True, metavar="CERT", help="The officer's IKI certificate, PEM."
)
key_option = click.option("--key", required=True, metavar="KEY", help="Its private key, PEM.")


def detached(content: bytes, certificate: str, key: str) -> bytes:
    """The detached CMS signature (DER) over the content, by the key of these PEM files.

    Raises:
        Malformed: a file is not what it must be, or key and certificate do not belong together.
        Unavailable: a file cannot be read.
    """
    try:
        signer = x509.load_pem_x509_certificate(read_octets(Path(certificate)))
        private = load_pem_private_key(read_octets(Path(key)), None)
    except (ValueError, TypeError) as error:
        raise Malformed(
            f"certificate or key: {error}, must be PEM, the key not encrypted",
            where="--certificate, --key",
            clause="sec-app-q:B",
        ) from error
    if not isinstance(private, RSAPrivateKey) or private.public_key() != signer.public_key():
        raise Malformed(
            "key: not the RSA key of the certificate, must be",
            where="--key",
            clause="sec-app-q:B",
            rule="signature.key",
        )
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(signer, private, SHA256())
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
    return builder.sign(Encoding.DER, options)
