"""Issue: from examined requests to published certificates. Check it with a pencil.

    1 received, 2 authenticated, 3 examined     before this file: the service that was asked
    4 decided     facts gathered, policy asked   registration
    5 prepared    composed and linted            authority
    6 journalled  intent and serial durable      authority
    7 signed      by the issuing key             authority
    8 lodged      durable, under a checkpoint    repository
    9 published   indexed; may leave the house   repository
    10 served     after this file

Steps 7 to 9 start from the journal alone, so a journey that was cut off is finished by `settle`
exactly as it would have been. A group is one request or a chunk of a batch: all or none of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from smki.authority import journal, restore, sign
from smki.flows.office import FrontOffice, Office
from smki.merkle.leaf import decode_certificate
from smki.policy import code_of
from smki.ports import ChunkOutcome, ItemOutcome, JournalEntry
from smki.registration import Facts, admit_devices, gather
from smki.repository import catch_up, lodge, publish, rows_of
from smki.steps import (
    Admitted,
    Channel,
    Examined,
    Journalled,
    Prepared,
    Published,
    Refusal,
    Requester,
)
from smki.terms import Inconsistent
from smki.wire.requests import DeviceRequest, OrganisationRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPlan:
    """What a chunk of a batch comes to, but for the certificates' entries in the record.

    Attributes:
        batch: number of the batch.
        chunk: number of the chunk in it.
        items: attribute ID of each DeviceCSR, in order.
        refusals: for each, code and text if it was refused; None if it is to be issued.
    """

    batch: int
    chunk: int
    items: tuple[str, ...]
    refusals: tuple[tuple[str, str] | None, ...]

    def encode(self) -> bytes:
        """The plan as canonical JSON, for the journal."""
        fields = [self.batch, self.chunk, self.items, self.refusals]
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, octets: bytes) -> "ChunkPlan":
        """The plan that `encode` wrote."""
        batch, chunk, items, refusals = json.loads(octets)
        return cls(
            batch=batch,
            chunk=chunk,
            items=tuple(items),
            refusals=tuple(None if one is None else (one[0], one[1]) for one in refusals),
        )

    def outcome(self, entries: Sequence[int]) -> ChunkOutcome:
        """The outcomes, `entries` being those of the certificates in the order of the items."""
        remaining = iter(entries)
        outcomes = tuple(
            ItemOutcome(item=item, entry=next(remaining))
            if refusal is None
            else ItemOutcome(item=item, entry=None, code=refusal[0], text=refusal[1])
            for item, refusal in zip(self.items, self.refusals, strict=True)
        )
        return ChunkOutcome(batch=self.batch, chunk=self.chunk, outcomes=outcomes)


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
    decisions = decide_devices(office.front, requesters, channel, examined)
    published = iter(issue(office, tuple(one for one in decisions if isinstance(one, Admitted))))
    return tuple(one if isinstance(one, Refusal) else next(published) for one in decisions)


def decide_devices(
    front: FrontOffice,
    requesters: Sequence[Requester],
    channel: Channel,
    examined: Sequence[Examined | Refusal],
) -> tuple[Admitted | Refusal, ...]:
    """Step 4: each request admitted or refused, on the facts as they are now."""
    requests = [
        one.request
        for one in examined
        if isinstance(one, Examined) and isinstance(one.request, DeviceRequest)
    ]
    return admit_devices(requesters, channel, examined, facts_about(front, requests))


def facts_about(
    front: FrontOffice, requests: Sequence[DeviceRequest | OrganisationRequest]
) -> Facts:
    """What index, register and record know about these requests now."""

    def key_of(entry: int) -> bytes:
        _, body = decode_certificate(front.reader.leaf(entry))
        return front.describe(body.certificate).public_key

    return gather(requests, front.index, front.registry, key_of, front.settings.permits_hw_type)


def issue(office: Office, admitted: tuple[Admitted, ...]) -> tuple[Published, ...]:
    """Steps 5 to 9 for requests that stand alone: their certificates, published; same order."""
    if not admitted:
        return ()
    prepared = office.preparer.prepare(admitted, office.front.clock.now())
    return issue_prepared(office, prepared)


def issue_prepared(office: Office, prepared: tuple[Prepared, ...]) -> tuple[Published, ...]:
    """Steps 6 to 9 for what is prepared."""
    return finish(office, journal(office.front.workbook, prepared, office.seal), None)


def issue_chunk(
    office: Office,
    requester: Requester,
    items: Sequence[str],
    examined: Sequence[Examined | Refusal],
    *,
    batch: int,
    chunk: int,
) -> None:
    """Steps 4 to 9 for a chunk of a batch: its outcomes are durable, its certificates published.

    Raises:
        Unavailable: as for `issue_devices`.

    Clause: sec-app-m:2.3.1.9
    """
    front = office.front
    decisions = decide_devices(front, [requester] * len(examined), Channel.BATCH, examined)
    plan = ChunkPlan(
        batch=batch, chunk=chunk, items=tuple(items), refusals=tuple(map(_wording, decisions))
    )
    admitted = tuple(one for one in decisions if isinstance(one, Admitted))
    if not admitted:
        front.workbook.close(None, rows=(), size=0, outcome=plan.outcome(()))
        return
    prepared = office.preparer.prepare(admitted, front.clock.now())
    journalled = journal(
        front.workbook, prepared, office.seal, batch=batch, chunk=chunk, annex=plan.encode()
    )
    finish(office, journalled, plan)


def _wording(decision: Admitted | Refusal) -> tuple[str, str] | None:
    if isinstance(decision, Admitted):
        return None
    finding = decision.finding
    return code_of(finding.rule, ad_hoc=False).code, str(finding)


def finish(office: Office, journalled: Journalled, plan: ChunkPlan | None) -> tuple[Published, ...]:
    """Steps 7 to 9, from the journal: signed, lodged, published, the intent closed."""
    front = office.front
    issued = sign(journalled, office.preparer, office.keys)  # 7
    at = front.clock.now()
    lodged = lodge(office.record, issued, at)  # 8
    entries = [one.entry for one in lodged]
    front.workbook.close(
        journalled.journal,
        rows=rows_of(lodged, at, front.describe),
        size=entries[-1] + 1,
        outcome=None if plan is None else plan.outcome(entries),
    )
    return publish(lodged, front.index)  # 9


def settle(office: Office) -> int:
    """The index covers the record and every intent of the journal is finished; how many were.

    Called before anything else is issued, and after the world was away. The record is settled
    first: whether an append that failed was done must be known before it is repeated. An intent whose
    certificates are in the record is closed; any other is signed, lodged and published now. Since
    an append is all or none, the first certificate speaks for its group.
    """
    front = office.front
    office.record.settle()
    catch_up(front.reader, front.index, front.describe)
    entries = front.workbook.open_entries()
    for entry in entries:
        _settle(office, entry)
    return len(entries)


def _settle(office: Office, entry: JournalEntry) -> None:
    index = office.front.index
    journalled, annex = restore(entry, office.seal)
    plan = ChunkPlan.decode(annex) if annex else None
    rows = [index.by_serial(one.serial) for one in journalled.prepared]
    lodged = [row.entry for row in rows if row is not None]
    if not lodged:
        finish(office, journalled, plan)
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
