"""Rotations of device certificates that are under way, so that each goes on where it was cut off."""

from dataclasses import dataclass
from typing import Protocol

from smki.terms import EUI64, KeyUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationNote:
    """How far the rotation of one of a device's certificates has come.

    Attributes:
        device: whose certificate.
        usage: of its key.
        request: the certification request (DER) that the device made.
        certificate: that was issued for it (DER); empty if none has been yet.
    """

    device: EUI64
    usage: KeyUsage
    request: bytes
    certificate: bytes = b""


class Rotations(Protocol):
    """Durable on return. For several processes at once, if they rotate different certificates."""

    def under_way(self, device: EUI64, usage: KeyUsage) -> RotationNote | None:
        """How far it has come; None if none is under way."""
        ...

    def note(self, note: RotationNote) -> None:
        """It has come so far.

        Raises:
            Unavailable: the disk or the database does not take it.
        """
        ...

    def finish(self, device: EUI64, usage: KeyUsage) -> None:
        """None is under way any more; nothing happens if none was.

        Raises:
            Unavailable: as for `note`.
        """
        ...
