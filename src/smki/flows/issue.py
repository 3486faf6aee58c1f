"""Issue: from examined requests to published certificates. Check it with a pencil.

    1 received, 2 authenticated, 3 examined     before this file: the service that was asked
    4 decided     facts gathered, policy asked   registration
    5 prepared    composed and linted, live if   authority
                  the record opens the gate
    6 journalled  intent and serial durable      authority
    7 signed      by the issuing key             authority
    8 lodged      durable, under a checkpoint    repository
    9 published   indexed; may leave the house   repository
    10 served     after this file

Steps 7 to 9 start from the journal alone, so a journey that was cut off is finished by `settle`
exactly as it would have been. A group is one request or a chunk of a batch: all or none of it.

While a chunk is being signed, the next one of the batch is decided, prepared and journalled; of
everything else it is finished first (`conclude`).
"""

from collections.abc import Sequence

from smki.authority import begin_signing, journal, restore
from smki.flows.chunks import ChunkPlan, ChunkUnderWay
from smki.flows.gate import gate_now
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import decode_certificate
from smki.policy import code_of
from smki.ports import JournalEntry, Record
from smki.registration import Admissions, Facts, admit_devices, gather
from smki.repository import catch_up, lodge, publish, row_of, rows_of
from smki.steps import (
    Admitted,
    Channel,
    Examined,
    Issued,
    Journalled,
    Lodged,
    Prepared,
    Published,
    Refusal,
    Requester,
)
from smki.terms import Inconsistent
from smki.wire.requests import DeviceRequest, OrganisationRequest


def issue_devices(
    office: Office,
    requesters: Sequence[Requester],
    channel: Channel,
    examined: Sequence[Examined | Refusal],
) -> tuple[Published | Refusal, ...]:
    """For each request, in order: its published certificate, or why not.

    Raises:
        Unavailable: a key, the disk or the database is away. What was journalled is finished by
            `settle` when it is back.

    Clause: sec-app-m:2.3.1.9
    """
    conclude(office)
    decisions, _ = _decide(office.front, requesters, channel, examined, Admissions())
    published = iter(issue(office, tuple(one for one in decisions if isinstance(one, Admitted))))
    return tuple(one if isinstance(one, Refusal) else next(published) for one in decisions)


def facts_about(office: Office, requests: Sequence[OrganisationRequest]) -> Facts:
    """What index, register and record know about these requests now; nothing is under way."""
    conclude(office)
    return _facts(office.front, requests)


def _decide(
    front: FrontOffice,
    requesters: Sequence[Requester],
    channel: Channel,
    examined: Sequence[Examined | Refusal],
    under_way: Admissions,
) -> tuple[tuple[Admitted | Refusal, ...], Admissions]:
    requests = [
        one.request
        for one in examined
        if isinstance(one, Examined) and isinstance(one.request, DeviceRequest)
    ]
    return admit_devices(requesters, channel, examined, _facts(front, requests), under_way)


def _facts(front: FrontOffice, requests: Sequence[DeviceRequest | OrganisationRequest]) -> Facts:
    def key_of(entry: int) -> bytes:
        _, body = decode_certificate(front.reader.leaf(entry))
        return front.describe(body.certificate).public_key

    return gather(requests, front.index, front.registry, key_of, front.settings.permits_hw_type)


def issue(office: Office, admitted: tuple[Admitted, ...]) -> tuple[Published, ...]:
    """Steps 5 to 9 for requests that stand alone: their certificates, published; same order."""
    if not admitted:
        return ()
    prepared = office.preparer.prepare(admitted, gate_now(office.front))
    return issue_prepared(office, prepared)


def issue_prepared(office: Office, prepared: tuple[Prepared, ...]) -> tuple[Published, ...]:
    """Steps 6 to 9 for what is prepared."""
    size = office.front.reader.checkpoint().size
    journalled = journal(office.front.workbook, prepared, office.seal, size=size)
    return _finish(office, journalled, None)


def issue_chunk(
    office: Office,
    requester: Requester,
    items: Sequence[str],
    examined: Sequence[Examined | Refusal],
    *,
    batch: int,
    chunk: int,
) -> None:
    """Steps 4 to 6 for a chunk of a batch, and it is being signed; the one before it is finished.

    What was under way when the decisions fall is no part of the index yet, so it is laid over it.
    `conclude` finishes the last one.

    Raises:
        Unavailable: as for `issue_devices`.

    Clause: sec-app-m:2.3.1.9
    """
    front, earlier = office.front, office.desk.under_way
    decisions, admissions = _decide(
        front,
        [requester] * len(examined),
        Channel.BATCH,
        examined,
        earlier.admissions if earlier else Admissions(),
    )
    plan = ChunkPlan(
        batch=batch, chunk=chunk, items=tuple(items), refusals=tuple(map(_wording, decisions))
    )
    admitted = tuple(one for one in decisions if isinstance(one, Admitted))
    if not admitted:
        conclude(office)
        front.workbook.close(None, rows=(), size=0, outcome=plan.outcome(()))
        return
    prepared = office.preparer.prepare(admitted, gate_now(front))
    journalled = journal(
        front.workbook,
        prepared,
        office.seal,
        size=front.reader.checkpoint().size,
        batch=batch,
        chunk=chunk,
        annex=plan.encode(),
    )
    signing = begin_signing(journalled, office.preparer, office.keys)
    conclude(office)
    office.desk.under_way = ChunkUnderWay(
        journal=journalled.journal, signing=signing, plan=plan, admissions=admissions
    )


def conclude(office: Office) -> None:
    """Nothing is under way: steps 7 to 9 are done for the chunk that was, if there was one.

    Raises:
        Unavailable: as for `issue_devices`.
    """
    chunk, office.desk.under_way = office.desk.under_way, None
    if chunk is not None:
        _lodge(office, chunk.journal, chunk.signing.issued(), chunk.plan)


def _wording(decision: Admitted | Refusal) -> tuple[str, str] | None:
    if isinstance(decision, Admitted):
        return None
    finding = decision.finding
    return code_of(finding.rule, ad_hoc=False).code, str(finding)


def _finish(
    office: Office, journalled: Journalled, plan: ChunkPlan | None
) -> tuple[Published, ...]:
    """Steps 7 to 9, from the journal: signed, lodged, the intent closed, published."""
    issued = begin_signing(journalled, office.preparer, office.keys).issued()  # 7
    return publish(_lodge(office, journalled.journal, issued, plan), office.front.index)  # 9


def _lodge(
    office: Office, number: int, issued: tuple[Issued, ...], plan: ChunkPlan | None
) -> tuple[Lodged, ...]:
    """Step 8: durable in the record and in the index, and the intent closed."""
    front = office.front
    at = front.clock.now()
    lodged = lodge(office.record, issued, at)
    entries = [one.entry for one in lodged]
    front.workbook.close(
        number,
        rows=rows_of(lodged, at, front.describe),
        size=entries[-1] + 1,
        outcome=None if plan is None else plan.outcome(entries),
    )
    return lodged


def settle(office: Office) -> int:
    """The index covers the record and every intent of the journal is finished; how many were.

    Called before anything else is issued, and after the world was away. The record is settled
    first: whether an append that failed was done must be known before it is repeated. An intent whose
    certificates are in the record is closed; any other is signed, lodged and published now. Since
    an append is all or none, the first certificate speaks for its group.
    """
    office.desk.under_way = None  # its intent is one of them
    front = office.front
    cover(front, office.record)
    entries = front.workbook.open_entries()
    for entry in entries:
        _settle(office, entry)
    return len(entries)


def cover(front: FrontOffice, record: Record) -> None:
    """The record is settled, and the index covers it: what is read of the index is all there is.

    A database that was brought up to date, or restored, has an index that covers less.

    Raises:
        Unavailable: the disk or the database is away.
        Inconsistent: the index covers more than the record has, or the record is damaged.
    """
    record.settle()
    catch_up(front.reader, front.index, front.describe)


def _settle(office: Office, entry: JournalEntry) -> None:
    index = office.front.index
    journalled, annex, size = restore(entry, office.seal)
    plan = ChunkPlan.decode(annex) if annex else None
    rows = [index.by_serial(one.serial) for one in journalled.prepared]
    lodged = [row.entry for row in rows if row is not None]
    if not lodged:
        _check_not_lodged(office.front, journalled, size)
        _finish(office, journalled, plan)
        return
    if len(lodged) != len(rows):
        raise Inconsistent(
            f"journal entry {entry.number}: {len(lodged)} of its {len(rows)} certificates are in"
            " the index, must be all or none; run the audit",
            rule="journal.part",
        )
    office.front.workbook.close(
        entry.number,
        rows=(),
        size=0,
        outcome=None if plan is None else plan.outcome(lodged),
    )


def _check_not_lodged(front: FrontOffice, journalled: Journalled, since: int) -> None:
    """The record has none of these certificates after its first `since` entries.

    The index said so before; but whoever can put an entry back into the journal can take rows out
    of the index as well. Reads what was lodged since the entry was written: little, after a crash.
    """
    serials = {one.serial for one in journalled.prepared}
    size = front.reader.checkpoint().size
    for place, leaf in enumerate(front.reader.leaves(min(since, size), size), since):
        row = row_of(place, leaf, front.describe)
        if row is not None and row.serial in serials:
            raise Inconsistent(
                f"journal entry {journalled.journal}: its certificate {row.serial} is entry {place}"
                " of the record, must be in the index; nothing is signed: run the audit",
                clause="sec-app-b:4.3",
                rule="journal.lodged",
            )
