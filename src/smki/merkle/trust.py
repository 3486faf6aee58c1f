"""Whom to believe: which logs, and how many of which witnesses, from a policy file.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...      of what stands above; each name in one group at most
    quorum none|<name>                      exactly one

Items are parted by blanks and tabs; empty lines and lines that begin with # are passed over. A log
signs with 01 or 06, a witness with 04 or 06. No clock: when a witness signed is told, not judged.

Clause: c2sp:tlog-policy
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from smki.merkle.checkpoints import TreeHead, verify_checkpoint
from smki.merkle.notes import SignedNote, VerifierKey
from smki.merkle.signatures import Algorithm
from smki.terms import Malformed, Refused

POLICY_MAX_OCTETS: Final = 1 << 20  # some 500 ML-DSA-44 keys
NONE: Final = "none"
_CLAUSE: Final = "c2sp:tlog-policy"
_LOG_KEYS: Final = (Algorithm.ED25519, Algorithm.ML_DSA_44)
_WITNESS_KEYS: Final = (Algorithm.COSIGNATURE, Algorithm.ML_DSA_44)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_BLANKS: Final = re.compile(r"[ \t]+")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A log or a witness: its name in the policy (a log's is its origin), key and address."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """So many of these witnesses and groups, or more."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """A checkpoint that a policy believes.

    Attributes:
        head: what it says.
        cosigners: the policy's witnesses that signed it, and the second since 1970 they say.
    """

    head: TreeHead
    cosigners: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which logs are known, and how many of which witnesses must have seen a checkpoint.

    Attributes:
        logs: those that are believed, each alone.
        witnesses: those that are known.
        groups: each after its members.
        quorum: the witness or group that must have signed; `none` for nobody.

    Clause: c2sp:tlog-policy
    """

    logs: tuple[Peer, ...] = ()
    witnesses: tuple[Peer, ...] = ()
    groups: tuple[Group, ...] = ()
    quorum: str = NONE

    @classmethod
    def parse(cls, octets: bytes) -> "Policy":
        """The policy in these octets.

        Raises:
            Malformed: not a policy; names the line.

        Clause: c2sp:tlog-policy
        """
        return _Reader().read(octets)

    @classmethod
    def of_log(cls, verifier_key: str) -> "Policy":
        """The policy that believes this log alone, and asks for no witness.

        Raises:
            Malformed: not a verifier key.
        """
        key = VerifierKey.parse(verifier_key)
        return cls(logs=(Peer(name=key.name, key=key),))

    def believe(self, note: bytes) -> Believed:
        """What the checkpoint says, signed by a known log and by enough of the witnesses.

        Raises:
            Malformed: not a checkpoint.
            Refused: not signed by a known log, too few witnesses, or a signature that does not
                hold.

        Clause: c2sp:tlog-policy, c2sp:tlog-cosignature
        """
        head = verify_checkpoint(note, [log.key for log in self.logs])
        seen = SignedNote.parse(note).signers([witness.key for witness in self.witnesses])
        cosigners = tuple(
            (witness.name, witness.key.time(seen[witness.key]))
            for witness in self.witnesses
            if witness.key in seen
        )
        if not self.reached({name for name, _ in cosigners}):
            found = ", ".join(name for name, _ in cosigners) or "none of the witnesses"
            raise Refused(
                f"checkpoint of size {head.size}: cosigned by {found}, must be by {self.wanted()}",
                where=head.origin,
                clause=_CLAUSE,
                rule="policy.quorum",
            )
        return Believed(head=head, cosigners=cosigners)

    def reached(self, cosigners: set[str]) -> bool:
        """Whether these witnesses are enough."""
        satisfied = {NONE, *cosigners}
        for group in self.groups:
            if sum(member in satisfied for member in group.members) >= group.threshold:
                satisfied.add(group.name)
        return self.quorum in satisfied

    def wanted(self) -> str:
        """The quorum in words."""
        for group in self.groups:
            if group.name == self.quorum:
                return f"{group.threshold} of {len(group.members)} ({', '.join(group.members)})"
        return self.quorum


class _Reader:
    """Reads a policy line by line; every fault names its line."""

    def __init__(self) -> None:
        self._number = 0
        self._logs: list[Peer] = []
        self._witnesses: list[Peer] = []
        self._groups: list[Group] = []
        self._named: set[str] = set()
        self._grouped: set[str] = set()
        self._quorum: str | None = None

    def read(self, octets: bytes) -> Policy:
        """The policy in these octets."""
        if len(octets) > POLICY_MAX_OCTETS:
            raise self._wrong(f"{len(octets)} octets, must be at most {POLICY_MAX_OCTETS}")
        if octets and not octets.endswith(b"\n"):
            raise self._wrong("the last line has no end, must have")
        for line in octets.split(b"\n"):
            self._number += 1
            if _CONTROL.search(line):
                raise self._wrong("holds a control character, must not")
            # Octets above 7F mean nothing here: two names are one if their octets are.
            text = line.decode("utf-8", "surrogateescape").strip(" \t")
            if text and not text.startswith("#"):
                self._take(*_BLANKS.split(text))
        if self._quorum is None:
            raise self._wrong("no quorum, must have one line 'quorum none' or 'quorum <name>'")
        return Policy(
            logs=tuple(self._logs),
            witnesses=tuple(self._witnesses),
            groups=tuple(self._groups),
            quorum=self._quorum,
        )

    def _take(self, word: str, *items: str) -> None:
        match word, items:
            case "log", (vkey, *url) if len(url) <= 1:
                key = self._key(vkey, _LOG_KEYS, self._logs)
                self._logs.append(Peer(name=key.name, key=key, url="".join(url)))
            case "witness", (name, vkey, *url) if len(url) <= 1:
                key = self._key(vkey, _WITNESS_KEYS, self._witnesses)
                self._witnesses.append(Peer(name=self._fresh(name), key=key, url="".join(url)))
            case "group", (name, count, *members) if members:
                self._group(name, count, members)
            case "quorum", (name,):
                if self._quorum is not None:
                    raise self._wrong("a second quorum, must be one")
                if name != NONE and name not in self._named:
                    raise self._wrong(f"quorum {name[:80]!r}, must be defined above, or none")
                self._quorum = name
            case _:
                raise self._wrong(
                    f"{word[:40]!r} with {len(items)} items, must be 'log <vkey> [<url>]',"
                    " 'witness <name> <vkey> [<url>]', 'group <name> <k> <name>...' or"
                    " 'quorum <name>'"
                )

    def _key(self, text: str, allowed: tuple[Algorithm, ...], known: Sequence[Peer]) -> VerifierKey:
        try:
            key = VerifierKey.parse(text)
        except Malformed as error:
            raise self._wrong(error.message) from error
        if key.algorithm not in allowed:
            codes = " or ".join(f"{one:02x}" for one in allowed)
            raise self._wrong(f"key {key.name} of algorithm {key.algorithm:02x}, must be {codes}")
        if any(peer.key.public_key == key.public_key for peer in known):
            raise self._wrong(f"key {key.name} stands above already, must be another")
        return key

    def _fresh(self, name: str) -> str:
        if name == NONE or name in self._named:
            raise self._wrong(f"name {name[:80]!r} is taken, must be another")
        self._named.add(name)
        return name

    def _group(self, name: str, count: str, members: Sequence[str]) -> None:
        for member in members:
            if member not in self._named:
                raise self._wrong(f"member {member[:80]!r}, must be defined above")
            if member in self._grouped:
                raise self._wrong(f"member {member[:80]!r} again, must be in one group once")
            self._grouped.add(member)
        if count not in ("all", "any") and not _NUMBER.fullmatch(count):
            raise self._wrong(f"threshold {count[:40]!r}, must be a number, all or any")
        threshold = {"all": len(members), "any": 1}.get(count) or int(count)
        if threshold > len(members):
            raise self._wrong(f"threshold {threshold}, must be at most {len(members)}")
        group = Group(name=self._fresh(name), threshold=threshold, members=tuple(members))
        self._groups.append(group)

    def _wrong(self, message: str) -> Malformed:
        return Malformed(
            f"policy: {message}",
            where=f"line {self._number}",
            clause=_CLAUSE,
            rule="policy.form",
        )
