"""Proofs that travel by themselves, and the messages between logs and witnesses.

    c2sp.org/tlog-proof@v1 LF                   add-checkpoint request
    [extra base64 LF]                           old <size> LF
    index <number> LF                           *(base64(hash) LF)      at most 63
    *(base64(hash) LF)                          LF
    LF                                          checkpoint
    checkpoint                                  answer: *(signature line)

We put the entry itself into `extra`, so that one file is enough; it is believed only as far as its
hash leads to the root. No network, no state: what a witness may sign stands in `witnessing`.

Clause: c2sp:tlog-proof, c2sp:tlog-witness
"""

import base64
import re
from dataclasses import dataclass
from typing import Final

from smki.merkle.hashing import HASH_OCTETS, leaf_hash
from smki.merkle.notes import NOTE_MAX_OCTETS, SignatureLine, unbase64
from smki.merkle.proofs import verify_inclusion
from smki.merkle.trust import Believed, Policy
from smki.terms import Malformed

PROOF_TITLE: Final = "c2sp.org/tlog-proof@v1"
PROOF_MAX_OCTETS: Final = NOTE_MAX_OCTETS + 100_000  # a leaf of 65,535 octets is 87,380 of base64
REQUEST_MAX_OCTETS: Final = NOTE_MAX_OCTETS + 4_096
_HASHES_MOST: Final = 63
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_PROOF: Final = "c2sp:tlog-proof"
_WITNESS: Final = "c2sp:tlog-witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """An entry's place in a log, and all that is needed to believe it.

    Attributes:
        index: the entry's number, from 0.
        path: the audit path, from the leaf's sibling up; 32 octets each.
        checkpoint: the signed note, octet for octet.
        extra: what else stands there; ours is the entry. None if the line is not there.

    Clause: c2sp:tlog-proof
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, octets: bytes) -> "TlogProof":
        """The proof in these octets; nothing is believed yet.

        Raises:
            Malformed: not a proof in this form.

        Clause: c2sp:tlog-proof
        """
        lines, checkpoint = _parted(octets, PROOF_MAX_OCTETS, "proof", _PROOF)
        title, *rest = lines
        if title != PROOF_TITLE:
            raise _malformed(f"proof: begins {title[:40]!r}, must be {PROOF_TITLE!r}", _PROOF)
        extra = None
        if rest and rest[0].startswith("extra "):
            extra = unbase64(rest.pop(0).removeprefix("extra "), "proof: extra")
        index = _number(rest.pop(0) if rest else "", "index", _PROOF)
        return cls(
            index=index, path=_hashes(rest, "proof", _PROOF), checkpoint=checkpoint, extra=extra
        )

    def encode(self) -> bytes:
        """The proof as a file holds it."""
        extra = [] if self.extra is None else [f"extra {base64.b64encode(self.extra).decode()}"]
        lines = [PROOF_TITLE, *extra, f"index {self.index}", *map(_base64, self.path), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint

    def verify(self, entry: bytes, policy: Policy) -> Believed:
        """`entry` is the one at this index of a log that `policy` believes.

        Raises:
            Malformed: no such entry in a log of that size, or no checkpoint.
            Refused: the policy does not believe the checkpoint, or the path does not lead to it.

        Clause: c2sp:tlog-proof, rfc6962:2.1.1
        """
        believed = policy.believe(self.checkpoint)
        head = believed.head
        verify_inclusion(leaf_hash(entry), self.index, head.size, self.path, head.root)
        return believed


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """What a witness is asked: to cosign a checkpoint that extends one it cosigned before.

    Attributes:
        old: size of the one before; 0 for the first.
        proof: the consistency proof from there; 32 octets each.
        checkpoint: the signed note, octet for octet.

    Clause: c2sp:tlog-witness
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    @classmethod
    def parse(cls, octets: bytes) -> "AddCheckpoint":
        """The request in these octets; nothing is believed yet.

        Raises:
            Malformed: not a request in this form.

        Clause: c2sp:tlog-witness
        """
        (first, *rest), checkpoint = _parted(octets, REQUEST_MAX_OCTETS, "request", _WITNESS)
        old = _number(first, "old", _WITNESS)
        return cls(old=old, proof=_hashes(rest, "request", _WITNESS), checkpoint=checkpoint)

    def encode(self) -> bytes:
        """The request as it is sent."""
        lines = [f"old {self.old}", *map(_base64, self.proof), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.checkpoint


def parse_cosignatures(octets: bytes) -> tuple[SignatureLine, ...]:
    """The signature lines of a witness's answer; nobody's word yet.

    Raises:
        Malformed: not one or more signature lines.

    Clause: c2sp:tlog-witness
    """
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        raise _malformed("answer is not UTF-8, must be", _WITNESS) from error
    if not text.endswith("\n") or len(octets) > NOTE_MAX_OCTETS:
        raise _malformed(f"answer of {len(octets)} octets, must be signature lines", _WITNESS)
    return tuple(SignatureLine.parse(line) for line in text[:-1].split("\n"))


def _parted(octets: bytes, most: int, what: str, clause: str) -> tuple[list[str], bytes]:
    """The lines above the first empty line, and the octets below it."""
    if len(octets) > most:
        raise _malformed(f"{what} of {len(octets)} octets, must be at most {most}", clause)
    above, parted, below = octets.partition(b"\n\n")
    if not parted or not above:
        raise _malformed(f"{what} has no checkpoint after an empty line, must have", clause)
    try:
        return above.decode("ascii").split("\n"), below
    except UnicodeDecodeError as error:
        raise _malformed(f"{what} is not ASCII above its checkpoint, must be", clause) from error


def _number(line: str, word: str, clause: str) -> int:
    found, _, digits = line.partition(" ")
    if found != word or not _NUMBER.fullmatch(digits):
        raise _malformed(f"line {line[:40]!r}, must be {word!r} and a decimal number", clause)
    return int(digits)


def _hashes(lines: list[str], what: str, clause: str) -> tuple[bytes, ...]:
    if len(lines) > _HASHES_MOST:
        raise _malformed(f"{what} of {len(lines)} hashes, must be at most {_HASHES_MOST}", clause)
    hashes = tuple(unbase64(line, f"{what}: hash") for line in lines)
    for one in hashes:
        if len(one) != HASH_OCTETS:
            raise _malformed(f"{what}: hash of {len(one)} octets, must be {HASH_OCTETS}", clause)
    return hashes


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def _malformed(message: str, clause: str) -> Malformed:
    return Malformed(message, clause=clause, rule="tlog.form")
