"""Identifiers: EUI-64 and certificate serial numbers."""

import re
from dataclasses import dataclass
from typing import Final, Self

from smki.terms.errors import Malformed

EUI64_OCTETS: Final = 8
SERIAL_OCTETS: Final = 16  # every certificate of the reference data has 16; gbcs.md 5
_FIRST_OCTET: Final = (SERIAL_OCTETS - 1) * 8  # its place in a serial of full length, in bits
_SERIAL_BITS: Final = (1 << SERIAL_OCTETS * 8 - 1) - 1
SERIAL_MAX_OCTETS: Final = 20  # rfc5280:4.1.2.2

_EUI64_TEXT: Final = re.compile(r"(?:[0-9A-Fa-f]{2}([-:]?))(?:[0-9A-Fa-f]{2}\1){6}[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True, order=True)
class EUI64:
    """A Device ID or an Entity Identifier: 8 octets, printed `90-B3-D5-1F-30-01-00-00`.

    Clause: gbcs:4.3.1
    """

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != EUI64_OCTETS:
            raise Malformed(
                f"EUI-64: {len(self.octets)} octets, must be {EUI64_OCTETS}", clause="gbcs:4.3.1"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identifier that `text` prints: 16 hexadecimal digits, bare or parted by `-` or `:`.

        Raises:
            Malformed: anything else.
        """
        if not _EUI64_TEXT.fullmatch(text):
            raise Malformed(
                f"EUI-64: {text[:40]!r}, must be 16 hexadecimal digits, bare or in pairs"
                " parted by '-' or ':'",
                clause="gbcs:4.3.1",
            )
        return cls(bytes.fromhex(text.replace("-", "").replace(":", "")))

    def __str__(self) -> str:
        return self.octets.hex("-").upper()

    def __int__(self) -> int:
        return int.from_bytes(self.octets, "big")

    def __hash__(self) -> int:
        return hash(self.octets)

    @property
    def digits(self) -> str:
        """The 16 lower-case hexadecimal digits, for file names and JSON."""
        return self.octets.hex()


@dataclass(frozen=True, slots=True, order=True)
class SerialNumber:
    """The serial number of a certificate: a positive INTEGER of at most 20 octets.

    Clause: rfc5280:4.1.2.2
    """

    value: int

    def __post_init__(self) -> None:
        if self.value <= 0 or self.value.bit_length() > SERIAL_MAX_OCTETS * 8 - 1:
            raise Malformed(
                f"serial number: {self.value.bit_length()} bits"
                f"{', not positive' if self.value <= 0 else ''},"
                f" must be positive and at most {SERIAL_MAX_OCTETS} octets",
                clause="rfc5280:4.1.2.2",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """The serial number that `text` prints: 1 to 40 hexadecimal digits, in either case.

        Published clients drop leading zeros, so serials are compared as numbers.

        Raises:
            Malformed: anything else.
        """
        if not re.fullmatch(r"[0-9A-Fa-f]{1,40}", text):
            raise Malformed(
                f"serial number: {text[:50]!r}, must be 1 to 40 hexadecimal digits",
                clause="rfc5280:4.1.2.2",
            )
        return cls(int(text, 16))

    @classmethod
    def from_random(cls, octets: bytes) -> Self:
        """A serial of exactly 16 octets: positive, first octet 01 to 7F, from 16 random octets.

        Clause: rfc5280:4.1.2.2
        """
        value = int.from_bytes(octets[:SERIAL_OCTETS], "big") & _SERIAL_BITS
        return cls(value if value >> _FIRST_OCTET else value | 1 << _FIRST_OCTET)

    def __str__(self) -> str:
        return f"{self.value:032X}"

    def to_octets(self) -> bytes:
        """The content octets of the INTEGER: minimal, big-endian, two's complement."""
        return self.value.to_bytes(self.value.bit_length() // 8 + 1, "big")
