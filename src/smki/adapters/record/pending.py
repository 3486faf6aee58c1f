"""The file `pending`: an append that is decided but perhaps not finished.

    pending = "smki pending 2" LF || base u64 || size u64 || n u32 || note n
              || f u32 || (length u16 || path) x f || SHA-256 over all before, 32

`base` and `size` are those of the log before and after. Every file that the append adds is on the
disk already, under its path or still under its name in staging; so it can be carried out again and
again to the same end.
"""

import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.merkle.tiles import decode_bundle, encode_entry
from smki.terms import Malformed

_MAGIC: Final = b"smki pending 2\n"
_SIZES: Final = struct.Struct(">QQI")
_COUNT: Final = struct.Struct(">I")
_DIGEST_OCTETS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What an append will do.

    Attributes:
        base: size of the log before.
        size: size of the log afterwards.
        note: the checkpoint afterwards, signed.
        paths: the files that it adds, from the root of the log, in ASCII.
    """

    base: int
    size: int
    note: bytes
    paths: tuple[str, ...]

    def encode(self) -> bytes:
        """The file's octets."""
        body = b"".join(
            (
                _MAGIC,
                _SIZES.pack(self.base, self.size, len(self.note)),
                self.note,
                _COUNT.pack(len(self.paths)),
                *[encode_entry(path.encode("ascii")) for path in self.paths],
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
        try:
            pending = cls._read(body)
        except (struct.error, UnicodeDecodeError) as error:
            raise _malformed() from error
        if pending.encode() != octets:
            raise _malformed()
        return pending

    @classmethod
    def _read(cls, body: bytes) -> "Pending":
        base, size, length = _SIZES.unpack_from(body, len(_MAGIC))
        at = len(_MAGIC) + _SIZES.size
        note, at = body[at : at + length], at + length
        (count,) = _COUNT.unpack_from(body, at)
        names = decode_bundle(body[at + _COUNT.size :], count)
        paths = tuple(name.decode("ascii") for name in names)
        return cls(base=base, size=size, note=note, paths=paths)


def _malformed() -> Malformed:
    return Malformed("pending: not in its only form", rule="record.pending")
