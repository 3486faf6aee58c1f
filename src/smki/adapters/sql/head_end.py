"""What a head end keeps: counters, what was sent, rotations that are under way.

In tables of its own, made when they are missing, beside those of the estate: whoever throws away an
estate throws away what was sent to it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from smki.adapters.sql.estate_tables import eui64_of, instant, micros, number_of
from smki.adapters.sql.store import Store
from smki.ports.outbox import OutgoingCommand
from smki.ports.rotations import RotationNote
from smki.terms import EUI64, KeyUsage

_METADATA: Final = MetaData()
_COUNTER: Final = Table(
    "headend_counter",
    _METADATA,
    Column("originator", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)
_COMMAND: Final = Table(
    "headend_command",
    _METADATA,
    Column("originator", BigInteger, primary_key=True, autoincrement=False),
    Column("counter", BigInteger, primary_key=True, autoincrement=False),
    Column("device", BigInteger, nullable=False),
    Column("message_code", SmallInteger, nullable=False),
    Column("message", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
    Column("outcome", Text, nullable=False),
    Index("headend_command_device", "device"),
)
_ROTATION: Final = Table(
    "headend_rotation",
    _METADATA,
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("usage", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
)


class SqlHeadEnd:
    """`ports.outbox.Outbox` and `ports.rotations.Rotations`, in the database of an estate."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._store.write(_METADATA.create_all)

    def counters(self, originator: EUI64, at: datetime, count: int) -> range:
        """So many counters of the originator that nobody else has, each above all before.

        Raises:
            Unavailable: the database does not take it.

        Clause: gbcs:4.3.1
        """
        number, clock = number_of(originator), int(at.timestamp() * 1_000)
        mine = _COUNTER.c.originator == number

        def work(connection: Connection) -> range:
            # First of all the row is there and locked: two processes never read the same last.
            first = self._store.insert(_COUNTER).values(originator=number, last=clock - 1)
            connection.execute(
                first.on_conflict_do_update(
                    index_elements=["originator"], set_={"last": _COUNTER.c.last}
                )
            )
            last = connection.execute(select(_COUNTER.c.last).where(mine)).scalar_one()
            found = range(max(last + 1, clock), max(last + 1, clock) + count)
            connection.execute(update(_COUNTER).where(mine).values(last=found[-1]))
            return found

        return self._store.write(work)

    def intend(self, commands: Sequence[OutgoingCommand]) -> None:
        """The commands are kept, and may be sent.

        Raises:
            Inconsistent: a counter was used before; none was kept.
            Unavailable: the database does not take them; none was kept.
        """
        rows = [
            {
                "originator": number_of(each.originator),
                "counter": each.counter,
                "device": number_of(each.device),
                "message_code": each.message_code,
                "message": each.message,
                "digest": each.digest,
                "at": micros(each.at),
                "outcome": each.outcome,
            }
            for each in commands
        ]
        if rows:
            self._store.write(lambda connection: connection.execute(insert(_COMMAND), rows))

    def settle(self, originator: EUI64, counter: int, outcome: str) -> None:
        """The command is settled; of its octets the digest is kept."""
        which = (_COMMAND.c.originator == number_of(originator)) & (_COMMAND.c.counter == counter)
        settled = update(_COMMAND).where(which).values(outcome=outcome, message=b"")
        self._store.write(lambda connection: connection.execute(settled))

    def waiting(self, device: EUI64) -> tuple[OutgoingCommand, ...]:
        """What was meant for the device and is not settled, in the order of counters."""
        query = (
            select(_COMMAND)
            .where((_COMMAND.c.device == number_of(device)) & (_COMMAND.c.outcome == ""))
            .order_by(_COMMAND.c.counter)
        )
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(map(_command, rows))

    def under_way(self, device: EUI64, usage: KeyUsage) -> RotationNote | None:
        """How far the rotation has come; None if none is under way."""
        query = select(_ROTATION.c.request, _ROTATION.c.certificate).where(_of(device, usage))
        row = self._store.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        request, certificate = map(bytes, row)
        return RotationNote(device=device, usage=usage, request=request, certificate=certificate)

    def note(self, note: RotationNote) -> None:
        """The rotation has come so far."""
        values = {"request": note.request, "certificate": note.certificate}
        row = {"device": number_of(note.device), "usage": note.usage.code, **values}
        kept = (
            self._store.insert(_ROTATION)
            .values(row)
            .on_conflict_do_update(index_elements=["device", "usage"], set_=values)
        )
        self._store.write(lambda connection: connection.execute(kept))

    def finish(self, device: EUI64, usage: KeyUsage) -> None:
        """No rotation is under way any more; nothing happens if none was."""
        gone = delete(_ROTATION).where(_of(device, usage))
        self._store.write(lambda connection: connection.execute(gone))


def _of(device: EUI64, usage: KeyUsage) -> Any:
    return (_ROTATION.c.device == number_of(device)) & (_ROTATION.c.usage == usage.code)


def _command(row: Any) -> OutgoingCommand:
    return OutgoingCommand(
        originator=eui64_of(row["originator"]),
        counter=row["counter"],
        device=eui64_of(row["device"]),
        message_code=row["message_code"],
        message=bytes(row["message"]),
        digest=bytes(row["digest"]),
        at=instant(row["at"]),
        outcome=row["outcome"],
    )
