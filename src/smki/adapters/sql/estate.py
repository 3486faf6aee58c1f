"""An estate in a database of its own: a row of about a kilobyte for each device.

Trust anchors that many devices hold alike stand once. The tables are made when they are missing;
nothing else of the house is in them, so that an estate can be thrown away as a whole.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    bindparam,
    func,
    insert,
    select,
    update,
)

from smki.adapters.sql.store import Store
from smki.devices import DeviceState, TrustAnchor
from smki.devices.encoding import decode_state, encode_state
from smki.devices.kinds import DeviceKind
from smki.ports.estate import EstateDevice, StatusChange
from smki.terms import EUI64, Inconsistent, Refused, SmiStatus

_KINDS: Final = tuple(DeviceKind)  # a new one is added at the end
_STATUSES: Final = tuple(SmiStatus)
_EUI64_OCTETS: Final = 8
_ASKED_TOGETHER: Final = 500

_METADATA: Final = MetaData()
_ANCHOR: Final = Table(
    "estate_anchor",
    _METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("unique_id", LargeBinary, nullable=False),
    Column("key_identifier", LargeBinary, nullable=False),
    Column("point", LargeBinary, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("contingency_key", LargeBinary, nullable=False),
)
_DEVICE: Final = Table(
    "estate_device",
    _METADATA,
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("make", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("hub", BigInteger, nullable=False),
    Column("region", Text, nullable=False),
    Column("mpxn", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("state", LargeBinary, nullable=False),
)
_STATUS: Final = Table(
    "estate_status",
    _METADATA,
    Column("device", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
    Column("status", SmallInteger, nullable=False),
    Index("estate_status_device", "device"),
)


class SqlEstate:
    """`ports.Estate`. One process writes at a time; any may read."""

    def __init__(self, url: str) -> None:
        self._store = Store(url)
        self._store.write(_METADATA.create_all)
        self._anchors: dict[int, TrustAnchor] = {}
        self._numbers: dict[TrustAnchor, int] = {}
        self._fresh: list[int] = []

    def number_of(self, anchor: TrustAnchor) -> int:
        """The number of the anchor; a new one is written with the devices that hold it."""
        number = self._numbers.get(anchor)
        if number is None:
            self._look()
            number = self._numbers.get(anchor)
        if number is None:
            number = max(self._anchors, default=0) + 1
            self._remember(number, anchor)
            self._fresh.append(number)
        return number

    def anchor(self, number: int) -> TrustAnchor:
        """The anchor of that number.

        Raises:
            Inconsistent: there is none.
        """
        if number not in self._anchors:
            self._look()
        found = self._anchors.get(number)
        if found is None:
            raise Inconsistent(
                f"estate: trust anchor {number} is not in its table, must be",
                rule="estate.anchor",
            )
        return found

    def add(self, devices: Sequence[EstateDevice], at: datetime) -> None:
        """These are in the estate, pending from that instant on.

        Raises:
            Refused: one of them is there already; none was added.
            Unavailable: the database does not take them; none was added.
        """
        rows = [self._row(device) for device in devices]
        statuses = [
            {"device": row["device"], "at": _micros(at), "status": row["status"]} for row in rows
        ]
        numbers = [row["device"] for row in rows]

        def work(connection: Connection) -> None:
            known = self._known(connection, numbers)
            if known:
                raise Refused(
                    f"estate: {_eui64(min(known))} is there already, must be a new device",
                    rule="estate.device",
                )
            self._write_anchors(connection)
            connection.execute(insert(_DEVICE), rows)
            connection.execute(insert(_STATUS), statuses)

        if rows:
            self._store.write(work)
            self._fresh.clear()

    def device(self, device: EUI64) -> EstateDevice | None:
        """The device; None if it is not in the estate."""
        query = select(_DEVICE).where(_DEVICE.c.device == _number(device))
        row = self._store.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            return None
        return EstateDevice(
            state=decode_state(row["state"], self),
            make=row["make"],
            model=row["model"],
            hub=_eui64(row["hub"]),
            region=row["region"],
            mpxn=row["mpxn"],
            status=_STATUSES[row["status"]],
        )

    def history(self, device: EUI64) -> tuple[StatusChange, ...]:
        """Its statuses, the oldest first."""
        query = (
            select(_STATUS.c.status, _STATUS.c.at)
            .where(_STATUS.c.device == _number(device))
            .order_by(_STATUS.c.at)
        )
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(StatusChange(status=_STATUSES[status], at=_instant(at)) for status, at in rows)

    def states(self, after: EUI64 | None, limit: int) -> tuple[DeviceState, ...]:
        """At most `limit` devices in the order of their identifiers, from the first after `after`.

        The order is that of 64-bit signed numbers; one pass sees each device once.
        """
        query = select(_DEVICE.c.state).order_by(_DEVICE.c.device).limit(limit)
        if after is not None:
            query = query.where(_DEVICE.c.device > _number(after))
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(decode_state(octets, self) for (octets,) in rows)

    def keep(self, states: Sequence[DeviceState]) -> None:
        """The devices hold this now.

        Raises:
            Inconsistent: one of them is not in the estate; none was changed.
            Unavailable: the database does not take it; none was changed.
        """
        numbers = [_number(state.device) for state in states]
        rows = [
            {"number": number, "octets": encode_state(state, self)}
            for number, state in zip(numbers, states, strict=True)
        ]
        changed = (
            update(_DEVICE)
            .where(_DEVICE.c.device == bindparam("number"))
            .values(state=bindparam("octets"))
        )

        def work(connection: Connection) -> None:
            missing = set(numbers) - self._known(connection, numbers)
            if missing:
                raise Inconsistent(
                    f"estate: {_eui64(min(missing))} is not there, must have been added",
                    rule="estate.device",
                )
            self._write_anchors(connection)
            connection.execute(changed, rows)

        if rows:
            self._store.write(work)
            self._fresh.clear()

    def set_status(self, devices: Sequence[EUI64], status: SmiStatus, at: datetime) -> None:
        """The devices have this status from that instant on; one that has it already keeps it."""
        code = _STATUSES.index(status)

        def work(connection: Connection) -> None:
            for start in range(0, len(devices), _ASKED_TOGETHER):
                numbers = [_number(each) for each in devices[start : start + _ASKED_TOGETHER]]
                others = (_DEVICE.c.device.in_(numbers)) & (_DEVICE.c.status != code)
                found = connection.execute(select(_DEVICE.c.device).where(others)).scalars().all()
                if found:
                    connection.execute(update(_DEVICE).where(others).values(status=code))
                    connection.execute(
                        insert(_STATUS),
                        [{"device": one, "at": _micros(at), "status": code} for one in found],
                    )

        self._store.write(work)

    def count(self) -> int:
        """How many devices there are."""
        query = select(func.count()).select_from(_DEVICE)
        return int(self._store.read(lambda connection: connection.execute(query).scalar_one()))

    def _row(self, device: EstateDevice) -> dict[str, Any]:
        return {
            "device": _number(device.state.device),
            "kind": _KINDS.index(device.state.kind),
            "make": device.make,
            "model": device.model,
            "hub": _number(device.hub),
            "region": device.region,
            "mpxn": device.mpxn,
            "status": _STATUSES.index(device.status),
            "state": encode_state(device.state, self),
        }

    def _known(self, connection: Connection, numbers: Sequence[int]) -> set[int]:
        known: set[int] = set()
        for start in range(0, len(numbers), _ASKED_TOGETHER):
            some = numbers[start : start + _ASKED_TOGETHER]
            query = select(_DEVICE.c.device).where(_DEVICE.c.device.in_(some))
            known.update(connection.execute(query).scalars())
        return known

    def _write_anchors(self, connection: Connection) -> None:
        """Anchors that nobody held yet are written with their first holders."""
        rows = [_anchor_row(number, self._anchors[number]) for number in self._fresh]
        if rows:
            connection.execute(insert(_ANCHOR), rows)

    def _look(self) -> None:
        rows = self._store.read(
            lambda connection: connection.execute(
                select(_ANCHOR).where(_ANCHOR.c.number > max(self._anchors, default=0))
            ).all()
        )
        for number, *parts in rows:
            unique_id, key_identifier, point, subject, contingency_key = map(bytes, parts)
            self._remember(
                number,
                TrustAnchor(
                    unique_id=unique_id,
                    key_identifier=key_identifier,
                    point=point,
                    subject=subject,
                    contingency_key=contingency_key,
                ),
            )

    def _remember(self, number: int, anchor: TrustAnchor) -> None:
        self._anchors[number] = anchor
        self._numbers[anchor] = number


def _anchor_row(number: int, anchor: TrustAnchor) -> dict[str, Any]:
    return {
        "number": number,
        "unique_id": anchor.unique_id,
        "key_identifier": anchor.key_identifier,
        "point": anchor.point,
        "subject": anchor.subject,
        "contingency_key": anchor.contingency_key,
    }


def _number(device: EUI64) -> int:
    return int.from_bytes(device.octets, "big", signed=True)


def _eui64(number: int) -> EUI64:
    return EUI64(number.to_bytes(_EUI64_OCTETS, "big", signed=True))


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, tz=UTC)
