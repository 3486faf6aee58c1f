"""Whatever rows there are of a recovery, they are read back as they were written, in bounded bundles."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.recovery import Fate, Identified
from smki.recovery.evidence import EvidenceKind, Item, Signed, Turn
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
from smki.recovery.evidence_rows import Exchange, Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.terms import EUI64, RemotePartyRole
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier

AT: Final = datetime(2026, 11, 21, tzinfo=UTC)
_K: Final = EvidenceKind
EIGHT: Final = st.binary(min_size=8, max_size=8)
DEVICES: Final = st.builds(EUI64, EIGHT)
TEXTS: Final = st.text(st.characters(categories=("L", "N", "P")), max_size=30)
OCTETS: Final = st.binary(max_size=200)
INSTANTS: Final = st.integers(0, 253_402_300_799).map(lambda at: datetime.fromtimestamp(at, UTC))
HELD: Final = st.dictionaries(
    st.builds(
        TrustAnchorCellIdentifier,
        role=st.sampled_from(RemotePartyRole),
        key_usage=st.integers(1, 511).map(KeyUsageBits),
        cell_usage=st.sampled_from(CellUsage),
    ),
    st.builds(Identified, unique_id=EIGHT, key_identifier=EIGHT),
    max_size=12,
)
EXCHANGE: Final = st.builds(
    Exchange, turn=st.sampled_from(Turn), at=INSTANTS, command=OCTETS, response=OCTETS
)
ROWS: Final[dict[EvidenceKind, st.SearchStrategy[Any]]] = {
    _K.ROSTER: st.builds(
        RosterRow,
        device=DEVICES,
        kind=TEXTS,
        make=TEXTS,
        model=TEXTS,
        region=TEXTS,
        before=HELD,
        certificate=OCTETS,
    ),
    _K.OUTCOMES: st.builds(
        OutcomeRow,
        device=DEVICES,
        wave=st.integers(0, 65_535),
        fate=st.sampled_from(Fate),
        tries=st.integers(0, 65_535),
        why=TEXTS,
    ),
    _K.EXCHANGES: st.builds(
        Exchanges, device=DEVICES, exchanges=st.lists(EXCHANGE, max_size=4).map(tuple)
    ),
    _K.INSPECTIONS: st.builds(FoundRow, device=DEVICES, found=HELD),
}
SIGNED: Final = Signed(certificate=b"certificate", signature=b"signature")
WRITERS: Final[dict[EvidenceKind, Callable[[Iterable[Any]], Iterable[Item]]]] = {
    _K.ROSTER: rosters,
    _K.OUTCOMES: outcomes,
    _K.EXCHANGES: lambda rows: exchanged(_K.EXCHANGES, rows),
    _K.INSPECTIONS: lambda rows: inspections(
        rows, recovery="r", by="b", at=AT, sign=lambda _: SIGNED, authorities=()
    ),
}
READERS: Final[dict[EvidenceKind, Callable[[bytes], tuple[Any, ...]]]] = {
    _K.ROSTER: read_roster,
    _K.OUTCOMES: read_outcomes,
    _K.EXCHANGES: lambda octets: read_exchanges(_K.EXCHANGES, octets),
    _K.INSPECTIONS: lambda octets: read_inspection(octets).rows,
}


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.value)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rows_come_back_as_they_were(kind: EvidenceKind, data: st.DataObject) -> None:
    """All of them, in their order, whatever they say; the same rows make the same octets."""
    drawn = data.draw(st.lists(ROWS[kind], max_size=5, unique_by=lambda row: row.device))
    rows = tuple(sorted(drawn, key=lambda row: row.device))
    (item,) = WRITERS[kind](rows)
    assert READERS[kind](item.octets) == rows
    assert [one.octets for one in WRITERS[kind](rows)] == [item.octets]
