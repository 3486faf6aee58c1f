"""What a head end keeps: counters, what was sent, rotations that are under way.

In tables of its own, made when they are missing, beside those of the estate: whoever throws away an
estate throws away what was sent to it.
"""

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
    case,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)

from smki.adapters.sql.estate_tables import eui64_of, instant, micros, number_of
from smki.adapters.sql.forms import SqlForms
from smki.adapters.sql.many import Many
from smki.adapters.sql.store import Store
from smki.ports.outbox import Outgoing, OutgoingCommand, Settled
from smki.ports.rotations import RotationNote
from smki.terms import EUI64, KeyUsage
from smki.wire.gbcs.forms import Formed

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
    Column("message", LargeBinary, nullable=False),  # as in `forms`; if whole, until it is settled
    Column("digest", LargeBinary, nullable=False),  # of a whole one
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
    Column("outcome", Text, nullable=False),
)
_C: Final = _COMMAND.c
# Only what waits: what is settled is asked for by nobody, and costs nothing.
Index(
    "headend_command_waiting",
    _C.device,
    sqlite_where=_C.outcome == literal_column("''"),
    postgresql_where=_C.outcome == literal_column("''"),
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
        self._forms = SqlForms(store)
        first = store.insert(_COUNTER).values(
            originator=bindparam("whose"), last=bindparam("first")
        )
        self._locked = first.on_conflict_do_update(
            index_elements=["originator"], set_={"last": _COUNTER.c.last}
        )
        these = (_C.originator == bindparam("whose")) & store.among_bound(_C.counter, "these")
        became = {"outcome": bindparam("became"), "message": _FORMED_ALONE}
        self._settled = update(_COMMAND).where(these).values(became)

    def counters(self, originator: EUI64, count: int, at: datetime) -> range:
        """So many counters of the originator, which nobody had before and nobody will have.

        Raises:
            Unavailable: the database does not take it; none was given.

        Clause: gbcs:4.3.1
        """
        whose, clock = {"whose": number_of(originator)}, int(at.timestamp() * 1_000)

        def work(connection: Connection) -> range:
            # First of all the row is there and locked: two processes never read the same last.
            connection.execute(self._locked, {**whose, "first": clock - 1})
            last = connection.execute(_LAST, whose).scalar_one()
            begin = max(last + 1, clock)
            connection.execute(_GIVEN, {**whose, "newest": begin + count - 1})
            return range(begin, begin + count)

        return self._store.write_ahead(work) if count else range(0)

    def keep(self, commands: Outgoing, settled: Sequence[Settled] = ()) -> None:
        """The commands are kept, and may be sent.

        Raises:
            Unavailable: the database does not take it; nothing was kept.
        """
        rows = self._rows(commands)

        def work(connection: Connection) -> None:
            self._settle(connection, settled)
            _KEPT.run(connection, rows)

        self._store.write(work)

    def settle(self, settled: Sequence[Settled]) -> None:
        """These are settled; of octets that were kept whole the digests are kept.

        Raises:
            Unavailable: the database does not take it.
        """
        if settled:
            self._store.write_ahead(lambda connection: self._settle(connection, settled))

    def _settle(self, connection: Connection, settled: Sequence[Settled]) -> None:
        for each in settled:
            whose, these = number_of(each.originator), self._store.listed(each.counters)
            values = {"whose": whose, "these": these, "became": each.outcome}
            connection.execute(self._settled, values)

    def _rows(self, commands: Outgoing) -> list[tuple[Any, ...]]:
        """In the order of the table's columns."""
        originator, code, at = (
            number_of(commands.originator),
            commands.message_code,
            micros(commands.at),
        )
        columns = self._forms.columns(commands.messages)
        numbers = map(number_of, commands.devices)
        return [
            (originator, counter, device, code, column, _digest(message, column), at, "")
            for counter, device, message, column in zip(
                commands.counters, numbers, commands.messages, columns, strict=True
            )
        ]

    def waiting(self, devices: Sequence[EUI64]) -> tuple[OutgoingCommand, ...]:
        """What was meant for these devices and is not settled, in the order of counters."""
        numbers = list(map(number_of, devices))
        query = (
            select(_COMMAND)
            .where(self._store.among(_C.device, numbers) & (_C.outcome == literal_column("''")))
            .order_by(_C.counter)
        )
        rows = self._store.read(lambda connection: connection.execute(query).mappings().all())
        return tuple(self._command(row) for row in rows)

    def _command(self, row: Any) -> OutgoingCommand:
        return OutgoingCommand(
            originator=eui64_of(row["originator"]),
            counter=row["counter"],
            device=eui64_of(row["device"]),
            message_code=row["message_code"],
            message=self._forms.message(bytes(row["message"])),
            at=instant(row["at"]),
        )

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


_ITS: Final = _COUNTER.c.originator == bindparam("whose")
_LAST: Final = select(_COUNTER.c.last).where(_ITS)
_GIVEN: Final = update(_COUNTER).where(_ITS).values(last=bindparam("newest"))
_KEPT: Final = Many(insert(_COMMAND), *(column.name for column in _COMMAND.columns))
_FORMED_ALONE: Final = case(
    (func.length(_C.digest) == literal_column("0"), _C.message),
    else_=func.substr(_C.message, literal_column("1"), literal_column("0")),
)
"""Of a message that was kept whole nothing but its digest stays."""


def _digest(message: bytes | Formed, column: bytes) -> bytes:
    return b"" if isinstance(message, Formed) else sha256(column).digest()


def _of(device: EUI64, usage: KeyUsage) -> Any:
    return (_ROTATION.c.device == number_of(device)) & (_ROTATION.c.usage == usage.code)
