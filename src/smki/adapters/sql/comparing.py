"""Going through the whole index quickly: no value is made of a row, pages are compared as columns.

What differs is not said here: only that, or of whom, so that it can be looked at with care.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import Select, func, select, tuple_

from smki.adapters.sql.codes import (
    DEVICE,
    IN_USE,
    NOT_IN_USE,
    from_certificate,
    from_eui64,
    to_eui64,
)
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import CERTIFICATE
from smki.ports import CertificateRow, DeviceRange
from smki.terms import EUI64

PAGE: Final = 4_096  # rows in memory at a time
_C: Final = CERTIFICATE.c
_STATUS: Final = 7  # column, from 0
_ALL_BUT_STATUS: Final = tuple(column for column in _C if column is not _C.status)


def holds(store: Store, start: int, stop: int, rows: Sequence[CertificateRow]) -> bool:
    """The certificates of `[start, stop)` are these, in all but their status."""
    within = (_C.entry >= start, _C.entry < stop)
    found = _fetch(store, select(*_ALL_BUT_STATUS).where(*within).order_by(_C.entry))
    expected = map(from_certificate, rows)
    return found == [one[:_STATUS] + one[_STATUS + 1 :] for one in expected]


def doubtful_devices(store: Store, among: DeviceRange) -> Iterator[EUI64]:
    """Devices of which not the newest certificate for each usage is `I`, and all others `N`."""
    device: int | None = None
    statuses: dict[int, int] = {}  # by usage, of the newest so far
    doubtful = False
    for identity, usage, status in _device_statuses(store, among):
        if identity != device:
            if device is not None and (doubtful or _not_in_use(statuses)):
                yield to_eui64(device)
            device, doubtful = identity, False
            statuses.clear()
        if statuses.get(usage, NOT_IN_USE) != NOT_IN_USE:
            doubtful = True
        # The one before was the newest for its usage until now: it must be N.
        statuses[usage] = status
    if device is not None and (doubtful or _not_in_use(statuses)):
        yield to_eui64(device)


def device_ranges(store: Store, count: int) -> tuple[DeviceRange, ...]:
    """At most `count` ranges, one after the other, that cover all devices; about alike."""
    known = select(_C.identity).where(_C.identity.is_not(None))
    [(total,)] = _fetch(store, select(func.count()).select_from(known.subquery()))
    bounds = [
        _fetch(store, known.order_by(_C.identity).limit(1).offset(total * part // count))[0][0]
        for part in range(1, count)
        if total
    ]
    edges = [None, *map(to_eui64, sorted(set(bounds))), None]
    return tuple(DeviceRange(first=first, before=before) for first, before in pairwise(edges))


def _not_in_use(statuses: dict[int, int]) -> bool:
    return any(status != IN_USE for status in statuses.values())


def _device_statuses(store: Store, among: DeviceRange) -> Iterator[tuple[int, int, int]]:
    """Identity, usage and status of device certificates, by identity and entry, page by page."""
    columns = select(_C.identity, _C.usage, _C.status, _C.entry)
    query = columns.where(_C.kind == DEVICE, _C.identity.is_not(None))
    if among.before is not None:
        query = query.where(_C.identity < from_eui64(among.before))
    query = query.order_by(_C.identity, _C.entry).limit(PAGE)
    first = None if among.first is None else _C.identity >= from_eui64(among.first)
    page = _fetch(store, query if first is None else query.where(first))
    while page:
        for identity, usage, status, _ in page:
            yield identity, usage, status
        after = tuple_(_C.identity, _C.entry) > (page[-1][0], page[-1][3])
        page = _fetch(store, query.where(after))


def _fetch(store: Store, statement: Select[Any]) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them: integers and octets need no more."""
    compiled = statement.compile(dialect=store.engine.dialect)
    values = compiled.params
    by_place = [values[name] for name in compiled.positiontup or ()]
    return store.fetch(str(compiled), by_place if compiled.positional else values)
