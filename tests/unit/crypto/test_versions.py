"""Certificates of a version that there is not, or with a name that is none, are malformed."""

from datetime import UTC, datetime
from typing import Final

import pytest
from cryptography.x509 import load_der_x509_certificate
from cryptography.x509.oid import NameOID
from tests.support.evidence_people import people

from smki.ceremonies.custodians import rsa_key
from smki.crypto import verify_certificate_signature, verify_chain
from smki.governance.signing import verify_detached
from smki.terms import Malformed, SmkiError
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
def test_a_name_that_is_no_text_is_malformed() -> None:
    """An issuer in octets that are no UTF-8 is told as such, wherever names are compared."""
    chair, issuing, root = people().chair, people().issuing, people().root
    (name,) = load_der_x509_certificate(chair.certificate).issuer.get_attributes_for_oid(
        NameOID.COMMON_NAME
    )
    text = str(name.value).encode()
    other = chair.certificate.replace(text, b"\xff" * len(text), 1)
    signature = parse_detached(chair.sign(b"content").signature)
    with pytest.raises(Malformed, match="signer's certificate"):
        verify_detached(b"content", signature, other)
    with pytest.raises(SmkiError):
        verify_chain(other, (issuing.certificate,), root.certificate, AT)
