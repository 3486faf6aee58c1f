"""Looking through the index: is a stretch of it as the record has it? Yes or no, quickly.

What is said of a stretch, or a range of devices, depends on nothing before it: several processes may
look, each at its own. What is wrong where the answer is no, `comparing` finds.
"""

from dataclasses import dataclass

from smki.ports import (
    ALL_DEVICES,
    CertificateIndex,
    CertificateRow,
    DeviceRange,
    RecordReader,
)
from smki.repository.rows import Describe, row_of
from smki.terms import EUI64, Inconsistent, Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What was seen of a stretch of entries.

    Attributes:
        same: each certificate has its row, equal in all but status, and there are no others.
        others: the entries that are no certificates, with their leaves, if so.
    """

    same: bool
    others: tuple[tuple[int, bytes], ...] = ()


class Looker:
    """Looks at one stretch, or one range of devices."""

    def __init__(self, reader: RecordReader, index: CertificateIndex, describe: Describe) -> None:
        self._reader = reader
        self._index = index
        self._describe = describe

    def look(self, stretch: range) -> Looked:
        """What is seen of these entries; never that they are the same if the record is damaged.

        Raises:
            Unavailable: the database cannot be reached, or is busy.
        """
        rows: list[CertificateRow] = []
        others: list[tuple[int, bytes]] = []
        try:
            leaves = self._reader.leaves(stretch.start, stretch.stop)
            for entry, leaf in zip(stretch, leaves, strict=True):
                row = row_of(entry, leaf, self._describe)
                if row is None:
                    others.append((entry, leaf))
                else:
                    rows.append(row)
            if not self._index.holds(stretch.start, stretch.stop, rows):
                return Looked(same=False)
        except (Inconsistent, Malformed):
            return Looked(
                same=False
            )  # the careful look comes upon it too, and says it in its place
        return Looked(same=True, others=tuple(others))

    def doubtful(self, among: DeviceRange = ALL_DEVICES) -> tuple[EUI64, ...]:
        """Devices of that range whose certificates' statuses need a careful look."""
        return tuple(self._index.doubtful_devices(among))
