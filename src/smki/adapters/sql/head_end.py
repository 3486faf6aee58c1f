"""What a head end keeps: counters, what was sent, rotations that are under way.

In tables of its own, made when they are missing, beside those of the estate: whoever throws away an
estate throws away what was sent to it.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
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
    bindparam,
    delete,
    insert,
    select,
    update,
)

from smki.adapters.sql.estate_tables import eui64_of, instant, micros, number_of
from smki.adapters.sql.store import Store
from smki.ports.outbox import Draft, OutgoingCommand, Settled
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

    def keep(
        self, drafts: Sequence[Draft], at: datetime, settled: Sequence[Settled] = ()
    ) -> tuple[OutgoingCommand, ...]:
        """Each draft is a command with a counter that nobody else has, and may be sent.

        Raises:
            Unavailable: the database does not take it; nothing was kept.

        Clause: gbcs:4.3.1
        """

        def work(connection: Connection) -> tuple[OutgoingCommand, ...]:
            _settle(connection, settled)
            counters = {
                originator: iter(self._counters(connection, originator, at, count))
                for originator, count in Counter(each.originator for each in drafts).items()
            }
            kept = tuple(_outgoing(each, next(counters[each.originator]), at) for each in drafts)
            if kept:
                connection.execute(insert(_COMMAND), list(map(_row, kept)))
            return kept

        return self._store.write(work)

    def _counters(
        self, connection: Connection, originator: EUI64, at: datetime, count: int
    ) -> range:
        number, clock = number_of(originator), int(at.timestamp() * 1_000)
        mine = _COUNTER.c.originator == number
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

    def settle(self, settled: Sequence[Settled]) -> None:
        """These are settled; of their octets the digests are kept.

        Raises:
            Unavailable: the database does not take it.
        """
        if settled:
            self._store.write(lambda connection: _settle(connection, settled))

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


def _settle(connection: Connection, settled: Sequence[Settled]) -> None:
    if not settled:
        return
    which = (_COMMAND.c.originator == bindparam("whose")) & (
        _COMMAND.c.counter == bindparam("what")
    )
    rows = [
        {"whose": number_of(each.originator), "what": each.counter, "became": each.outcome}
        for each in settled
    ]
    changed = update(_COMMAND).where(which).values(outcome=bindparam("became"), message=b"")
    connection.execute(changed, rows)


def _outgoing(draft: Draft, counter: int, at: datetime) -> OutgoingCommand:
    message = draft.make(counter)
    return OutgoingCommand(
        originator=draft.originator,
        counter=counter,
        device=draft.device,
        message_code=draft.message_code,
        message=message,
        digest=sha256(message).digest(),
        at=at,
    )


def _row(command: OutgoingCommand) -> dict[str, Any]:
    return {
        "originator": number_of(command.originator),
        "counter": command.counter,
        "device": number_of(command.device),
        "message_code": command.message_code,
        "message": command.message,
        "digest": command.digest,
        "at": micros(command.at),
        "outcome": command.outcome,
    }


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
