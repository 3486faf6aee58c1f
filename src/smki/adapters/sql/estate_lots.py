"""Devices on their way into an estate: `ports.Lots`, in the estate's database.

A lot is one row; each device of it stands there in 73 octets:

    device ::= device(8) kind(1) signing(32) agreement(32)
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select

from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.estate_tables import (
    DEVICE,
    KINDS,
    LOT,
    NOTE,
    eui64_of,
    instant,
    micros,
    number_of,
)
from smki.ports.estate import EstateDevice, Lot, NewDevice
from smki.terms import EUI64, Inconsistent, Refused, SmiStatus

_FIRST: Final = "first"
_DEVICE: Final = 8
_KIND: Final = _DEVICE + 1
_SIGNING: Final = _KIND + 32
_OCTETS: Final = _SIGNING + 32


class SqlLots:
    """`ports.Lots`; whoever uses it sees to it that no other process does."""

    def __init__(self, estate: SqlEstate, span: int) -> None:
        """Over that estate, whose own identifiers are `span` from the first on."""
        self._estate = estate
        self._span = span

    def first(self, proposed: EUI64) -> EUI64:
        """The identifier from which those of this estate count on: the one first proposed."""

        def work(connection: Connection) -> str:
            note = self._estate.store.insert(NOTE).values(name=_FIRST, value=proposed.digits)
            connection.execute(note.on_conflict_do_nothing())
            query = select(NOTE.c.value).where(NOTE.c.name == _FIRST)
            return str(connection.execute(query).scalar_one())

        return EUI64.parse(self._estate.store.write(work))

    def newest(self) -> EUI64 | None:
        """The last of them in the estate; None if there is none yet."""
        query = select(NOTE.c.value).where(NOTE.c.name == _FIRST)
        found = self._estate.store.read(
            lambda connection: connection.execute(query).scalar_one_or_none()
        )
        if found is None:
            return None
        first = number_of(EUI64.parse(found))
        ours = select(func.max(DEVICE.c.device)).where(
            DEVICE.c.device.between(first, first + self._span - 1)
        )
        newest = self._estate.store.read(lambda connection: connection.execute(ours).scalar_one())
        return None if newest is None else eui64_of(newest)

    def begun(self) -> Iterator[Lot]:
        """The lots that were begun and are not finished, by name."""
        query = select(LOT).order_by(LOT.c.name)
        rows = self._estate.store.read(lambda connection: connection.execute(query).all())
        for row in rows:
            yield Lot(
                name=row.name,
                hw_type=bytes(row.hw_type),
                devices=_unpacked(bytes(row.devices)),
                at=instant(row.at),
            )

    def begin(self, lot: Lot) -> None:
        """The lot and its private keys are kept.

        Raises:
            Refused: there is one of that name.
            Unavailable: the database does not take it.
        """
        values = {
            "name": lot.name,
            "at": micros(lot.at),
            "hw_type": lot.hw_type,
            "devices": _packed(lot.devices),
        }

        def work(connection: Connection) -> None:
            query = select(LOT.c.name).where(LOT.c.name == lot.name)
            if connection.execute(query).first():
                raise Refused(
                    f"lot {lot.name}: was begun before, must be a new one", rule="estate.lot"
                )
            connection.execute(insert(LOT), values)

        self._estate.store.write(work)

    def finish(self, lot: Lot, devices: Sequence[EstateDevice], at: datetime) -> None:
        """The devices of the lot are in the estate, and the lot is no more.

        Raises:
            Refused: one of them is there already; nothing was changed.
            Unavailable: the database does not take them; nothing was changed.
        """

        def work(connection: Connection) -> None:
            self._estate.add_within(connection, devices, {SmiStatus.PENDING: lot.at}, at)
            connection.execute(delete(LOT).where(LOT.c.name == lot.name))

        self._estate.store.write(work)

    def drop(self, lot: Lot) -> None:
        """The lot is no more, and no device of it was added."""
        gone = delete(LOT).where(LOT.c.name == lot.name)
        self._estate.store.write(lambda connection: connection.execute(gone))


def _packed(devices: Sequence[NewDevice]) -> bytes:
    return b"".join(
        each.device.octets + bytes((KINDS.index(each.kind),)) + each.signing + each.agreement
        for each in devices
    )


def _unpacked(octets: bytes) -> tuple[NewDevice, ...]:
    if len(octets) % _OCTETS:
        raise Inconsistent(
            f"lot: {len(octets)} octets of devices, must be {_OCTETS} for each", rule="estate.lot"
        )
    parts = (octets[start : start + _OCTETS] for start in range(0, len(octets), _OCTETS))
    return tuple(
        NewDevice(
            device=EUI64(part[:_DEVICE]),
            kind=KINDS[part[_DEVICE]],
            signing=part[_KIND:_SIGNING],
            agreement=part[_SIGNING:],
        )
        for part in parts
    )
