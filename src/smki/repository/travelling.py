"""Proof files in two forms: our own (`proving`) for any number of entries, C2SP's for one.

In a tlog-proof the entry itself stands in `extra`, so that the file alone is enough here too; to
others' programs the form is the published one, and `extra` is theirs to pass over.

Clause: c2sp:tlog-proof
"""

from collections.abc import Iterable
from itertools import chain

from smki.merkle.proofs import prove_inclusion
from smki.merkle.travelling import PROOF_MAX_OCTETS, PROOF_TITLE, TlogProof
from smki.merkle.trust import Policy
from smki.ports import Checkpoint, RecordReader
from smki.repository.proving import Proven, verify_proof
from smki.terms import Malformed


def prove_one(reader: RecordReader, entry: int, under: Checkpoint) -> TlogProof:
    """The proof of one entry, in C2SP's form, under this checkpoint.

    Raises:
        Malformed: no such entry.
        Inconsistent: the record is damaged.

    Clause: c2sp:tlog-proof
    """
    return TlogProof(
        index=entry,
        path=prove_inclusion(entry, under.size, reader.node),
        checkpoint=under.note,
        extra=reader.leaf(entry),
    )


def verify_file(lines: Iterable[bytes], policy: Policy) -> Proven:
    """What a proof file of either form proves to who believes this policy.

    Raises:
        Malformed: not a proof file, or one without its entry.
        Refused: the policy does not believe it, or it does not lead to the root.

    Clause: c2sp:tlog-proof, c2sp:tlog-policy
    """
    source = iter(lines)
    first = next(source, b"")
    if first != f"{PROOF_TITLE}\n".encode():
        return verify_proof(chain([first], source), policy)
    octets = first
    for line in source:
        octets += line
        if len(octets) > PROOF_MAX_OCTETS:
            break  # its reader says that it is too long
    proof = TlogProof.parse(octets)
    if proof.extra is None:
        raise Malformed(
            "proof: holds no entry, must as 'extra'", clause="c2sp:tlog-proof", rule="proof.form"
        )
    found = proof.verify(proof.extra, policy)
    return Proven(head=found.head, entries=((proof.index, proof.extra),), cosigners=found.cosigners)
