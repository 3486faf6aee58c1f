"""Proof files: entries of the record with all that is needed to believe them, offline.

    smki-proof 1 LF
    entries <count> LF
    checkpoint <number of lines that follow> LF
    ... the signed checkpoint, C2SP tlog-checkpoint text ...
    then, from the left of the tree to its right:
    leaf <index> <base64 of the leaf> LF          an entry that is proven
    hash <base64, 32 octets> LF                   a full subtree between those entries
    end LF

Which subtree a hash stands for follows from the indices and the size (`merkle.gathered`). One
format for one certificate and for a batch of 50,000, written and checked in one pass. To verify,
the file and the log's public key are enough: no server, no index, no clock.

Clause: c2sp:tlog-checkpoint, rfc6962:2.1.1
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smki.merkle.base64_texts import read_base64
from smki.merkle.checkpoints import TreeHead
from smki.merkle.gathered import GatheredVerifier, complement
from smki.merkle.hashing import HASH_OCTETS
from smki.merkle.proofs import cover
from smki.merkle.trust import Policy
from smki.ports import Checkpoint, RecordReader
from smki.terms import Malformed

TITLE: Final = "smki-proof 1"
LINE_MAX_OCTETS: Final = 100_000  # a leaf of 65,535 octets is 87,380 of base64
_NOTE_MAX_LINES: Final = 64  # origin, size, root, and far more signatures than a note may need


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """What a proof file proves.

    Attributes:
        head: the checkpoint it stands under, signed by the log.
        entries: each entry's index and leaf, in rising order.
        cosigners: the witnesses of the policy that signed it, and the second since 1970 they say.
    """

    head: TreeHead
    entries: tuple[tuple[int, bytes], ...]
    cosigners: tuple[tuple[str, int], ...] = ()


def prove(
    reader: RecordReader, entries: Sequence[int], checkpoint: Checkpoint | None = None
) -> Iterator[bytes]:
    """The lines of a proof file for these entries, memory flat; under `newest_for` them.

    Order and repetition in `entries` do not matter.

    Raises:
        Malformed: no entries, or one beyond the record.
        Inconsistent: the record is damaged.
    """
    indices = sorted(set(entries))
    under = checkpoint or newest_for(reader, indices)
    if not indices or indices[0] < 0 or indices[-1] >= under.size:
        raise Malformed(
            f"proof of {len(indices)} entries, must be at least one, each below {under.size}"
        )
    return _prove(reader, indices, under)


def newest_for(reader: RecordReader, entries: Sequence[int]) -> Checkpoint:
    """The newest cosigned checkpoint if it covers these entries, else the newest of all."""
    cosigned = reader.cosigned()
    if cosigned is not None and max(entries, default=0) < cosigned.size:
        return cosigned
    return reader.checkpoint()


def verify_proof(lines: Iterable[bytes], believed: str | Policy) -> Proven:
    """Every leaf in the file is the entry it is said to be, in a log that is believed.

    Believed is a log, by its verifier key, or what a policy says.

    `lines` are the file's lines with their ends, as iterating over a binary file gives them.

    Raises:
        Malformed: not a proof file, or not a verifier key.
        Refused: not signed by that key, too few witnesses for the policy, or the leaves do not
            lead to the root.
    """
    source = _Lines(lines)
    source.expect(TITLE)
    count = source.number("entries")
    note = source.note()
    policy = believed if isinstance(believed, Policy) else Policy.of_log(believed)
    found = policy.believe(note)
    head = found.head
    verifier = GatheredVerifier(head.size)
    entries: list[tuple[int, bytes]] = []
    position = 0
    hashes: list[bytes] = []
    while (line := source.take()) != "end":
        word, _, rest = line.partition(" ")
        if word == "hash":
            hashes.append(source.hash(rest))
            continue
        index, leaf = source.leaf(word, rest)
        _fill(verifier, position, index, hashes)
        verifier.add(leaf)
        entries.append((index, leaf))
        position, hashes = index + 1, []
    source.done()
    _fill(verifier, position, head.size, hashes)
    if len(entries) != count or not entries:
        raise Malformed(f"proof file: {len(entries)} leaves, must be {count} and at least one")
    verifier.finish(head.root)
    return Proven(head=head, entries=tuple(entries), cosigners=found.cosigners)


def _prove(reader: RecordReader, indices: Sequence[int], under: Checkpoint) -> Iterator[bytes]:
    note = under.note
    lines = note.count(b"\n")
    yield f"{TITLE}\nentries {len(indices)}\ncheckpoint {lines}\n".encode()
    yield note
    leaves = _leaves(reader, indices)
    for item in complement(indices, under.size):
        if isinstance(item, int):
            yield b"leaf %d %b\n" % (item, base64.b64encode(next(leaves)))
        else:
            yield b"hash %b\n" % base64.b64encode(reader.node(*item))
    yield b"end\n"


def _leaves(reader: RecordReader, indices: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for at in range(1, len(indices) + 1):
        if at == len(indices) or indices[at] != indices[at - 1] + 1:
            yield from reader.leaves(indices[start], indices[at - 1] + 1)
            start = at


def _fill(verifier: GatheredVerifier, start: int, stop: int, hashes: Sequence[bytes]) -> None:
    verifier.fill(stop, hashes)
    needed = sum(1 for _ in cover(start, stop))
    if len(hashes) != needed:
        raise Malformed(f"proof file: {len(hashes)} hashes before leaf {stop}, must be {needed}")


class _Lines:
    """Takes the lines of a proof file one by one; every fault names the line."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._number = 0

    def raw(self) -> bytes:
        self._number += 1
        line = next(self._lines, b"")
        if len(line) > LINE_MAX_OCTETS or not line.endswith(b"\n"):
            raise self.malformed(f"{len(line)} octets, must be a whole line of at most 100,000")
        return line

    def take(self) -> str:
        try:
            return self.raw()[:-1].decode("ascii")
        except UnicodeDecodeError as error:
            raise self.malformed("not ASCII, must be") from error

    def expect(self, text: str) -> None:
        if (line := self.take()) != text:
            raise self.malformed(f"{line[:40]!r}, must be {text!r}")

    def number(self, word: str) -> int:
        found, _, digits = self.take().partition(" ")
        if found != word:
            raise self.malformed(f"{found[:40]!r}, must be {word!r} and a number")
        return self.decimal(digits)

    def decimal(self, digits: str) -> int:
        if not digits.isdecimal() or len(digits) > 18 or str(int(digits)) != digits:
            raise self.malformed(f"{digits[:40]!r}, must be decimal without leading zeros")
        return int(digits)

    def note(self) -> bytes:
        count = self.number("checkpoint")
        if count > _NOTE_MAX_LINES:
            raise self.malformed(f"checkpoint of {count} lines, must be at most {_NOTE_MAX_LINES}")
        return b"".join([self.raw() for _ in range(count)])

    def leaf(self, word: str, rest: str) -> tuple[int, bytes]:
        digits, _, encoded = rest.partition(" ")
        if word != "leaf":
            raise self.malformed(f"{word[:40]!r}, must be 'leaf', 'hash' or 'end'")
        return self.decimal(digits), self.octets(encoded)

    def hash(self, encoded: str) -> bytes:
        octets = self.octets(encoded)
        if len(octets) != HASH_OCTETS:
            raise self.malformed(f"hash of {len(octets)} octets, must be {HASH_OCTETS}")
        return octets

    def octets(self, encoded: str) -> bytes:
        octets = read_base64(encoded)
        if octets is None:
            raise self.malformed(f"{encoded[:60]!r} is not base64 in its only form, must be")
        return octets

    def done(self) -> None:
        if next(self._lines, None) is not None:
            raise self.malformed("followed by more, must be the end")

    def malformed(self, message: str) -> Malformed:
        return Malformed(f"proof file: {message}", where=f"line {self._number}", rule="proof.form")
