"""The octets of bundles: lengths, texts, cells, and the deflated stream they are in.

What they say is in `evidence_rows` and `evidence_bundles`, where the notation stands.

Clause: sec:L10
"""

import zlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from struct import Struct
from types import MappingProxyType
from typing import Final, TypeVar

from smki.recovery.evidence_fields import TEXT_MAX, malformed
from smki.recovery.outcomes import Anchors, Identified
from smki.terms import EUI64, Malformed, RemotePartyRole
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier

BUNDLE_MAX: Final = 16 * 1024 * 1024  # octets when inflated: what a reader has in memory
LEVEL: Final = 3  # of deflation: commands of one kind are alike, more effort gains little
_VERSION: Final = 1
_MAGIC: Final = b"SMKR"
_HEAD: Final = Struct(">4sBBI")
_CELL: Final = Struct(">BHB8s8s")
_USAGES: Final = range(1, 1 << len(KeyUsageBits))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SHORT_MAX: Final = (1 << 16) - 1
_LATEST: Final = 253_402_300_799_999_999  # the last microsecond of the year 9999
_ANCHORS_KEPT: Final = 4_096  # distinct ones: parties by parties of a country

_Value = TypeVar("_Value")


def text_octets(text: str) -> bytes:
    """Length and UTF-8.

    Raises:
        Malformed: no reader takes it: not printable, or over `TEXT_MAX`.
    """
    if wrong := _wrong_text(text):
        raise malformed("evidence", f"{text[:60]!r}: {wrong}")
    return short_octets(text.encode())


def short_octets(octets: bytes) -> bytes:
    """A length of two octets, and the octets.

    Raises:
        Malformed: more octets than that tells.
    """
    if len(octets) > _SHORT_MAX:
        raise malformed("evidence", f"{len(octets)} octets, must be at most {_SHORT_MAX}")
    return len(octets).to_bytes(2, "big") + octets


def long_octets(octets: bytes) -> bytes:
    """A length of four octets, and the octets."""
    return len(octets).to_bytes(4, "big") + octets


def micros(at: datetime) -> int:
    """Microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def anchors_octets(anchors: Anchors) -> bytes:
    """What cells hold, in the order of the cells."""
    return bytes((len(anchors),)) + b"".join(
        _CELL.pack(cell.role, cell.key_usage, cell.cell_usage, held.unique_id, held.key_identifier)
        for cell, held in anchors.items()
    )


def deflated(number: int, content: bytes, what: str) -> bytes:
    """The bundle of that kind, by its number.

    Raises:
        Malformed: over `BUNDLE_MAX`.
    """
    if len(content) > BUNDLE_MAX:
        raise malformed(what, f"bundle of {len(content)} octets, must be at most {BUNDLE_MAX}")
    head = _HEAD.pack(_MAGIC, _VERSION, number, len(content))
    return head + zlib.compress(content, LEVEL)


def inflated(number: int, octets: bytes, what: str) -> bytes:
    """The content of a bundle of that kind.

    Raises:
        Malformed: another kind, longer than it says or than `BUNDLE_MAX`, or no zlib stream.
    """
    if len(octets) < _HEAD.size:
        raise malformed(what, f"{len(octets)} octets, must be at least {_HEAD.size}")
    magic, version, found, length = _HEAD.unpack_from(octets)
    if (magic, version, found) != (_MAGIC, _VERSION, number):
        said = f"begins {octets[:6].hex()}, must be SMKR, 01 and {number:02}"
        raise malformed(what, said, "offset 0")
    if length > BUNDLE_MAX:
        raise malformed(what, f"{length} octets announced, must be at most {BUNDLE_MAX}")
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(octets[_HEAD.size :], length + 1)
    except zlib.error as error:
        raise malformed(what, f"{error}, must be a zlib stream") from error
    if not reader.eof or reader.unused_data or len(content) != length:
        raise malformed(what, f"not the {length} octets that are announced, must end with them")
    return content


class Cursor:
    """Reads from the front; says where it ends too soon. `what` names it in errors."""

    __slots__ = ("_at", "_octets", "_what")

    def __init__(self, octets: bytes, what: str) -> None:
        self._octets, self._what, self._at = octets, what, 0

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._octets)

    def take(self, count: int) -> bytes:
        """The next octets."""
        end = self._at + count
        found = self._octets[self._at : end]
        if len(found) != count:
            raise self.wrong(f"{len(found)} octets left, must be {count}")
        self._at = end
        return found

    def number(self, octets: int) -> int:
        """A number of so many octets."""
        return int.from_bytes(self.take(octets), "big")

    def sized(self, octets: int) -> bytes:
        """Octets after their length, which has so many octets."""
        return self.take(self.number(octets))

    def unpack(self, of: Struct) -> tuple[int, ...]:
        """The numbers of a structure."""
        return of.unpack(self.take(of.size))

    def text(self) -> str:
        """A printable text."""
        octets = self.sized(2)
        try:
            text = octets.decode()
        except UnicodeDecodeError as error:
            raise self.wrong("a text that is not UTF-8") from error
        if wrong := _wrong_text(text):
            raise self.wrong(wrong)
        return text

    def instant(self, found: int) -> datetime:
        """The instant of so many microseconds."""
        if found > _LATEST:
            raise self.wrong("an instant after the year 9999")
        return _EPOCH + timedelta(microseconds=found)

    def device(self) -> EUI64:
        """An identifier of a device."""
        return EUI64(self.take(8))

    def anchors(self) -> Anchors:
        """What cells hold."""
        return _anchors(self.take(self.number(1) * _CELL.size), self._what)

    def one_of(self, values: tuple[_Value, ...], place: int) -> _Value:
        """The value at that place."""
        if place >= len(values):
            raise self.wrong(f"number {place}, must be below {len(values)}")
        return values[place]

    def done(self) -> None:
        """Nothing is left."""
        if not self.at_end:
            raise self.wrong(f"{len(self._octets) - self._at} octets too many")

    def wrong(self, what: str) -> Malformed:
        """What to raise here."""
        return malformed(self._what, what, f"offset {self._at}")


@lru_cache(_ANCHORS_KEPT)
def _anchors(octets: bytes, what: str) -> Anchors:
    """The same value for the same octets: distinct ones are few, devices are many."""
    found: dict[TrustAnchorCellIdentifier, Identified] = {}
    for role, usage, use, unique_id, key_identifier in _CELL.iter_unpack(octets):
        try:
            cell = TrustAnchorCellIdentifier(
                role=RemotePartyRole(role), key_usage=_usage(usage), cell_usage=CellUsage(use)
            )
        except ValueError as error:
            raise malformed(what, f"a cell that there is not ({error})") from error
        if cell in found:
            raise malformed(what, "a cell twice, must be there once")
        found[cell] = Identified(unique_id=unique_id, key_identifier=key_identifier)
    return MappingProxyType(found)


def _usage(number: int) -> KeyUsageBits:
    if number not in _USAGES:
        raise ValueError(f"key usage {number:04X}")
    return KeyUsageBits(number)


def _wrong_text(text: str) -> str:
    """What is wrong with a text that is to be read again; empty if nothing is."""
    if len(text) <= TEXT_MAX and text.isprintable():
        return ""
    return f"a text that is not printable, or over {TEXT_MAX} characters"
