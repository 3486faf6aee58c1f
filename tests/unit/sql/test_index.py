from collections.abc import Callable

import pytest

from smki.adapters.sql import Database
from smki.adapters.sql.index import PAGE
from smki.ports import CertificateRow, KeyHolder, ListRow
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    Inconsistent,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)

RowMaker = Callable[..., CertificateRow]
_NONE = EUI64(bytes(8))


def test_empty(database: Database) -> None:
    """A new index covers nothing and finds nothing."""
    index = database.index
    assert (index.size(), index.count(), tuple(index.rows())) == (0, 0, ())
    assert index.by_serial(SerialNumber(1)) is None
    assert index.by_identity(_NONE) == ()
    assert index.device_counts((_NONE,)) == {}
    assert index.device_counts(()) == {}
    assert index.key_holders((7,)) == ()


@pytest.mark.clause("sec-app-b:B-crl")
def test_lists(database: Database) -> None:
    """The newest list of an issuer has the highest number; the same again is there once."""
    index = database.index
    big = (1 << 64) - 1
    rows = (
        ListRow(entry=0, issuer=big, number=1),
        ListRow(entry=2, issuer=7, number=10),
        ListRow(entry=3, issuer=7, number=9),  # given twice, by a database that was restored
        ListRow(entry=5, issuer=big, number=(1 << 63) - 1),
    )
    index.extend((), (), 3, rows[:2])
    index.extend((), (), 6, rows)
    assert index.lists() == rows
    assert index.newest_list(7) == rows[1]
    assert index.newest_list(big) == rows[3]
    assert index.newest_list(8) is None
    index.clear()
    assert (index.lists(), index.newest_list(7)) == ((), None)


def test_found_again(database: Database, row: RowMaker) -> None:
    """What was put in comes out equal in every field, by serial, identity and key, of any kind."""
    rows = (
        row(0, key=0),
        row(3, serial=SerialNumber((1 << 159) - 1), key=(1 << 64) - 1),
        row(4, identity=None, kind=CertificateKind.ROOT_ICA, serial=SerialNumber(1)),
        row(
            5,
            kind=CertificateKind.ORGANISATION,
            role=RemotePartyRole.DSP_XML_SIGN,
            usage=KeyUsage.KEY_AGREEMENT,
            status=CertificateStatus.PENDING,
        ),
    )
    index = database.index
    index.extend(iter(rows), (), 9)
    assert (index.size(), index.count()) == (9, 4)
    assert tuple(index.rows()) == rows
    for one in rows:
        assert index.by_serial(one.serial) == one
    assert rows[3].identity is not None
    assert index.by_identity(rows[3].identity) == (rows[3],)
    assert index.key_holders((rows[1].key, 1)) == (
        KeyHolder(
            key=rows[1].key,
            entry=3,
            identity=rows[1].identity,
            kind=CertificateKind.DEVICE,
            usage=KeyUsage.DIGITAL_SIGNATURE,
        ),
    )
    assert tuple(index.rows(CertificateKind.ORGANISATION)) == (rows[3],)
    assert tuple(index.rows(CertificateKind.DEVICE)) == rows[:2]
    assert tuple(index.rows(CertificateKind.ISSUING_DCA)) == ()


def test_device_counts(database: Database, row: RowMaker) -> None:
    """Only device certificates count, and devices without any are left out."""
    organisation = row(3, device=8, kind=CertificateKind.ORGANISATION)
    rows = (row(0, device=7), row(1, device=7), row(2, device=9), organisation)
    database.index.extend(rows, (), 4)
    devices = [one.identity for one in (rows[0], rows[2], rows[3]) if one.identity is not None]
    assert database.index.device_counts(devices) == {devices[0]: 2, devices[1]: 1}


@pytest.mark.parametrize("chunk", [1, 2, 10])
def test_earlier_certificate(database: Database, row: RowMaker, chunk: int) -> None:
    """A device's earlier certificate for the same usage becomes N, whatever the chunks were."""
    rows = (
        row(0, device=1),
        row(1, device=1, usage=KeyUsage.KEY_AGREEMENT),
        row(2, device=2),
        row(3, device=1),
        row(4, device=1, kind=CertificateKind.ORGANISATION),
        row(5, device=1),
    )
    for start in range(0, len(rows), chunk):
        part = rows[start : start + chunk]
        database.index.extend(part, (), part[-1].entry + 1)
    assert "".join(one.status.value for one in database.index.rows()) == "NIINII"


def test_revoked(database: Database, row: RowMaker) -> None:
    """A revoked certificate is R for good; later ones do not make it N."""
    rows = (row(0, device=1), row(2, device=1))
    database.index.extend(rows[:1], (rows[0].serial,), 2)
    database.index.extend(rows[1:], (), 3)
    assert [one.status.value for one in database.index.rows()] == ["R", "I"]


def test_revoked_unknown(database: Database, row: RowMaker) -> None:
    """Revoking what is not there is a contradiction; nothing of the call remains."""
    with pytest.raises(Inconsistent, match="to be revoked, but is not in the index"):
        database.index.extend((row(0),), (SerialNumber(99),), 1)
    assert (database.index.count(), database.index.size()) == (0, 0)


def test_rebuilt_equal(database: Database, row: RowMaker) -> None:
    """Cleared and extended in other chunks, the index is the same, row by row."""
    rows = [row(entry, device=entry % 700) for entry in range(PAGE + 500)]
    revoked = [rows[5].serial, rows[-1].serial]
    for start in range(0, len(rows), 333):
        part = rows[start : start + 333]
        gone = [one.serial for one in part if one.serial in revoked]
        database.index.extend(part, gone, part[-1].entry + 1)
    first = tuple(database.index.rows())
    database.index.clear()
    assert (database.index.count(), database.index.size()) == (0, 0)
    assert tuple(database.index.rows()) == ()
    database.index.extend(iter(rows), revoked, len(rows))
    assert tuple(database.index.rows()) == first
    assert database.index.count() == len(rows)


def test_extended_again(database: Database, row: RowMaker) -> None:
    """Rows that are covered already are left as they are; only what is new is added."""
    rows = tuple(row(entry) for entry in range(4))
    database.index.extend(rows[:3], (rows[0].serial,), 3)
    database.index.extend(rows, (), 4)
    assert [one.status.value for one in database.index.rows()] == ["R", "I", "I", "I"]
    assert (database.index.count(), database.index.size()) == (4, 4)
    database.index.extend((), (), 2)
    assert database.index.size() == 4


@pytest.mark.parametrize(
    ("entries", "size", "message"),
    [((1, 0), 9, "out of order"), ((2, 2), 9, "out of order"), ((5,), 5, "below the size 5")],
)
def test_contradictions(
    database: Database, row: RowMaker, entries: tuple[int, ...], size: int, message: str
) -> None:
    """Rows out of order or past the size are refused as contradictions, nothing is written."""
    with pytest.raises(Inconsistent, match=message):
        database.index.extend([row(entry) for entry in entries], (), size)
    assert database.index.size() == 0


def test_other_than_covered(database: Database, row: RowMaker) -> None:
    """A row for a covered entry that is missing, or another certificate, is a contradiction."""
    database.index.extend((row(0), row(2)), (), 3)
    with pytest.raises(Inconsistent, match="missing or other"):
        database.index.extend((row(1),), (), 3)
    with pytest.raises(Inconsistent, match="missing or other"):
        database.index.extend((row(2, serial=SerialNumber(5)),), (), 3)


def test_serial_twice(database: Database, row: RowMaker) -> None:
    """Two certificates with one serial number contradict each other; nothing is written."""
    with pytest.raises(Inconsistent, match="database: "):
        database.index.extend((row(0), row(1, serial=row(0).serial)), (), 2)
    assert database.index.count() == 0


def test_a_stretch_is_held_or_not(database: Database, row: RowMaker) -> None:
    """The same certificates in all but status; one more, one less or one other is not the same."""
    index = database.index
    rows = (row(0), row(1, identity=None), row(3, manufacturing=False), row(7))
    index.extend(rows, (rows[2].serial,), 8)
    assert index.holds(0, 8, rows)
    assert index.holds(1, 4, rows[1:3])
    assert index.holds(4, 7, ())
    assert not index.holds(0, 8, rows[1:])
    assert not index.holds(0, 7, rows)
    for changed in ({"not_after": 5}, {"key": 8}, {"identity": _NONE}, {"lodged_at": 1}):
        assert not index.holds(3, 4, (rows[2]._replace(**changed),))
    assert tuple(index.rows(start=1, stop=7)) == tuple(index.rows())[1:3]


def test_devices_that_need_a_look(
    database: Database, row: RowMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of which not the newest for each usage is I and all others N, over pages and ranges."""
    monkeypatch.setattr("smki.adapters.sql.comparing.PAGE", 2)
    index = database.index
    right = [row(entry, device=entry % 3) for entry in range(8)]
    index.extend((*right, row(8, kind=CertificateKind.ROOT_DCA, device=9)), (), 9)
    index.extend([row(9, device=0, usage=KeyUsage.KEY_AGREEMENT)], (), 10)
    assert tuple(index.doubtful_devices()) == ()
    revoked = (row(10, device=4), row(11, device=5), row(12, device=6), row(13, device=6))
    index.extend(revoked, (revoked[0].serial, revoked[2].serial, right[1].serial), 14)
    doubtful = {str(one.identity): one.identity for one in (right[1], revoked[0], revoked[2])}
    assert set(map(str, index.doubtful_devices())) == set(doubtful)
    for count in (1, 3, 20):
        ranges = index.device_ranges(count)
        assert len(ranges) <= count
        found = [one for among in ranges for one in index.doubtful_devices(among)]
        assert found == list(index.doubtful_devices())
