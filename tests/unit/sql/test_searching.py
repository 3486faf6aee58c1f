"""The combined search: each condition, all together, paging, and the bound on one question."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from smki.adapters.sql import Database, searching
from smki.ports import CertificatePage, CertificateQuery, CertificateRow
from smki.repository.searching import standing
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)

pytestmark = pytest.mark.clause("sec-app-o:portal")
RowMaker = Callable[..., CertificateRow]
AT = 1_800_000_000
NEVER = 253402300799
DAY = 24 * 3600 * 1000
LODGED = 1_700_000_000_000


def _mixed(row: RowMaker) -> tuple[CertificateRow, ...]:
    """Sixty rows, every third of an organisation; some revoked, some at their end."""
    chance = random.Random(7)  # noqa: S311  # the same rows each time
    rows = []
    for place in range(60):
        organisation = place % 3 == 0
        rows.append(
            row(
                place * 2,
                device=place % 20,
                usage=chance.choice((KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)),
                kind=CertificateKind.ORGANISATION if organisation else CertificateKind.DEVICE,
                role=chance.choice((RemotePartyRole.SUPPLIER, RemotePartyRole.OTHER))
                if organisation
                else None,
                status=chance.choice((CertificateStatus.IN_USE, CertificateStatus.REVOKED))
                if organisation
                else CertificateStatus.IN_USE,
                not_after=chance.choice((AT - 1, AT, AT + 1)) if organisation else NEVER,
                subscriber=EUI64(bytes(7) + bytes((place % 4,))),
                serial=SerialNumber(1000 + place),
                lodged_at=LODGED + place * DAY,
            )
        )
    return tuple(rows)


def _meant(row: CertificateRow, query: CertificateQuery) -> bool:
    """The query, said once more in words of Python."""
    shown = standing(row, datetime.fromtimestamp(query.at, UTC))
    wanted = (
        (query.identity, row.identity),
        (query.serial, row.serial),
        (query.subscriber, row.subscriber),
        (query.role, row.role),
        (query.usage, row.usage),
        (query.kind, row.kind),
        (query.status, shown),
    )
    return (
        all(one is None or one == other for one, other in wanted)
        and (query.lodged_from is None or row.lodged_at >= query.lodged_from)
        and (query.lodged_before is None or row.lodged_at < query.lodged_before)
    )


def _all(database: Database, query: CertificateQuery, limit: int) -> Iterator[CertificatePage]:
    page = database.index.search(query, limit=limit)
    yield page
    while page.after is not None:
        page = database.index.search(query, limit=limit, before=page.after)
        yield page


QUERIES = (
    {},
    {"identity": EUI64((0xFFB3_D51F_3001_0005).to_bytes(8, "big"))},
    {"serial": SerialNumber(1007)},
    {"serial": SerialNumber(1)},
    {"subscriber": EUI64(bytes(7) + b"\x02")},
    {"role": RemotePartyRole.SUPPLIER},
    {"usage": KeyUsage.KEY_AGREEMENT},
    {"kind": CertificateKind.DEVICE},
    {"kind": CertificateKind.ORGANISATION},
    {"kind": CertificateKind.ROOT_OCA},
    *({"status": status} for status in CertificateStatus),
    {"lodged_from": LODGED + 30 * DAY},
    {"lodged_before": LODGED + 10 * DAY},
    {"lodged_from": LODGED + 10 * DAY, "lodged_before": LODGED + 11 * DAY},
    {"status": CertificateStatus.IN_USE, "usage": KeyUsage.DIGITAL_SIGNATURE, "role": 2},
    {
        "kind": CertificateKind.ORGANISATION,
        "role": RemotePartyRole.OTHER,
        "status": CertificateStatus.EXPIRED,
        "lodged_from": LODGED + 5 * DAY,
    },
    {"subscriber": EUI64(bytes(7) + b"\x01"), "usage": KeyUsage.KEY_AGREEMENT},
)


def test_finds_all_that_is_meant_and_nothing_else(
    database: Database, row: RowMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each query finds, over its pages, exactly the rows that fit, newest first, none twice.

    Also where one question looks at a few rows only, and pages come out short or empty.
    """
    made = _mixed(row)
    database.index.extend(made, (), made[-1].entry + 1)
    rows = tuple(database.index.rows())  # earlier ones of a device are not in use any more
    for scan in (searching.SCAN, 7):
        monkeypatch.setattr(searching, "SCAN", scan)
        for fields in QUERIES:
            query = CertificateQuery(at=AT, **fields)  # type: ignore[arg-type]
            pages = list(_all(database, query, limit=4))
            found = [one for page in pages for one in page.rows]
            assert found == [one for one in reversed(rows) if _meant(one, query)], (scan, fields)
            assert all(len(page.rows) <= 4 for page in pages)


def test_an_empty_index_finds_nothing(database: Database) -> None:
    """Nothing is found, and there is nowhere to go on to."""
    query = CertificateQuery(at=AT, lodged_from=LODGED, lodged_before=LODGED + DAY)
    assert database.index.search(query, limit=5) == CertificatePage(rows=(), after=None)


def test_a_clock_put_back_by_an_hour_hides_nothing(database: Database, row: RowMaker) -> None:
    """Rows out of the order of time by less than a day are found by time all the same."""
    lodged = (LODGED, LODGED + 7_200_000, LODGED + 3_600_000, LODGED + 9_000_000)
    rows = tuple(row(place, lodged_at=at) for place, at in enumerate(lodged))
    database.index.extend(rows, (), len(rows))
    query = CertificateQuery(
        at=AT, lodged_from=LODGED + 3_600_000, lodged_before=LODGED + 3_600_001
    )
    assert database.index.search(query, limit=5).rows == (rows[2],)


def test_a_rare_thing_among_many_is_looked_for_in_steps(
    database: Database, row: RowMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One question looks at `SCAN` entries; an empty page then says where to go on."""
    rows = tuple(
        row(place, usage=KeyUsage.KEY_AGREEMENT if place == 0 else KeyUsage.DIGITAL_SIGNATURE)
        for place in range(50)
    )
    database.index.extend(rows, (), 50)
    monkeypatch.setattr(searching, "SCAN", 20)
    query = CertificateQuery(at=AT, usage=KeyUsage.KEY_AGREEMENT)
    pages = list(_all(database, query, limit=5))
    assert [(len(page.rows), page.after) for page in pages] == [(0, 30), (0, 10), (1, None)]
