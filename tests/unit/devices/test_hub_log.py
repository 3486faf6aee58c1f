"""The device log of a communications hub: CCS01, CCS02, CCS03, and CS14, which tells of changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from smki.devices import DeviceKind, DeviceState, process
from smki.devices.answering import hub_log_changed
from smki.devices.hub_log import change_hub_log
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.cosem import CosemData, CosemPayload, DataType, parse_cosem
from smki.wire.gbcs.cosem_writing import encode_cosem
from smki.wire.gbcs.frame import GbcsMessage, GroupingHeader, MessageCategory, parse_message
from smki.wire.gbcs.hub_log import (
    ADD,
    REMOVE,
    RESTORE,
    RESULT_FULL,
    RESULT_NOT_THERE,
    RESULT_SUCCESS,
    AddToHubLog,
    HubCommand,
    HubLog,
    HubLogEntry,
    RemoveFromHubLog,
    RestoreHubLog,
    hub_command_payload,
    hub_response_payload,
    read_hub_command,
)

AT = datetime(2015, 1, 1, tzinfo=UTC)
ONE = HubLogEntry(device=b"device-1", key=bytes(16))
OTHER = HubLogEntry(device=b"device-2", key=bytes(16))
FULL = HubLog(entries=tuple(HubLogEntry(device=bytes((n,)) * 8, key=bytes(16)) for n in range(16)))


@pytest.mark.clause("gbcs:use-cases", "gbcs:18.4")
@pytest.mark.parametrize(
    "scenario", ["CCS01_8.11_SUCCESS", "CCS02_8.11_ERROR", "CCS03_8.12.1_SUCCESS"]
)
def test_a_reference_command_is_answered_to_the_octet(
    scenario: str, reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """The response is the published message; where the log changed, the whole of it is told."""
    command = reference_house.message(f"{scenario}_COMMAND")
    wanted = reference_house.message(f"{scenario}_RESPONSE")
    before = seeded(command)
    done = process(before, command.octets, AT, reference_house.keys)
    assert done.dropped is None
    assert done.out[0] == wanted.octets
    assert len(done.out) == (1 if done.state.hub == before.hub else 2)
    assert (done.state.hub == before.hub) == ("ERROR" in scenario)


@pytest.mark.clause("gbcs:use-cases")
def test_the_alert_is_the_published_one(
    reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """CS14 but for the octets of the clock's trust, which are in its times, and so its MAC."""
    wanted = reference_house.message("CS14_NA_8F12_ALERT")
    restored = reference_house.message("CCS03_8.12.1_SUCCESS_COMMAND")
    command = read_hub_command(RESTORE, parse_cosem(restored.payload))
    assert isinstance(command, RestoreHubLog)
    state = replace(
        seeded(restored), own_counter=4000, hub=replace(command.log, network=bytes(range(8)))
    )
    found = parse_message(hub_log_changed(state, AT, reference_house.keys))
    assert found.header == wanted.header
    assert found.payload == wanted.payload.replace(b"\x00\x80\x00\xff", b"\x00\x80\x00\x02")


HEADER = GroupingHeader(
    category=MessageCategory.COMMAND,
    counter=7,
    originator=EUI64(bytes(8)),
    recipient=EUI64(bytes(8)),
    message_code=ADD,
)
CASES: dict[str, tuple[HubLog, HubCommand, int, HubLog]] = {
    "another": (HubLog(), AddToHubLog(entry=ONE), RESULT_SUCCESS, HubLog(entries=(ONE,))),
    "with another key": (
        HubLog(entries=(ONE, OTHER)),
        AddToHubLog(entry=replace(ONE, key=bytes(range(16)))),
        RESULT_SUCCESS,
        HubLog(entries=(OTHER, replace(ONE, key=bytes(range(16))))),
    ),
    "one too many": (FULL, AddToHubLog(entry=ONE), RESULT_FULL, FULL),
    "gone": (
        HubLog(entries=(ONE, OTHER)),
        RemoveFromHubLog(device=ONE.device),
        RESULT_SUCCESS,
        HubLog(entries=(OTHER,)),
    ),
    "unknown": (HubLog(), RemoveFromHubLog(device=ONE.device), RESULT_NOT_THERE, HubLog()),
    "restored": (
        HubLog(entries=(ONE,)),
        RestoreHubLog(log=HubLog(network=b"network1", entries=(OTHER,))),
        RESULT_SUCCESS,
        HubLog(network=b"network1", entries=(OTHER,)),
    ),
    "too many restored": (
        HubLog(),
        RestoreHubLog(log=replace(FULL, entries=(*FULL.entries, ONE))),
        RESULT_FULL,
        HubLog(),
    ),
}


@pytest.mark.clause("gbcs:use-cases")
@pytest.mark.parametrize("case", CASES)
def test_the_log_changes_or_stays_and_says_which(case: str, hub: DeviceState) -> None:
    """Success and the new log, or the result that says why it is the old one."""
    before, command, result, wanted = CASES[case]
    after, payload = change_hub_log(replace(hub, hub=before), command, HEADER)
    assert after.hub == wanted
    assert payload == hub_response_payload(ADD, HEADER.counter, result)


@pytest.fixture(scope="module")
def hub() -> DeviceState:
    """A communications hub without anything."""
    return DeviceState(device=EUI64(bytes(8)), kind=DeviceKind.CHF, hw_type=b"", anchors={}, own={})


@pytest.mark.clause("gbcs:use-cases")
def test_a_command_is_read_as_it_was_written() -> None:
    """Each of the three; by the code of another, or with other data, it is refused."""
    commands: dict[int, HubCommand] = {
        ADD: AddToHubLog(entry=ONE),
        REMOVE: RemoveFromHubLog(device=ONE.device),
        RESTORE: RestoreHubLog(log=HubLog(entries=(ONE, OTHER))),
    }
    for code, command in commands.items():
        payload = parse_cosem(encode_cosem(hub_command_payload(command, 5)))
        assert read_hub_command(code, payload) == command
        for other in commands:
            if other != code:
                with pytest.raises(Malformed, match="of other members"):
                    read_hub_command(other, payload)
        short = replace(payload, data=(CosemData(type=DataType.OCTET_STRING, value=b"short"),))
        with pytest.raises(Malformed, match="device log of a hub"):
            read_hub_command(code, short)


@pytest.mark.clause("gbcs:7.2.7")
@pytest.mark.parametrize("of", [DataType.BIT_STRING, DataType.COMPACT_ARRAY])
def test_types_whose_values_do_not_say_how_are_not_written(of: DataType) -> None:
    """A bit string and a compact array are read only."""
    value = CosemData(type=of, value=() if of is DataType.COMPACT_ARRAY else b"\x80")
    with pytest.raises(Malformed, match="must be of a type that is written"):
        encode_cosem(CosemPayload(service=0x0F, invoke_id=0, date_time=b"", data=(value,)))
