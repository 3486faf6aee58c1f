"""An encrypted attribute on the wire: `31 00000000 ciphertext tag(12)`, in DLMS and in GBZ alike.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass
from typing import Final, Self

ENCRYPTED_PREFIX: Final = b"\x31\x00\x00\x00\x00"  # encrypted and authenticated, suite 1; counter 0
TAG_OCTETS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedItem:
    """What only the holder of the reader's key agreement key can read.

    Attributes:
        ciphertext: as long as what it hides.
        tag: 12 octets.
    """

    ciphertext: bytes
    tag: bytes

    @classmethod
    def of(cls, octets: bytes) -> Self:
        """Of `octets` that begin with `ENCRYPTED_PREFIX`; too few make a tag that cannot verify."""
        content = octets[len(ENCRYPTED_PREFIX) :]
        return cls(ciphertext=content[:-TAG_OCTETS], tag=content[-TAG_OCTETS:])

    @property
    def octets(self) -> bytes:
        """As on the wire."""
        return ENCRYPTED_PREFIX + self.ciphertext + self.tag
