"""Tree heads: what a log says of itself, in three lines, before anyone signs them.

    origin LF
    size, decimal, without leading zeros LF
    base64(root, 32 octets) LF
    *(extension LF)

Who signed them is a question for `checkpoints`; whether two agree, for `proofs`.

Clause: c2sp:tlog-checkpoint
"""

import re
from dataclasses import dataclass
from typing import Final

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.hashing import HASH_OCTETS
from smki.terms import Malformed

_CLAUSE: Final = "c2sp:tlog-checkpoint"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")  # below 2^63 as far as decimals go


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHead:
    """Name, size and root of a log, as a checkpoint's text says them.

    Attributes:
        origin: the log's name.
        size: number of entries.
        root: root hash, 32 octets.
        extensions: further lines, not used by us.

    Clause: c2sp:tlog-checkpoint
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: bytes) -> "TreeHead":
        """The head that the text of a note says.

        Raises:
            Malformed: not the text of a checkpoint.

        Clause: c2sp:tlog-checkpoint
        """
        try:
            lines = text.decode().split("\n")
        except UnicodeDecodeError as error:
            raise _malformed("text is not UTF-8, must be") from error
        if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
            raise _malformed(f"{len(lines) - 1} lines, must be origin, size, root, none empty")
        origin, size, root = lines[:3]
        if not _SIZE.fullmatch(size):
            raise _malformed(f"size {size[:40]!r}, must be decimal without leading zeros")
        return cls(
            origin=origin, size=int(size), root=_parse_root(root), extensions=tuple(lines[3:-1])
        )

    def text(self) -> bytes:
        """The text that is signed."""
        root = write_base64(self.root)
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, root, *self.extensions)
        ).encode()


def _parse_root(text: str) -> bytes:
    root = read_base64(text)
    if root is None:
        raise _malformed(f"root {text[:60]!r} is not base64 in its only form, must be")
    if len(root) != HASH_OCTETS:
        raise _malformed(f"root of {len(root)} octets, must be {HASH_OCTETS}")
    return root


def _malformed(message: str) -> Malformed:
    return Malformed(f"checkpoint: {message}", clause=_CLAUSE, rule="checkpoint.form")
