"""Blocks and DLMS payloads: what is written is read again, value for value, octet for octet."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.terms import EUI64
from smki.wire.gbcs.blocks import Block, Route, encode_block, parse_block
from smki.wire.gbcs.cosem import (
    ACCESS_REQUEST,
    ACCESS_RESPONSE,
    DATA_NOTIFICATION,
    CosemData,
    CosemPayload,
    CosemRequest,
    DataType,
    parse_cosem,
)
from smki.wire.gbcs.cosem_writing import encode_cosem
from smki.wire.gbcs.frame import MessageCategory
from smki.wire.gbcs.hub_log import (
    ADD,
    REMOVE,
    RESTORE,
    AddToHubLog,
    HubLog,
    HubLogEntry,
    RemoveFromHubLog,
    RestoreHubLog,
    hub_command_payload,
    read_hub_command,
)

COUNTERS = st.integers(0, 2**64 - 1)
ENTITIES = st.binary(min_size=8, max_size=8).map(EUI64)
ROUTES = st.builds(
    Route,
    category=st.sampled_from(MessageCategory),
    counter=COUNTERS,
    originator=ENTITIES,
    recipient=ENTITIES,
    message_code=st.integers(0, 0xFFFF),
)
BLOCKS = st.builds(
    Block,
    route=ROUTES,
    number=st.integers(0, 0xFFFF),
    acknowledged=st.integers(0, 0xFFFF),
    data=st.binary(max_size=300),
    last=st.booleans(),
    streaming=st.booleans(),
    window=st.integers(0, 63),
    security=st.binary(min_size=5, max_size=5),
)
RANGES = {
    DataType.DOUBLE_LONG: (-(2**31), 2**31 - 1),
    DataType.DOUBLE_LONG_UNSIGNED: (0, 2**32 - 1),
    DataType.INTEGER: (-128, 127),
    DataType.LONG: (-(2**15), 2**15 - 1),
    DataType.UNSIGNED: (0, 255),
    DataType.LONG_UNSIGNED: (0, 2**16 - 1),
    DataType.LONG64: (-(2**63), 2**63 - 1),
    DataType.LONG64_UNSIGNED: (0, 2**64 - 1),
    DataType.ENUM: (0, 255),
}
FIXED = {
    DataType.NULL_DATA: 0,
    DataType.BOOLEAN: 1,
    DataType.BCD: 1,
    DataType.FLOAT32: 4,
    DataType.FLOAT64: 8,
    DataType.DATE_TIME: 12,
    DataType.DATE: 5,
    DataType.TIME: 4,
    DataType.DONT_CARE: 0,
}
STRINGS = (DataType.OCTET_STRING, DataType.VISIBLE_STRING, DataType.UTF8_STRING)


def _of(of: DataType, values: st.SearchStrategy[int] | st.SearchStrategy[bytes]) -> Any:
    return st.builds(CosemData, type=st.just(of), value=values)


SIMPLE = st.one_of(
    *(_of(of, st.integers(*bounds)) for of, bounds in RANGES.items()),
    *(_of(of, st.binary(min_size=size, max_size=size)) for of, size in FIXED.items()),
    *(_of(of, st.binary(max_size=130)) for of in STRINGS),
)


def _holders(inner: Any) -> st.SearchStrategy[CosemData]:
    return st.builds(
        CosemData,
        type=st.sampled_from([DataType.ARRAY, DataType.STRUCTURE]),
        value=st.lists(inner, max_size=3).map(tuple),
    )


DATA = st.recursive(SIMPLE, _holders, max_leaves=6)
MEMBERS = {
    "class_id": st.integers(0, 0xFFFF),
    "instance": st.binary(min_size=6, max_size=6),
    "member": st.integers(0, 255),
}
REQUESTS = st.one_of(
    st.builds(CosemRequest, kind=st.sampled_from(["get", "set", "action"]), **MEMBERS),
    st.builds(
        CosemRequest,
        kind=st.sampled_from(["get", "set"]),
        selection=st.tuples(st.integers(0, 255), SIMPLE),
        **MEMBERS,
    ),
)
RESULTS = st.tuples(st.sampled_from(["get", "set", "action"]), st.integers(0, 255))
COMMON = {
    "invoke_id": st.integers(0, 2**32 - 1),
    "date_time": st.sampled_from([b"", bytes(range(12))]),
}
SEVERAL = st.lists(DATA, max_size=3).map(tuple)
PAYLOADS = st.one_of(
    st.builds(
        CosemPayload,
        service=st.just(ACCESS_REQUEST),
        requests=st.lists(REQUESTS, max_size=3).map(tuple),
        data=SEVERAL,
        **COMMON,
    ),
    st.builds(
        CosemPayload,
        service=st.just(ACCESS_RESPONSE),
        data=SEVERAL,
        results=st.lists(RESULTS, max_size=3).map(tuple),
        **COMMON,
    ),
    st.builds(CosemPayload, service=st.just(DATA_NOTIFICATION), data=st.tuples(DATA), **COMMON),
)
ENTRIES = st.builds(
    HubLogEntry,
    device=st.binary(min_size=8, max_size=8),
    key=st.binary(min_size=16, max_size=16),
)
LOGS = st.builds(
    HubLog,
    network=st.binary(min_size=8, max_size=8),
    entries=st.lists(ENTRIES, max_size=4).map(tuple),
)
HUB_COMMANDS = st.one_of(
    st.tuples(st.just(ADD), st.builds(AddToHubLog, entry=ENTRIES)),
    st.tuples(
        st.just(REMOVE), st.builds(RemoveFromHubLog, device=st.binary(min_size=8, max_size=8))
    ),
    st.tuples(st.just(RESTORE), st.builds(RestoreHubLog, log=LOGS)),
)


@pytest.mark.clause("gbcs:GBT")
@given(BLOCKS)
def test_a_block_is_read_as_it_was_written(block: Block) -> None:
    """Route, numbers, flags, window, security octets and data come back."""
    octets = encode_block(block)
    assert parse_block(octets) == block


@pytest.mark.clause("gbcs:7.2.7")
@settings(max_examples=150)
@given(PAYLOADS)
def test_a_dlms_payload_is_read_as_it_was_written(payload: CosemPayload) -> None:
    """Every service with data of every type that is written comes back; so do its octets."""
    octets = encode_cosem(payload)
    found = parse_cosem(octets)
    assert found == payload
    assert encode_cosem(found) == octets


@pytest.mark.clause("gbcs:use-cases")
@given(HUB_COMMANDS, COUNTERS)
def test_a_command_to_a_hub_is_read_as_it_was_written(command: Any, counter: int) -> None:
    """CCS01, CCS02 and CCS03 with any device, key, log and counter."""
    code, asked = command
    payload = parse_cosem(encode_cosem(hub_command_payload(asked, counter)))
    assert read_hub_command(code, payload) == asked
    assert payload.invoke_id == 0x20000000 | counter & 0xFFFFFF
