"""Firmware and clock: CS06 activates an image that is held, CS08 reads the version, GCS28 sets the clock.

Clause: gbcs:CS06
"""

from dataclasses import replace
from datetime import datetime, timedelta

from smki.devices.state import Clock, DeviceState, Firmware
from smki.wire.gbcs.firmware import (
    ActivateFirmwareCommand,
    ActivateImageResponseCode,
    DeviceTimeStatus,
    FirmwareOutcome,
    ReadFirmwareVersionResponse,
    SetTimeCommand,
    SetTimeResponse,
)

_Code = ActivateImageResponseCode


def activate(
    state: DeviceState, command: ActivateFirmwareCommand
) -> tuple[DeviceState, FirmwareOutcome]:
    """The image runs; or why it does not, and what runs.

    Clause: gbcs:CS06
    """
    held = state.firmware
    code = _Code.SUCCESS
    if not held.image_hash:
        code = _Code.NO_IMAGE_HELD
    elif held.image_hash != command.image_hash:
        code = _Code.HASH_MISMATCH
    elif not held.sound:
        code = _Code.ACTIVATION_FAILURE
    if code is _Code.SUCCESS:
        state = replace(state, firmware=Firmware(version=held.image_version))
    return state, FirmwareOutcome(code=code, version=state.firmware.version)


def read_version(state: DeviceState) -> ReadFirmwareVersionResponse:
    """The firmware that runs.

    Clause: gbcs:CS06
    """
    return ReadFirmwareVersionResponse(version=state.firmware.version, code=0)


def device_time(state: DeviceState, at: datetime) -> datetime:
    """What the device's clock shows at that instant, to the second."""
    return (at + timedelta(seconds=state.clock.ahead_seconds)).replace(microsecond=0)


def set_time(
    state: DeviceState, command: SetTimeCommand, at: datetime
) -> tuple[DeviceState, SetTimeResponse]:
    """The clock shows the network's time and is trusted, if that is within the interval.

    The instant stands for the time that the communications hub gives at home.

    Clause: gbcs:CS06
    """
    if command.start <= at <= command.end:
        state = replace(state, clock=Clock())
        return state, SetTimeResponse(time=device_time(state, at), status=DeviceTimeStatus.RELIABLE)
    state = replace(state, clock=replace(state.clock, reliable=False))
    return state, SetTimeResponse(time=device_time(state, at), status=DeviceTimeStatus.UNRELIABLE)
