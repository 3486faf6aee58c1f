"""Devices that hold the reference certificates answer the reference commands as published.

Equal but for what cannot be: the signature, a fresh key, the clock's trust. What a scenario takes
for granted and its command does not say (a log, a counter, an image) is given to the device first.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from smki.crypto.gbcs_protection import public_point, signature_holds
from smki.devices import (
    Counters,
    DeviceState,
    Firmware,
    advance,
    kinds,
    process,
)
from smki.devices.answering import log_backup
from smki.terms import KeyUsage, RemotePartyRole
from smki.wire.gbcs.firmware import ActivateFirmwareCommand
from smki.wire.gbcs.frame import GbcsMessage, parse_message
from smki.wire.gbcs.joining import BackupDeviceLogAlert, DeviceLogEntry, DeviceType
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.pkcs10 import parse_device_request
from smki.wire.requests import DeviceRequest

AT = datetime(2015, 1, 1, tzinfo=UTC)
SOMEBODY = DeviceLogEntry(device=bytes(range(1, 9)), type=DeviceType.GAS_PROXY_FUNCTION)


def _same(state: DeviceState, _house: Any) -> DeviceState:
    return state


def _operator_asked(state: DeviceState, _house: Any) -> DeviceState:
    return state.with_counters(RemotePartyRole.NETWORK_OPERATOR, Counters(update=1))


def _handed_over(state: DeviceState, house: Any) -> DeviceState:
    """At manufacture the supplier's cells hold the access control broker's certificates."""
    broker = {
        kinds.SUPPLIER_DS: kinds.BROKER_DS,
        kinds.SUPPLIER_KA: kinds.BROKER_KA,
        kinds.SUPPLIER_TOP_UP: kinds.BROKER_KA,
    }
    anchors = {cell: house.anchors[broker.get(cell, cell)] for cell in state.anchors}
    return replace(state, anchors=MappingProxyType(anchors))


def _knows_somebody(state: DeviceState, _house: Any) -> DeviceState:
    return replace(state, log=(SOMEBODY,))


def _full_log(state: DeviceState, _house: Any) -> DeviceState:
    others = (
        DeviceLogEntry(
            device=bytes.fromhex("00db123456789099"), type=DeviceType.GAS_PROXY_FUNCTION
        ),
        DeviceLogEntry(device=bytes.fromhex("00db123456789097"), type=DeviceType.PPMID),
    )
    return replace(state, log=(SOMEBODY, *others))


def _holds_image(state: DeviceState, house: Any) -> DeviceState:
    command = read_payload(house.message("CS06_11.3_IMMEDIATE_SUCCESS_COMMAND"))
    assert isinstance(command, SecurityPayload)
    assert isinstance(command.value, ActivateFirmwareCommand)
    return replace(
        state,
        firmware=Firmware(
            version=b"\x00",
            image_hash=command.value.image_hash,
            image_version=bytes.fromhex("0123abce"),
        ),
    )


SCENARIOS = {
    "CS02aMAC_6.24.1_SUCCESS": _operator_asked,
    "CS02aSignature_NA_ERROR": _same,
    "CS02bACBByACB_8.5_SUCCESS": _same,
    "CS02bAnyExceptAbnormalRootByRecovery_NA_SUCCESS": _same,
    "CS02bNOByNO_6.15.1_SUCCESS": _same,
    "CS02bSupplierBySupplierHandover_6.21_SUCCESS": _handed_over,
    "CS02bSupplierBySupplier_6.15.1_FUTURE_DATED_SUCCESS": _same,
    "CS02bSupplierBySupplier_6.15.1_IMMEDIATE_ERROR": _same,
    "CS02bSupplierBySupplier_6.15.1_IMMEDIATE_SUCCESS": _same,
    "CS02bSupplierByTransCoS_6.23_IMMEDIATE_SUCCESS": _same,
    "CS02d_6.15.2_ERROR": _same,
    "CS02e_6.24.2_SUCCESS": _same,
    "CS02fMAC_6.24.1_ERROR": _same,
    "CS02fSignature_NA_SUCCESS": _operator_asked,
    "CS02gLoadControllerByLoadController_NA_FUTURE_DATED_SUCCESS": _same,
    "CS02gLoadControllerBySupplier_6.15.1_CANCELLATION_SUCCESS": _same,
    "CS02gLoadControllerBySupplier_6.15.1_IMMEDIATE_SUCCESS": _same,
    "CS03A1_8.7.1_SUCCESS": _same,
    "CS03A2Critical_8.7.1_SUCCESS": _same,
    "CS03B_8.7.2_SUCCESS": _same,
    "CS03CNonCritical_8.7.2_SUCCESS": _same,
    "CS04ACCritical_8.8.1_ERROR": _same,
    "CS04ACNonCritical_8.8.2_SUCCESS": _knows_somebody,
    "CS04B_8.8.2_SUCCESS": _knows_somebody,
    "CS06_11.3_FUTURE_DATED_SUCCESS": _same,
    "CS06_11.3_IMMEDIATE_SUCCESS": _holds_image,
    "CS07_8.9_SUCCESS": _full_log,
}


@pytest.mark.clause("gbcs:CS02a", "gbcs:CS02b", "gbcs:CS02c", "gbcs:CS03", "gbcs:CS06")
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_reference_command_is_answered_as_published(
    scenario: str, reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """Header, payload and kind of protection are the published ones; a MAC to the octet."""
    command = reference_house.message(f"{scenario}_COMMAND")
    wanted = reference_house.message(f"{scenario}_RESPONSE")
    state = SCENARIOS[scenario](seeded(command), reference_house)
    done = process(state, command.octets, AT, reference_house.keys)
    assert done.dropped is None
    (octets,) = done.out
    found = parse_message(octets)
    ours, theirs = read_payload(found), read_payload(wanted)
    assert isinstance(ours, SecurityPayload)
    assert isinstance(theirs, SecurityPayload)
    assert ours.value == theirs.value
    assert replace(found.header, date_time=found.header.date_time[:-1]) == replace(
        wanted.header, date_time=wanted.header.date_time[:-1]
    )
    assert bool(found.mac) == bool(wanted.mac)
    assert bool(found.signature) == bool(wanted.signature)
    if found.signature:
        key = public_point(reference_house.keys.signing_point)
        assert signature_holds(key, found.signature, found.signed)
    if not theirs.deviations and not wanted.header.date_time:
        assert (found.signed, found.mac) == (wanted.signed, wanted.mac)


@pytest.mark.clause("gbcs:CS02c", "sec-app-m:2.3.1.7")
def test_the_request_of_a_device_is_the_published_one_but_for_its_key(
    reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """CS02c: device, hwType and usage of the request are those of the real meter's."""
    command = reference_house.message("CS02c_6.17_SUCCESS_COMMAND")
    wanted = reference_house.message("CS02c_6.17_SUCCESS_RESPONSE")
    done = process(seeded(command), command.octets, AT, reference_house.keys)
    found = parse_message(done.out[0])
    ours, theirs = (parse_device_request(each.payload).request for each in (found, wanted))
    assert isinstance(ours, DeviceRequest)
    assert isinstance(theirs, DeviceRequest)
    assert (ours.device, ours.hw_type, ours.usage) == (theirs.device, theirs.hw_type, theirs.usage)
    assert ours.usage is KeyUsage.DIGITAL_SIGNATURE
    assert ours.point != theirs.point
    assert len(done.state.pending) == 1


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize(
    ("command", "alert", "counter"),
    [
        (
            "CS02bSupplierBySupplier_6.15.1_FUTURE_DATED_SUCCESS_COMMAND",
            "CS02bSupplierBySupplier_6.15.1_8F66_FUTURE_DATED_SUCCESS_ALERT",
            1999,
        ),
        (
            "CS02gLoadControllerByLoadController_NA_FUTURE_DATED_SUCCESS_COMMAND",
            "CS02gLoadControllerByLoadController_NA_8F66_FUTURE_DATED_SUCCESS_ALERT",
            2000,
        ),
    ],
)
def test_a_future_dated_command_runs_when_its_time_has_come(
    command: str,
    alert: str,
    counter: int,
    reference_house: Any,
    seeded: Callable[[GbcsMessage], DeviceState],
) -> None:
    """Nothing changes before; then the cells do, and the alert is the published one."""
    message, wanted = reference_house.message(command), reference_house.message(alert)
    state = replace(seeded(message), own_counter=counter)
    waiting = process(state, message.octets, AT, reference_house.keys).state
    before = advance(waiting, datetime(2030, 1, 14, 23, 59, 59, tzinfo=UTC), reference_house.keys)
    assert before.state == waiting
    assert not before.out
    assert before.state.anchors == state.anchors
    then = advance(waiting, datetime(2030, 1, 15, tzinfo=UTC), reference_house.keys)
    (octets,) = then.out
    found = parse_message(octets)
    ours, theirs = read_payload(found), read_payload(wanted)
    assert isinstance(ours, SecurityPayload)
    assert isinstance(theirs, SecurityPayload)
    assert (found.header, ours.value) == (wanted.header, theirs.value)
    assert not then.state.scheduled
    assert then.state.anchors != state.anchors


@pytest.mark.clause("gbcs:CS06")
def test_a_future_dated_activation_runs_when_its_time_has_come(
    reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """The alert is the published one, and the image runs."""
    message = reference_house.message("CS06_11.3_FUTURE_DATED_SUCCESS_COMMAND")
    wanted = reference_house.message("CS06_11.3_8F66_FUTURE_DATED_SUCCESS_ALERT")
    command = read_payload(message)
    assert isinstance(command, SecurityPayload)
    assert isinstance(command.value, ActivateFirmwareCommand)
    assert command.value.execution is not None
    held = Firmware(
        version=b"\x00",
        image_hash=command.value.image_hash,
        image_version=bytes.fromhex("0123abcf"),
    )
    state = replace(seeded(message), own_counter=1999, firmware=held)
    waiting = process(state, message.octets, AT, reference_house.keys).state
    assert waiting.firmware == held
    then = advance(waiting, command.value.execution, reference_house.keys)
    assert parse_message(then.out[0]).signed == wanted.signed
    assert then.state.firmware == Firmware(version=held.image_version)


@pytest.mark.clause("gbcs:use-cases", "gbcs:18.4")
def test_a_gas_proxy_tells_its_device_log_as_published(
    reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """GCS62 after a change, to the octet: header, time, whole log and MAC."""
    wanted = reference_house.message("GCS62_NA_8071_ALERT")
    alert = read_payload(wanted)
    assert isinstance(alert, SecurityPayload)
    assert isinstance(alert.value, BackupDeviceLogAlert)
    device = reference_house.device(wanted.header.originator)
    state = replace(device, own_counter=1001, log=alert.value.entries)
    assert log_backup(state, AT, reference_house.keys) == wanted.octets


@pytest.mark.clause("gbcs:CS06")
def test_the_clock_is_set_as_published(
    reference_house: Any, seeded: Callable[[GbcsMessage], DeviceState]
) -> None:
    """GCS28 within its interval: the clock shows the time and is trusted from now on."""
    command = reference_house.message("GCS28_6.11_SUCCESS_COMMAND")
    wanted = reference_house.message("GCS28_6.11_SUCCESS_RESPONSE")
    at = datetime(2014, 12, 31, 23, 30, tzinfo=UTC)
    done = process(seeded(command), command.octets, at, reference_house.keys)
    assert parse_message(done.out[0]).signed == wanted.signed
    assert done.state.clock.reliable
