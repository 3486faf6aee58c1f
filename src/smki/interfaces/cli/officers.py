"""An officer at a desk of their own: certificate and key as files, and what is signed with them."""

import click
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)

from smki.interfaces.cli.output import read_input
from smki.terms import Malformed

certificate_option = click.option(
    "--certificate", required=True, metavar="CERT", help="The officer's IKI certificate, PEM."
)
key_option = click.option("--key", required=True, metavar="KEY", help="Its private key, PEM.")


def certificate_in(path: str) -> x509.Certificate:
    """The certificate in that PEM file.

    Raises:
        Malformed: there is no such file, or none in it.
    """
    try:
        return x509.load_pem_x509_certificate(read_input(path))
    except (ValueError, x509.InvalidVersion) as error:
        raise Malformed(
            f"certificate: {error}, must be PEM", where=path, clause="sec-app-q:B"
        ) from error


def pair_in(certificate: str, key: str) -> tuple[x509.Certificate, RSAPrivateKey]:
    """The certificate and its key, of these PEM files.

    Raises:
        Malformed: a file is not there, or not what it must be, or they do not belong together.
    """
    holder = certificate_in(certificate)
    try:
        private = load_pem_private_key(read_input(key), None)
        public = holder.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Malformed(
            f"certificate or key: {error}, must be PEM, the key not encrypted",
            where="--certificate, --key",
            clause="sec-app-q:B",
        ) from error
    if not isinstance(private, RSAPrivateKey) or private.public_key() != public:
        raise Malformed(
            "key: not the RSA key of the certificate, must be",
            where="--key",
            clause="sec-app-q:B",
            rule="signature.key",
        )
    return holder, private


def detached(content: bytes, certificate: str, key: str) -> bytes:
    """The detached CMS signature (DER) over the content, by the key of these PEM files.

    Raises:
        Malformed: a file is not there, or not what it must be, or they do not belong together.
    """
    signer, private = pair_in(certificate, key)
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(signer, private, SHA256())
    options = [PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities]
    return builder.sign(Encoding.DER, options)
