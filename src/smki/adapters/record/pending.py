"""The file `pending`: an append that is decided but perhaps not finished.

    pending = "smki pending 1" LF || base u64 || n u32 || note n
              || b u32 || blob digest 32 x b || c u32 || (length u16 || leaf) x c
              || SHA-256 over all before, 32

`base` is the size of the log before. From this file and the log at that size follows every octet
that the append writes, the signature too, so it can be done again and again to the same end.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.merkle.tiles import decode_bundle, encode_entry
from smki.terms import Malformed

_MAGIC: Final = b"smki pending 1\n"
_DIGEST_OCTETS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What an append will do.

    Attributes:
        base: size of the log before.
        note: the checkpoint afterwards, signed.
        blobs: SHA-256 of each blob that goes with the leaves, 32 octets each.
        leaves: the leaves, in order.
    """

    base: int
    note: bytes
    blobs: tuple[bytes, ...]
    leaves: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Size of the log afterwards."""
        return self.base + len(self.leaves)

    def encode(self) -> bytes:
        """The file's octets."""
        body = b"".join(
            (
                _MAGIC,
                self.base.to_bytes(8, "big"),
                len(self.note).to_bytes(4, "big"),
                self.note,
                len(self.blobs).to_bytes(4, "big"),
                *self.blobs,
                len(self.leaves).to_bytes(4, "big"),
                *[encode_entry(leaf) for leaf in self.leaves],
            )
        )
        return body + sha256(body).digest()

    @classmethod
    def decode(cls, octets: bytes) -> "Pending | None":
        """What the file says; None if it is torn: then the append never happened.

        Raises:
            Malformed: whole, but nothing that `encode` writes.
        """
        body, digest = octets[:-_DIGEST_OCTETS], octets[-_DIGEST_OCTETS:]
        if not body.startswith(_MAGIC) or sha256(body).digest() != digest:
            return None
        at = len(_MAGIC)
        base, at = int.from_bytes(body[at : at + 8], "big"), at + 8
        length, at = int.from_bytes(body[at : at + 4], "big"), at + 4
        note, at = body[at : at + length], at + length
        count, at = int.from_bytes(body[at : at + 4], "big"), at + 4
        end = at + count * _DIGEST_OCTETS
        blobs = tuple(body[start : start + _DIGEST_OCTETS] for start in range(at, end, 32))
        leaves = decode_bundle(body[end + 4 :], int.from_bytes(body[end : end + 4], "big"))
        pending = cls(base=base, note=note, blobs=blobs, leaves=leaves)
        if pending.encode() != octets:
            raise Malformed("pending: not in its only form", rule="record.pending")
        return pending
