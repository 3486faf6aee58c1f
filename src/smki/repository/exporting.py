"""Which stretch of the record a bulk file holds, and its octets. No folder, no name, no clock.

Clause: c2sp:tlog-tiles
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from smki.merkle import bulk
from smki.ports import Checkpoint, RecordReader
from smki.repository.lodging import milliseconds
from smki.terms import Malformed

_INSTANT: Final = slice(3, 11)  # of a leaf
_STEP: Final = 4_096  # entries between two words of progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The entries from `start` to the end of the log under `checkpoint`.

    Attributes:
        start: the first of them; the log's size if there are none.
        before: hashes of the full subtrees before it.
        checkpoint: where the stretch ends.
    """

    start: int
    before: tuple[bytes, ...]
    checkpoint: Checkpoint


def first_on(reader: RecordReader, day: date) -> int:
    """The first entry lodged on `day` (UTC) or after it; the record's size if there is none.

    Found by halving: where the clock of lodging was put back, it is one that a clock like that
    could name.
    """
    instant = milliseconds(datetime.combine(day, time(), tzinfo=UTC))
    low, high = 0, reader.checkpoint().size
    while low < high:
        middle = (low + high) // 2
        if int.from_bytes(reader.leaf(middle)[_INSTANT], "big") < instant:
            low = middle + 1
        else:
            high = middle
    return low


def stretch_from(reader: RecordReader, start: int) -> Stretch:
    """The stretch from `start` to the newest checkpoint.

    Raises:
        Malformed: the record does not go as far as `start`.
        Inconsistent: the record is damaged.
    """
    checkpoint = reader.checkpoint()
    if not 0 <= start <= checkpoint.size:
        raise Malformed(
            f"entries from {start}, must be from 0 to {checkpoint.size}", rule="merkle.index"
        )
    return Stretch(start=start, before=bulk.before(start, reader.node), checkpoint=checkpoint)


def bulk_octets(
    reader: RecordReader, stretch: Stretch, tell: Callable[[int, int], None] = lambda *_: None
) -> Iterator[bytes]:
    """The bulk file of the stretch, in pieces, with blobs; memory is flat.

    `tell` is given how many entries are done, of how many.

    Raises:
        Inconsistent: the record is damaged.

    Clause: c2sp:tlog-tiles
    """
    start, size = stretch.start, stretch.checkpoint.size

    def leaves() -> Iterator[bytes]:
        for at in range(start, size, _STEP):
            yield from reader.leaves(at, stop := min(size, at + _STEP))
            tell(stop - start, size - start)

    return bulk.write_bulk(start, size, leaves(), reader.blob)
