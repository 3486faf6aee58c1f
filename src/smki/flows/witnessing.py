"""A witness at work: asked by a log, or following it by its public files. Never signs two histories.

1. The log is known, and signed the checkpoint.
2. The request starts where the memory ends; else the asker is told where that is.
3. What is remembered is the beginning of it; if not, what shows that is kept as evidence.
4. The checkpoint is remembered, durably: from here on no other of its size is ever signed.
5. It is signed, with the time.

Cut off after 4, nothing was said that is not remembered: whoever asks again is at 2, with the
size that is remembered now.
"""

from collections.abc import Callable
from dataclasses import dataclass

from smki.merkle.contradicting import steps_between
from smki.merkle.heads import TreeHead
from smki.merkle.notes import SignatureLine, SignedNote, VerifierKey
from smki.merkle.proofs import roots_along
from smki.merkle.travelling import AddCheckpoint
from smki.merkle.witnessing import FORKED, INCONSISTENT, check_extends_memory, read_head
from smki.ports import Checkpoint, Clock, RecordReader
from smki.ports.witness import WitnessMemory
from smki.terms import Inconsistent, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """The witness signed: what it vouches for, its signature line, and the checkpoint with it."""

    head: TreeHead
    line: SignatureLine
    checkpoint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """The request does not start where the witness's memory ends, which is at this size."""

    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A witness: its key, its memory, its clock, and the logs it knows.

    Attributes:
        key: its public key.
        sign: signs octets with the private one.
        memory: what it vouched for.
        clock: tells when it signs.
        logs: the keys of the logs, each named after its log.
    """

    key: VerifierKey
    sign: Callable[[bytes], bytes]
    memory: WitnessMemory
    clock: Clock
    logs: tuple[VerifierKey, ...]


def answer(witness: Witness, request: AddCheckpoint) -> Cosigned | Outdated:
    """The witness's cosignature of the checkpoint, or where its memory ends.

    Raises:
        Malformed: no checkpoint, or one that is smaller than the request says.
        Refused: an unknown log, a signature or proof that does not hold, or a fork.
        Inconsistent: the witness signed more than it remembers.
        Unavailable: the memory cannot be written; nothing was signed.

    Clause: c2sp:tlog-witness
    """
    head = read_head(request, witness.logs)  # step 1
    memory = witness.memory
    with memory.held():
        remembered = memory.last(head.origin)
        size = remembered.size if remembered else 0
        _check_memory(witness, request.checkpoint, head, remembered)
        if request.old != size:  # step 2
            return Outdated(size=size)
        _check(memory, request, head, remembered)  # step 3
        memory.remember(head, request.checkpoint)  # step 4
        seconds = int(witness.clock.now().timestamp())
        line = witness.key.sign(head.text(), witness.sign, seconds)  # step 5
    note = SignedNote.parse(request.checkpoint)
    return Cosigned(head=head, line=line, checkpoint=bytes(note.with_lines([line])))


def follow(witness: Witness, log: RecordReader) -> Cosigned:
    """The cosignature of the newest checkpoint that the log's public files show.

    The proof is made from the log's own tiles, and believed only as far as it leads from the root
    that is remembered to the one that is signed.

    Raises:
        Refused: the log went back, forked, or does not extend what is remembered.
        Inconsistent: its files do not lead to its checkpoint, or the witness signed more than it
            remembers.
        Unavailable: the log or the memory is away.

    Clause: c2sp:tlog-witness
    """
    checkpoint = log.checkpoint()
    remembered = witness.memory.last(checkpoint.origin)
    size = remembered.size if remembered else 0
    if checkpoint.size < size:
        raise Refused(
            f"log shows {checkpoint.size} entries, must be at least the {size} that it signed",
            where=checkpoint.origin,
            clause="rfc6962:2.1.2",
            rule="merkle.rolled-back",
        )
    steps = _steps(size, checkpoint, log)
    # A consistency proof leaves out what is the whole of the old tree.
    proof = steps if size & (size - 1) else steps[1:]
    request = AddCheckpoint(old=size, proof=proof, checkpoint=checkpoint.note)
    try:
        done = answer(witness, request)
    except Refused as error:
        if error.rule != INCONSISTENT or remembered is None:
            raise
        # Its own tiles lead to both roots: it is not the wrong request of someone else.
        root, _ = roots_along(size, checkpoint.size, steps)
        kept = witness.memory.keep_evidence(checkpoint.origin, checkpoint.note, steps)
        raise _forked(
            f"log was rewritten: it signed root {remembered.root.hex()} of {size} entries, and now"
            f" {checkpoint.size} of which the first {size} lead to {root.hex()}",
            kept,
            error,
        ) from error
    if isinstance(done, Outdated):  # someone else asked meanwhile
        return follow(witness, log)
    return done


def _steps(size: int, checkpoint: Checkpoint, log: RecordReader) -> tuple[bytes, ...]:
    """What leads from the first `size` entries to the checkpoint, by the log's own tiles."""
    if not size or size == checkpoint.size:
        return ()
    head = TreeHead.parse(SignedNote.parse(checkpoint.note).text)
    return steps_between(size, head, log.node)


def _check(
    memory: WitnessMemory, request: AddCheckpoint, head: TreeHead, remembered: TreeHead | None
) -> None:
    try:
        check_extends_memory(request, head, remembered)
    except Refused as error:
        if error.rule != FORKED:
            raise
        kept = memory.keep_evidence(head.origin, request.checkpoint, ())
        raise _forked(error.message, kept, error) from error


def _forked(message: str, kept: str, error: Refused) -> Refused:
    return Refused(
        f"{message}; the evidence is kept, anyone may check it with 'smki repository verify'",
        where=kept,
        clause=error.clause,
        rule=error.rule,
    )


def _check_memory(
    witness: Witness, note: bytes, head: TreeHead, remembered: TreeHead | None
) -> None:
    """What carries our own signature we remember, or our memory was put back to an older one."""
    size = remembered.size if remembered else 0
    own = (witness.key.name, witness.key.key_id)
    signed = any(
        (line.name, line.key_id) == own and witness.key.signed(head.text(), line.signature)
        for line in SignedNote.parse(note).signatures
    )
    if signed and head.size > size:
        raise Inconsistent(
            f"witness: this key cosigned size {head.size}, and {size} is remembered: the memory is"
            " an older copy, and this key must not sign again: make a new witness",
            where=head.origin,
            clause="c2sp:tlog-witness",
            rule="witness.memory",
        )
