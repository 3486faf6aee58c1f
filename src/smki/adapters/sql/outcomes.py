"""The outcomes of one chunk as one stretch of octets: a JSON array of columns, in ASCII.

    [items, entries, faults]    items    the IDs, in the order of the batch
                                entries  index in the record, or null, for each
                                faults   {position: [code, text]} for those that have either

A row for each CSR would cost more than its signature.
"""

import json
from typing import Final

from smki.ports import ItemOutcome
from smki.terms import Inconsistent

_COMPACT: Final = (",", ":")


def encode(outcomes: tuple[ItemOutcome, ...]) -> bytes:
    """The octets that `decode` reads back as the same outcomes."""
    faults = {
        position: [outcome.code, outcome.text]
        for position, outcome in enumerate(outcomes)
        if outcome.code or outcome.text
    }
    items = [outcome.item for outcome in outcomes]
    entries = [outcome.entry for outcome in outcomes]
    return json.dumps([items, entries, faults], separators=_COMPACT).encode("ascii")


def decode(octets: bytes) -> tuple[ItemOutcome, ...]:
    """The outcomes, in the order of the batch's items.

    Raises:
        Inconsistent: not what `encode` makes.
    """
    try:
        items, entries, faults = json.loads(octets)
        return tuple(
            _outcome(item, entry, faults.get(str(position)))
            for position, (item, entry) in enumerate(zip(items, entries, strict=True))
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise Inconsistent(
            f"outcomes of a chunk: {len(octets)} octets that cannot be read ({error});"
            " stop and restore the database from its copy",
            rule="outcomes.damaged",
        ) from error


def _outcome(item: str, entry: int | None, fault: list[str] | None) -> ItemOutcome:
    if fault is None:
        return ItemOutcome(item=item, entry=entry)
    code, text = fault
    return ItemOutcome(item=item, entry=entry, code=code, text=text)
