"""What is a certificate's leaf is told quickly, by the same rules as it is taken apart."""

import pytest

from smki.merkle.leaf import (
    INLINE_MAX_OCTETS,
    CertificateBody,
    decode_certificate,
    encode_certificate,
    is_certificate,
)
from smki.terms import Malformed

LEAF = encode_certificate(
    CertificateBody(
        channel=3, manufacturing=True, subscriber=bytes(8), request=bytes(32), certificate=b"\x30"
    ),
    253402300799999,
)


def taken(leaf: bytes) -> bool:
    """Whether it can be taken apart."""
    try:
        decode_certificate(leaf)
    except Malformed:
        return False
    return True


@pytest.mark.parametrize("at", range(14))
def test_each_octet_before_the_parties_counts(at: int) -> None:
    """Whatever stands at one place: both say the same."""
    changed = [LEAF[:at] + bytes((octet,)) + LEAF[at + 1 :] for octet in range(256)]
    assert list(map(is_certificate, changed)) == list(map(taken, changed))


@pytest.mark.parametrize("octets", [0, 1, 2, 3, 11, 12, 13, 52, 53, 54, 32_778, 32_779, 32_780])
def test_each_length_counts(octets: int) -> None:
    """Cut off, or too long: both say the same."""
    leaf = (LEAF + bytes(INLINE_MAX_OCTETS))[:octets]
    assert is_certificate(leaf) == taken(leaf)
