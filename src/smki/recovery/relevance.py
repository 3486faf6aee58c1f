"""Which devices are concerned by a compromise, counted: by kind, make, region, cell, subscriber.

    relevant   commissioned, or immediately before the event, and a cell holds a compromised credential

What is compromised is told as numbers of trust anchors, each with whose it is. Folds a million
devices as they come; keeps the counts alone.

Clause: sec:L10.30(a), sec:L10.30(b)
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """A compromised certificate that devices hold the credentials of.

    Attributes:
        certificate: its serial number; empty for one that is not in the record.
        subscriber: short name of the party whose it is; empty for an authority's.
    """

    certificate: str
    subscriber: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """What devices are counted by."""

    kind: str
    make: str
    region: str


@dataclass(slots=True, kw_only=True)
class Relevance:
    """The counts, as they grow.

    Attributes:
        exposed: the compromised trust anchors by number.
        looked_at: devices that were looked at.
        devices: relevant ones by kind, make and region.
        cells: compromised cells by kind.
        only_before: relevant devices that were commissioned before the event and are not now.
        by_subscriber: relevant devices that hold a compromised certificate of each.
        by_certificate: the same by certificate.
    """

    exposed: Mapping[int, Exposed]
    looked_at: int = 0
    devices: Counter[Sort] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    only_before: int = 0
    by_subscriber: Counter[str] = field(default_factory=Counter)
    by_certificate: Counter[str] = field(default_factory=Counter)

    @property
    def relevant(self) -> int:
        """How many devices are."""
        return sum(self.devices.values())

    def holds_any(self, anchors: Sequence[int]) -> bool:
        """Whether one of a device's cells holds what is compromised."""
        return not self.exposed.keys().isdisjoint(anchors)

    def note(self, sort: Sort, anchors: Sequence[int], *, is_commissioned: bool) -> None:
        """A relevant device is counted.

        Args:
            sort: of device.
            anchors: what its cells hold, by number.
            is_commissioned: it still is.
        """
        held = [self.exposed[number] for number in anchors if number in self.exposed]
        self.devices[sort] += 1
        self.cells[sort.kind] += len(held)
        self.only_before += not is_commissioned
        self.by_subscriber.update({one.subscriber for one in held if one.subscriber})
        self.by_certificate.update({one.certificate for one in held if one.certificate})
