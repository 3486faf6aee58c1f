"""Evidence of a recovery is read again from the record alone.

Nothing is believed for standing there: each entry is proven under a signed checkpoint. How it got
there: `flows.recovery_pieces`.

Clause: sec:L10
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from smki.ceremonies.custodians import Purpose
from smki.ceremonies.environments import rehearsal_policy
from smki.ceremonies.replaying import replay
from smki.flows.recovery_pieces import framed_at
from smki.merkle.hashing import leaf_hash
from smki.merkle.leaf import certificate_of, is_certificate
from smki.ports import RecordReader
from smki.recovery.evidence import LEAF_KIND
from smki.recovery.proving_reading import HeldCeremony
from smki.recovery.report import Listed
from smki.repository import prove, verify_proof
from smki.terms import CertificateKind, Inconsistent, Refused
from smki.wire import der

_PROVEN_TOGETHER: Final = 256  # entries: a bundle of the record; most are digests, some 32 KiB


class RecordLibrary:
    """`proving_reading.Library` over the record: each entry is proven to be under its checkpoint.

    Args:
        reader: the record, or a copy of it.
        recovery: whose pieces they must be; None for any.

    Clause: sec:L10, c2sp:tlog-checkpoint
    """

    def __init__(self, reader: RecordReader, recovery: str | None = None) -> None:
        self._reader = reader
        self._recovery = recovery
        self._proven: dict[int, bytes] = {}  # the hash of each leaf that is proven

    def expect(self, entries: Iterable[int]) -> None:
        """These entries are proven together: neighbours share what is read for it.

        Entries beyond the record are left out: whoever asks for one is told.
        """
        size = self._reader.checkpoint().size
        within = sorted({entry for entry in entries if entry < size})
        for start in range(0, len(within), _PROVEN_TOGETHER):
            self._prove(within[start : start + _PROVEN_TOGETHER])

    def octets(self, listed: Listed) -> bytes:
        """The octets of a piece of evidence.

        Raises:
            Refused: its entry is another, or there is none.
            Inconsistent: the record is damaged.
        """
        return self.content(listed.entry, listed.kind.value, listed.name, listed.sha256)

    def content(self, entry: int, kind: str, name: str, digest: str) -> bytes:
        """The octets of the piece at that entry.

        Raises:
            Refused: it is another, or there is none.
            Inconsistent: the record is damaged.
        """
        found = framed_at(self._reader, self._leaf(entry, name))
        if found is None:
            raise _refused(f"{name}: entry {entry} is no piece of a recovery, must be this one")
        said, octets = found
        wanted = LEAF_KIND + kind
        whose, _, called = str(said.get("name", "")).rpartition(": ")
        if (said.get("kind"), called) != (wanted, name) or self._recovery not in (None, whose):
            raise _refused(
                f"{name}: entry {entry} is {said.get('kind')} {str(said.get('name'))[:80]!r},"
                f" must be {wanted} of {self._recovery or 'a recovery'}"
            )
        if sha256(octets).hexdigest() != digest:
            raise _refused(f"{name}: entry {entry} has other octets, must have the digest listed")
        return octets

    def certificate(self, entry: int) -> bytes | None:
        """The certificate (DER) that the record has at this entry; None if it has none there.

        Raises:
            Inconsistent: the record is damaged.
        """
        try:
            leaf = self._leaf(entry, "certificate")
        except Refused:
            return None
        return certificate_of(leaf) if is_certificate(leaf) else None

    def ceremony(self, transcript: bytes) -> HeldCeremony:
        """What this transcript comes to.

        Raises:
            Malformed, Refused: it does not replay.

        Clause: sec-app-l:3
        """
        told = replay(transcript)
        opening = told.opening
        return HeldCeremony(
            script=opening.script.name,
            rehearsal=opening.purpose is Purpose.REHEARSAL,
            certificates=tuple(told.certificates.values()),
            policies=frozenset(der.oid(oid)[2:] for _, oid in opening.profiles.policies),
        )

    def _leaf(self, entry: int, name: str) -> bytes:
        """The leaf, by a proof under the signed checkpoint."""
        if entry >= self._reader.checkpoint().size:
            raise _refused(f"{name}: entry {entry} is beyond the record, must be in it")
        if entry not in self._proven:
            self._prove([entry])
        leaf = self._reader.leaf(entry)
        if leaf_hash(leaf) != self._proven[entry]:
            raise Inconsistent(f"record: entry {entry} changed while it was read")
        return leaf

    def _prove(self, entries: Sequence[int]) -> None:
        lines = b"".join(prove(self._reader, entries)).splitlines(keepends=True)
        found = verify_proof(lines, self._reader.verifier_key)
        self._proven.update((entry, leaf_hash(leaf)) for entry, leaf in found.entries)


def rehearsal_policies() -> frozenset[bytes]:
    """Content octets of the policy OIDs of all rehearsals."""
    return frozenset(der.oid(rehearsal_policy(kind))[2:] for kind in CertificateKind)


def _refused(what: str) -> Refused:
    return Refused(what, where="evidence", clause="sec:L10", rule="recovery.evidence")
