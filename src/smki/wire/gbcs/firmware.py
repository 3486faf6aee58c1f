"""Firmware and clock: CS06, CS08, GCS28, and the alerts of a firmware's way (CCS08, CS09).

    ActivateFirmwareCommand ::= SEQUENCE {
        manufacturerImageHash  OCTET STRING (SIZE(32)),
        originatorCounter      SeqNumber,
        executionDateTime      GeneralizedTime OPTIONAL }
    ActivateFirmwareResponse ::= CHOICE { commandAccepted NULL, executionOutcome FirmwareOutcome }
    ActivateFirmwareAlert ::= SEQUENCE {
        alertCode INTEGER, executionDateTime GeneralizedTime, originatorCounter SeqNumber,
        executionOutcome FirmwareOutcome }
    FirmwareOutcome ::= SEQUENCE {
        activateImageResponseCode  INTEGER { success(0), noImageHeld(1), hashMismatch(2),
                                             activationFailure(3) },
        firmwareVersion            OCTET STRING }
    FirmwareTransferAlert ::= SEQUENCE {                                          -- CCS08
        alertCode INTEGER, alertDateTime GeneralizedTime, deviceID OCTET STRING (SIZE(8)),
        firmwareVersion OCTET STRING, transferStatus INTEGER }
    ReadFirmwareVersionCommand  ::= NULL                                          -- CS08
    ReadFirmwareVersionResponse ::= SEQUENCE {
        firmwareVersion OCTET STRING, responseCode INTEGER }
    FirmwareActivationAlert     ::= SEQUENCE {                                    -- CS09
        alertCode INTEGER, executionDateTime GeneralizedTime,
        firmwareVersion OCTET STRING, activateImageResponseCode INTEGER }
    SetTimeCommand  ::= SEQUENCE {
        validityIntervalStart GeneralizedTime, validityIntervalEnd GeneralizedTime }
    SetTimeResponse ::= SEQUENCE {
        deviceTime        GeneralizedTime,
        deviceTimeStatus  INTEGER { reliable(0), invalid(1), unreliable(2) } }

Clause: gbcs:CS06
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from smki.wire.gbcs.asn1 import Choice, Field, Integer, Null, Octets, SequenceType, named
from smki.wire.gbcs.trust_anchors import IDENTIFIER, SEQ_NUMBER
from smki.wire.gbcs.update_credentials import ALERT_CODE, TIME

HASH_OCTETS: Final = 32


class ActivateImageResponseCode(IntEnum):
    """What became of an activation."""

    SUCCESS = 0
    NO_IMAGE_HELD = 1
    HASH_MISMATCH = 2
    ACTIVATION_FAILURE = 3


class DeviceTimeStatus(IntEnum):
    """Whether a device believes its clock."""

    RELIABLE = 0
    INVALID = 1
    UNRELIABLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateFirmwareCommand:
    """CS06: which image (SHA-256), the originator's counter, and when; at once if absent."""

    image_hash: bytes
    counter: int
    execution: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareOutcome:
    """What became of an activation, and the firmware that runs now."""

    code: ActivateImageResponseCode
    version: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateFirmwareAlert:
    """What became of a future dated activation."""

    alert_code: int
    execution: datetime
    counter: int
    outcome: FirmwareOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareTransferAlert:
    """CCS08: how the transfer of a firmware to a device at home went."""

    alert_code: int
    time: datetime
    device: bytes
    version: bytes
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFirmwareVersionResponse:
    """CS08: the firmware that a PPMID or HCALCS runs; the code is 0 if it could be read."""

    version: bytes
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareActivationAlert:
    """CS09: what became of a PPMID's new firmware; the code is 0 if it runs."""

    alert_code: int
    execution: datetime
    version: bytes
    code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimeCommand:
    """GCS28: the clock is to be set if it is within this interval when the command arrives."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimeResponse:
    """The device's time, and whether it believes it."""

    time: datetime
    status: DeviceTimeStatus


ACTIVATE_FIRMWARE_COMMAND: Final = SequenceType(
    ActivateFirmwareCommand,
    Field("manufacturerImageHash", "image_hash", Octets(HASH_OCTETS)),
    Field("originatorCounter", "counter", SEQ_NUMBER),
    Field("executionDateTime", "execution", TIME, optional=True),
)
FIRMWARE_OUTCOME: Final = SequenceType(
    FirmwareOutcome,
    Field("activateImageResponseCode", "code", named(ActivateImageResponseCode)),
    Field("firmwareVersion", "version", Octets()),
)
ACTIVATE_FIRMWARE_RESPONSE: Final = Choice(
    commandAccepted=(type(None), Null()),
    executionOutcome=(FirmwareOutcome, FIRMWARE_OUTCOME),
)
ACTIVATE_FIRMWARE_ALERT: Final = SequenceType(
    ActivateFirmwareAlert,
    Field("alertCode", "alert_code", ALERT_CODE),
    Field("executionDateTime", "execution", TIME),
    Field("originatorCounter", "counter", SEQ_NUMBER),
    Field("executionOutcome", "outcome", FIRMWARE_OUTCOME),
)
FIRMWARE_TRANSFER_ALERT: Final = SequenceType(
    FirmwareTransferAlert,
    Field("alertCode", "alert_code", ALERT_CODE),
    Field("alertDateTime", "time", TIME),
    Field("deviceID", "device", IDENTIFIER),
    Field("firmwareVersion", "version", Octets()),
    Field("transferStatus", "status", Integer()),
)
READ_FIRMWARE_VERSION_COMMAND: Final = Null()
READ_FIRMWARE_VERSION_RESPONSE: Final = SequenceType(
    ReadFirmwareVersionResponse,
    Field("firmwareVersion", "version", Octets()),
    Field("responseCode", "code", Integer()),
)
FIRMWARE_ACTIVATION_ALERT: Final = SequenceType(
    FirmwareActivationAlert,
    Field("alertCode", "alert_code", ALERT_CODE),
    Field("executionDateTime", "execution", TIME),
    Field("firmwareVersion", "version", Octets()),
    Field("activateImageResponseCode", "code", Integer()),
)
SET_TIME_COMMAND: Final = SequenceType(
    SetTimeCommand,
    Field("validityIntervalStart", "start", TIME),
    Field("validityIntervalEnd", "end", TIME),
)
SET_TIME_RESPONSE: Final = SequenceType(
    SetTimeResponse,
    Field("deviceTime", "time", TIME),
    Field("deviceTimeStatus", "status", named(DeviceTimeStatus)),
)
