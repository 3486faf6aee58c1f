"""The workbook: batches, the journal of intents, and outcomes, until they are no longer owed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from smki.ports.index import CertificateRow
from smki.terms import BatchStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch of device CSRs.

    Attributes:
        number: BatchId, a positive integer.
        party: short name of the party that sent it.
        document_id: attribute ID of the document, 1 to 256 characters.
        digest: SHA-256 of the document as received.
        document: its name in the spool.
        items: number of CSRs.
        done: number of CSRs with an outcome.
        status: its state.
        error: code and text of a FORMAT_ERROR or WORKFLOW_ERROR; empty otherwise.
        received_at: when it was received.
        finished_at: when it reached a final state; None before.
    """

    number: int
    party: str
    document_id: str
    digest: bytes
    document: str
    items: int
    done: int
    status: BatchStatus
    error: str
    received_at: datetime
    finished_at: datetime | None


class ItemOutcome(NamedTuple):
    """Outcome of one CSR of a batch. A tuple for speed: one is made for each.

    Attributes:
        item: attribute ID of the DeviceCSR.
        entry: index in the record of the certificate; None if refused.
        code: error code; empty on success.
        text: what was wrong; empty on success.
    """

    item: str
    entry: int | None
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkOutcome:
    """Outcomes of the next chunk of a batch, in the order of its items."""

    batch: int
    chunk: int
    outcomes: tuple[ItemOutcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An intent written down before signing, with all that is needed to finish it.

    Attributes:
        number: its number.
        batch: the batch it belongs to; None for a single request.
        chunk: position in the batch of its first item; 0 for a single request.
        intents: opaque octets from which `authority` restores what is to be signed.
    """

    number: int
    batch: int | None
    chunk: int
    intents: bytes


class Workbook(Protocol):
    """Durable on return. One worker writes intents and outcomes; any process may add a batch."""

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
        """The batch, and whether it is new.

        The same party's batch with the same digest is the same batch: the first one is returned.
        """
        ...

    def batch(self, number: int) -> Batch | None:
        """The batch of that number."""
        ...

    def batches(self, statuses: Sequence[BatchStatus]) -> tuple[Batch, ...]:
        """The batches in one of those states, oldest first."""
        ...

    def set_status(
        self, number: int, status: BatchStatus, *, error: str = "", at: datetime | None = None
    ) -> None:
        """The batch is in that state; `at` is given for final states."""
        ...

    def open_entry(self, *, batch: int | None, chunk: int, intents: bytes) -> int:
        """The intent is durable on return; its number.

        Raises:
            Unavailable: nothing was written, nothing may be signed.
        """
        ...

    def open_entries(self) -> tuple[JournalEntry, ...]:
        """All intents not closed yet, oldest first."""
        ...

    def close(
        self,
        number: int | None,
        *,
        rows: Sequence[CertificateRow],
        size: int,
        outcome: ChunkOutcome | None = None,
    ) -> None:
        """In one transaction: the intent is closed, the index extended to `size`, outcomes kept.

        `number` None closes no intent. `rows` may be empty. The batch's `done` grows by the
        number of outcomes; outcomes of a chunk that is there already are left as they are.
        """
        ...

    def outcomes(self, number: int) -> Iterator[ItemOutcome]:
        """The outcomes of a batch in the order of its items, memory flat."""
        ...

    def forget(self, before: datetime) -> tuple[str, ...]:
        """Batches that finished before that instant, and their outcomes, are gone.

        Returns the names in the spool of their documents.
        """
        ...

    def note(self, name: str, value: str) -> None:
        """The note `name` says `value` from now on: small facts such as `journey.finished`."""
        ...

    def noted(self, name: str) -> str | None:
        """What the note says; None if there is none."""
        ...
