"""Devices by the million: what each holds, and what the inventory knows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from smki.devices import DeviceState
from smki.terms import EUI64, SmiStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateDevice:
    """A device of an estate.

    Attributes:
        state: what it holds.
        make: of its maker.
        model: of that maker's.
        hub: the communications hub function that it is behind; itself for one.
        region: of the wide area network.
        mpxn: the number of the metering point; empty if it has none.
        status: as the inventory has it.
    """

    state: DeviceState
    make: str
    model: str
    hub: EUI64
    region: str
    mpxn: str = ""
    status: SmiStatus = SmiStatus.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A status that a device had from an instant on."""

    status: SmiStatus
    at: datetime


class Estate(Protocol):
    """Keeps an estate. What a call changes is durable when it returns, all of it or nothing."""

    def add(self, devices: Sequence[EstateDevice], at: datetime) -> None:
        """These are in the estate.

        Raises:
            Refused: one of them is there already; none was added.
            Unavailable: the disk or the database does not take them; none was added.
        """
        ...

    def device(self, device: EUI64) -> EstateDevice | None:
        """The device; None if it is not in the estate."""
        ...

    def history(self, device: EUI64) -> tuple[StatusChange, ...]:
        """Its statuses, the oldest first."""
        ...

    def states(self, after: EUI64 | None, limit: int) -> tuple[DeviceState, ...]:
        """At most `limit` devices in the order of their identifiers, from the first after `after`."""
        ...

    def keep(self, states: Sequence[DeviceState]) -> None:
        """The devices hold this now.

        Raises:
            Inconsistent: one of them is not in the estate; none was changed.
            Unavailable: as for `add`.
        """
        ...

    def set_status(self, devices: Sequence[EUI64], status: SmiStatus, at: datetime) -> None:
        """The devices have this status from that instant on; one that has it already keeps it."""
        ...

    def count(self) -> int:
        """How many devices there are."""
        ...
