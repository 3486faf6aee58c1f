"""Certificates of a version that there is not are malformed, wherever they are read."""

from datetime import UTC, datetime
from typing import Final

import pytest
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
