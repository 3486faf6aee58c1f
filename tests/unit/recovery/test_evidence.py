"""What a recovery leaves behind is written in one spelling, and read back as it was."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.recovery import Compromised, Fate, Identified, Method
from smki.recovery.evidence import (
    DOCUMENTS,
    Attack,
    DecisionKept,
    Defect,
    Document,
    EvidenceKind,
    InCell,
    Notes,
    Option,
    Options,
    Placed,
    Signed,
    Tried,
    Turn,
    Vouched,
    document,
    parse_document,
    transcript,
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
from smki.recovery.evidence_octets import BUNDLE_MAX, deflated
from smki.recovery.evidence_rows import Exchange, Exchanges, FoundRow, OutcomeRow, RosterRow
from smki.recovery.replacing import BROKER_CELL, RECOVERY_CELL, ROOT_CELL
from smki.terms import EUI64, Malformed

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
DEVICE: Final = EUI64.parse("0A534D4B60000001")
SIGNED: Final = Signed(certificate=b"certificate", signature=b"signature")
ANCHORS: Final = {
    ROOT_CELL: Identified(unique_id=bytes(8), key_identifier=b"rootkey1"),
    RECOVERY_CELL: Identified(unique_id=DEVICE.octets, key_identifier=b"recovery"),
}
VALUES: Final[tuple[Document, ...]] = (
    DecisionKept(decision=b"{}", signatures=(SIGNED,), authorities=(b"issuing", b"root")),
    Options(
        incident="INC-1",
        compromised=Compromised.CONTINGENCY_SYMMETRIC,
        at=AT,
        options=(
            Option(
                method=Method.NONE, chosen=False, commands=0, seconds=0, exposed="all", why="no"
            ),
        ),
    ),
    Placed(
        turn=Turn.COMMANDED,
        originators=(DEVICE,),
        old=(InCell(cell=ROOT_CELL, certificate=b"old"),),
        new=(InCell(cell=BROKER_CELL, certificate=b"new"),),
        authorities=(Vouched(certificate=b"root", entry=None), Vouched(certificate=b"x", entry=7)),
    ),
    Defect(
        ref="D-1",
        title="blocks are lost",
        severity="2",
        within_threshold=True,
        affected=("Third Hub Maker",),
        not_affected=(),
        owner="operator",
        cause="a counter of three bits",
        workaround="larger blocks",
        approved_by="TAB/1",
        state="worked around",
        failed=3,
        recovered=3,
    ),
    Attack(
        compromised=Compromised.ORGANISATION,
        planted=(b"his",),
        tried=(Tried(what="a certificate of his", sent=4, obeyed=1, undone=1),),
    ),
    Notes(deviations=("a deviation",), lessons=("a lesson", "another")),
)


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_documents_have_one_spelling(value: Document) -> None:
    """Each document is read back as it was, and every document cut short is malformed."""
    item = document("one", value)
    assert item.kind in DOCUMENTS
    assert parse_document(item.kind, item.octets) == value
    for end in range(len(item.octets)):
        with pytest.raises(Malformed):
            parse_document(item.kind, item.octets[:end])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b'"turn":"commanded"', b'"turn":"sung"', "'sung', must be turn"),
        (b"root/key_cert_sign/management", b"root/key_cert_sing/management", "must be as root/"),
        (b'"b2xk"', b'"b2x*="', "must be base64"),
        (b'"entry":7', b'"entry":-7', "must be a whole number"),
        (b'"entry":7', b'"entry":true', "must be a whole number"),
        (b'"old":[', b'"olb":[', "keys authorities, new, olb"),
        (b'"cm9vdA=="', b'"cm9vdB=="', "must be base64 in its only form"),
        (b'"new":[', b'"new":[[],', "no object"),
        (b"0A-53", b"0A-5X", "must be eui64"),
    ],
)
def test_other_spellings_are_told(old: bytes, new: bytes, said: str) -> None:
    """A field of another form is named."""
    octets = document("one", VALUES[2]).octets
    assert old in octets
    with pytest.raises(Malformed, match=said):
        parse_document(EvidenceKind.PLACED, octets.replace(old, new))


def test_texts_and_instants_are_bounded() -> None:
    """A text over the limit, one that does not print, and an instant that is none are told."""
    for text in ("x" * 4_001, "a\nb"):
        item = document("one", Notes(deviations=(text,), lessons=()))
        with pytest.raises(Malformed, match="printable text"):
            parse_document(item.kind, item.octets)
    octets = document("one", VALUES[1]).octets.replace(b"2026-11-21T10", b"2026-11-41T10")
    with pytest.raises(Malformed, match=r"at: .*must be as 2026-11-21T09:00:00Z"):
        parse_document(EvidenceKind.OPTIONS, octets)
    with pytest.raises(Malformed, match="not kept in JSON"):
        parse_document(EvidenceKind.ROSTER, b"")
    assert transcript("roots", b"{}").digest == (
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"model": "a\nb"}, "not printable"),
        ({"make": "x" * 4_001}, "over 4000 characters"),
        ({"certificate": bytes(1 << 16)}, "65536 octets, must be at most 65535"),
    ],
)
def test_what_nobody_could_read_again_is_not_written(row: dict[str, Any], said: str) -> None:
    """A bundle that its reader would refuse is refused when it is made."""
    with pytest.raises(Malformed, match=said):
        list(rosters([replace(roster_row(1), **row)]))


def device(number: int) -> EUI64:
    """The device of that number."""
    return EUI64((int(DEVICE) + number).to_bytes(8, "big"))


def roster_row(number: int) -> RosterRow:
    """A row of the roster."""
    return RosterRow(
        device=device(number),
        kind="esme",
        make="Maker",
        model="M",
        region="north",
        before=ANCHORS,
        certificate=b"der" * (number % 5),
    )


def exchanges_row(number: int) -> Exchanges:
    """A device that was commanded and asked."""
    command = Exchange(turn=Turn.COMMANDED, at=AT, command=b"command" * 40, response=b"")
    asked = Exchange(turn=Turn.READ_BACK, at=AT + timedelta(hours=1), command=b"c", response=b"r")
    return Exchanges(device=device(number), exchanges=(command, asked))


def outcome_row(number: int) -> OutcomeRow:
    """What became of a device."""
    return OutcomeRow(device=device(number), wave=2, fate=Fate.SILENT, tries=4, why="no answer")


def found_row(number: int) -> FoundRow:
    """What was found in a device."""
    return FoundRow(device=device(number), found=ANCHORS)


def written(kind: EvidenceKind, numbers: range) -> tuple[bytes, ...]:
    """The bundles of these rows."""
    if kind is EvidenceKind.ROSTER:
        made = rosters(map(roster_row, numbers))
    elif kind is EvidenceKind.OUTCOMES:
        made = outcomes(map(outcome_row, numbers))
    elif kind is EvidenceKind.INSPECTIONS:
        made = inspections(
            map(found_row, numbers),
            recovery="first",
            by="the maker",
            at=AT,
            sign=lambda looked: Signed(certificate=b"c", signature=looked[:4]),
            authorities=(b"issuing", b"root"),
        )
    else:
        made = exchanged(kind, map(exchanges_row, numbers))
    return tuple(item.octets for item in made)


def rows_of(kind: EvidenceKind, octets: bytes) -> tuple[Any, ...]:
    """The rows of a bundle."""
    readers: dict[EvidenceKind, Callable[[bytes], tuple[Any, ...]]] = {
        EvidenceKind.ROSTER: read_roster,
        EvidenceKind.OUTCOMES: read_outcomes,
        EvidenceKind.INSPECTIONS: lambda octets: read_inspection(octets).rows,
    }
    read = readers.get(kind)
    return read(octets) if read else read_exchanges(kind, octets)


BUNDLES: Final = {
    EvidenceKind.ROSTER: roster_row,
    EvidenceKind.OUTCOMES: outcome_row,
    EvidenceKind.EXCHANGES: exchanges_row,
    EvidenceKind.READ_BACKS: exchanges_row,
    EvidenceKind.UPDATES: exchanges_row,
    EvidenceKind.INSPECTIONS: found_row,
}


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize("kind", BUNDLES, ids=lambda kind: kind.value)
def test_bundles_are_read_back(kind: EvidenceKind) -> None:
    """Rows come back as they were; of none there is an empty bundle; many are many bundles."""
    (octets,) = written(kind, range(5))
    assert rows_of(kind, octets) == tuple(map(BUNDLES[kind], range(5)))
    assert rows_of(kind, written(kind, range(0))[0]) == ()
    some = written(kind, range(4_100))
    assert [len(rows_of(kind, one)) for one in some] == [4_096, 4]
    with pytest.raises(Malformed, match="must ascend"):
        written(kind, range(3, 0, -1))


@pytest.mark.parametrize("kind", BUNDLES, ids=lambda kind: kind.value)
def test_bundles_that_are_cut_or_changed_are_malformed(kind: EvidenceKind) -> None:
    """No octet less or more makes a bundle; no bit that is turned makes it say something else.

    The stream ends with a sum over its content; of its last octet, bits may be unused.
    """
    (octets,) = written(kind, range(2))
    rows, same = rows_of(kind, octets), 0
    for end in range(len(octets)):
        with pytest.raises(Malformed):
            rows_of(kind, octets[:end])
    with pytest.raises(Malformed):
        rows_of(kind, octets + b"\0")
    for place in range(len(octets)):
        changed = bytearray(octets)
        changed[place] ^= 1 << place % 8
        try:
            assert rows_of(kind, bytes(changed)) == rows
            same += 1
        except Malformed:
            continue
    assert same <= 1


@given(st.binary(max_size=200))
def test_whatever_is_inside_is_rows_or_malformed(content: bytes) -> None:
    """Any octets in a whole bundle are rows, or malformed, and nothing else."""
    for number, kind in enumerate(BUNDLES, 1):
        try:
            rows = rows_of(kind, deflated(number, content, kind.value))
        except Malformed:
            continue
        assert not rows or len(content) > 8


def test_a_bundle_that_would_grow_is_told() -> None:
    """A bundle that inflates to more than it announces, or announces too much, is refused early."""
    small = deflated(1, b"", "roster")
    bomb = small[:10] + deflated(1, bytes(1 << 20), "roster")[10:]
    with pytest.raises(Malformed, match="not the 0 octets"):
        read_roster(bomb)
    with pytest.raises(Malformed, match="octets announced"):
        read_roster(small[:6] + (BUNDLE_MAX + 1).to_bytes(4, "big") + small[10:])
    with pytest.raises(Malformed, match="must be at most"):
        deflated(1, bytes(BUNDLE_MAX + 1), "roster")
