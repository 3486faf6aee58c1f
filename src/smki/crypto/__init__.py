"""Verifies signatures and chains, derives identifiers, wraps keys. Pure functions.

Octets in, verdicts out: what must not be ignored is raised. No private key that lasts is here, no
clock, no chance; `cryptography` does the arithmetic.
"""

from smki.crypto.chains import verify_chain
from smki.crypto.identifiers import key_fingerprint, key_identifier, spki_p256
from smki.crypto.key_wrap import WRAP_ALGORITHMS, unwrap, wrap
from smki.crypto.signatures import (
    is_signed_by,
    verify_certificate_signature,
    verify_p256,
    verify_rsa_sha256,
)

__all__ = [
    "WRAP_ALGORITHMS",
    "is_signed_by",
    "key_fingerprint",
    "key_identifier",
    "spki_p256",
    "unwrap",
    "verify_certificate_signature",
    "verify_chain",
    "verify_p256",
    "verify_rsa_sha256",
    "wrap",
]
