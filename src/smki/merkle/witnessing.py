"""What a witness may sign: a checkpoint that extends the one it remembers, and no other.

Decides from values alone; who keeps the memory, and when, stands in `flows.witnessing`.

Clause: c2sp:tlog-witness
"""

from collections.abc import Sequence
from typing import Final

from smki.merkle.hashing import EMPTY_ROOT
from smki.merkle.heads import TreeHead
from smki.merkle.notes import SignedNote, VerifierKey
from smki.merkle.proofs import verify_consistency
from smki.merkle.travelling import AddCheckpoint
from smki.terms import Malformed, Refused

UNKNOWN_LOG: Final = "witness.log"
FORKED: Final = "witness.forked"
INCONSISTENT: Final = "witness.consistency"
_CLAUSE: Final = "c2sp:tlog-witness"


def read_head(request: AddCheckpoint, logs: Sequence[VerifierKey]) -> TreeHead:
    """The head that the request's checkpoint says, signed by the known log of that name.

    Raises:
        Malformed: no checkpoint, or its size is below the old one.
        Refused: the log is not known (rule `witness.log`), or it did not sign.

    Clause: c2sp:tlog-witness
    """
    note = SignedNote.parse(request.checkpoint)
    head = TreeHead.parse(note.text)
    keys = [key for key in logs if key.name == head.origin]
    if not keys:
        raise Refused(
            f"log {head.origin[:80]!r} is not known here, must be among those that are witnessed",
            clause=_CLAUSE,
            rule=UNKNOWN_LOG,
        )
    note.verify(keys)
    if request.old > head.size:
        raise Malformed(
            f"request: old size {request.old}, must be at most the checkpoint's {head.size}",
            clause=_CLAUSE,
            rule="tlog.form",
        )
    return head


def check_extends_memory(
    request: AddCheckpoint, head: TreeHead, remembered: TreeHead | None
) -> None:
    """`head` extends what is remembered, which has the request's old size; None is nothing yet.

    Raises:
        Refused: two roots of one size (rule `witness.forked`), or a proof that does not hold
            (rule `witness.consistency`).

    Clause: c2sp:tlog-witness, rfc6962:2.1.2
    """
    old, root = (remembered.size, remembered.root) if remembered else (0, EMPTY_ROOT)
    if head.size == old and head.root != root:
        raise Refused(
            f"log signed two roots of size {old}: {root.hex()}, then {head.root.hex()}",
            where=head.origin,
            clause=_CLAUSE,
            rule=FORKED,
        )
    if not old:
        if request.proof:
            raise _inconsistent(head, f"{len(request.proof)} hashes after nothing, must be none")
        return
    try:
        verify_consistency(old, head.size, request.proof, root, head.root)
    except (Malformed, Refused) as error:
        raise _inconsistent(head, f"from size {old} to {head.size}: {error.message}") from error


def _inconsistent(head: TreeHead, message: str) -> Refused:
    return Refused(message, where=head.origin, clause="rfc6962:2.1.2", rule=INCONSISTENT)
