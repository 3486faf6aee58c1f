"""Devices by the million: what each holds, and what the inventory knows of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from smki.devices import DeviceKind, DeviceState
from smki.terms import EUI64, SmiStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryRow:
    """What the inventory knows of a device.

    Attributes:
        device: its EUI-64.
        kind: ESME, GSME, ...
        make: of its maker.
        model: of that maker's.
        hub: the communications hub function that it is behind; itself for one.
        region: of the wide area network.
        mpxn: the number of the metering point; empty if it has none.
        status: its SMI status.
    """

    device: EUI64
    kind: DeviceKind
    make: str
    model: str
    hub: EUI64
    region: str
    mpxn: str = ""
    status: SmiStatus = SmiStatus.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateDevice:
    """A device of an estate: what it holds, and what the inventory knows of it."""

    state: DeviceState
    row: InventoryRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldState:
    """What a device held when it was read.

    Attributes:
        state: that.
        revision: how often it had been kept before.
    """

    state: DeviceState
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A status that a device had from an instant on."""

    status: SmiStatus
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryQuery:
    """Which devices are meant: all that have every value that is given."""

    kind: DeviceKind | None = None
    make: str | None = None
    region: str | None = None
    status: SmiStatus | None = None
    hub: EUI64 | None = None
    mpxn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryTotal:
    """How many devices there are of a kind, make, region and status."""

    kind: DeviceKind
    make: str
    region: str
    status: SmiStatus
    devices: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """A device whose certificates have not come: its identifier, its kind, its private keys.

    Attributes:
        device: its EUI-64.
        kind: ESME, GSME, ...
        signing: handle of its key for digital signatures.
        agreement: handle of its key for key agreement.
    """

    device: EUI64
    kind: DeviceKind
    signing: bytes
    agreement: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Devices whose certificates are asked for together, in this order.

    Attributes:
        name: no other lot has had it, of any estate.
        hw_type: content of the hwType OBJECT IDENTIFIER in their requests.
        devices: those.
        at: when their keys were made.
    """

    name: str
    hw_type: bytes
    devices: Sequence[NewDevice]
    at: datetime


class Estate(Protocol):
    """Keeps an estate, for several processes at once.

    What a call changes is durable when it returns, all of it or nothing.
    """

    def add(self, devices: Sequence[EstateDevice], at: datetime) -> None:
        """These are in the estate, with their status from that instant on.

        Raises:
            Refused: one of them is there already; none was added.
            Unavailable: the disk or the database does not take them; none was added.
        """
        ...

    def device(self, device: EUI64) -> EstateDevice | None:
        """The device; None if it is not in the estate."""
        ...

    def row(self, device: EUI64) -> InventoryRow | None:
        """What the inventory knows of the device; None if it is not in the estate."""
        ...

    def held(self, device: EUI64) -> HeldState | None:
        """What the device holds now; None if it is not in the estate."""
        ...

    def held_by(self, devices: Sequence[EUI64]) -> dict[EUI64, HeldState]:
        """What these devices hold now, those that are in the estate."""
        ...

    def held_after(self, after: EUI64 | None, limit: int) -> tuple[HeldState, ...]:
        """At most `limit` devices in one lasting order, from the first one after `after`."""
        ...

    def keep(self, changed: Sequence[HeldState]) -> tuple[HeldState, ...]:
        """The devices hold these states now; each with the revision that it has from now on.

        `revision` is that of the state as it was read: whoever changed a device meanwhile is not
        overruled.

        Raises:
            Unavailable: one of them was changed since it was read, with rule `estate.changed`;
                or as for `add`. None was changed.
            Inconsistent: one of them is not in the estate; none was changed.
        """
        ...

    def history(self, device: EUI64) -> tuple[StatusChange, ...]:
        """Its statuses, the oldest first."""
        ...

    def set_status(self, devices: Sequence[EUI64], status: SmiStatus, at: datetime) -> None:
        """The devices have this status from that instant on; one that has it already keeps it."""
        ...

    def count(self) -> int:
        """How many devices there are."""
        ...

    def totals(self, query: InventoryQuery) -> tuple[InventoryTotal, ...]:
        """How many devices there are of each kind, make, region and status."""
        ...

    def inventory(
        self, query: InventoryQuery, after: EUI64 | None, limit: int
    ) -> tuple[InventoryRow, ...]:
        """At most `limit` of the devices that are meant, in one lasting order, from `after` on."""
        ...


class Lots(Protocol):
    """Devices on their way into an estate. Durable on return; for one process at a time."""

    def first(self, proposed: EUI64) -> EUI64:
        """The identifier from which those of this estate count on: the one first proposed."""
        ...

    def newest(self) -> EUI64 | None:
        """The last of them in the estate; None if there is none yet."""
        ...

    def begun(self) -> Iterator[Lot]:
        """The lots that were begun and are not finished."""
        ...

    def begin(self, lot: Lot) -> None:
        """The lot and its private keys are kept.

        Raises:
            Refused: there is one of that name.
            Unavailable: the disk or the database does not take it.
        """
        ...

    def finish(self, lot: Lot, devices: Sequence[EstateDevice], at: datetime) -> None:
        """The devices of the lot are in the estate, and the lot is no more.

        They were pending from when their keys were made, and have their status from `at` on.

        Raises:
            Refused: as for `Estate.add`.
            Unavailable: as for `Estate.add`.
        """
        ...

    def drop(self, lot: Lot) -> None:
        """The lot is no more, and no device of it was added."""
        ...
