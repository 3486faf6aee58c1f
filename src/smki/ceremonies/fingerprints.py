"""Fingerprints as people read them aloud: groups of four hexadecimal digits."""

from hashlib import sha256
from typing import Final

GROUP: Final = 4


def fingerprint(octets: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return sha256(octets).hexdigest()


def aloud(digest: str) -> str:
    """The fingerprint in groups, to be read aloud and compared."""
    return " ".join(digest[at : at + GROUP] for at in range(0, len(digest), GROUP))
