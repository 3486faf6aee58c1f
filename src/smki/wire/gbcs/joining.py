"""Who a device may talk to at home: CS03, CS04, CS07 and the device log's alerts.

    JoinDeviceCommand ::= SEQUENCE {
        joinMethodAndRole            INTEGER { methodAInitiator(0), methodAResponder(1),
                                               methodB(2), methodC(3) },
        otherDeviceEntityIdentifier  OCTET STRING (SIZE(8)),
        otherDeviceType              DeviceType,
        otherDeviceCertificate       Certificate OPTIONAL }               -- method C: KA
    JoinDeviceResponse      ::= INTEGER { success(0), ... noCBKEResponse(13) }
    UnjoinDeviceCommand     ::= OCTET STRING (SIZE(8))
    UnjoinDeviceResponse    ::= INTEGER { success(0), notInDeviceLog(1), otherFailure(2) }
    DeviceLogEntry          ::= SEQUENCE { deviceID OCTET STRING (SIZE(8)), deviceType DeviceType }
    ReadJoinDetailsCommand  ::= NULL
    ReadJoinDetailsResponse ::= SEQUENCE {
        responseCode      INTEGER { success(0), readFailure(1) },
        deviceLogEntries  SEQUENCE OF DeviceLogEntry OPTIONAL }
    BackupDeviceLogAlert    ::= SEQUENCE {                                -- GCS62
        alertCode INTEGER, alertDateTime GeneralizedTime, deviceLogEntries SEQUENCE OF DeviceLogEntry }
    RestoreDeviceLogCommand  ::= SEQUENCE { deviceLogEntries SEQUENCE OF DeviceLogEntry }  -- GCS59
    RestoreDeviceLogResponse ::= SEQUENCE { restoreOutcomes SEQUENCE OF SEQUENCE {
        deviceLogEntry DeviceLogEntry, joinResponseCode JoinDeviceResponse } }

Clause: gbcs:CS03
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final

from smki.wire.gbcs.asn1 import Element, Field, Named, Null, SequenceOf, SequenceType, named
from smki.wire.gbcs.trust_anchors import IDENTIFIER
from smki.wire.gbcs.update_credentials import ALERT_CODE, TIME


class DeviceType(IntEnum):
    """What a device is, where devices name each other."""

    GSME = 0
    ESME = 1
    COMMUNICATIONS_HUB_FUNCTION = 2
    GAS_PROXY_FUNCTION = 3
    HCALCS = 4
    PPMID = 5
    TYPE_2 = 6


class JoinMethodAndRole(IntEnum):
    """How two devices agree a key, and which part this one has."""

    METHOD_A_INITIATOR = 0
    METHOD_A_RESPONDER = 1
    METHOD_B = 2
    METHOD_C = 3


class JoinResponseCode(IntEnum):
    """What became of a join."""

    SUCCESS = 0
    INVALID_MESSAGE_CODE_FOR_JOIN_METHOD_AND_ROLE = 1
    INVALID_JOIN_METHOD_AND_ROLE = 2
    INCOMPATIBLE_WITH_EXISTING_ENTRY = 3
    DEVICE_LOG_FULL = 4
    WRITE_FAILURE = 5
    KEY_AGREEMENT_NO_RESOURCES = 6
    KEY_AGREEMENT_UNKNOWN_ISSUER = 7
    KEY_AGREEMENT_UNSUPPORTED_SUITE = 8
    KEY_AGREEMENT_BAD_MESSAGE = 9
    KEY_AGREEMENT_BAD_KEY_CONFIRM = 10
    INVALID_OR_MISSING_CERTIFICATE = 11
    NO_PARTNER_LINK_KEY_RECEIVED = 12
    NO_CBKE_RESPONSE = 13


class UnjoinResponseCode(IntEnum):
    """What became of an unjoin."""

    SUCCESS = 0
    NOT_IN_DEVICE_LOG = 1
    OTHER_FAILURE = 2


class ReadResponseCode(IntEnum):
    """Whether the device log could be read."""

    SUCCESS = 0
    READ_FAILURE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinDeviceCommand:
    """CS03: talk to this device from now on; its certificate (DER) for method C."""

    method_and_role: JoinMethodAndRole
    other_device: bytes
    other_type: DeviceType
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLogEntry:
    """A device that this one may talk to: EUI-64 in 8 octets, and its type."""

    device: bytes
    type: DeviceType


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadJoinDetailsResponse:
    """CS07: the device log, if it could be read."""

    code: ReadResponseCode
    entries: tuple[DeviceLogEntry, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDeviceLogAlert:
    """GCS62: the whole device log, after it changed."""

    alert_code: int
    time: datetime
    entries: tuple[DeviceLogEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDeviceLogCommand:
    """GCS59: what a new GPF's device log is to hold again."""

    entries: tuple[DeviceLogEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOutcome:
    """What became of one entry."""

    entry: DeviceLogEntry
    code: JoinResponseCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDeviceLogResponse:
    """GCS59: what became of each entry."""

    outcomes: tuple[RestoreOutcome, ...]


DEVICE_TYPE: Final = Named(
    {
        DeviceType.GSME: "gSME",
        DeviceType.ESME: "eSME",
        DeviceType.COMMUNICATIONS_HUB_FUNCTION: "communicationsHubCommunicationsHubFunction",
        DeviceType.GAS_PROXY_FUNCTION: "communicationsHubGasProxyFunction",
        DeviceType.HCALCS: "type1HANConnectedAuxiliaryLoadControlSwitch",
        DeviceType.PPMID: "type1PrepaymentInterfaceDevice",
        DeviceType.TYPE_2: "type2",
    }
)
JOIN_DEVICE_COMMAND: Final = SequenceType(
    JoinDeviceCommand,
    Field("joinMethodAndRole", "method_and_role", named(JoinMethodAndRole)),
    Field("otherDeviceEntityIdentifier", "other_device", IDENTIFIER),
    Field("otherDeviceType", "other_type", DEVICE_TYPE),
    Field("otherDeviceCertificate", "certificate", Element(), optional=True),
)
JOIN_DEVICE_RESPONSE: Final = named(JoinResponseCode)
UNJOIN_DEVICE_COMMAND: Final = IDENTIFIER
UNJOIN_DEVICE_RESPONSE: Final = named(UnjoinResponseCode)
DEVICE_LOG_ENTRY: Final = SequenceType(
    DeviceLogEntry,
    Field("deviceID", "device", IDENTIFIER),
    Field("deviceType", "type", DEVICE_TYPE),
)
DEVICE_LOG_ENTRIES: Final = SequenceOf(DEVICE_LOG_ENTRY)
READ_JOIN_DETAILS_COMMAND: Final = Null()
READ_JOIN_DETAILS_RESPONSE: Final = SequenceType(
    ReadJoinDetailsResponse,
    Field("responseCode", "code", named(ReadResponseCode)),
    Field("deviceLogEntries", "entries", DEVICE_LOG_ENTRIES, optional=True),
)
BACKUP_DEVICE_LOG_ALERT: Final = SequenceType(
    BackupDeviceLogAlert,
    Field("alertCode", "alert_code", ALERT_CODE),
    Field("alertDateTime", "time", TIME),
    Field("deviceLogEntries", "entries", DEVICE_LOG_ENTRIES),
)
RESTORE_DEVICE_LOG_COMMAND: Final = SequenceType(
    RestoreDeviceLogCommand,
    Field("deviceLogEntries", "entries", DEVICE_LOG_ENTRIES),
)
RESTORE_DEVICE_LOG_RESPONSE: Final = SequenceType(
    RestoreDeviceLogResponse,
    Field(
        "restoreOutcomes",
        "outcomes",
        SequenceOf(
            SequenceType(
                RestoreOutcome,
                Field("deviceLogEntry", "entry", DEVICE_LOG_ENTRY),
                Field("joinResponseCode", "code", JOIN_DEVICE_RESPONSE),
            )
        ),
    ),
)
