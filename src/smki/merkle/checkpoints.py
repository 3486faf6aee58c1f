"""Checkpoints: a tree head in a signed note, by the log and by whoever cosigned it.

    text      = origin LF size LF base64(root 32) LF *(extension LF)
    checkpoint = signed note with that text

The origin is the name of the log's key; the size is decimal, without zeros in front; the root is that
of a tree of RFC 6962 over so many leaves. Whether two checkpoints agree is a question for `proofs`.

Clause: c2sp:tlog-checkpoint
"""

from collections.abc import Callable, Sequence

from smki.merkle.heads import TreeHead
from smki.merkle.notes import SignedNote, VerifierKey, sign_note

__all__ = ["TreeHead", "sign_checkpoint", "verify_checkpoint"]


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
