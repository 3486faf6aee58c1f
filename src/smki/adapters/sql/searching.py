"""The combined search of the index: any conditions together, newest first, in bounded time.

However many certificates there are and however rare those that are wanted, one question looks at a
bounded number of rows: where no index leads to few, it takes the newest `SCAN` that may be meant,
and says where to go on. Knows the certificate table and nothing of transactions.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, func, select, text

from smki.adapters.sql.codes import (
    IN_USE,
    KINDS,
    NOT_IN_USE,
    REVOKED,
    STATUSES,
    USAGES,
    from_eui64,
    from_serial,
    to_certificate,
)
from smki.adapters.sql.tables import CERTIFICATE, ENDS, IS_REVOKED, NOT_DEVICE
from smki.ports import CertificatePage, CertificateQuery
from smki.terms import CertificateKind, CertificateStatus, RemotePartyRole

SCAN: Final = 100_000  # rows looked at in one question: some 30 ms
CLOCK_MILLISECONDS: Final = 24 * 3600 * 1000  # by which a clock may have been put back

_C: Final = CERTIFICATE.c
_ENTRY: Final = 0
_S: Final = CertificateStatus
_Wanted = TypeVar("_Wanted")


def search(
    connection: Connection, query: CertificateQuery, limit: int, before: int | None
) -> CertificatePage:
    """What `ports.CertificateIndex.search` says."""
    lowest, highest = _span(connection, query, before)
    floor = lowest if _leads_to_few(query) else _floor(connection, query, lowest, highest)
    statement = (
        select(CERTIFICATE)
        .where(*_conditions(query), _C.entry < highest, _C.entry >= floor)
        .order_by(_C.entry.desc())
        .limit(limit + 1)
    )
    rows = connection.execute(statement).all()
    after = floor if floor > lowest else None
    if len(rows) > limit:
        after = rows[limit - 1][_ENTRY]
    return CertificatePage(rows=tuple(map(to_certificate, rows[:limit])), after=after)


def _span(connection: Connection, query: CertificateQuery, before: int | None) -> tuple[int, int]:
    """The entries `[lowest, highest)` among which all are that may be meant."""
    newest = connection.scalar(select(func.max(_C.entry)))
    end = 0 if newest is None else newest + 1
    lowest, highest = 0, end if before is None else min(before, end)
    if query.lodged_from is not None:
        lowest = _first_since(connection, query.lodged_from - CLOCK_MILLISECONDS, end)
    if query.lodged_before is not None:
        latest = _first_since(connection, query.lodged_before + CLOCK_MILLISECONDS, end)
        highest = min(highest, latest)
    return lowest, highest


def _first_since(connection: Connection, instant: int, end: int) -> int:
    """An entry below which all certificates were lodged before `instant`, found by halving."""
    low, high = 0, end
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(_C.entry, _C.lodged_at).where(_C.entry >= middle).order_by(_C.entry).limit(1)
        ).first()
        if row is None or row.lodged_at >= instant:
            high = middle
        else:
            low = row.entry + 1
    return low


def _floor(connection: Connection, query: CertificateQuery, lowest: int, highest: int) -> int:
    """The lowest entry that is looked at now."""
    if query.subscriber is None:
        return max(lowest, highest - SCAN)
    found = connection.scalar(
        select(_C.entry)
        .where(_C.subscriber == from_eui64(query.subscriber), _C.entry < highest)
        .order_by(_C.entry.desc())
        .offset(SCAN - 1)
        .limit(1)
    )
    return max(lowest, found or 0)


def _leads_to_few(query: CertificateQuery) -> bool:
    """An index leads to so few certificates that all can be looked at."""
    return (
        query.identity is not None
        or query.serial is not None
        or query.role is not None
        or query.kind not in (None, CertificateKind.DEVICE)
        or query.status in (_S.REVOKED, _S.EXPIRED)
    )


def _conditions(query: CertificateQuery) -> list[Any]:
    found: list[Any] = [
        *_equal(_C.identity, query.identity, from_eui64),
        *_equal(_C.serial, query.serial, from_serial),
        *_equal(_C.subscriber, query.subscriber, from_eui64),
        *_equal(_C.role, query.role, int),
        *_equal(_C.kind, _kind_with(query.role), KINDS.__getitem__),
        *_equal(_C.usage, query.usage, USAGES.__getitem__),
        *_equal(_C.kind, query.kind, KINDS.__getitem__),
    ]
    if query.role is not None or query.kind not in (None, CertificateKind.DEVICE):
        found.append(text(str(NOT_DEVICE)))  # as the small index says it, so that it serves
    if query.lodged_from is not None:
        found.append(_C.lodged_at >= query.lodged_from)
    if query.lodged_before is not None:
        found.append(_C.lodged_at < query.lodged_before)
    if query.status is not None:
        found += _standing(query.status, query.at)
    return found


def _kind_with(role: RemotePartyRole | None) -> CertificateKind | None:
    return None if role is None else CertificateKind.ORGANISATION  # no other has a role


def _equal(
    column: ColumnElement[Any], wanted: _Wanted | None, code: Callable[[_Wanted], object]
) -> list[ColumnElement[bool]]:
    return [] if wanted is None else [column == code(wanted)]


def _standing(status: CertificateStatus, at: int) -> list[Any]:
    """Revoked stays revoked, then expired, then the rest; as `repository.searching.standing`."""
    match status:
        case _S.REVOKED:
            return [text(str(IS_REVOKED))]
        case _S.EXPIRED:
            return [_C.not_after < at, text(str(ENDS)), _C.status != REVOKED]
        case _S.IN_USE:
            return [_C.status == IN_USE, _C.not_after >= at]
        case _S.NOT_IN_USE:
            return [_C.status == NOT_IN_USE, _C.not_after >= at]
        case _S.PENDING:
            return [_C.status == STATUSES[_S.PENDING], _C.not_after >= at]
