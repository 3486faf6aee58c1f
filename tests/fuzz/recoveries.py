"""Targets: what a recovery leaves behind: documents, the report, and the content of bundles."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from tests.fuzz.claims import claim, read

from smki.recovery import Compromised, Fate, Identified
from smki.recovery.evidence import (
    DOCUMENTS,
    Attack,
    Document,
    EvidenceKind,
    InCell,
    Item,
    Placed,
    Signed,
    Tried,
    Turn,
    Vouched,
    document,
    parse_document,
)
from smki.recovery.evidence_bundles import (
    exchanged,
    inspections,
    outcomes,
    read_exchanges,
    read_inspection,
    read_outcomes,
    read_roster,
    rosters,
)
from smki.recovery.evidence_octets import deflated, inflated
from smki.recovery.evidence_rows import Exchange, Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.replacing import RECOVERY_CELL, ROOT_CELL
from smki.recovery.report import encode_report, parse_report
from smki.terms import EUI64

AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEVICE: Final = EUI64(bytes(range(8)))
HELD: Final = {
    ROOT_CELL: Identified(unique_id=bytes(8), key_identifier=b"rootkey1"),
    RECOVERY_CELL: Identified(unique_id=DEVICE.octets, key_identifier=b"recovery"),
}
_K: Final = EvidenceKind
_BUNDLES: Final = (
    _K.ROSTER,
    _K.OUTCOMES,
    _K.EXCHANGES,
    _K.READ_BACKS,
    _K.UPDATES,
    _K.INSPECTIONS,
)


def recovery_document(octets: bytes) -> None:
    """A document of any kind, or a report, has one spelling."""
    for kind in DOCUMENTS:
        read(partial(parse_document, kind), octets, encode=_written)
    read(parse_report, octets, encode=encode_report)


def _written(value: Document) -> bytes:
    return document("one", value).octets


def recovery_bundle(octets: bytes) -> None:
    """The content of a bundle, its kind before it, is rows that are written as they were read."""
    number = octets[0] % len(_BUNDLES) if octets else 0
    kind, content = _BUNDLES[number], octets[1:]
    found = read(lambda some: _rows(kind, some), deflated(number + 1, content, kind.value))
    if found is None:
        return
    (item,) = _bundle(kind, found)
    claim(holds=inflated(number + 1, item.octets, kind.value) == content, what="another content")


def _rows(kind: EvidenceKind, octets: bytes) -> Any:
    readers: dict[EvidenceKind, Callable[[bytes], Any]] = {
        _K.ROSTER: read_roster,
        _K.OUTCOMES: read_outcomes,
        _K.INSPECTIONS: read_inspection,
    }
    read_rows = readers.get(kind)
    return read_rows(octets) if read_rows else read_exchanges(kind, octets)


def _bundle(kind: EvidenceKind, found: Any) -> Iterable[Item]:
    if kind is _K.INSPECTIONS:
        return inspections(
            found.rows,
            recovery=found.recovery,
            by=found.by,
            at=found.at,
            sign=lambda _: found.signed,
            authorities=found.authorities,
        )
    if kind is _K.ROSTER:
        return rosters(found)
    return outcomes(found) if kind is _K.OUTCOMES else exchanged(kind, found)


def seeds() -> Iterator[tuple[str, bytes]]:
    """A document or two, and a bundle of each kind."""
    placed = Placed(
        turn=Turn.COMMANDED,
        originators=(DEVICE,),
        old=(InCell(cell=ROOT_CELL, certificate=b"old"),),
        new=(InCell(cell=RECOVERY_CELL, certificate=b"new"),),
        authorities=(Vouched(certificate=b"root", entry=None),),
    )
    tried = Tried(what="asks", sent=2, obeyed=1, undone=1)
    attack = Attack(compromised=Compromised.RECOVERY, planted=(b"his",), tried=(tried,))
    for one in (placed, attack):
        yield "recovery-document", document("one", one).octets
    exchange = Exchange(turn=Turn.UPDATED, at=AT, command=b"command", response=b"")
    rows: tuple[Iterable[Item], ...] = (
        rosters(
            [
                RosterRow(
                    device=DEVICE,
                    kind="esme",
                    make="m",
                    model="",
                    region="north",
                    before=HELD,
                    certificate=b"der",
                )
            ]
        ),
        outcomes([OutcomeRow(device=DEVICE, wave=1, fate=Fate.SILENT, tries=4, why="no answer")]),
        exchanged(_K.EXCHANGES, [Exchanges(device=DEVICE, exchanges=(exchange,))]),
        exchanged(_K.READ_BACKS, [Exchanges(device=DEVICE, exchanges=())]),
        exchanged(_K.UPDATES, []),
        inspections(
            [FoundRow(device=DEVICE, found=HELD)],
            recovery="first",
            by="the maker",
            at=AT,
            sign=lambda _: Signed(certificate=b"c", signature=b"s"),
            authorities=(b"root",),
        ),
    )
    for number, some in enumerate(rows):
        for item in some:
            content = inflated(number + 1, item.octets, item.kind.value)
            yield "recovery-bundle", bytes((number,)) + content


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = MappingProxyType(
    {"recovery-document": recovery_document, "recovery-bundle": recovery_bundle}
)
"""Each target by its name."""
