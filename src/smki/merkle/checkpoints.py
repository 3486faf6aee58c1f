"""Checkpoints: what a log says of itself, in three lines of a signed note.

    origin LF
    size, decimal, without leading zeros LF
    base64(root, 32 octets) LF
    *(extension LF)

Whether two checkpoints agree is a question for `proofs`.

Clause: c2sp:tlog-checkpoint
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from smki.merkle.hashing import HASH_OCTETS
from smki.merkle.notes import SignedNote, VerifierKey, sign_note
from smki.terms import Malformed

_CLAUSE: Final = "c2sp:tlog-checkpoint"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")  # below 2^63


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
        root = base64.b64encode(self.root).decode()
        return "".join(
            f"{line}\n" for line in (self.origin, self.size, root, *self.extensions)
        ).encode()


def verify_checkpoint(note: bytes, keys: Sequence[VerifierKey]) -> TreeHead:
    """The head that `note` says, signed by one of `keys`, for the log of that key's name.

    Raises:
        Malformed: not a checkpoint.
        Refused: not signed by a known key.

    Clause: c2sp:tlog-checkpoint
    """
    signed = SignedNote.parse(note)
    head = TreeHead.parse(signed.text)
    # The log's key has the log's name, so a key of another log cannot speak for this one.
    signed.verify([key for key in keys if key.name == head.origin])
    return head


def sign_checkpoint(
    head: TreeHead, signers: Sequence[tuple[VerifierKey, Callable[[bytes], bytes]]]
) -> bytes:
    """The checkpoint of `head`, signed by each of `signers`, as it is published."""
    return bytes(sign_note(head.text(), signers))


def _parse_root(text: str) -> bytes:
    try:
        root = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed("root is not base64, must be") from error
    if len(root) != HASH_OCTETS or base64.b64encode(root).decode() != text:
        raise _malformed(f"root of {len(root)} octets, must be {HASH_OCTETS} in canonical base64")
    return root


def _malformed(message: str) -> Malformed:
    return Malformed(f"checkpoint: {message}", clause=_CLAUSE, rule="checkpoint.form")
