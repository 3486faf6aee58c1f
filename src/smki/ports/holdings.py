"""What the devices of an estate hold, looked through from one end to the other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from smki.devices import DeviceKind, TrustAnchor
from smki.terms import EUI64, SmiStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What the inventory knows of a device, and what its cells hold.

    Attributes:
        device: its EUI-64.
        kind: ESME, GSME, ...
        make: of its maker.
        region: of the wide area network.
        status: its SMI status.
        anchors: number of the trust anchor in each cell of the kind, in their order; 0 for none.
    """

    device: EUI64
    kind: DeviceKind
    make: str
    region: str
    status: SmiStatus
    anchors: tuple[int, ...]


class Holdings(Protocol):
    """Reads only; memory stays flat however many devices there are."""

    def anchors(self) -> Iterator[tuple[int, TrustAnchor]]:
        """Every trust anchor that some device has or had, by its number."""
        ...

    def held(self, after: EUI64 | None, limit: int) -> Sequence[Holding]:
        """At most `limit` devices in one lasting order, from the first one after `after`."""
        ...

    def statuses_at(self, devices: Sequence[EUI64], at: datetime) -> Mapping[EUI64, SmiStatus]:
        """The status that each of these devices had at that instant; those that had none are not in it."""
        ...
