"""Evidence that a log signed two histories: for anyone to check, with the log's public key alone.

    smki-contradiction 1 LF
    checkpoint <number of lines that follow> LF
    ... the earlier signed checkpoint, of size m ...
    checkpoint <number of lines that follow> LF
    ... the later signed checkpoint, of size n, m <= n ...
    steps <number of lines that follow> LF
    step <base64, 32 octets> LF

Two roots of one size contradict each other by themselves: no steps. Else the steps are a consistency
proof of the later log with its first hash always said: they lead to the later root, and to the only
root that its first m entries can have, which is not the one that was signed. Nobody can make
such steps for a log that only grew. That a log went back to an older checkpoint is no contradiction.

Clause: rfc6962:2.1.2, c2sp:tlog-checkpoint
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smki.merkle.checkpoints import verify_checkpoint
from smki.merkle.heads import TreeHead
from smki.merkle.notes import NOTE_MAX_OCTETS, VerifierKey, unbase64
from smki.merkle.proofs import Nodes, prove_consistency, range_root, roots_along
from smki.terms import Inconsistent, Malformed, Refused

TITLE: Final = "smki-contradiction 1"
CONTRADICTION_MAX_OCTETS: Final = 2 * NOTE_MAX_OCTETS + 8_192
_DIGITS: Final = len(str(CONTRADICTION_MAX_OCTETS))
"""Of a number of lines: as many as a note that was believed may have, whoever signed it."""
_CLAUSE: Final = "rfc6962:2.1.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradicted:
    """What a contradiction shows.

    Attributes:
        earlier: the head that was signed first.
        later: the head that was signed although it does not extend it.
        root: what the later log's first entries lead to, as many as the earlier has.
    """

    earlier: TreeHead
    later: TreeHead
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Two signed checkpoints of a log, and the steps that show that one does not extend the other.

    Attributes:
        earlier: the signed note of the smaller size.
        later: the signed note of the other.
        steps: from the later log's own hashes, 32 octets each; none for two roots of one size.

    Clause: rfc6962:2.1.2
    """

    earlier: bytes
    later: bytes
    steps: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, octets: bytes) -> "Contradiction":
        """The contradiction in these octets; nothing is believed yet.

        Raises:
            Malformed: not one in this form.
        """
        if len(octets) > CONTRADICTION_MAX_OCTETS or not octets.endswith(b"\n"):
            raise _malformed(f"{len(octets)} octets, must be whole lines of at most 2 notes")
        lines = (line + b"\n" for line in octets[:-1].split(b"\n"))
        if next(lines, b"") != f"{TITLE}\n".encode():
            raise _malformed(f"first line, must be {TITLE!r}")
        earlier = b"".join(_counted(lines, "checkpoint"))
        later = b"".join(_counted(lines, "checkpoint"))
        steps = tuple(_step(line) for line in _counted(lines, "steps"))
        if next(lines, None) is not None:
            raise _malformed("more lines after the last step, must be none")
        return cls(earlier=earlier, later=later, steps=steps)

    def encode(self) -> bytes:
        """The contradiction as a file holds it."""
        steps = [b"step %b\n" % base64.b64encode(step) for step in self.steps]
        return b"".join(
            (
                f"{TITLE}\n".encode(),
                b"checkpoint %d\n%b" % (self.earlier.count(b"\n"), self.earlier),
                b"checkpoint %d\n%b" % (self.later.count(b"\n"), self.later),
                b"steps %d\n" % len(steps),
                *steps,
            )
        )

    def verify(self, keys: Sequence[VerifierKey]) -> Contradicted:
        """The log of one of these keys signed both, and no log that only grew has both.

        Raises:
            Malformed: not checkpoints.
            Refused: not signed by one of `keys`, of two logs, or no contradiction.

        Clause: rfc6962:2.1.2
        """
        earlier, later = verify_checkpoint(self.earlier, keys), verify_checkpoint(self.later, keys)
        if earlier.origin != later.origin:
            raise _refused(
                f"checkpoints of {earlier.origin} and {later.origin}, must be of one log"
            )
        root = later.root
        if earlier.size == later.size and self.steps:
            raise _malformed(f"{len(self.steps)} steps between two of one size, must be none")
        if earlier.size != later.size:
            root, after = roots_along(earlier.size, later.size, self.steps)
            if after != later.root:
                raise _refused(f"steps lead to {after.hex()}, must to the later root")
        if root == earlier.root:
            raise _refused("the later log begins with the earlier one: it only grew")
        return Contradicted(earlier=earlier, later=later, root=root)


def steps_between(old: int, later: TreeHead, node: Nodes) -> tuple[bytes, ...]:
    """The steps from the first `old` entries of the log of `later`, whose hashes `node` gives.

    Raises:
        Malformed: `old` is not from 1 to the size of `later`.
        Inconsistent: the hashes do not lead to the root of `later`: they are no evidence.

    Clause: rfc6962:2.1.2
    """
    steps = prove_consistency(old, later.size, node)
    if old & (old - 1) == 0:  # a full subtree, which a consistency proof leaves out
        steps = (range_root(0, old, node), *steps)
    _, after = roots_along(old, later.size, steps)
    if after != later.root:
        raise Inconsistent(
            f"log: its tiles lead to {after.hex()}, its checkpoint says {later.root.hex()}:"
            " they are damaged, or still being copied",
            where=later.origin,
            clause="c2sp:tlog-tiles",
            rule="record.damaged",
        )
    return steps


def _counted(lines: Iterator[bytes], word: str) -> list[bytes]:
    line = next(lines, b"").removesuffix(b"\n")
    found, _, digits = line.partition(b" ")
    if found != word.encode() or not digits.isdigit() or len(digits) > _DIGITS:
        raise _malformed(f"{line[:40]!r}, must be '{word} <number>'")
    count = int(digits)
    counted = [one for _, one in zip(range(count), lines, strict=False)]
    if len(counted) != count or digits != b"%d" % count:
        raise _malformed(f"{len(counted)} lines after {word} {count}, must be so many")
    return counted


def _step(line: bytes) -> bytes:
    word, _, encoded = line.removesuffix(b"\n").partition(b" ")
    if word != b"step" or not encoded.isascii():
        raise _malformed(f"{line[:40]!r}, must be 'step <base64>'")
    return unbase64(encoded.decode("ascii"), "contradiction: step")


def _malformed(message: str) -> Malformed:
    return Malformed(f"contradiction: {message}", clause=_CLAUSE, rule="contradiction.form")


def _refused(message: str) -> Refused:
    return Refused(f"contradiction: {message}", clause=_CLAUSE, rule="contradiction.none")
