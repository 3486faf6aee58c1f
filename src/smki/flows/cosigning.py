"""Asks witnesses to cosign the log's newest checkpoint, and publishes what they signed.

1. Each witness is asked from where we last saw its signature; one that is elsewhere says where.
2. Its line counts if its own key made it, over this very checkpoint.
3. The checkpoint with all lines is published.

A witness that is away, or refuses, is told of and holds nobody up: issuing never waits for this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from smki.merkle.notes import SignatureLine, SignedNote, VerifierKey
from smki.merkle.proofs import prove_consistency
from smki.merkle.travelling import AddCheckpoint, parse_cosignatures
from smki.ports import Checkpoint, RecordReader
from smki.ports.witness import WitnessLink
from smki.terms import Malformed, Refused, SmkiError, Unavailable

_TRIES: Final = 3  # the first guess, what it says, and once more if others ask it meanwhile
_SIZE_DIGITS: Final = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWitness:
    """A witness that is asked: its name in the policy, its key, and the way to it."""

    name: str
    key: VerifierKey
    link: WitnessLink


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What one round brought.

    Attributes:
        size: of the checkpoint that was cosigned.
        cosigners: the names of those that signed it.
        problems: what the others said, or that they were away.
    """

    size: int
    cosigners: tuple[str, ...]
    problems: tuple[str, ...]


def collect(
    reader: RecordReader,
    witnesses: Sequence[AskedWitness],
    publish: Callable[[bytes], None],
) -> Collected:
    """The newest checkpoint is published with the cosignatures of all witnesses that gave one.

    Raises:
        Inconsistent: the record is damaged.
        Unavailable: the record cannot be read or written.

    Clause: c2sp:tlog-witness, c2sp:tlog-cosignature
    """
    checkpoint = reader.checkpoint()
    lines: dict[str, SignatureLine] = {}
    problems: list[str] = []
    for witness in witnesses:
        try:
            lines[witness.name] = _ask(reader, checkpoint, witness)
        except (Malformed, Refused, Unavailable) as error:
            problems.append(_told(witness, error))
    if lines:
        publish(bytes(SignedNote.parse(checkpoint.note).with_lines(lines.values())))
    return Collected(size=checkpoint.size, cosigners=tuple(lines), problems=tuple(problems))


def _ask(reader: RecordReader, checkpoint: Checkpoint, witness: AskedWitness) -> SignatureLine:
    old = _last_seen(reader, witness)
    for _ in range(_TRIES):
        if old > checkpoint.size:
            raise Refused(
                f"it cosigned size {old} of this log, which has {checkpoint.size}: the record went"
                " back: stop, and compare with a copy of it",
                rule="merkle.rolled-back",
            )
        proof = prove_consistency(old, checkpoint.size, reader.node) if old else ()
        request = AddCheckpoint(old=old, proof=proof, checkpoint=checkpoint.note)
        answer = witness.link.add_checkpoint(request.encode())
        if answer.status == 200:
            return _own_line(checkpoint, witness, answer.body)
        said = answer.body[:300].decode("utf-8", "replace").strip()
        if answer.status != 409 or not _is_size(said):
            raise Refused(f"HTTP {answer.status}: {said or 'no text'}", rule="witness.refused")
        old = int(said)
    raise Unavailable("it is asked by others at the same time, to be tried again")


def _own_line(checkpoint: Checkpoint, witness: AskedWitness, body: bytes) -> SignatureLine:
    text = SignedNote.parse(checkpoint.note).text
    for line in parse_cosignatures(body):
        own = (line.name, line.key_id) == (witness.key.name, witness.key.key_id)
        if own and witness.key.signed(text, line.signature):
            return line
    raise Refused("no signature of its own over this checkpoint", rule="note.signature")


def _last_seen(reader: RecordReader, witness: AskedWitness) -> int:
    """The size that this witness signed last, as far as the record shows."""
    cosigned = reader.cosigned()
    if cosigned is None:
        return 0
    own = (witness.key.name, witness.key.key_id)
    lines = SignedNote.parse(cosigned.note).signatures
    return cosigned.size if own in {(line.name, line.key_id) for line in lines} else 0


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _SIZE_DIGITS


def _told(witness: AskedWitness, error: SmkiError) -> str:
    return f"witness {witness.name}: {error.message}"
