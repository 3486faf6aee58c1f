"""What goes over the socket between a head end and simulated hubs: records, each with its length.

    record  ::= length(4) kind(1) rest           length: of kind and rest, 1 to 16,384
    hello   ::= 01 "SMKI" version(2)             the head end's first
    welcome ::= 02 version(2) instant(8) pace(8) the answer; microseconds since 1970, IEEE 754
    frame   ::= 03 device(8) frame               a block of a transfer and its checksum, each way
    quiet   ::= 04 device(8) frames(4)           from the hubs: nothing of this line is on its way;
                                                 so many frames came since it was last quiet
    done    ::= 05 device(8)                     from the head end: nothing of it waits here either
    unknown ::= 06 device(8)                     from the hubs: there is no such device
    refused ::= 07 text                          the last: why the connection ends (UTF-8)

All numbers are big-endian. Whoever sends anything else is told so, and the connection ends. No
socket is here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from struct import Struct
from types import MappingProxyType
from typing import Final, TypeAlias

from smki.terms import EUI64, Malformed

VERSION: Final = 1
RECORD_OCTETS_MAX: Final = 16_384  # a block's header and checksum have some sixty of them
REFUSED_CHARACTERS: Final = 400
_NAME: Final = b"SMKI"
_LENGTH: Final = Struct(">I")
_HELLO: Final = Struct(">4sH")
_WELCOME: Final = Struct(">HQd")
_QUIET: Final = Struct(">8sI")
_EUI64_OCTETS: Final = 8
_SINCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROS_MAX: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _SINCE) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """A head end begins."""

    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The hubs are there.

    Attributes:
        instant: the line's time now.
        pace: how many of its seconds pass in one.
        version: of the records.
    """

    instant: datetime
    pace: float
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFrame:
    """A frame to or from a device."""

    device: EUI64
    frame: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """Nothing of a device's line is on its way, after so many frames came."""

    device: EUI64
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The head end waits for nothing of a device's line."""

    device: EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """There is no such device behind the hubs."""

    device: EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """The connection ends, for this reason."""

    reason: str


Record: TypeAlias = Hello | Welcome | LineFrame | Quiet | Done | Unknown | RefusedLine


def encode_record(record: Record) -> bytes:
    """The octets of a record, its length before it."""
    match record:
        case LineFrame():
            content = b"\x03" + record.device.octets + record.frame
        case Quiet():
            content = b"\x04" + _QUIET.pack(record.device.octets, record.frames)
        case Done():
            content = b"\x05" + record.device.octets
        case Unknown():
            content = b"\x06" + record.device.octets
        case Hello():
            content = b"\x01" + _HELLO.pack(_NAME, record.version)
        case Welcome():
            micros = (record.instant - _SINCE) // timedelta(microseconds=1)
            content = b"\x02" + _WELCOME.pack(record.version, micros, record.pace)
        case RefusedLine():
            content = b"\x07" + record.reason[:REFUSED_CHARACTERS].encode()
    return _LENGTH.pack(len(content)) + content


class Records:
    """Takes what comes off a socket, in any pieces, and gives the records in it."""

    def __init__(self) -> None:
        self._octets = bytearray()

    @property
    def half(self) -> bool:
        """Whether a record has begun and not ended."""
        return bool(self._octets)

    def feed(self, octets: bytes) -> Iterator[Record]:
        """The records that are whole by now, in order; all of them are to be taken.

        Raises:
            Malformed: what comes is no record; nothing that follows can be read.
        """
        self._octets += octets
        start = 0
        try:
            while (end := self._end(start)) is not None:
                content = bytes(self._octets[start + _LENGTH.size : end])
                start = end
                yield _decoded(content)
        finally:
            del self._octets[:start]

    def end(self) -> None:
        """Nothing more comes.

        Raises:
            Malformed: a record had begun.
        """
        if self.half:
            raise Malformed(
                f"line: ended after {len(self._octets)} octets of a record, must end between two",
                rule="line.half",
            )

    def _end(self, start: int) -> int | None:
        """Where the record that begins at `start` ends; None if that has not come yet."""
        if len(self._octets) < start + _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._octets, start)
        if not 1 <= length <= RECORD_OCTETS_MAX:
            raise Malformed(
                f"line: record of {length} octets, must be 1 to {RECORD_OCTETS_MAX}",
                rule="line.oversize",
            )
        end: int = start + _LENGTH.size + length
        return end if end <= len(self._octets) else None


def _decoded(content: bytes) -> Record:
    """The record whose kind and rest these octets are.

    Raises:
        Malformed: they are none.
    """
    kind, rest = content[0], content[1:]
    decode = _DECODERS.get((kind, len(rest))) or _ANY_LENGTH.get(kind)
    record = decode(rest) if decode else None
    if record is None:
        raise Malformed(
            f"line: record of kind {kind:02X} with {len(rest)} octets more, must be one of 01 to 07,"
            " and as that is",
            rule="line.record",
        )
    return record


def _frame(rest: bytes) -> LineFrame | None:
    if len(rest) <= _EUI64_OCTETS:
        return None
    return LineFrame(device=EUI64(rest[:_EUI64_OCTETS]), frame=rest[_EUI64_OCTETS:])


def _quiet(rest: bytes) -> Quiet:
    device, frames = _QUIET.unpack(rest)
    return Quiet(device=EUI64(device), frames=frames)


def _hello(rest: bytes) -> Hello | None:
    name, version = _HELLO.unpack(rest)
    return Hello(version=version) if name == _NAME else None


def _welcome(rest: bytes) -> Welcome | None:
    version, micros, pace = _WELCOME.unpack(rest)
    if micros > _MICROS_MAX or not (isfinite(pace) and pace > 0):
        return None
    return Welcome(version=version, instant=_SINCE + timedelta(microseconds=micros), pace=pace)


_DECODERS: Final[Mapping[tuple[int, int], Callable[[bytes], Record | None]]] = MappingProxyType(
    {
        (1, _HELLO.size): _hello,
        (2, _WELCOME.size): _welcome,
        (4, _QUIET.size): _quiet,
        (5, _EUI64_OCTETS): lambda rest: Done(device=EUI64(rest)),
        (6, _EUI64_OCTETS): lambda rest: Unknown(device=EUI64(rest)),
    }
)
_ANY_LENGTH: Final[Mapping[int, Callable[[bytes], Record | None]]] = MappingProxyType(
    {3: _frame, 7: lambda rest: RefusedLine(reason=rest.decode(errors="replace"))}
)
