"""What a recovery leaves behind is lodged, and read again from the record alone.

    entry   TRANSCRIPT leaf, framed: {"kind": "recovery-<kind>", "name": "<recovery>: <name>"} before
            the octets of the piece; kinds as in `recovery.evidence`, and `report`

Rows of evidence are taken from campaigns as they were kept, command and response octet for octet. Of
several campaigns of one recovery, a second run say, a device has all that went to it, in the order
of time, and what became of it last.

Clause: sec:L10, sec:L5
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from heapq import merge
from itertools import groupby
from typing import Final, TypeVar

from smki.campaigns import evidence_in, members_in
from smki.ceremonies.custodians import Purpose
from smki.ceremonies.environments import rehearsal_policy
from smki.ceremonies.replaying import replay
from smki.flows.office import FrontOffice, Office
from smki.merkle.canonical import JSON
from smki.merkle.hashing import leaf_hash
from smki.merkle.leaf import (
    Leaf,
    LeafForm,
    LeafType,
    certificate_of,
    decode_framed,
    decode_leaf,
    encode_framed,
    is_certificate,
    number_of,
)
from smki.ports import RecordReader
from smki.ports.campaigns import Campaigns, Evidence, Member
from smki.recovery import Fate
from smki.recovery.evidence import LEAF_KIND, EvidenceKind, Turn
from smki.recovery.evidence_bundles import must_read
from smki.recovery.evidence_rows import Exchange, Exchanges, OutcomeRow
from smki.recovery.proving_reading import HeldCeremony
from smki.recovery.replacing import READ_BACK_CODE
from smki.recovery.report import REPORT_KIND, Listed, Report, parse_report
from smki.repository import body_of, catch_up, lodge_leaves, prove, verify_proof
from smki.terms import EUI64, CertificateKind, Inconsistent, Malformed, Refused
from smki.wire import der
from smki.wire.gbcs.frame import parse_message

REPORT: Final = REPORT_KIND.removeprefix(LEAF_KIND)
PIECE_MAX: Final = 20 * 1024 * 1024  # octets: a bundle, or the longest report
_BODY_MAX: Final = PIECE_MAX + 64 * 1024  # with what stands before a piece
_PROVEN_TOGETHER: Final = 256  # entries: a bundle of the record; most are digests, some 32 KiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something to be lodged.

    Attributes:
        kind: of an `EvidenceKind`, or `REPORT`.
        name: its own among those of its kind.
        octets: all of it.
    """

    kind: str
    name: str
    octets: bytes


def lodge_pieces(office: Office, recovery: str, pieces: Sequence[Piece]) -> tuple[int, ...]:
    """The pieces are in the record; the entry of each. Lodged again, nothing changes.

    Raises:
        Malformed: one is not of its form.
        Unavailable: the disk or the database is away.

    Clause: sec:L10, sec:L5
    """
    front = office.front
    entries: dict[int, int] = {}
    fresh: list[tuple[LeafType, bytes]] = []
    places: list[int] = []
    for place, piece in enumerate(pieces):
        _must_be_of_its_form(piece)
        body = _body(recovery, piece)
        known = _known(front, _name(recovery, piece.name), body)
        if known is None:
            places.append(place)
            fresh.append((LeafType.TRANSCRIPT, body))
        else:
            entries[place] = known
    if fresh:
        lodged = lodge_leaves(office.record, fresh, front.clock.now())
        catch_up(front.reader, front.index, front.describe)
        entries.update(zip(places, lodged, strict=True))
    return tuple(entries[place] for place in range(len(pieces)))


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
        """The certificate (DER) that the record has at this entry; None if it has none there."""
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


def report_entry(reader: RecordReader, octets: bytes) -> int | None:
    """Where the record has this report; None if it does not.

    A report is lodged after its evidence, and after the version before it: what comes before is not
    looked at.

    Raises:
        Malformed: not a report.
        Inconsistent: the record is damaged.

    Clause: sec:L10
    """
    report = parse_report(octets)
    body = _body(
        report.subject.name, Piece(kind=REPORT, name=_reported(report.version), octets=octets)
    )
    before = [one.entry for one in report.evidence]
    before += [report.supersedes.entry] if report.supersedes else []
    start = max(before, default=-1) + 1
    size = reader.checkpoint().size
    for entry, leaf in enumerate(reader.leaves(min(start, size), size), start):
        if number_of(leaf) == LeafType.TRANSCRIPT and _holds(decode_leaf(leaf), body):
            return entry
    return None


def other_reports(
    reader: RecordReader, report: Report, entry: int | None
) -> Iterator[tuple[str, int]]:
    """Version and entry of what else is said to report this recovery, since its first evidence.

    Left out are the report at that entry, and the one it supersedes.

    Raises:
        Inconsistent: the record is damaged.

    Clause: sec:L10
    """
    known = {one.entry for one in report.evidence} | {entry}
    known |= {report.supersedes.entry} if report.supersedes else set()
    start = min((one.entry for one in report.evidence), default=0)
    size = reader.checkpoint().size
    for place, leaf in enumerate(reader.leaves(min(start, size), size), start):
        if place in known or number_of(leaf) != LeafType.TRANSCRIPT:
            continue
        found = framed_at(reader, leaf)
        if found is None or found[0].get("kind") != REPORT_KIND:
            continue
        whose, _, called = str(found[0].get("name", "")).rpartition(": ")
        if whose == report.subject.name:
            yield called.removeprefix(f"{REPORT} "), place


def report_piece(octets: bytes) -> Piece:
    """The piece that holds a report.

    Raises:
        Malformed: not a report.
    """
    return Piece(kind=REPORT, name=_reported(parse_report(octets).version), octets=octets)


def framed_at(reader: RecordReader, leaf: bytes) -> tuple[dict[str, JSON], bytes] | None:
    """What a TRANSCRIPT leaf says before its content, and the content; None if it is another.

    What is longer than any piece is none, and is not read.

    Raises:
        Unavailable: this copy of the record lacks its blob.
        Inconsistent: its blob is missing or damaged.
    """
    try:
        whole = decode_leaf(leaf)
        if whole.type is not LeafType.TRANSCRIPT or whole.form is LeafForm.COMMITMENT:
            return None
        if whole.length > _BODY_MAX:
            return None
        said, octets = decode_framed(body_of(reader, whole))
    except Malformed:
        return None
    return (dict(said), octets) if isinstance(said, dict) else None


def rehearsal_policies() -> frozenset[bytes]:
    """Content octets of the policy OIDs of all rehearsals."""
    return frozenset(der.oid(rehearsal_policy(kind))[2:] for kind in CertificateKind)


def outcome_rows(campaigns: Campaigns, names: Sequence[str]) -> Iterator[OutcomeRow]:
    """What became of each device in these campaigns, the first of them first; ascending.

    A device that one of them recovered is recovered; of others, the last campaign says.
    """
    for device, said in _by_device([members_in(campaigns, name) for name in names]):
        chosen = next((one for one in said if one.fate is Fate.RECOVERED), said[-1])
        yield OutcomeRow(
            device=device,
            wave=chosen.wave,
            fate=chosen.fate,
            tries=sum(one.tries for one in said),
            why=chosen.why,
        )


def exchange_rows(
    campaigns: Campaigns, names: Sequence[str], turn: Turn = Turn.COMMANDED
) -> Iterator[Exchanges]:
    """What went to each device in these campaigns, and came back; ascending, in the order of time.

    Questions about what cells hold are told by their use case, all else is of that turn.
    """
    for device, found in _by_device([evidence_in(campaigns, name) for name in names]):
        some = [one for one in found if one.command]
        yield Exchanges(
            device=device,
            exchanges=tuple(
                Exchange(
                    turn=_turn(one.command, turn),
                    at=one.at,
                    command=one.command,
                    response=one.response,
                )
                for one in sorted(some, key=lambda one: one.at)
            ),
        )


_Row = TypeVar("_Row", Member, Evidence)


def _by_device(streams: Sequence[Iterator[_Row]]) -> Iterator[tuple[EUI64, list[_Row]]]:
    """The rows of each device, of the first stream first."""
    merged = merge(*streams, key=lambda row: row.device)  # stable: streams in their order
    for device, group in groupby(merged, lambda row: row.device):
        yield device, list(group)


def _turn(command: bytes, otherwise: Turn) -> Turn:
    asked = parse_message(command).header.message_code == READ_BACK_CODE
    return Turn.READ_BACK if asked else otherwise


def _reported(version: str) -> str:
    return f"{REPORT} {version}"


def _name(recovery: str, name: str) -> str:
    return f"{recovery}: {name}"


def _body(recovery: str, piece: Piece) -> bytes:
    said = {"kind": LEAF_KIND + piece.kind, "name": _name(recovery, piece.name)}
    return encode_framed(said, piece.octets)


def _known(front: FrontOffice, name: str, body: bytes) -> int | None:
    """Where the record has this body already."""
    for item in front.index.items(of=LeafType.TRANSCRIPT, name=name):
        if _holds(decode_leaf(front.reader.leaf(item.entry)), body):
            return item.entry
    return None


def _holds(leaf: Leaf, body: bytes) -> bool:
    if leaf.form is LeafForm.DIGEST:
        return leaf.body == sha256(body).digest()
    return leaf.form is LeafForm.INLINE and leaf.body == body


def _must_be_of_its_form(piece: Piece) -> None:
    """Raises: Malformed: it is not."""
    kind = next((one for one in EvidenceKind if one.value == piece.kind), None)
    if len(piece.octets) > PIECE_MAX:
        raise Malformed(
            f"{piece.name}: {len(piece.octets)} octets, must be at most {PIECE_MAX}",
            clause="sec:L10",
            rule="recovery.form",
        )
    if piece.kind == REPORT:
        parse_report(piece.octets)
    elif kind is EvidenceKind.TRANSCRIPT:
        replay(piece.octets)
    elif kind is not None:
        must_read(kind, piece.octets)
    else:
        raise Malformed(f"{piece.name}: kind {piece.kind[:40]!r}, must be one of evidence")


def _refused(what: str) -> Refused:
    return Refused(what, where="evidence", clause="sec:L10", rule="recovery.evidence")
