"""DLMS payloads, as far as an infrastructure of keys has to know them: whole, and what is encrypted.

    access-request    ::= D9 invoke-id(4) date-time requests data
    access-response   ::= DA invoke-id(4) date-time 00 data results
    data-notification ::= 0F invoke-id(4) date-time value
    date-time         ::= 00 | 0C octets(12)
    requests          ::= count (kind(1) class(2) instance(6) member(1) [selector(1) value])*
    data              ::= count value*
    results           ::= count (kind(1) result(1))*
    value             ::= type(1) content                             -- A-XDR of COSEM's Data
    compact-array     ::= 13 description length contents              -- values without their types
    description       ::= 01 count(2) description | 02 count description* | type(1)

The low 24 bits of the invoke-id repeat those of the message's counter. What an attribute means is
not known here.

Clause: gbcs:7.2.7
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeVar

from smki.wire.gbcs.encrypted import ENCRYPTED_PREFIX, EncryptedItem
from smki.wire.gbcs.octets import Cursor

DEPTH_MAX: Final = 32  # values within values; the reference data has 8
ACCESS_REQUEST: Final = 0xD9
ACCESS_RESPONSE: Final = 0xDA
DATA_NOTIFICATION: Final = 0x0F

_INVOKE_ID_OCTETS: Final = 4
_DATE_TIME_OCTETS: Final = 12
_DESCRIPTOR_OCTETS: Final = 9  # class, instance, member
_WITH_SELECTION: Final = (4, 5)
_REQUEST_KINDS: Final = {1: "get", 2: "set", 3: "action", 4: "get", 5: "set"}
_MESSAGE: Final = "DLMS payload"
_CLAUSE: Final = "gbcs:7.2.7"

T = TypeVar("T")


class DataType(IntEnum):
    """The types of COSEM's Data that occur."""

    NULL_DATA = 0x00
    ARRAY = 0x01
    STRUCTURE = 0x02
    BOOLEAN = 0x03
    BIT_STRING = 0x04
    DOUBLE_LONG = 0x05
    DOUBLE_LONG_UNSIGNED = 0x06
    OCTET_STRING = 0x09
    VISIBLE_STRING = 0x0A
    UTF8_STRING = 0x0C
    BCD = 0x0D
    INTEGER = 0x0F
    LONG = 0x10
    UNSIGNED = 0x11
    LONG_UNSIGNED = 0x12
    COMPACT_ARRAY = 0x13
    LONG64 = 0x14
    LONG64_UNSIGNED = 0x15
    ENUM = 0x16
    FLOAT32 = 0x17
    FLOAT64 = 0x18
    DATE_TIME = 0x19
    DATE = 0x1A
    TIME = 0x1B
    DONT_CARE = 0xFF


_WIDTHS: Final = {
    DataType.NULL_DATA: 0,
    DataType.BOOLEAN: 1,
    DataType.DOUBLE_LONG: 4,
    DataType.DOUBLE_LONG_UNSIGNED: 4,
    DataType.BCD: 1,
    DataType.INTEGER: 1,
    DataType.LONG: 2,
    DataType.UNSIGNED: 1,
    DataType.LONG_UNSIGNED: 2,
    DataType.LONG64: 8,
    DataType.LONG64_UNSIGNED: 8,
    DataType.ENUM: 1,
    DataType.FLOAT32: 4,
    DataType.FLOAT64: 8,
    DataType.DATE_TIME: 12,
    DataType.DATE: 5,
    DataType.TIME: 4,
    DataType.DONT_CARE: 0,
}
_SIGNED: Final = frozenset({DataType.DOUBLE_LONG, DataType.INTEGER, DataType.LONG, DataType.LONG64})
_UNSIGNED: Final = frozenset(
    {
        DataType.DOUBLE_LONG_UNSIGNED,
        DataType.UNSIGNED,
        DataType.LONG_UNSIGNED,
        DataType.LONG64_UNSIGNED,
        DataType.ENUM,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CosemData:
    """A value and its type.

    Attributes:
        type: of the value.
        value: a tuple of values, a number, or the content's octets.
    """

    type: DataType
    value: "tuple[CosemData, ...] | int | bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class CosemRequest:
    """One thing that is asked for.

    Attributes:
        kind: `get`, `set` or `action`.
        class_id: of the object.
        instance: 6 octets of its logical name.
        member: attribute or method.
        selection: selector and parameters, if there are any.
    """

    kind: str
    class_id: int
    instance: bytes
    member: int
    selection: tuple[int, CosemData] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CosemPayload:
    """A DLMS payload, whole.

    Attributes:
        service: `ACCESS_REQUEST`, `ACCESS_RESPONSE` or `DATA_NOTIFICATION`.
        invoke_id: 32 bits.
        date_time: 12 octets, or none.
        requests: of a request.
        data: the values, in order.
        results: of a response: kind and result code, 0 for success.
        encrypted: attributes that only their reader can read.
    """

    service: int
    invoke_id: int
    date_time: bytes
    requests: tuple[CosemRequest, ...] = ()
    data: tuple[CosemData, ...] = ()
    results: tuple[tuple[str, int], ...] = ()
    encrypted: tuple[EncryptedItem, ...] = ()


def parse_cosem(payload: bytes) -> CosemPayload:
    """`payload` is one of the three services, every octet of it accounted for.

    Raises:
        Malformed: anything else, with field and offset.

    Clause: gbcs:7.2.7
    """
    cursor = Cursor(payload, _MESSAGE, _CLAUSE)
    service = cursor.number(1, "service")
    if service not in (ACCESS_REQUEST, ACCESS_RESPONSE, DATA_NOTIFICATION):
        raise cursor.wrong("service", f"{service:02X}", "D9, DA or 0F")
    invoke_id = cursor.number(_INVOKE_ID_OCTETS, "invoke-id")
    date_time = cursor.take(cursor.length("date-time", (0, _DATE_TIME_OCTETS)), "date-time")
    requests: tuple[CosemRequest, ...] = ()
    results: tuple[tuple[str, int], ...] = ()
    data: tuple[CosemData, ...]
    if service == DATA_NOTIFICATION:
        data = (_value(cursor, 0),)
    elif service == ACCESS_REQUEST:
        requests = _list(cursor, "requests", _request)
        data = _list(cursor, "data", lambda each: _value(each, 0))
    else:
        cursor.expect(b"\x00", "access-request-specification")
        data = _list(cursor, "data", lambda each: _value(each, 0))
        results = _list(cursor, "results", _result)
    cursor.done()
    return CosemPayload(
        service=service,
        invoke_id=invoke_id,
        date_time=date_time,
        requests=requests,
        data=data,
        results=results,
        encrypted=tuple(_encrypted(data)),
    )


def _list(cursor: Cursor, field: str, item: Callable[[Cursor], T]) -> tuple[T, ...]:
    count = cursor.length(field)
    if count > cursor.left:
        raise cursor.wrong(field, f"{count} announced", f"at most {cursor.left}")
    return tuple(item(cursor) for _ in range(count))


def _kind(cursor: Cursor, field: str) -> tuple[int, str]:
    number = cursor.number(1, field)
    if number not in _REQUEST_KINDS:
        raise cursor.wrong(field, f"{number:02X}", "01 to 05")
    return number, _REQUEST_KINDS[number]


def _request(cursor: Cursor) -> CosemRequest:
    number, kind = _kind(cursor, "request")
    descriptor = cursor.take(_DESCRIPTOR_OCTETS, "object and member")
    selection: tuple[int, CosemData] | None = None
    if number in _WITH_SELECTION:
        selection = (cursor.number(1, "access selector"), _value(cursor, 0))
    return CosemRequest(
        kind=kind,
        class_id=int.from_bytes(descriptor[:2], "big"),
        instance=descriptor[2:8],
        member=descriptor[8],
        selection=selection,
    )


def _result(cursor: Cursor) -> tuple[str, int]:
    _, kind = _kind(cursor, "result")
    return kind, cursor.number(1, "result code")


def _type(cursor: Cursor, depth: int) -> DataType:
    number = cursor.number(1, "data type")
    if number not in DataType.__members__.values():
        raise cursor.wrong("data type", f"{number:02X}", "a type of COSEM's Data")
    if depth > DEPTH_MAX:
        raise cursor.wrong("data", f"{depth} values within each other", f"at most {DEPTH_MAX}")
    return DataType(number)


def _value(cursor: Cursor, depth: int) -> CosemData:
    of = _type(cursor, depth)
    match of:
        case DataType.ARRAY | DataType.STRUCTURE:
            return CosemData(
                type=of,
                value=_list(cursor, of.name.lower(), lambda each: _value(each, depth + 1)),
            )
        case DataType.COMPACT_ARRAY:
            return CosemData(type=of, value=_compact(cursor, depth + 1))
    return _simple(cursor, of)


def _simple(cursor: Cursor, of: DataType) -> CosemData:
    """A value that holds no others, after its type."""
    match of:
        case DataType.BIT_STRING:
            return CosemData(
                type=of, value=cursor.take((cursor.length("bit-string") + 7) // 8, "bit-string")
            )
        case DataType.OCTET_STRING | DataType.VISIBLE_STRING | DataType.UTF8_STRING:
            return CosemData(type=of, value=cursor.take(cursor.length("string"), "string"))
    content = cursor.take(_WIDTHS[of], of.name.lower())
    if of in _UNSIGNED or of in _SIGNED:
        return CosemData(type=of, value=int.from_bytes(content, "big", signed=of in _SIGNED))
    return CosemData(type=of, value=content)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Description:
    """What every element of a compact array is: a type, and for one that holds others, theirs."""

    type: DataType
    inner: "tuple[_Description, ...]" = ()
    count: int = 1  # of an array: how often its inner one comes


def _description(cursor: Cursor, depth: int) -> _Description:
    of, count = _type(cursor, depth), 1
    inner: tuple[_Description, ...]
    match of:
        case DataType.ARRAY:
            count = cursor.number(2, "number of elements")
            inner = (_description(cursor, depth + 1),)
        case DataType.STRUCTURE:
            inner = _list(cursor, "types", lambda each: _description(each, depth + 1))
        case DataType.COMPACT_ARRAY:
            raise cursor.wrong("type description", "a compact array", "a type but this")
        case _:
            return _Description(type=of)
    if not (inner and count):
        raise cursor.wrong("type description", f"an empty {of.name.lower()}", "one that holds some")
    return _Description(type=of, inner=inner, count=count)


def _counts(of: _Description) -> tuple[int, int]:
    """How many values an element has that hold no others, and how many that do."""
    if not of.inner:
        return 1, 0
    simple, holding = (sum(counts) for counts in zip(*map(_counts, of.inner), strict=True))
    return of.count * simple, of.count * holding + 1


def _compact(cursor: Cursor, depth: int) -> tuple[CosemData, ...]:
    """Elements until the contents end, each of one octet or more: so there are no more than octets.

    Structures within structures cost no octets here; there are no more of them than values.
    """
    description = _description(cursor, depth)
    simple, holding = _counts(description)
    if holding > simple + 1:
        raise cursor.wrong(
            "type description", f"{holding} that hold others", f"at most {simple + 1}"
        )
    count = cursor.length("contents")
    if count > cursor.left:
        raise cursor.wrong("contents", f"{count} octets announced", f"at most {cursor.left}")
    end, elements = cursor.left - count, list[CosemData]()
    while cursor.left > end:
        elements.append(_described(cursor, description, end))
    if cursor.left < end:
        raise cursor.wrong("contents", f"{end - cursor.left} octets past their end", "none")
    return tuple(elements)


def _described(cursor: Cursor, of: _Description, end: int) -> CosemData:
    if not of.inner:
        before = cursor.left
        value = _simple(cursor, of.type)
        if cursor.left == before:
            raise cursor.wrong(of.type.name.lower(), "no octets in contents", "one or more")
        return value
    if of.count > cursor.left - end:
        raise cursor.wrong("array", f"{of.count} elements", f"at most {cursor.left - end}")
    return CosemData(
        type=of.type,
        value=tuple(_described(cursor, each, end) for _ in range(of.count) for each in of.inner),
    )


def _encrypted(values: tuple[CosemData, ...]) -> list[EncryptedItem]:
    """Octet strings that follow protection parameters, wherever they stand."""
    found: list[EncryptedItem] = []
    before: CosemData | None = None
    for each in values:
        match each:
            case CosemData(value=tuple() as inner):
                found += _encrypted(inner)
            case CosemData(type=DataType.OCTET_STRING, value=bytes() as octets) if (
                octets.startswith(ENCRYPTED_PREFIX)
                and before is not None
                and before.type is DataType.ARRAY
            ):
                found.append(EncryptedItem.of(octets))
        before = each
    return found
