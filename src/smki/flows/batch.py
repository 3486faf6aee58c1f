"""The batched service: a document of up to 50,000 device CSRs, from upload to pick-up.

receive   streamed through hash and schema into the spool; PENDING
approve   by the registration authority, or by configuration; PARSING
process   hash compared again (TAMPERED), QUEUED, PROCESSING, chunk by chunk, COMPLETED
result    while PENDING ... the state; when COMPLETED the outcomes, for 30 days
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Final, Protocol

from smki.flows.issue import conclude, issue_chunk
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import certificate_of
from smki.policy import (
    MAXIMUM_CSRS_PER_BATCH,
    RESULT_RETENTION_DAYS,
    code_of,
    item_status_of,
)
from smki.ports import Batch, ItemOutcome
from smki.registration import requester_for
from smki.repository import prove
from smki.steps import Examined, Refusal, Requester
from smki.steps.answers import BatchReceipt, BatchView, ProofBundle
from smki.terms import (
    BatchStatus,
    Inconsistent,
    Interface,
    ItemStatus,
    Malformed,
    Unavailable,
)
from smki.wire.xml import BatchItem, BatchReader, read_items

CHUNK: Final = 2048  # items journalled, signed and lodged together, unless told otherwise
ORPHANS_KEPT: Final = timedelta(days=1)  # longer than the slowest upload that is let in
_S = BatchStatus
IN_VAIN: Final = (_S.REJECTED, _S.TAMPERED, _S.WORKFLOW_ERROR)
UNFINISHED: Final = (_S.PARSING, _S.QUEUED, _S.PROCESSING, _S.PAUSED)

Chunk = tuple[tuple[str, ...], tuple[str, ...]]  # items' IDs, their base64 texts


class Examiner(Protocol):
    """Examines chunks of device CSRs, here or in other processes, looking ahead."""

    def __call__(
        self, chunks: Iterator[Chunk], /
    ) -> Iterator[tuple[tuple[str, ...], list[Examined | Refusal]]]:
        """For each chunk, in order, its items and their outcomes."""
        ...


def receive_batch(front: FrontOffice, requester: Requester, parts: Iterable[bytes]) -> BatchReceipt:
    """The batch is durable and PENDING; or it is one that was sent before, and is answered so.

    Of one that was sent before and came to nothing the answer is that, never PENDING again.

    Raises:
        Malformed: the document is wrong, as a whole; nothing is kept.
        Unavailable: the body ended early, or the disk or database is away; nothing is kept.

    Clause: sec-app-m:2.3.1.7
    """
    reader, digest = BatchReader(max_items=MAXIMUM_CSRS_PER_BATCH), hashlib.sha256()

    def checked() -> Iterator[bytes]:
        for part in parts:
            digest.update(part)
            reader.feed(part)
            yield part
        reader.close()

    name = f"{requester.party}-{front.entropy.octets(16).hex()}.xml"
    front.spool.keep(name, checked())
    document_id = reader.document_id
    if document_id is None:
        raise Inconsistent("batch: read to its end without an ID, which the schema asks for")
    batch, new = front.workbook.add_batch(
        party=requester.party,
        document_id=document_id,
        digest=digest.digest(),
        document=name,
        items=reader.items,
        status=_S.PENDING,
        at=front.clock.now(),
    )
    if not new:
        front.spool.discard(name)
    return _receipt(batch)


def _receipt(batch: Batch) -> BatchReceipt:
    """What its sender is told: PENDING while there is, or will be, a result to be fetched.

    This answer has no word for what came to nothing but WORKFLOW_ERROR; its text says the state.
    """
    if batch.status not in IN_VAIN:
        return BatchReceipt(document_id=batch.document_id, status=_S.PENDING, number=batch.number)
    code, _, text = batch.error.partition(" ")
    return BatchReceipt(
        document_id=batch.document_id,
        status=_S.WORKFLOW_ERROR,
        code=code or code_of("batch.ended", ad_hoc=False).code,
        text=f"sent before as batch {batch.number}, which is {batch.status.value}"
        f"{text and ': '}{text}. Sent with another ID it is a new batch",
    )


def approve_batch(front: FrontOffice, number: int) -> None:
    """The batch will be processed.

    Raises:
        Malformed: no batch of that number waits for approval.
    """
    front.workbook.set_status(_waiting(front, number).number, _S.PARSING)


def reject_batch(front: FrontOffice, number: int) -> None:
    """The batch is REJECTED by the registration authority.

    Raises:
        Malformed: no batch of that number waits for approval.
    """
    waiting = _waiting(front, number)
    front.workbook.set_status(waiting.number, _S.REJECTED, at=front.clock.now())


def _waiting(front: FrontOffice, number: int) -> Batch:
    batch = front.workbook.batch(number)
    if batch is None or batch.status is not _S.PENDING:
        found = "none of that number" if batch is None else f"one that is {batch.status.value}"
        raise Malformed(
            f"batch {number}: found {found}, must be PENDING",
            clause="sec-app-m:F",
            rule="batch.unknown",
        )
    return batch


def due_batches(front: FrontOffice) -> tuple[Batch, ...]:
    """The batches to work on, oldest first; PENDING ones too if configuration approves them."""
    states = (*UNFINISHED, _S.PENDING) if front.approve else UNFINISHED
    return front.workbook.batches(states)


def process_batch(
    office: Office, batch: Batch, examine: Examiner, chunk: int = CHUNK
) -> Iterator[int]:
    """Works the batch off from wherever it stands; yields the number done after each chunk.

    `chunk` items are worked on together, and may be another number each time. The next ones may
    be under way when a number is given. May be stopped between chunks, or killed anywhere, and
    called again. The document is compared with its hash first; one that was changed is TAMPERED
    and nothing of it is issued.

    Raises:
        Unavailable: a key, the disk or the database is away; call again later.

    Clause: sec-app-m:F
    """
    front = office.front
    conclude(office)
    batch = front.workbook.batch(batch.number) or batch
    front.workbook.set_status(batch.number, _S.PARSING)
    digest = _digest(front, batch)
    if digest is None:
        fail_batch(front, batch.number, "the document as it was received is not there any more")
        return
    if digest != batch.digest:
        front.workbook.set_status(batch.number, _S.TAMPERED, at=front.clock.now())
        return
    party = front.registry.party(batch.party)
    if party is None:
        fail_batch(front, batch.number, f"party {batch.party} is not registered")
        return
    requester = requester_for(party, Interface.BATCH, None)
    front.workbook.set_status(batch.number, _S.QUEUED)
    front.workbook.set_status(batch.number, _S.PROCESSING)
    begun = done = batch.done
    for items, examined in examine(_chunks(front, batch, done, chunk)):
        issue_chunk(office, requester, items, examined, batch=batch.number, chunk=begun)
        begun += len(items)
        if done < begun - office.desk.items:
            done = begun - office.desk.items
            yield done
    conclude(office)
    if done < begun:
        yield begun
    front.workbook.set_status(batch.number, _S.COMPLETED, at=front.clock.now())


def fail_batch(front: FrontOffice, number: int, text: str) -> None:
    """The batch is a WORKFLOW_ERROR, of which `text` says why; what it was issued stays issued.

    Clause: sec-app-m:F
    """
    error = f"{code_of('internal', ad_hoc=False).code} {text}"
    front.workbook.set_status(number, _S.WORKFLOW_ERROR, error=error, at=front.clock.now())


def _digest(front: FrontOffice, batch: Batch) -> bytes | None:
    digest = hashlib.sha256()
    try:
        for part in front.spool.parts(batch.document):
            digest.update(part)
    except Unavailable as error:
        if error.rule != "spool.missing":
            raise
        return None
    return digest.digest()


def _chunks(front: FrontOffice, batch: Batch, done: int, size: int) -> Iterator[Chunk]:
    items = islice(read_items(front.spool.parts(batch.document)), done, None)
    while chunk := tuple(islice(items, size)):
        yield tuple([item for item, _ in chunk]), tuple([text for _, text in chunk])


def batch_result(front: FrontOffice, requester: Requester, number: int | None) -> BatchView:
    """State or result of a batch of the requester's party; of any other there is none.

    Clause: sec-app-m:F
    """
    batch = None if number is None else front.workbook.batch(number)
    if batch is None or batch.party != requester.party:
        code = code_of("batch.unknown", ad_hoc=False)
        return BatchView(
            document_id=None,
            status=_S.FORMAT_ERROR,
            code=code.code,
            text="unknown BatchId: must be the number of a batch that this party sent in the"
            f" last {RESULT_RETENTION_DAYS} days",
        )
    if batch.error:
        code_text, _, text = batch.error.partition(" ")
        return BatchView(
            document_id=batch.document_id, status=batch.status, code=code_text, text=text
        )
    finished = batch.status is _S.COMPLETED
    return BatchView(
        document_id=batch.document_id,
        status=batch.status,
        number=batch.number,
        items=_items(front, batch) if finished else (),
    )


def _items(front: FrontOffice, batch: Batch) -> Iterator[BatchItem]:
    outcomes = front.workbook.outcomes(batch.number)
    while group := tuple(islice(outcomes, CHUNK)):
        certificates = _certificates(front, group)
        for outcome in group:
            if outcome.entry is None:
                status = item_status_of(outcome.code)
                yield BatchItem(outcome.item, status, None, outcome.code, outcome.text)
            else:
                yield BatchItem(
                    outcome.item, ItemStatus.SUCCESS, certificates[outcome.entry], "", ""
                )


def _certificates(front: FrontOffice, outcomes: tuple[ItemOutcome, ...]) -> dict[int, bytes]:
    """The certificates of these outcomes by entry; read in runs, as a chunk was lodged in one."""
    wanted = sorted(outcome.entry for outcome in outcomes if outcome.entry is not None)
    found: dict[int, bytes] = {}
    start = 0
    for at in range(1, len(wanted) + 1):
        if at == len(wanted) or wanted[at] != wanted[at - 1] + 1:
            run = range(wanted[start], wanted[at - 1] + 1)
            for entry, leaf in zip(run, front.reader.leaves(run.start, run.stop), strict=True):
                found[entry] = certificate_of(leaf)
            start = at
    return found


def batch_proof(front: FrontOffice, requester: Requester, number: int | None) -> ProofBundle | None:
    """The proof that every certificate of the finished batch is in the record; None without one."""
    batch = None if number is None else front.workbook.batch(number)
    if batch is None or batch.party != requester.party or batch.status is not _S.COMPLETED:
        return None
    entries = [
        outcome.entry
        for outcome in front.workbook.outcomes(batch.number)
        if outcome.entry is not None
    ]
    return ProofBundle(parts=prove(front.reader, entries)) if entries else None


def forget_results(front: FrontOffice) -> int:
    """Results are gone that were finished longer ago than they are owed; how many.

    Clause: sec-app-m:2.3.1.9
    """
    before = front.clock.now() - timedelta(days=RESULT_RETENTION_DAYS)
    documents = front.workbook.forget(before)
    for document in documents:
        front.spool.discard(document)
    return len(documents)


def sweep_spool(front: FrontOffice) -> int:
    """Documents that came in a day ago or earlier and belong to no batch are gone; how many.

    They are left by a process that was killed between keeping a document and adding its batch,
    or between forgetting a batch and discarding its document. Nobody was answered about them.
    """
    before = front.clock.now() - ORPHANS_KEPT  # an upload that is coming in is younger
    owned = {batch.document for batch in front.workbook.batches(tuple(_S))}
    return front.spool.sweep(before, owned)
