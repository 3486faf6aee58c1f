"""A device's state in few octets, for estates of millions.

    state    ::= version(1) kind(1) device(8) octets(hw type)
                 anchors counters keys pending log own-counter clock firmware scheduled hub
    anchors  ::= number(1..) for each cell of the kind, in its order; 0 for one that is empty
    counters ::= count (role(1) update command count (usage(1) counter)*)*          -- each plus one
    keys     ::= count (usage(2) octets(handle) octets(certificate))*
    pending  ::= count (usage(2) octets(key))*
    log      ::= count (device(8) type(1))*
    clock    ::= ahead(8, signed) reliable(1)
    firmware ::= octets(version) octets(hash) octets(image version) sound(1)
    scheduled::= count (octets(header and payload) execution(8, signed seconds since 1970))*
    hub      ::= network(8) count (device(8) key(16))*
    octets   ::= count octet*            count, counter ::= LEB128, 7 bits in an octet, low first

What many devices hold alike, their trust anchors, stands once in a table and here by its number.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Protocol

from smki.devices.kinds import KINDS, DeviceKind
from smki.devices.state import (
    Clock,
    Counters,
    DeviceState,
    Firmware,
    OwnKey,
    Scheduled,
    TrustAnchor,
)
from smki.terms import EUI64, Inconsistent, Malformed, RemotePartyRole
from smki.wire.gbcs.frame import grouped, parse_message, with_signature
from smki.wire.gbcs.hub_log import DEVICE_OCTETS, KEY_OCTETS, HubLog, HubLogEntry
from smki.wire.gbcs.joining import DeviceLogEntry, DeviceType
from smki.wire.gbcs.octets import Cursor
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import SeqNumberUsage

_VERSION: Final = 2
_VERSION_OCTET: Final = bytes((_VERSION,))
_HEAD_OCTETS: Final = 11  # version, kind, device, and the length of the hw type, below 128
_SEEN_MOST: Final = 8  # of a kind, holdings that are tried before one is read
_KINDS: Final = tuple(DeviceKind)  # a new kind is added at the end
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLAUSE: Final = "gbcs:4.3.1"
_UNSIGNED: Final = b"\x00"


class AnchorTable(Protocol):
    """Trust anchors by number; a number is never given to another."""

    def number_of(self, anchor: TrustAnchor) -> int:
        """The number of the anchor, 1 or more; a new one if it has none yet."""
        ...

    def anchor(self, number: int) -> TrustAnchor:
        """The anchor of that number.

        Raises:
            Inconsistent: there is none.
        """
        ...


class _Writer:
    def __init__(self) -> None:
        self.octets = bytearray()

    def count(self, number: int) -> None:
        while number >= 0x80:
            self.octets.append(number & 0x7F | 0x80)
            number >>= 7
        self.octets.append(number)

    def text(self, content: bytes) -> None:
        self.count(len(content))
        self.octets += content

    def signed(self, number: int) -> None:
        self.octets += number.to_bytes(8, "big", signed=True)


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self.cursor = Cursor(octets, "device state", _CLAUSE)

    def octet(self, field: str) -> int:
        return self.cursor.octet(field)

    def count(self, field: str) -> int:
        number = shift = 0
        while True:
            octet = self.cursor.octet(field)
            number |= (octet & 0x7F) << shift
            if octet < 0x80:
                return number
            shift += 7
            if shift > 63:
                raise self.cursor.wrong(field, "more than 64 bits", "fewer")

    def text(self, field: str) -> bytes:
        return self.cursor.take(self.count(field), field)

    def signed(self, field: str) -> int:
        return int.from_bytes(self.cursor.take(8, field), "big", signed=True)


def encode_state(state: DeviceState, table: AnchorTable) -> bytes:
    """The state in few octets; `decode_state` gives it back.

    Clause: gbcs:4.3.1
    """
    writer = _Writer()
    writer.octets += bytes((_VERSION, _KINDS.index(state.kind))) + state.device.octets
    writer.text(state.hw_type)
    for cell in state.row.cells:
        anchor = state.anchors.get(cell)
        writer.count(0 if anchor is None else table.number_of(anchor))
    _write_counters(writer, state.counters)
    writer.count(len(state.own))
    for usage, own in state.own.items():
        writer.octets += usage.to_bytes(2, "big")
        writer.text(own.handle)
        writer.text(own.certificate)
    writer.count(len(state.pending))
    for usage, key in state.pending.items():
        writer.octets += usage.to_bytes(2, "big")
        writer.text(key)
    writer.count(len(state.log))
    for entry in state.log:
        writer.octets += entry.device + bytes((entry.type,))
    writer.count(state.own_counter)
    writer.signed(state.clock.ahead_seconds)
    writer.octets.append(state.clock.reliable)
    for part in (state.firmware.version, state.firmware.image_hash, state.firmware.image_version):
        writer.text(part)
    writer.octets.append(state.firmware.sound)
    writer.count(len(state.scheduled))
    for each in state.scheduled:
        writer.text(with_signature(grouped(each.header, each.payload), b""))
        writer.signed(round((each.execution - _EPOCH).total_seconds()))
    writer.octets += state.hub.network
    writer.count(len(state.hub.entries))
    for known in state.hub.entries:
        writer.octets += known.device + known.key
    return bytes(writer.octets)


def _write_counters(writer: _Writer, counters: Mapping[RemotePartyRole, Counters]) -> None:
    writer.count(len(counters))
    for role, each in counters.items():
        writer.octets.append(role)
        writer.count(each.update + 1)
        writer.count(each.command + 1)
        writer.count(len(each.specialist))
        for usage, counter in each.specialist.items():
            writer.octets.append(usage)
            writer.count(counter + 1)


class AnchorNumbers:
    """Reads of many states which anchors their cells hold, by number, and nothing else.

    What the last ones of a kind held is tried first: most devices of an estate hold alike.
    """

    def __init__(self) -> None:
        self._seen: dict[int, list[tuple[bytes, tuple[int, ...]]]] = {}

    def of(self, octets: bytes) -> tuple[DeviceKind, tuple[int, ...]]:
        """The kind, and what its cells hold, in their order; 0 for one that is empty.

        Raises:
            Inconsistent: they hold no state.

        Clause: gbcs:4.3.1
        """
        head = octets[:_HEAD_OCTETS]
        if len(head) < _HEAD_OCTETS or not head.startswith(_VERSION_OCTET):
            raise _unreadable(octets, "no head of this version")
        start = _HEAD_OCTETS + head[-1]
        seen = self._seen.setdefault(octets[1], [])
        for segment, numbers in seen:
            if octets.startswith(segment, start):
                return _KINDS[octets[1]], numbers
        kind, numbers, end = _anchor_numbers(octets, start)
        seen.insert(0, (octets[start:end], numbers))
        del seen[_SEEN_MOST:]
        return kind, numbers


def _anchor_numbers(octets: bytes, start: int) -> tuple[DeviceKind, tuple[int, ...], int]:
    try:
        reader = _Reader(octets)
        kind = _KINDS[octets[1]]
        reader.cursor.take(start, "head")
        numbers = tuple(reader.count("anchor") for _ in KINDS[kind].cells)
    except (Malformed, IndexError) as error:
        raise _unreadable(octets, error) from None
    return kind, numbers, reader.cursor.position


def _unreadable(octets: bytes, why: object) -> Inconsistent:
    return Inconsistent(
        f"device state: {len(octets)} octets cannot be read ({why}), must be as written",
        rule="device.state",
    )


def decode_state(octets: bytes, table: AnchorTable) -> DeviceState:
    """The state that `octets` hold.

    Raises:
        Inconsistent: they hold none, or an anchor that the table does not have.

    Clause: gbcs:4.3.1
    """
    try:
        return _read(_Reader(octets), table)
    except (Malformed, ValueError, IndexError) as error:
        raise _unreadable(octets, error) from None


def _read(reader: _Reader, table: AnchorTable) -> DeviceState:
    reader.cursor.expect(bytes((_VERSION,)), "version")
    kind = _KINDS[reader.octet("kind")]
    state = DeviceState(
        device=EUI64(reader.cursor.take(8, "device")),
        kind=kind,
        hw_type=reader.text("hw type"),
        anchors=_read_anchors(reader, kind, table),
        counters=_read_counters(reader),
        own=_read_own(reader),
        pending=MappingProxyType(
            {_usage(reader): reader.text("key") for _ in range(reader.count("pending"))}
        ),
        log=tuple(
            DeviceLogEntry(
                device=reader.cursor.take(8, "log entry"), type=DeviceType(reader.octet("type"))
            )
            for _ in range(reader.count("log"))
        ),
        own_counter=reader.count("own counter"),
        clock=Clock(ahead_seconds=reader.signed("clock"), reliable=bool(reader.octet("reliable"))),
        firmware=Firmware(
            version=reader.text("version"),
            image_hash=reader.text("image hash"),
            image_version=reader.text("image version"),
            sound=bool(reader.octet("sound")),
        ),
        scheduled=tuple(_read_scheduled(reader) for _ in range(reader.count("scheduled"))),
        hub=HubLog(
            network=reader.cursor.take(DEVICE_OCTETS, "network"),
            entries=tuple(_read_hub_entry(reader) for _ in range(reader.count("hub"))),
        ),
    )
    reader.cursor.done()
    return state


def _read_anchors(
    reader: _Reader, kind: DeviceKind, table: AnchorTable
) -> Mapping[TrustAnchorCellIdentifier, TrustAnchor]:
    numbers = [(cell, reader.count("anchor")) for cell in KINDS[kind].cells]
    return MappingProxyType({cell: table.anchor(number) for cell, number in numbers if number})


def _read_counters(reader: _Reader) -> Mapping[RemotePartyRole, Counters]:
    found = {}
    for _ in range(reader.count("counters")):
        role = RemotePartyRole(reader.octet("role"))
        update, command = reader.count("update") - 1, reader.count("command") - 1
        specialist = {
            SeqNumberUsage(reader.octet("usage")): reader.count("counter") - 1
            for _ in range(reader.count("specialist"))
        }
        found[role] = Counters(
            update=update, command=command, specialist=MappingProxyType(specialist)
        )
    return MappingProxyType(found)


def _read_own(reader: _Reader) -> Mapping[KeyUsageBits, OwnKey]:
    return MappingProxyType(
        {
            _usage(reader): OwnKey(
                handle=reader.text("handle"), certificate=reader.text("certificate")
            )
            for _ in range(reader.count("keys"))
        }
    )


def _usage(reader: _Reader) -> KeyUsageBits:
    return KeyUsageBits(reader.cursor.number(2, "usage"))


def _read_hub_entry(reader: _Reader) -> HubLogEntry:
    return HubLogEntry(
        device=reader.cursor.take(DEVICE_OCTETS, "hub entry"),
        key=reader.cursor.take(KEY_OCTETS, "hub key"),
    )


def _read_scheduled(reader: _Reader) -> Scheduled:
    message = parse_message(reader.text("command"))
    return Scheduled(
        header=message.header,
        payload=message.payload,
        execution=_EPOCH + timedelta(seconds=reader.signed("execution")),
    )
