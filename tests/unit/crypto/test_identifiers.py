import base64
import os
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from smki.crypto import key_fingerprint, key_identifier, spki_p256

ROOT: Final = Path(__file__).parents[3]


@pytest.mark.clause("gbcs:12", "rfc5280:4.2.1.2")
def test_key_identifiers_of_real_certificates() -> None:
    """Method 2 gives the subject key identifier of every reference certificate that has one."""
    folder = Path(os.environ.get("SMKI_VECTORS", ROOT / "../shared/vectors")) / "keys"
    if not folder.is_dir():
        pytest.skip(f"no reference data in {folder.parent}: set SMKI_VECTORS")
    count = 0
    for path in folder.glob("*.pem"):
        text = path.read_bytes()
        if b"BEGIN CERTIFICATE" not in text:
            continue
        certificate = x509.load_pem_x509_certificate(text)
        key = certificate.public_key()
        point = key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        assert key_identifier(point) == identifier.value.digest, path.name
        assert spki_p256(point) == key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        count += 1
    assert count > 20


@pytest.mark.clause("gbcs:12")
def test_key_identifier_is_8_octets_of_method_2() -> None:
    """Four bits 0100 and the last 60 bits of the SHA-1 of the key's octets."""
    identifier = key_identifier(b"abc")  # SHA-1: ... 9CD0D89D
    assert identifier.hex() == "4850c26c9cd0d89d"


def test_fingerprint_is_the_beginning_of_sha256() -> None:
    """An unsigned integer of 64 bits: the first 8 octets of SHA-256."""
    octets = base64.b64decode("BAECAw==")
    assert key_fingerprint(octets) == int(sha256(octets).hexdigest()[:16], 16)
