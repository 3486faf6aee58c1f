"""A chunk of a batch on its way: its plan, which the journal keeps, and what is being signed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from smki.authority import Signing
from smki.ports import ChunkOutcome, ItemOutcome
from smki.registration import Admissions


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPlan:
    """What a chunk of a batch comes to, but for the certificates' entries in the record.

    Attributes:
        batch: number of the batch.
        chunk: position in the batch of its first item.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkUnderWay:
    """A chunk that is journalled and being signed, and not lodged yet.

    Attributes:
        journal: number of its entry in the journal.
        signing: where its signatures come from.
        plan: what it comes to.
        admissions: what it was admitted, which the index does not know yet.
    """

    journal: int
    signing: Signing
    plan: ChunkPlan
    admissions: Admissions
