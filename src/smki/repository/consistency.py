"""Does the present log begin with what it signed earlier? If not, what shows that to anyone.

Clause: rfc6962:2.1.2
"""

from smki.merkle.checkpoints import TreeHead, verify_checkpoint
from smki.merkle.contradicting import Contradiction, steps_between
from smki.merkle.notes import VerifierKey
from smki.merkle.proofs import roots_along
from smki.ports import RecordReader
from smki.terms import Refused

REWRITTEN = "merkle.forked"


def check_extends(reader: RecordReader, earlier: bytes) -> tuple[TreeHead, TreeHead]:
    """The present log begins with the log of the `earlier` checkpoint; both heads.

    Raises:
        Malformed: not a checkpoint.
        Refused: not signed by this log, the log went back, or (rule `merkle.forked`) it was
            rewritten since.
        Inconsistent: the record's files do not lead to its checkpoint.

    Clause: rfc6962:2.1.2
    """
    before, now = _heads(reader, earlier)
    if before.size > now.size:
        raise Refused(
            f"log has {now.size} entries, must have at least the {before.size} that it signed:"
            " an older checkpoint is shown",
            where=now.origin,
            clause="rfc6962:2.1.2",
            rule="merkle.rolled-back",
        )
    root = now.root
    if 0 < before.size < now.size:
        steps = steps_between(before.size, now, reader.node)
        root, _ = roots_along(before.size, now.size, steps)
    if before.size and root != before.root:
        raise Refused(
            f"log was rewritten: it signed root {before.root.hex()} of {before.size} entries, its"
            f" first {before.size} of {now.size} now lead to {root.hex()}",
            where=now.origin,
            clause="rfc6962:2.1.2",
            rule=REWRITTEN,
        )
    return before, now


def contradiction(reader: RecordReader, earlier: bytes) -> Contradiction:
    """What there is to say against the present log, which `check_extends` found to be rewritten.

    Raises:
        Malformed: not a checkpoint.
        Refused: not signed by this log.
        Inconsistent: the record's files do not lead to its checkpoint.

    Clause: rfc6962:2.1.2
    """
    before, now = _heads(reader, earlier)
    steps = () if before.size == now.size else steps_between(before.size, now, reader.node)
    return Contradiction(earlier=earlier, later=reader.checkpoint().note, steps=steps)


def _heads(reader: RecordReader, earlier: bytes) -> tuple[TreeHead, TreeHead]:
    keys = [VerifierKey.parse(reader.verifier_key)]
    return verify_checkpoint(earlier, keys), verify_checkpoint(reader.checkpoint().note, keys)
