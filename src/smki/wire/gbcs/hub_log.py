"""A communications hub's device log: CCS01, CCS02, CCS03, and the alert CS14. In DLMS, not ASN.1.

    CCS01  action 1 of class 104   structure { device(8) enum key(16) enum }
           set 3                   long-unsigned          -- seconds for which it may join
           set 2                   boolean                -- joining is enabled
    CCS02  action 2                octet-string device(8)
    CCS03  action 5                structure { network(8) array of structure { device(8) key(16) } }
    CS14   structure { alert-code time structure { time network(8)
               array of structure { device(8) key(16) } } }

All of the object 0.0.30.3.0.255. A response has null-data and a result for each request. Layouts
are those of the reference data; what the enumerations say was not seen: they are kept by nobody.

Clause: gbcs:use-cases
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from smki.terms import Malformed
from smki.wire.gbcs.cosem import (
    ACCESS_REQUEST,
    ACCESS_RESPONSE,
    DATA_NOTIFICATION,
    CosemData,
    CosemPayload,
    CosemRequest,
    DataType,
)

ADD: Final = 0x0001
REMOVE: Final = 0x0002
RESTORE: Final = 0x0003
HUB_LOG_ALERT: Final = 0x0018
KEY_OCTETS: Final = 16
DEVICE_OCTETS: Final = 8
RESULT_SUCCESS: Final = 0
RESULT_NOT_THERE: Final = 1  # as the reference data answers the removal of a device unknown to it
RESULT_FULL: Final = 2  # temporary failure; assumed

_CLASS: Final = 104  # ZigBee network control
_INSTANCE: Final = bytes((0, 0, 30, 3, 0, 255))
_INVOKE_ID: Final = 0x20000000
_COUNTER_MASK: Final = 0xFFFFFF
_CLAUSE: Final = "gbcs:use-cases"
_JOINING: Final = ((DataType.LONG_UNSIGNED, 90), (DataType.BOOLEAN, b"\xff"))
_MEMBERS: Final = MappingProxyType(
    {
        ADD: (("action", 1), ("set", 3), ("set", 2)),
        REMOVE: (("action", 2),),
        RESTORE: (("action", 5),),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLogEntry:
    """A device that may join, and what it proves itself by.

    Attributes:
        device: EUI-64, 8 octets.
        key: 16 octets.
    """

    device: bytes
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLog:
    """Who may join the hub's network, and its extended identifier (8 octets)."""

    network: bytes = bytes(8)
    entries: tuple[HubLogEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToHubLog:
    """CCS01: this device may join."""

    entry: HubLogEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFromHubLog:
    """CCS02: this device (8 octets) may not be there any more."""

    device: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreHubLog:
    """CCS03: the log of a hub that was there before."""

    log: HubLog


HubCommand: TypeAlias = AddToHubLog | RemoveFromHubLog | RestoreHubLog


def read_hub_command(message_code: int, payload: CosemPayload) -> HubCommand:
    """What the command of that code asks of the log.

    Raises:
        Malformed: other requests or other data than the use case has.

    Clause: gbcs:use-cases
    """
    if payload.requests != _requests(message_code):
        raise _wrong("requests", f"{len(payload.requests)} of other members", message_code)
    match message_code, payload.data:
        case 0x0001, (
            CosemData(
                type=DataType.STRUCTURE,
                value=(
                    CosemData() as device,
                    CosemData(type=DataType.ENUM),
                    CosemData() as key,
                    CosemData(type=DataType.ENUM),
                ),
            ),
            CosemData(type=DataType.LONG_UNSIGNED),
            CosemData(type=DataType.BOOLEAN),
        ):
            return AddToHubLog(entry=_entry(device, key))
        case 0x0002, (CosemData() as device,):
            return RemoveFromHubLog(device=_octets(device, DEVICE_OCTETS, "device"))
        case 0x0003, (
            CosemData(
                type=DataType.STRUCTURE,
                value=(
                    CosemData() as network,
                    CosemData(type=DataType.ARRAY, value=tuple() as entries),
                ),
            ),
        ):
            return RestoreHubLog(
                log=HubLog(
                    network=_octets(network, DEVICE_OCTETS, "network"),
                    entries=tuple(map(_pair, entries)),
                )
            )
    raise _wrong("data", f"{len(payload.data)} of other types", message_code)


def _pair(data: CosemData) -> HubLogEntry:
    match data:
        case CosemData(type=DataType.STRUCTURE, value=(CosemData() as device, CosemData() as key)):
            return _entry(device, key)
    raise _wrong("log entry", data.type.name.lower(), RESTORE)


def _entry(device: CosemData, key: CosemData) -> HubLogEntry:
    return HubLogEntry(
        device=_octets(device, DEVICE_OCTETS, "device"), key=_octets(key, KEY_OCTETS, "key")
    )


def _octets(data: CosemData, count: int, field: str) -> bytes:
    match data:
        case CosemData(type=DataType.OCTET_STRING, value=bytes() as octets) if len(octets) == count:
            return octets
    raise Malformed(
        f"device log of a hub, {field}: {data.type.name.lower()}, must be {count} octets",
        clause=_CLAUSE,
        rule="gbcs.payload",
    )


def _wrong(field: str, found: str, message_code: int) -> Malformed:
    return Malformed(
        f"device log of a hub, {field}: {found}, must be those of message code {message_code:04X}",
        clause=_CLAUSE,
        rule="gbcs.payload",
    )


def hub_command_payload(command: HubCommand, counter: int) -> CosemPayload:
    """The payload of a command whose originator counter this is.

    Clause: gbcs:use-cases
    """
    match command:
        case AddToHubLog(entry=entry):
            code = ADD
            added = (_text(entry.device), _number(1), _text(entry.key), _number(0))
            joining = (CosemData(type=of, value=value) for of, value in _JOINING)
            data = (CosemData(type=DataType.STRUCTURE, value=added), *joining)
        case RemoveFromHubLog(device=device):
            code, data = REMOVE, (_text(device),)
        case RestoreHubLog(log=log):
            code = RESTORE
            data = (CosemData(type=DataType.STRUCTURE, value=_log(log)),)
    return CosemPayload(
        service=ACCESS_REQUEST,
        invoke_id=_INVOKE_ID | counter & _COUNTER_MASK,
        date_time=b"",
        requests=_requests(code),
        data=data,
    )


def hub_response_payload(message_code: int, counter: int, result: int) -> CosemPayload:
    """The payload of the response: `result` of what was done to the log, success of the rest.

    Clause: gbcs:use-cases
    """
    (first, _), *others = _MEMBERS[message_code]
    results = ((first, result), *((kind, RESULT_SUCCESS) for kind, _ in others))
    return CosemPayload(
        service=ACCESS_RESPONSE,
        invoke_id=_INVOKE_ID | counter & _COUNTER_MASK,
        date_time=b"",
        data=(CosemData(type=DataType.NULL_DATA, value=b""),) * len(results),
        results=results,
    )


def hub_log_alert(log: HubLog, alert_code: int, counter: int, time: bytes) -> CosemPayload:
    """CS14: the whole log, at that DLMS date-time (12 octets), under the hub's own counter.

    Clause: gbcs:use-cases
    """
    told = (_text(time), *_log(log))
    body = (
        CosemData(type=DataType.LONG_UNSIGNED, value=alert_code),
        _text(time),
        CosemData(type=DataType.STRUCTURE, value=told),
    )
    return CosemPayload(
        service=DATA_NOTIFICATION,
        invoke_id=_INVOKE_ID | counter & _COUNTER_MASK,
        date_time=b"",
        data=(CosemData(type=DataType.STRUCTURE, value=body),),
    )


def _requests(message_code: int) -> tuple[CosemRequest, ...]:
    return tuple(
        CosemRequest(kind=kind, class_id=_CLASS, instance=_INSTANCE, member=member)
        for kind, member in _MEMBERS[message_code]
    )


def _log(log: HubLog) -> tuple[CosemData, CosemData]:
    entries = tuple(
        CosemData(type=DataType.STRUCTURE, value=(_text(each.device), _text(each.key)))
        for each in log.entries
    )
    return _text(log.network), CosemData(type=DataType.ARRAY, value=entries)


def _text(octets: bytes) -> CosemData:
    return CosemData(type=DataType.OCTET_STRING, value=octets)


def _number(value: int) -> CosemData:
    return CosemData(type=DataType.ENUM, value=value)
