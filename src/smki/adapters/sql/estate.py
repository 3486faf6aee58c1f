"""An estate in a database of its own: about 1.4 kB for each device, indexes counted in.

Trust anchors that many devices hold alike stand once, under numbers that follow from them, so that
several processes write them without asking each other. The tables are made when they are missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Select,
    TextClause,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from smki.adapters.sql.estate_tables import (
    ANCHOR,
    DEVICE,
    KINDS,
    METADATA,
    STATE,
    STATUS,
    STATUSES,
    anchor_number,
    anchor_of_row,
    anchor_row,
    eui64_of,
    instant,
    inventory_of_row,
    inventory_values,
    micros,
    number_of,
)
from smki.adapters.sql.in_order import page_of
from smki.adapters.sql.store import Store
from smki.devices import TrustAnchor
from smki.devices.encoding import decode_state, encode_state
from smki.ports.estate import (
    EstateDevice,
    HeldState,
    InventoryQuery,
    InventoryRow,
    InventoryTotal,
    StatusChange,
)
from smki.terms import EUI64, Inconsistent, Refused, SmiStatus, Unavailable
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier

CHANGED: Final = "estate.changed"  # rule
_ASKED_TOGETHER: Final = 500
_ANCHORS_KNOWN: Final = 100_000  # some 30 MB of them in memory at the most


class SqlEstate:
    """`ports.Estate`, for any number of processes and threads."""

    def __init__(self, url: str) -> None:
        self.store = Store(url)
        self.store.write(METADATA.create_all)
        self._anchors: dict[int, TrustAnchor] = {}  # those that are in the table for certain
        # Built once: to put a statement together takes longer than to find a device.
        self._some = select(STATE).where(self.store.among_bound(STATE.c.device, "these"))

    def close(self) -> None:
        """No connection is left."""
        self.store.engine.dispose()

    def number_of(self, anchor: TrustAnchor) -> int:
        """The number of the anchor."""
        return anchor_number(anchor)

    def anchor(self, number: int) -> TrustAnchor:
        """The anchor of that number.

        Raises:
            Inconsistent: there is none.
        """
        found = self._anchors.get(number)
        if found is None:
            query = select(ANCHOR).where(ANCHOR.c.number == number)
            row = self.store.read(lambda connection: connection.execute(query).mappings().first())
            if row is None:
                raise Inconsistent(
                    f"estate: trust anchor {number} is not in its table, must be",
                    rule="estate.anchor",
                )
            found = anchor_of_row(dict(row))
            self._remember({number: found})
        return found

    def _remember(self, there: Mapping[int, TrustAnchor]) -> None:
        if len(self._anchors) >= _ANCHORS_KNOWN:
            self._anchors.clear()
        self._anchors.update(there)

    def add(self, devices: Sequence[EstateDevice], at: datetime) -> None:
        """These are in the estate, with their status from that instant on.

        Raises:
            Refused: one of them is there already; none was added.
            Unavailable: the database does not take them; none was added.
        """
        self.store.write(lambda connection: self.add_within(connection, devices, {}, at))

    def add_within(
        self,
        connection: Connection,
        devices: Sequence[EstateDevice],
        before: Mapping[SmiStatus, datetime],
        at: datetime,
    ) -> None:
        """The same, with what else a transaction does; `before` are statuses that they all had.

        Raises:
            Refused: one of them is there already.
        """
        rows = [inventory_values(device.row) for device in devices]
        numbers = [number_of(device.row.device) for device in devices]
        if known := self._known(connection, numbers):
            raise Refused(
                f"estate: {eui64_of(min(known))} is there already, must be a new device",
                rule="estate.device",
            )
        self._write_anchors(connection, [device.state.anchors for device in devices])
        self.store.load(connection, DEVICE, rows)
        self.store.load(
            connection,
            STATE,
            (
                (number, 0, encode_state(device.state, self))
                for number, device in zip(numbers, devices, strict=True)
            ),
        )
        earlier = [(micros(since), STATUSES.index(status)) for status, since in before.items()]
        now = micros(at)
        self.store.load(
            connection,
            STATUS,
            (
                (row[0], since, status)
                for row in rows
                for since, status in (*earlier, (now, row[-1]))
            ),
        )

    def device(self, device: EUI64) -> EstateDevice | None:
        """The device; None if it is not in the estate."""
        query = (
            select(DEVICE, STATE.c.state)
            .join(STATE, STATE.c.device == DEVICE.c.device)
            .where(DEVICE.c.device == number_of(device))
        )
        row = self.store.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        state = decode_state(bytes(row["state"]), self)
        return EstateDevice(state=state, row=inventory_of_row(dict(row)))

    def row(self, device: EUI64) -> InventoryRow | None:
        """What the inventory knows of the device; None if it is not in the estate."""
        which = {"number": number_of(device)}
        row = self.store.read(lambda found: found.execute(_ROW, which).mappings().first())
        return None if row is None else inventory_of_row(dict(row))

    def held(self, device: EUI64) -> HeldState | None:
        """What the device holds now; None if it is not in the estate."""
        return self.held_by((device,)).get(device)

    def held_by(self, devices: Sequence[EUI64]) -> dict[EUI64, HeldState]:
        """What these devices hold now, those that are in the estate."""
        found: dict[EUI64, HeldState] = {}
        for start in range(0, len(devices), _ASKED_TOGETHER):
            numbers = [number_of(each) for each in devices[start : start + _ASKED_TOGETHER]]
            rows = self._states(self._some, these=self.store.listed(numbers))
            held = (self._held(row.revision, row.state) for row in rows)
            found |= {each.state.device: each for each in held}
        return found

    def held_after(self, after: EUI64 | None, limit: int) -> tuple[HeldState, ...]:
        """At most `limit` devices in the order of their identifiers, from the first after `after`.

        The order is that of 64-bit signed numbers; one pass sees each device once.
        """
        query = select(STATE).order_by(STATE.c.device).limit(limit)
        if after is not None:
            query = query.where(STATE.c.device > number_of(after))
        return tuple(self._held(row.revision, row.state) for row in self._states(query))

    def keep(self, changed: Sequence[HeldState]) -> tuple[HeldState, ...]:
        """The devices hold these states now; each with the revision that it has from now on.

        Raises:
            Unavailable: one of them was changed since it was read, with rule `estate.changed`; or
                the database does not take it. None was changed.
            Inconsistent: one of them is not in the estate; none was changed.
        """
        if changed:
            self._remember(self.store.write(lambda connection: self._keep(connection, changed)))
        return tuple(HeldState(state=one.state, revision=one.revision + 1) for one in changed)

    def _keep(
        self, connection: Connection, changed: Sequence[HeldState]
    ) -> Mapping[int, TrustAnchor]:
        """They are kept; the anchors that were written for them, by number."""
        written = self._write_anchors(connection, [one.state.anchors for one in changed])
        numbers = [number_of(one.state.device) for one in changed]
        rows = [
            {
                "number": number,
                "before": one.revision,
                "octets": encode_state(one.state, self),
            }
            for number, one in zip(numbers, changed, strict=True)
        ]
        if connection.execute(_KEPT, rows).rowcount == len(rows):
            return written
        if missing := set(numbers) - self._known(connection, numbers):
            raise Inconsistent(
                f"estate: {eui64_of(min(missing))} is not there, must have been added",
                rule="estate.device",
            )
        raise Unavailable(
            f"estate: one of {len(rows)} device(s) was changed by another since it was read; read"
            " again",
            rule=CHANGED,
        )

    def history(self, device: EUI64) -> tuple[StatusChange, ...]:
        """Its statuses, the oldest first."""
        query = (
            select(STATUS.c.status, STATUS.c.at)
            .where(STATUS.c.device == number_of(device))
            .order_by(STATUS.c.at)
        )
        rows = self.store.read(lambda connection: connection.execute(query).all())
        return tuple(StatusChange(status=STATUSES[status], at=instant(at)) for status, at in rows)

    def set_status(self, devices: Sequence[EUI64], status: SmiStatus, at: datetime) -> None:
        """The devices have this status from that instant on; one that has it already keeps it."""
        code = STATUSES.index(status)

        def work(connection: Connection) -> None:
            for start in range(0, len(devices), _ASKED_TOGETHER):
                numbers = [number_of(each) for each in devices[start : start + _ASKED_TOGETHER]]
                others = (DEVICE.c.device.in_(numbers)) & (DEVICE.c.status != code)
                query = select(DEVICE.c.device).where(others).with_for_update()
                found = connection.execute(query).scalars().all()
                if found:
                    connection.execute(update(DEVICE).where(others).values(status=code))
                    connection.execute(
                        insert(STATUS),
                        [{"device": one, "at": micros(at), "status": code} for one in found],
                    )

        self.store.write(work)

    def count(self) -> int:
        """How many devices there are."""
        query = select(func.count()).select_from(DEVICE)
        return int(self.store.read(lambda connection: connection.execute(query).scalar_one()))

    def octets(self) -> int:
        """How much room the database takes, indexes and all."""
        return int(
            self.store.read(lambda connection: connection.execute(self._size()).scalar_one())
        )

    def _size(self) -> TextClause:
        if self.store.is_sqlite:
            return text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        tables = " + ".join(f"pg_total_relation_size('{name}')" for name in METADATA.tables)
        return text(f"SELECT {tables}")

    def totals(self, query: InventoryQuery) -> tuple[InventoryTotal, ...]:
        """How many devices there are of each kind, make, region and status."""
        group = (DEVICE.c.kind, DEVICE.c.make, DEVICE.c.region, DEVICE.c.status)
        asked = (
            select(*group, func.count().label("devices"))
            .where(*_conditions(query))
            .group_by(*group)
            .order_by(*group)
        )
        rows = self.store.read(lambda connection: connection.execute(asked).all())
        return tuple(
            InventoryTotal(
                kind=KINDS[row.kind],
                make=row.make,
                region=row.region,
                status=STATUSES[row.status],
                devices=row.devices,
            )
            for row in rows
        )

    def inventory(
        self, query: InventoryQuery, after: EUI64 | None, limit: int
    ) -> tuple[InventoryRow, ...]:
        """At most `limit` of the devices that are meant, in the order of their identifiers."""
        asked = select(DEVICE).where(*_conditions(query))
        rows = self.store.read(
            lambda connection: page_of(connection, asked, DEVICE.c.device, after, limit)
        )
        return tuple(inventory_of_row(row._asdict()) for row in rows)

    def _states(self, query: Select[Any], **bound: object) -> Sequence[Any]:
        return self.store.read(lambda connection: connection.execute(query, bound).all())

    def _held(self, revision: int, octets: bytes) -> HeldState:
        return HeldState(state=decode_state(bytes(octets), self), revision=revision)

    def _known(self, connection: Connection, numbers: Sequence[int]) -> set[int]:
        known: set[int] = set()
        for start in range(0, len(numbers), _ASKED_TOGETHER):
            among = self.store.among(DEVICE.c.device, numbers[start : start + _ASKED_TOGETHER])
            known.update(connection.execute(select(DEVICE.c.device).where(among)).scalars())
        return known

    def _write_anchors(
        self,
        connection: Connection,
        held: Iterable[Mapping[TrustAnchorCellIdentifier, TrustAnchor]],
    ) -> Mapping[int, TrustAnchor]:
        """These anchors are in the table; those that were not known to be, by number.

        Raises:
            Inconsistent: another anchor has the same number.
        """
        different = {id(anchors): anchors for anchors in held}  # many devices share one mapping
        all_held = {one: anchor_number(one) for each in different.values() for one in each.values()}
        fresh = {one: number for one, number in all_held.items() if number not in self._anchors}
        if not fresh:
            return {}
        connection.execute(
            self.store.insert(ANCHOR).on_conflict_do_nothing(),
            [anchor_row(number, anchor) for anchor, number in fresh.items()],
        )
        query = select(ANCHOR).where(self.store.among(ANCHOR.c.number, tuple(fresh.values())))
        there = {anchor_of_row(dict(row)) for row in connection.execute(query).mappings()}
        if other := set(fresh) - there:
            raise Inconsistent(
                f"estate: number {fresh[other.pop()]} is another trust anchor's, must be its own",
                rule="estate.anchor",
            )
        return {number: anchor for anchor, number in fresh.items()}


_ROW: Final = select(DEVICE).where(DEVICE.c.device == bindparam("number"))
_KEPT: Final = (
    update(STATE)
    .where(STATE.c.device == bindparam("number"), STATE.c.revision == bindparam("before"))
    .values(state=bindparam("octets"), revision=STATE.c.revision + 1)
)


def _conditions(query: InventoryQuery) -> list[Any]:
    columns = DEVICE.c
    given = (
        (columns.kind, None if query.kind is None else KINDS.index(query.kind)),
        (columns.make, query.make),
        (columns.region, query.region),
        (columns.status, None if query.status is None else STATUSES.index(query.status)),
        (columns.hub, None if query.hub is None else number_of(query.hub)),
        (columns.mpxn, query.mpxn),
    )
    return [column == value for column, value in given if value is not None]
