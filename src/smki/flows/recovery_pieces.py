"""Pieces of what a recovery leaves behind are lodged, and found again in the record.

    entry   TRANSCRIPT leaf, framed: {"kind": "recovery-<kind>", "name": "<recovery>: <name>"} before
            the octets of the piece; kinds as in `recovery.evidence`, and `report`

Looks at no campaign: whoever holds the record lodges pieces, and carries no recovery.

Clause: sec:L10, sec:L5
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from smki.ceremonies.replaying import replay
from smki.flows.office import FrontOffice, Office
from smki.merkle.canonical import JSON
from smki.merkle.leaf import (
    Leaf,
    LeafForm,
    LeafType,
    decode_framed,
    decode_leaf,
    encode_framed,
    number_of,
)
from smki.ports import RecordReader
from smki.recovery.evidence import LEAF_KIND, EvidenceKind
from smki.recovery.evidence_bundles import must_read
from smki.recovery.report import REPORT_KIND, Report, parse_report
from smki.repository import body_of, catch_up, lodge_leaves
from smki.terms import Malformed

REPORT: Final = REPORT_KIND.removeprefix(LEAF_KIND)
PIECE_MAX: Final = 20 * 1024 * 1024  # octets: a bundle, or the longest report
_BODY_MAX: Final = PIECE_MAX + 64 * 1024  # with what stands before a piece


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
