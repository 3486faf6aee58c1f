"""Writes DLMS payloads: what `cosem` reads, but for the types that no device here sends.

A bit string and a compact array are read and never written: their values do not say how.

Clause: gbcs:7.2.7
"""

from typing import Final

from smki.terms import Malformed
from smki.wire.gbcs.cosem import (
    ACCESS_REQUEST,
    ACCESS_RESPONSE,
    CosemData,
    CosemPayload,
    CosemRequest,
    DataType,
)
from smki.wire.gbcs.octets import length_octets

_KINDS: Final = {"get": 1, "set": 2, "action": 3}
_SELECTIVE: Final = {"get": 4, "set": 5}
_WIDTHS: Final = {
    DataType.DOUBLE_LONG: 4,
    DataType.DOUBLE_LONG_UNSIGNED: 4,
    DataType.INTEGER: 1,
    DataType.LONG: 2,
    DataType.UNSIGNED: 1,
    DataType.LONG_UNSIGNED: 2,
    DataType.LONG64: 8,
    DataType.LONG64_UNSIGNED: 8,
    DataType.ENUM: 1,
}
_SIGNED: Final = frozenset({DataType.DOUBLE_LONG, DataType.INTEGER, DataType.LONG, DataType.LONG64})
_STRINGS: Final = frozenset({DataType.OCTET_STRING, DataType.VISIBLE_STRING, DataType.UTF8_STRING})
_HOLDERS: Final = frozenset({DataType.ARRAY, DataType.STRUCTURE})


def encode_cosem(payload: CosemPayload) -> bytes:
    """The octets of a payload; `parse_cosem` reads the same from them.

    Raises:
        Malformed: a bit string or a compact array is among the data.

    Clause: gbcs:7.2.7
    """
    parts = [
        bytes((payload.service,)),
        payload.invoke_id.to_bytes(4, "big"),
        length_octets(len(payload.date_time)),
        payload.date_time,
    ]
    data = [_value(each) for each in payload.data]
    if payload.service == ACCESS_REQUEST:
        parts += _counted([_request(each) for each in payload.requests]) + _counted(data)
    elif payload.service == ACCESS_RESPONSE:
        results = [bytes((_KINDS[kind], code)) for kind, code in payload.results]
        parts += [b"\x00", *_counted(data), *_counted(results)]
    else:
        parts += data
    return b"".join(parts)


def _counted(items: list[bytes]) -> list[bytes]:
    return [length_octets(len(items)), *items]


def _request(request: CosemRequest) -> bytes:
    described = request.class_id.to_bytes(2, "big") + request.instance + bytes((request.member,))
    if request.selection is None:
        return bytes((_KINDS[request.kind],)) + described
    selector, value = request.selection
    return bytes((_SELECTIVE[request.kind],)) + described + bytes((selector,)) + _value(value)


def _value(data: CosemData) -> bytes:
    octets = bytes((data.type,))
    match data.value:
        case tuple() as inner if data.type in _HOLDERS:
            return octets + b"".join(_counted([_value(each) for each in inner]))
        case int() as number:
            width = _WIDTHS[data.type]
            return octets + number.to_bytes(width, "big", signed=data.type in _SIGNED)
        case bytes() as content if data.type in _STRINGS:
            return octets + length_octets(len(content)) + content
        case bytes() as content if data.type is not DataType.BIT_STRING:
            return octets + content
    raise Malformed(
        f"DLMS data: {data.type.name.lower().replace('_', '-')}, must be of a type that is written",
        clause="gbcs:7.2.7",
        rule="gbcs.cosem",
    )
