"""What people bring to a ceremony in PEM: certificates and requests; and folders for what they take."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.terms import Malformed


def certificate_in(pem: bytes) -> bytes:
    """The first certificate (DER) of a PEM file.

    Raises:
        Malformed: there is none.
    """
    try:
        return x509.load_pem_x509_certificates(pem)[0].public_bytes(Encoding.DER)
    except ValueError as error:
        raise Malformed(f"certificate: {error}, must be PEM", rule="certificate.pem") from error


def request_key(pem: bytes) -> bytes:
    """The SubjectPublicKeyInfo (DER) of a certification request (PEM) that its own key signed.

    Raises:
        Malformed: not a request, or not signed by its key.
    """
    try:
        request = x509.load_pem_x509_csr(pem)
        valid = request.is_signature_valid
    except ValueError as error:
        raise Malformed(f"request: {error}, must be PKCS#10 in PEM", rule="csr.pem") from error
    if not valid:
        raise Malformed("request: its signature does not hold, must be of its own key")
    return request.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def new_folder(out: str) -> Path:
    """The folder, which is made.

    Raises:
        Malformed: it is there, or cannot be made.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise Malformed(
            f"folder: cannot be made ({error.strerror}), must be new", where=out
        ) from error
    return folder
