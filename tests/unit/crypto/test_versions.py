"""Certificates of a version that there is not, or with a name that is none, are malformed."""

from datetime import UTC, datetime
from typing import Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.support.evidence_people import people

from smki.ceremonies.custodians import rsa_key
from smki.crypto import verify_certificate_signature, verify_chain
from smki.governance.signing import verify_detached
from smki.terms import Malformed
from smki.wire.cms import parse_detached

VERSION_3: Final = bytes.fromhex("a003020102")
VERSION_4: Final = bytes.fromhex("a003020103")
AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.clause("rfc5280:4.1")
def test_a_certificate_of_version_4_is_malformed() -> None:
    """A chain, a signature over it or by it, and a custodian's credential refuse it as malformed."""
    chair, issuing, root = people().chair, people().issuing, people().root
    other = chair.certificate.replace(VERSION_3, VERSION_4, 1)
    assert other != chair.certificate
    with pytest.raises(Malformed, match="version"):
        verify_certificate_signature(other, b"")
    with pytest.raises(Malformed, match="version"):
        verify_chain(other, (issuing.certificate,), root.certificate, AT)
    signature = parse_detached(chair.sign(b"content").signature)
    with pytest.raises(Malformed, match="version"):
        verify_detached(b"content", signature, other)
    with pytest.raises(Malformed, match="version"):
        rsa_key(other)


@pytest.mark.clause("rfc5280:4.1")
@pytest.mark.parametrize("tag", [b"\x03", b"\x05"])  # BIT STRING, NULL
def test_a_name_that_is_no_text_is_malformed(tag: bytes) -> None:
    """An issuer whose name is of a type that names are not is told as such, wherever it is read."""
    chair, issuing, root = people().chair, people().issuing, people().root
    name = b"\x06\x03\x55\x04\x03"  # common name, before its type
    other = chair.certificate.replace(name + b"\x13", name + tag, 1)
    assert other != chair.certificate
    signature = parse_detached(chair.sign(b"content").signature)
    with pytest.raises(Malformed, match="signer's certificate"):
        verify_detached(b"content", signature, other)
    with pytest.raises(Malformed, match="leaf"):
        verify_chain(other, (issuing.certificate,), root.certificate, AT)


@pytest.mark.clause("rfc5280:4.1")
def test_an_alternative_name_of_a_form_that_nobody_reads_is_malformed() -> None:
    """An x400Address, say: the chain is refused."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    oid = x509.SubjectAlternativeName.oid
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, AT, AT)
        .add_extension(x509.UnrecognizedExtension(oid, bytes.fromhex("3002a300")), critical=False)
        .sign(key, SHA256())
        .public_bytes(Encoding.DER)
    )
    with pytest.raises(Malformed, match="leaf"):
        verify_chain(certificate, (), certificate, AT)
