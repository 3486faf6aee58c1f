"""The workbook over SQL: batches, the journal of intents, outcomes and notes.

Each method is one transaction. What a process was killed in the middle of did not happen; what
it had been answered is there.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from smki.adapters.sql import counters
from smki.adapters.sql.codes import from_instant, to_instant
from smki.adapters.sql.index import SqlCertificateIndex
from smki.adapters.sql.outcomes import decode, encode
from smki.adapters.sql.store import Store
from smki.adapters.sql.tables import BATCH, CHUNK, JOURNAL, NOTE
from smki.ports import Batch, CertificateRow, ChunkOutcome, ItemOutcome, JournalEntry
from smki.terms import BatchStatus, Inconsistent

BATCHES: Final = "batch"
ENTRIES: Final = "journal"


class SqlWorkbook:
    """`ports.Workbook`. Safe for threads and processes."""

    def __init__(self, store: Store, index: SqlCertificateIndex) -> None:
        self._store = store
        self._index = index

    def add_batch(
        self,
        *,
        party: str,
        document_id: str,
        digest: bytes,
        document: str,
        items: int,
        status: BatchStatus,
        at: datetime,
    ) -> tuple[Batch, bool]:
        """The batch, and whether it is new; the party's first one with that digest otherwise.

        Raises:
            Unavailable: nothing was written.
        """
        new = Batch(
            number=0,
            party=party,
            document_id=document_id,
            digest=digest,
            document=document,
            items=items,
            done=0,
            status=status,
            error="",
            received_at=at,
            finished_at=None,
        )
        return self._store.write(lambda connection: _add_batch(connection, new))

    def batch(self, number: int) -> Batch | None:
        """The batch of that number."""
        query = select(BATCH).where(BATCH.c.number == number)
        row = self._store.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _to_batch(row)

    def batches(self, statuses: Sequence[BatchStatus]) -> tuple[Batch, ...]:
        """The batches in one of those states, oldest first."""
        names = [status.value for status in statuses]
        query = select(BATCH).where(BATCH.c.status.in_(names)).order_by(BATCH.c.number)
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(map(_to_batch, rows))

    def set_status(
        self, number: int, status: BatchStatus, *, error: str = "", at: datetime | None = None
    ) -> None:
        """The batch is in that state; it finished at `at`, which final states have.

        Raises:
            Inconsistent: no such batch.
        """
        values: dict[str, object] = {"status": status.value, "error": error}
        if at is not None:
            values["finished_at"] = from_instant(at)
        statement = update(BATCH).where(BATCH.c.number == number).values(values)

        def work(connection: Connection) -> None:
            if connection.execute(statement).rowcount != 1:
                raise _no_batch(number)

        self._store.write(work)

    def open_entry(self, *, batch: int | None, chunk: int, intents: bytes) -> int:
        """The intent is durable on return; its number.

        Raises:
            Unavailable: nothing was written, nothing may be signed.
            Inconsistent: no such batch.
        """

        def work(connection: Connection) -> int:
            number = counters.take(connection, ENTRIES)
            connection.execute(
                insert(JOURNAL).values(number=number, batch=batch, chunk=chunk, intents=intents)
            )
            return number

        return self._store.write(work)

    def open_entries(self) -> tuple[JournalEntry, ...]:
        """All intents not closed yet, oldest first."""
        query = select(JOURNAL).order_by(JOURNAL.c.number)
        rows = self._store.read(lambda connection: connection.execute(query).all())
        return tuple(
            JournalEntry(number=number, batch=batch, chunk=chunk, intents=intents)
            for number, batch, chunk, intents in rows
        )

    def close(
        self,
        number: int | None,
        *,
        rows: Sequence[CertificateRow],
        size: int,
        outcome: ChunkOutcome | None = None,
    ) -> None:
        """In one transaction: the intent is closed, the index extended to `size`, outcomes kept.

        Closing again, because the answer was lost, changes nothing.

        Raises:
            Unavailable: nothing was written.
            Inconsistent: no such intent or batch, more outcomes than items, or rows that
                contradict the index; nothing was written.
        """

        def work(connection: Connection) -> None:
            if number is not None:
                _close_entry(connection, number)
            if rows or size > 0:
                self._index.extend_within(connection, rows, (), size)
            if outcome is not None:
                self._keep(connection, outcome)

        self._store.write(work)

    def outcomes(self, number: int) -> Iterator[ItemOutcome]:
        """The outcomes of a batch in the order of its items, a chunk in memory at a time."""
        query = (
            select(CHUNK.c.chunk, CHUNK.c.outcomes)
            .where(CHUNK.c.batch == number)
            .order_by(CHUNK.c.chunk)
            .limit(1)
        )
        after = -1
        while row := self._after(query.where(CHUNK.c.chunk > after)):
            after, octets = row
            yield from decode(octets)

    def forget(self, before: datetime) -> tuple[str, ...]:
        """Batches that finished before that instant, and their outcomes, are gone.

        Returns the names in the spool of their documents, oldest first.
        """
        finished = BATCH.c.finished_at < from_instant(before)
        owed = select(BATCH.c.number).where(finished)

        def work(connection: Connection) -> tuple[str, ...]:
            documents = connection.scalars(
                select(BATCH.c.document).where(finished).order_by(BATCH.c.number)
            ).all()
            connection.execute(delete(CHUNK).where(CHUNK.c.batch.in_(owed)))
            connection.execute(delete(BATCH).where(finished))
            return tuple(documents)

        return self._store.write(work)

    def note(self, name: str, value: str) -> None:
        """The note `name` says `value` from now on."""
        statement = (
            self._store.insert(NOTE)
            .values(name=name, value=value)
            .on_conflict_do_update(index_elements=[NOTE.c.name], set_={"value": value})
        )
        self._store.write(lambda connection: connection.execute(statement) and None)

    def noted(self, name: str) -> str | None:
        """What the note says; None if there is none."""
        query = select(NOTE.c.value).where(NOTE.c.name == name)
        return self._store.read(lambda connection: connection.scalar(query))

    def _after(self, query: Any) -> Row[*tuple[int, bytes]] | None:
        return self._store.read(lambda connection: connection.execute(query).one_or_none())

    def _keep(self, connection: Connection, outcome: ChunkOutcome) -> None:
        kept = connection.execute(
            self._store.insert(CHUNK)
            .values(batch=outcome.batch, chunk=outcome.chunk, outcomes=encode(outcome.outcomes))
            .on_conflict_do_nothing(index_elements=[CHUNK.c.batch, CHUNK.c.chunk])
            .execution_options(preserve_rowcount=True)
        )
        if kept.rowcount == 1:
            connection.execute(
                update(BATCH)
                .where(BATCH.c.number == outcome.batch)
                .values(done=BATCH.c.done + len(outcome.outcomes))
            )


def _add_batch(connection: Connection, new: Batch) -> tuple[Batch, bool]:
    counters.lock(connection, BATCHES)  # before looking: two at once become first and second
    present = connection.execute(
        select(BATCH).where(BATCH.c.party == new.party, BATCH.c.digest == new.digest)
    ).one_or_none()
    if present is not None:
        return _to_batch(present), False
    number = counters.take(connection, BATCHES)
    connection.execute(
        insert(BATCH).values(
            number=number,
            party=new.party,
            document_id=new.document_id,
            digest=new.digest,
            document=new.document,
            items=new.items,
            done=new.done,
            status=new.status.value,
            error=new.error,
            received_at=from_instant(new.received_at),
        )
    )
    return _to_batch(connection.execute(select(BATCH).where(BATCH.c.number == number)).one()), True


def _close_entry(connection: Connection, number: int) -> None:
    closed = connection.execute(delete(JOURNAL).where(JOURNAL.c.number == number))
    if closed.rowcount != 1 and not 0 < number <= counters.lock(connection, ENTRIES):
        raise Inconsistent(
            f"journal entry {number} is to be closed, but was never opened; stop",
            rule="journal.unknown",
        )


def _to_batch(row: Row[*tuple[Any, ...]]) -> Batch:
    return Batch(
        number=row.number,
        party=row.party,
        document_id=row.document_id,
        digest=row.digest,
        document=row.document,
        items=row.items,
        done=row.done,
        status=BatchStatus(row.status),
        error=row.error,
        received_at=to_instant(row.received_at),
        finished_at=None if row.finished_at is None else to_instant(row.finished_at),
    )


def _no_batch(number: int) -> Inconsistent:
    return Inconsistent(f"batch {number}: there is none of that number", rule="batch.unknown")
