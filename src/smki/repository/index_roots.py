"""Roots of the map by EUI-64 enter the record: whoever keeps the map works them out, here is looked.

Whether a root is true is not asked: that takes the map. Every audit asks it.
"""

from datetime import datetime
from typing import Final

from smki.merkle.identity_map import decode_root
from smki.merkle.leaf import LeafType
from smki.ports import Record
from smki.repository.identities import index_root_of
from smki.repository.lodging import lodge_leaf
from smki.terms import Refused

BEHIND_MAX: Final = 100_000  # entries: an audit, and whoever verifies a proof, holds so many


def lodge_root(record: Record, body: bytes, at: datetime) -> int:
    """The index root with this body is durable in the record; its entry's index.

    It covers what it says, no more than the record has and no less than the root before it.

    Raises:
        Malformed: no body of an index root.
        Refused: it covers more or less than it must.
        Unavailable: as for `lodge`.

    Clause: sec:L5
    """
    size, _ = decode_root(body)
    total = record.checkpoint().size
    if not 0 <= total - size <= BEHIND_MAX:
        raise _refused(size, f"from {max(0, total - BEHIND_MAX)} to {total}")
    for leaf in record.leaves(size, total):  # no earlier root covers more: it has no more before it
        before = index_root_of(leaf)
        if before is not None and (covered := decode_root(before)[0]) > size:
            raise _refused(size, f"{covered} at least, as the root before it")
    return lodge_leaf(record, LeafType.INDEX_ROOT, body, at)


def _refused(size: int, must: str) -> Refused:
    return Refused(
        f"index root: covers {size} entries, must cover {must}", clause="sec:L5", rule="map.size"
    )
