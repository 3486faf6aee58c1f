"""The certificate index over SQL. Holds nothing that the record does not say."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from operator import lt
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, func, select, text, update

from smki.adapters.sql import comparing
from smki.adapters.sql.codes import (
    DEVICE,
    IN_USE,
    KINDS,
    NOT_IN_USE,
    REVOKED,
    Columns,
    from_certificate,
    from_eui64,
    from_eui64s,
    from_serial,
    to_certificate,
    to_kind,
    to_optional_eui64,
    to_signed,
    to_unsigned,
    to_usage,
)
from smki.adapters.sql.lookup import Lookup, wanted
from smki.adapters.sql.searching import search
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import CERTIFICATE, ITEM, LIST, NOT_DEVICE, PROGRESS
from smki.ports import (
    ALL_DEVICES,
    CertificatePage,
    CertificateQuery,
    CertificateRow,
    DeviceRange,
    ItemRow,
    KeyHolder,
    ListRow,
)
from smki.terms import EUI64, CertificateKind, Inconsistent, SerialNumber

PAGE: Final = 2_048  # rows in memory at a time, reading or catching up
RECORD: Final = "record"  # the one row of index_progress

_C: Final = CERTIFICATE.c
_ENTRY, _SERIAL, _KIND, _IDENTITY, _USAGE, _STATUS = 0, 1, 2, 3, 5, 7  # columns, from 0


class SqlCertificateIndex:
    """`ports.CertificateIndex`. Safe for threads and processes; one process writes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        by_identity = select(CERTIFICATE).where(_C.identity == wanted()).order_by(_C.entry)
        self._by_identity = Lookup(store, by_identity)
        self._by_serial = Lookup(store, select(CERTIFICATE).where(_C.serial == wanted()))

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """Reads of this thread inside are done in that time, or raise Unavailable; see `Store`."""
        return self._store.hurried(seconds)

    def size(self) -> int:
        """How many entries of the record the index covers."""
        return self._store.read(lambda connection: _progress(connection)[0])

    def count(self) -> int:
        """Number of certificates in the index; kept, not counted."""
        return self._store.read(lambda connection: _progress(connection)[1])

    def extend(
        self,
        rows: Iterable[CertificateRow],
        revoked: Sequence[SerialNumber],
        size: int,
        lists: Sequence[ListRow] = (),
        items: Sequence[ItemRow] = (),
    ) -> None:
        """The index covers `size` entries on return, all that is handed in among them, in one go.

        Rows that it covers already are compared and left. The memory used does not grow with
        `rows`, which may be an iterator.

        Raises:
            Inconsistent: rows out of order, past `size`, or other than those already there.
            Unavailable: nothing was written.
        """

        def work(connection: Connection) -> None:
            self.extend_within(connection, rows, revoked, size)
            self._load_lists(connection, lists)
            self._load_items(connection, items)

        self._store.write(work, attempts=1)

    def extend_within(
        self,
        connection: Connection,
        rows: Iterable[CertificateRow],
        revoked: Sequence[SerialNumber],
        size: int,
    ) -> None:
        """As `extend`, inside a writing transaction that is open already."""
        covered, certificates = _progress(connection)
        last, remaining = -1, iter(rows)
        while page := [from_certificate(row) for row in islice(remaining, PAGE)]:
            entries = [row[_ENTRY] for row in page]
            _check_order(last, entries, size)
            last = entries[-1]
            fresh = page if entries[0] >= covered else self._unseen(connection, page, covered)
            self._replace_earlier(connection, fresh)
            if fresh:
                self._store.load(connection, CERTIFICATE, fresh)
            certificates += len(fresh)
        self._revoke(connection, revoked)
        connection.execute(
            update(PROGRESS)
            .where(PROGRESS.c.name == RECORD)
            .values(size=max(size, covered), certificates=certificates)
        )

    def clear(self) -> None:
        """Nothing is indexed on return; the working state is untouched."""

        def work(connection: Connection) -> None:
            connection.execute(delete(CERTIFICATE))
            connection.execute(delete(LIST))
            connection.execute(delete(ITEM))
            connection.execute(update(PROGRESS).values(size=0, certificates=0))

        self._store.write(work)

    def by_serial(self, serial: SerialNumber) -> CertificateRow | None:
        """The certificate with this serial number, if any."""
        found = self._by_serial(from_serial(serial))
        return to_certificate(found[0]) if found else None

    def by_identity(self, identity: EUI64) -> tuple[CertificateRow, ...]:
        """All certificates whose subject is this device or entity, oldest first."""
        return tuple(map(to_certificate, self._by_identity(from_eui64(identity))))

    def search(
        self, query: CertificateQuery, *, limit: int, before: int | None = None
    ) -> CertificatePage:
        """At most `limit` certificates that the query finds, below the entry `before`."""
        return self._store.read(lambda connection: search(connection, query, limit, before))

    def newest_list(self, issuer: int) -> ListRow | None:
        """The list with the highest number of that issuer, if any."""
        query = (
            select(LIST)
            .where(LIST.c.issuer == to_signed(issuer))
            .order_by(LIST.c.number.desc(), LIST.c.entry.desc())
        )
        found = self._select(query.limit(1))
        return _to_list(found[0]) if found else None

    def lists(self) -> tuple[ListRow, ...]:
        """All revocation lists in the order of the record."""
        return tuple(map(_to_list, self._select(select(LIST).order_by(LIST.c.entry))))

    def items(self, *, of: int | None = None, name: str | None = None) -> tuple[ItemRow, ...]:
        """The other entries in the order of the record; `of` one type, of one name if given."""
        query = select(ITEM).order_by(ITEM.c.entry)
        if of is not None:
            query = query.where(ITEM.c.type == of)
        if name is not None:
            query = query.where(ITEM.c.name == name)
        return tuple(map(_to_item, self._select(query)))

    def about(self, entry: int) -> tuple[ItemRow, ...]:
        """The other entries that refer to this one, in the order of the record."""
        query = select(ITEM).where(ITEM.c.refers == entry).order_by(ITEM.c.entry)
        return tuple(map(_to_item, self._select(query)))

    def device_counts(self, devices: Sequence[EUI64]) -> Mapping[EUI64, int]:
        """How many device certificates each device has; devices without any are left out."""
        numbers = from_eui64s(devices)
        found = self._select(
            select(_C.identity, func.count())
            .where(self._store.among(_C.identity, numbers), _C.kind == DEVICE)
            .group_by(_C.identity)
        )
        if not found:
            return {}
        named = dict(zip(numbers, devices, strict=True))
        return {named[number]: count for number, count in found}

    def key_holders(self, keys: Sequence[int]) -> tuple[KeyHolder, ...]:
        """Certificates that may carry one of these keys, in the order of the record."""
        wanted = self._store.among(_C.key, list(map(to_signed, keys)))
        columns = (_C.key, _C.entry, _C.identity, _C.kind, _C.usage)
        return tuple(
            KeyHolder(
                key=to_unsigned(key),
                entry=entry,
                identity=to_optional_eui64(identity),
                kind=to_kind(kind),
                usage=to_usage(usage),
            )
            for key, entry, identity, kind, usage in self._select(
                select(*columns).where(wanted).order_by(_C.entry)
            )
        )

    def rows(
        self, kind: CertificateKind | None = None, *, start: int = 0, stop: int | None = None
    ) -> Iterator[CertificateRow]:
        """All certificates of `[start, stop)` in order, memory flat; one kind if given.

        Read page by page, each from a view of its own: a certificate that is lodged or changes
        its status meanwhile is seen as it is when its page is read.
        """
        after = start - 1
        query = _of_kind(select(CERTIFICATE), kind).order_by(_C.entry).limit(PAGE)
        if stop is not None:
            query = query.where(_C.entry < stop)
        while page := self._select(query.where(_C.entry > after)):
            yield from map(to_certificate, page)
            after = page[-1][_ENTRY]

    def holds(self, start: int, stop: int, rows: Sequence[CertificateRow]) -> bool:
        """The certificates of `[start, stop)` are these, in all but their status."""
        return comparing.holds(self._store, start, stop, rows)

    def doubtful_devices(self, among: DeviceRange = ALL_DEVICES) -> Iterator[EUI64]:
        """Devices of which not the newest certificate for each usage is `I`, and all others `N`."""
        return comparing.doubtful_devices(self._store, among)

    def device_ranges(self, count: int) -> tuple[DeviceRange, ...]:
        """At most `count` ranges, one after the other, that cover all devices; about alike."""
        return comparing.device_ranges(self._store, count)

    def _select(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        return self._store.read(lambda connection: connection.execute(query).all())

    def _replace_earlier(self, connection: Connection, page: list[Columns]) -> None:
        """A device's certificate for a usage turns the earlier one from I to N. sec-app-o."""
        newest: dict[tuple[int, int], int] = {}
        for position, row in enumerate(page):
            if row[_KIND] == DEVICE:
                slot = (row[_IDENTITY], row[_USAGE])
                if (earlier := newest.get(slot)) is not None:
                    page[earlier] = _not_in_use(page[earlier])
                newest[slot] = position
        if not newest:
            return
        devices = list({identity for identity, _ in newest})
        present = connection.execute(
            select(_C.entry, _C.identity, _C.usage).where(
                self._store.among(_C.identity, devices), _C.kind == DEVICE, _C.status == IN_USE
            )
        )
        replaced = [row.entry for row in present if (row.identity, row.usage) in newest]
        if replaced:
            connection.execute(
                update(CERTIFICATE)
                .where(self._store.among(_C.entry, replaced))
                .values(status=NOT_IN_USE)
            )

    def _revoke(self, connection: Connection, revoked: Sequence[SerialNumber]) -> None:
        for serial in revoked:
            changed = connection.execute(
                update(CERTIFICATE).where(_C.serial == from_serial(serial)).values(status=REVOKED)
            )
            if changed.rowcount != 1:
                raise Inconsistent(
                    f"index: certificate {serial} is to be revoked, but is not in the index;"
                    " stop and run the audit",
                    rule="index.revoked",
                )

    def _load_lists(self, connection: Connection, lists: Sequence[ListRow]) -> None:
        """The lists are there; those that were there already are left, the audit compares them."""
        for one in lists:
            connection.execute(
                self._store.insert(LIST)
                .values(entry=one.entry, issuer=to_signed(one.issuer), number=one.number)
                .on_conflict_do_nothing(index_elements=[LIST.c.entry])
            )

    def _load_items(self, connection: Connection, items: Sequence[ItemRow]) -> None:
        """As for lists."""
        for one in items:
            connection.execute(
                self._store.insert(ITEM)
                .values(entry=one.entry, type=one.type, name=one.name, refers=one.refers)
                .on_conflict_do_nothing(index_elements=[ITEM.c.entry])
            )

    def _unseen(self, connection: Connection, page: list[Columns], covered: int) -> list[Columns]:
        """The rows of the page that the index does not cover; the others must be there."""
        offered = {row[_ENTRY]: row[_SERIAL] for row in page if row[_ENTRY] < covered}
        present = connection.execute(
            select(_C.entry, _C.serial).where(self._store.among(_C.entry, list(offered)))
        )
        if offered != {entry: bytes(serial) for entry, serial in present}:
            raise Inconsistent(
                f"index: of entries {min(offered)} to {max(offered)}, covered already, some are"
                " missing or other certificates; clear the index and let it be rebuilt",
                rule="index.differs",
            )
        return [row for row in page if row[_ENTRY] >= covered]


def _progress(connection: Connection) -> tuple[int, int]:
    row = connection.execute(
        select(PROGRESS.c.size, PROGRESS.c.certificates).where(PROGRESS.c.name == RECORD)
    ).one()
    return row.size, row.certificates


def _to_list(row: Row[*tuple[Any, ...]]) -> ListRow:
    return ListRow(entry=row.entry, issuer=to_unsigned(row.issuer), number=row.number)


def _to_item(row: Row[*tuple[Any, ...]]) -> ItemRow:
    return ItemRow(entry=row.entry, type=row.type, name=row.name, refers=row.refers)


def _check_order(last: int, entries: list[int], size: int) -> None:
    if not all(map(lt, [last, *entries], entries)):
        raise Inconsistent(
            "index: rows out of order, must ascend as in the record", rule="index.order"
        )
    if entries[-1] >= size:
        raise Inconsistent(
            f"index: row for entry {entries[-1]}, must be below the size {size}",
            rule="index.size",
        )


def _not_in_use(row: Columns) -> Columns:
    if row[_STATUS] != IN_USE:
        return row
    return (*row[:_STATUS], NOT_IN_USE, *row[_STATUS + 1 :])


def _of_kind(
    query: Select[*tuple[Any, ...]], kind: CertificateKind | None
) -> Select[*tuple[Any, ...]]:
    if kind is None:
        return query
    query = query.where(_C.kind == KINDS[kind])
    # said as the small index says it, so that both databases see that it serves
    return query if kind is CertificateKind.DEVICE else query.where(text(str(NOT_DEVICE)))
