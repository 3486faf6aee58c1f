"""Evidence of many devices, in bundles of bounded size: a million devices are some hundred bundles.

    bundle       ::= "SMKR" version(1) = 01 kind(1) length(4) deflated     -- length: when inflated
    kind         ::= 01 roster, 02 outcomes, 03 exchanges, 04 read-backs, 05 updates, 06 inspections
    deflated     ::= zlib stream (RFC 1950) of: rows, or of an inspection
    inspection   ::= looked(4+) signature(2+) certificate(2+) count(1) authority(2+) * count
    looked       ::= recovery text by text at(8) found row *

Rows, texts and n+ are those of `evidence_rows`. Devices ascend within a bundle and from one bundle
to the next whose names differ in what follows the last `-`; none comes twice in a kind. What an
inspector signs is `looked`. A reader inflates no more than is announced, and no more than BUNDLE_MAX.

Clause: sec:L10
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from smki.recovery.evidence import (
    DOCUMENTS,
    EvidenceKind,
    Item,
    Signed,
    parse_document,
)
from smki.recovery.evidence_fields import malformed
from smki.recovery.evidence_octets import (
    Cursor,
    deflated,
    inflated,
    long_octets,
    micros,
    short_octets,
    text_octets,
)
from smki.recovery.evidence_rows import (
    Exchanges,
    FoundRow,
    OutcomeRow,
    RosterRow,
    exchanges_octets,
    exchanges_row,
    found_octets,
    found_row,
    outcome_octets,
    outcome_row,
    roster_octets,
    roster_row,
)
from smki.terms import EUI64

ROWS_MAX: Final = 4_096
_FULL: Final = 8 * 1024 * 1024  # octets; then the next bundle begins: no row is longer than that
_K: Final = EvidenceKind
_NUMBERS: Final = MappingProxyType(
    {
        _K.ROSTER: 1,
        _K.OUTCOMES: 2,
        _K.EXCHANGES: 3,
        _K.READ_BACKS: 4,
        _K.UPDATES: 5,
        _K.INSPECTIONS: 6,
    }
)
BUNDLED: Final = frozenset(_NUMBERS)
"""The kinds that are kept in bundles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What somebody found who is not who commands, and their signature over it.

    Attributes:
        recovery: name of the recovery.
        by: who looked, in words.
        at: when.
        rows: what they found.
        signed: their signature over `looked`.
        authorities: certificates (DER) between theirs and its root, and the root's.
        looked: the octets that are signed.
    """

    recovery: str
    by: str
    at: datetime
    rows: tuple[FoundRow, ...]
    signed: Signed
    authorities: tuple[bytes, ...]
    looked: bytes


_Row = TypeVar("_Row", RosterRow, OutcomeRow, Exchanges, FoundRow)


def rosters(rows: Iterable[RosterRow]) -> Iterator[Item]:
    """The devices, ascending, in as many bundles as it takes.

    Raises:
        Malformed: not ascending, or a row that fits into no bundle.
    """
    return _bundles(_K.ROSTER, rows, roster_octets)


def outcomes(rows: Iterable[OutcomeRow]) -> Iterator[Item]:
    """What became of the devices, ascending, in as many bundles as it takes.

    Raises:
        Malformed: not ascending, or a row that fits into no bundle.
    """
    return _bundles(_K.OUTCOMES, rows, outcome_octets)


def exchanged(kind: EvidenceKind, rows: Iterable[Exchanges]) -> Iterator[Item]:
    """Exchanges with devices, ascending, in as many bundles as it takes.

    `kind` is exchanges, read-backs or updates.

    Raises:
        Malformed: not ascending, or a row that fits into no bundle.
    """
    return _bundles(kind, rows, exchanges_octets)


def inspections(
    rows: Iterable[FoundRow],
    *,
    recovery: str,
    by: str,
    at: datetime,
    sign: Callable[[bytes], Signed],
    authorities: tuple[bytes, ...],
) -> Iterator[Item]:
    """What was found, ascending, in as many bundles as it takes, each signed by `sign`.

    Raises:
        Malformed: not ascending, or a row that fits into no bundle.
    """
    before = text_octets(recovery) + text_octets(by) + micros(at).to_bytes(8, "big")
    for number, content in enumerate(_filled(rows, found_octets), 1):
        looked = before + content
        signed = sign(looked)
        end = (
            long_octets(looked),
            short_octets(signed.signature),
            short_octets(signed.certificate),
        )
        chain = bytes((len(authorities),)) + b"".join(map(short_octets, authorities))
        yield _item(_K.INSPECTIONS, number, b"".join(end) + chain)


def read_roster(octets: bytes) -> tuple[RosterRow, ...]:
    """The devices of a bundle.

    Raises:
        Malformed: not its form.

    Clause: sec:L10
    """
    return _rows(_K.ROSTER, octets, roster_row)


def read_outcomes(octets: bytes) -> tuple[OutcomeRow, ...]:
    """What became of the devices of a bundle.

    Raises:
        Malformed: not its form.

    Clause: sec:L10
    """
    return _rows(_K.OUTCOMES, octets, outcome_row)


def read_exchanges(kind: EvidenceKind, octets: bytes) -> tuple[Exchanges, ...]:
    """The exchanges of a bundle.

    Raises:
        Malformed: not its form.

    Clause: sec:L10
    """
    return _rows(kind, octets, exchanges_row)


def read_inspection(octets: bytes) -> Inspection:
    """The inspection of a bundle; that it is signed is not looked at.

    Raises:
        Malformed: not its form.

    Clause: sec:L10
    """
    cursor = Cursor(
        inflated(_NUMBERS[_K.INSPECTIONS], octets, _K.INSPECTIONS.value), _K.INSPECTIONS.value
    )
    looked = cursor.sized(4)
    signed = Signed(signature=cursor.sized(2), certificate=cursor.sized(2))
    authorities = tuple(cursor.sized(2) for _ in range(cursor.number(1)))
    cursor.done()
    inner = Cursor(looked, _K.INSPECTIONS.value)
    recovery, by, at = inner.text(), inner.text(), inner.instant(inner.number(8))
    return Inspection(
        recovery=recovery,
        by=by,
        at=at,
        rows=_ascending(inner, found_row),
        signed=signed,
        authorities=authorities,
        looked=looked,
    )


def _bundles(
    kind: EvidenceKind, rows: Iterable[_Row], encode: Callable[[_Row], bytes]
) -> Iterator[Item]:
    for number, content in enumerate(_filled(rows, encode), 1):
        yield _item(kind, number, content)


def _item(kind: EvidenceKind, number: int, content: bytes) -> Item:
    octets = deflated(_NUMBERS[kind], content, kind.value)
    return Item(kind=kind, name=f"{kind.value}-{number:06}", octets=octets)


def _filled(rows: Iterable[_Row], encode: Callable[[_Row], bytes]) -> Iterator[bytes]:
    """The rows' octets, as many as go into each bundle; at least one bundle, also of none."""
    before: EUI64 | None = None
    full: list[bytes] = []
    size, given = 0, False
    for row in rows:
        if before is not None and row.device <= before:
            raise malformed("evidence", f"device {row.device} after {before}, must ascend")
        before = row.device
        octets = encode(row)
        full.append(octets)
        size += len(octets)
        if size >= _FULL or len(full) == ROWS_MAX:
            yield b"".join(full)
            full.clear()
            size, given = 0, True
    if full or not given:
        yield b"".join(full)


def _rows(kind: EvidenceKind, octets: bytes, read: Callable[[Cursor], _Row]) -> tuple[_Row, ...]:
    return _ascending(Cursor(inflated(_NUMBERS[kind], octets, kind.value), kind.value), read)


def _ascending(cursor: Cursor, read: Callable[[Cursor], _Row]) -> tuple[_Row, ...]:
    rows: list[_Row] = []
    while not cursor.at_end:
        row = read(cursor)
        if rows and row.device <= rows[-1].device:
            raise cursor.wrong(f"device {row.device} after {rows[-1].device}, must ascend")
        if len(rows) == ROWS_MAX:
            raise cursor.wrong(f"over {ROWS_MAX} rows")
        rows.append(row)
    return tuple(rows)


def must_read(kind: EvidenceKind, octets: bytes) -> None:
    """The octets are evidence of that kind; of transcripts, whoever replays them knows.

    Raises:
        Malformed: not its form.

    Clause: sec:L10
    """
    if kind in DOCUMENTS:
        parse_document(kind, octets)
    elif kind is _K.ROSTER:
        read_roster(octets)
    elif kind is _K.OUTCOMES:
        read_outcomes(octets)
    elif kind is _K.INSPECTIONS:
        read_inspection(octets)
    elif kind in BUNDLED:
        read_exchanges(kind, octets)
