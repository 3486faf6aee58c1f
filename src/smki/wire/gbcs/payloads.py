"""What a message says: by its code and category from one table, or as a tree of its notation.

A payload of a security use case is read as the value that its use case defines, or refused. One of
DLMS or GBZ is read whole, its meaning not. A few use cases are known from descriptions alone, no
message of theirs was seen. What does not fit, and what is in no table, is kept as octets: it is
shown, and never acted on.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from smki.terms import Malformed
from smki.wire.gbcs import device_credentials as own
from smki.wire.gbcs import firmware, joining
from smki.wire.gbcs import trust_anchors as anchors
from smki.wire.gbcs import update_credentials as update
from smki.wire.gbcs.asn1 import Codec, Deviation, decode, encode
from smki.wire.gbcs.cosem import (
    ACCESS_REQUEST,
    ACCESS_RESPONSE,
    DATA_NOTIFICATION,
    CosemPayload,
    parse_cosem,
)
from smki.wire.gbcs.cosem_writing import encode_cosem
from smki.wire.gbcs.encrypted import EncryptedItem
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory
from smki.wire.gbcs.zigbee import PROFILE, ZigBeePayload, parse_zigbee

_C: Final = MessageCategory.COMMAND
_R: Final = MessageCategory.RESPONSE
_A: Final = MessageCategory.ALERT
_COSEM: Final = frozenset((ACCESS_REQUEST, ACCESS_RESPONSE, DATA_NOTIFICATION))
_UPDATE_CODES: Final = tuple(mode.message_code for mode in update.CredentialsReplacementMode)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadType:
    """A row of the table: the name of a payload's type, and its codec."""

    name: str
    codec: Codec[Any]


def _both(
    codes: tuple[int, ...], command: PayloadType, response: PayloadType
) -> dict[tuple[int, MessageCategory], PayloadType]:
    return {
        (code, category): of for code in codes for category, of in ((_C, command), (_R, response))
    }


def _of(name: str, codec: Codec[Any]) -> PayloadType:
    return PayloadType(name=name, codec=codec)


_KEY_USAGE: Final = own.KEY_USAGE_COMMAND

PAYLOAD_TYPES: Final = MappingProxyType(
    _both(
        (0x0008, 0x011B),
        _of("ProvideDetailsCommand", anchors.PROVIDE_DETAILS_COMMAND),
        _of("ProvideDetailsResponse", anchors.PROVIDE_DETAILS_RESPONSE),
    )
    | _both(
        _UPDATE_CODES,
        _of("UpdateCredentialsCommand", update.UPDATE_CREDENTIALS_COMMAND),
        _of("UpdateCredentialsResponse", update.UPDATE_CREDENTIALS_RESPONSE),
    )
    | _both(
        (0x000A,),
        _of("IssueCredentialsCommand", _KEY_USAGE),
        _of("IssueCredentialsResponse", own.ISSUE_CREDENTIALS_RESPONSE),
    )
    | _both(
        (0x000B,),
        _of("UpdateDeviceCertificateCommand", own.UPDATE_DEVICE_CERTIFICATE_COMMAND),
        _of("UpdateDeviceCertificateResponse", own.UPDATE_DEVICE_CERTIFICATE_RESPONSE),
    )
    | _both(
        (0x000C,),
        _of("ProvideDeviceCertificateCommand", _KEY_USAGE),
        _of("ProvideDeviceCertificateResponse", own.PROVIDE_DEVICE_CERTIFICATE_RESPONSE),
    )
    | _both(
        (0x000D, 0x00AB, 0x000E, 0x00AF),
        _of("JoinDeviceCommand", joining.JOIN_DEVICE_COMMAND),
        _of("JoinDeviceResponse", joining.JOIN_DEVICE_RESPONSE),
    )
    | _both(
        (0x000F, 0x0010),
        _of("UnjoinDeviceCommand", joining.UNJOIN_DEVICE_COMMAND),
        _of("UnjoinDeviceResponse", joining.UNJOIN_DEVICE_RESPONSE),
    )
    | _both(
        (0x0012,),
        _of("ActivateFirmwareCommand", firmware.ACTIVATE_FIRMWARE_COMMAND),
        _of("ActivateFirmwareResponse", firmware.ACTIVATE_FIRMWARE_RESPONSE),
    )
    | _both(
        (0x0013,),
        _of("ReadJoinDetailsCommand", joining.READ_JOIN_DETAILS_COMMAND),
        _of("ReadJoinDetailsResponse", joining.READ_JOIN_DETAILS_RESPONSE),
    )
    | _both(
        (0x007F,),
        _of("SetTimeCommand", firmware.SET_TIME_COMMAND),
        _of("SetTimeResponse", firmware.SET_TIME_RESPONSE),
    )
    | {
        (0x00CA, _A): _of("ActivateFirmwareAlert", firmware.ACTIVATE_FIRMWARE_ALERT),
        (0x00CB, _A): _of("UpdateCredentialsAlert", update.UPDATE_CREDENTIALS_ALERT),
        (0x0124, _A): _of("UpdateCredentialsAlert", update.UPDATE_CREDENTIALS_ALERT),
        (0x00B2, _A): _of("BackupDeviceLogAlert", joining.BACKUP_DEVICE_LOG_ALERT),
        (0x0128, _A): _of("FirmwareTransferAlert", firmware.FIRMWARE_TRANSFER_ALERT),
    }
)
"""The type of each payload of a security use case, by message code and category."""


DESCRIBED_TYPES: Final = MappingProxyType(
    _both(
        (0x008C,),
        _of("RestoreDeviceLogCommand", joining.RESTORE_DEVICE_LOG_COMMAND),
        _of("RestoreDeviceLogResponse", joining.RESTORE_DEVICE_LOG_RESPONSE),
    )
    | _both(
        (0x0129,),
        _of("ReadFirmwareVersionCommand", firmware.READ_FIRMWARE_VERSION_COMMAND),
        _of("ReadFirmwareVersionResponse", firmware.READ_FIRMWARE_VERSION_RESPONSE),
    )
    | {
        (code, _A): _of("FirmwareActivationAlert", firmware.FIRMWARE_ACTIVATION_ALERT)
        for code in (0x0129, 0x012B)
    }
)
"""The types that are known from descriptions alone: what does not fit is not refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityPayload:
    """A payload whose meaning is known.

    Attributes:
        type: the row of the table.
        value: of its type.
        deviations: where the octets are not DER.
    """

    type: PayloadType
    value: object
    deviations: tuple[Deviation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaquePayload:
    """A payload that no table knows.

    Attributes:
        octets: as received.
        reason: why it is not read further.
    """

    octets: bytes
    reason: str


Payload: TypeAlias = SecurityPayload | CosemPayload | ZigBeePayload | OpaquePayload


def read_payload(message: GbcsMessage) -> Payload:
    """What the message says.

    Raises:
        Malformed: a payload of a security use case that is not as its use case defines it.

    Clause: gbcs:7.2.7
    """
    header, octets = message.header, message.payload
    known = PAYLOAD_TYPES.get((header.message_code, header.category))
    if known is not None:
        return _security(known, octets)
    described = DESCRIBED_TYPES.get((header.message_code, header.category))
    try:
        if described is not None:
            return _security(described, octets)
        if octets[:1] and octets[0] in _COSEM:
            return parse_cosem(octets)
        if octets[:2] == PROFILE:
            return parse_zigbee(octets, alert=header.category is _A)
    except Malformed as error:
        return OpaquePayload(octets=octets, reason=str(error))
    return OpaquePayload(
        octets=octets, reason=f"message code {header.message_code:04X} is in no table"
    )


def write_payload(message_code: int, category: MessageCategory, value: object) -> bytes:
    """The octets of what a message of that code and category says: its type's DER, or DLMS.

    Args:
        message_code: of a use case whose payload has a type, unless `value` is of DLMS.
        category: of the message.
        value: of the type, or a `CosemPayload`.

    Clause: gbcs:7.2.7, x690:10
    """
    if isinstance(value, CosemPayload):
        return encode_cosem(value)
    table = PAYLOAD_TYPES if (message_code, category) in PAYLOAD_TYPES else DESCRIBED_TYPES
    return encode(table[message_code, category].codec, value)


def _security(of: PayloadType, octets: bytes) -> SecurityPayload:
    decoded = decode(of.codec, octets, of.name)
    return SecurityPayload(type=of, value=decoded.value, deviations=decoded.deviations)


def encrypted_items(payload: Payload) -> tuple[EncryptedItem, ...]:
    """What in the payload only its reader can read, in order."""
    match payload:
        case CosemPayload():
            return payload.encrypted
        case ZigBeePayload():
            return tuple(each.encrypted for each in payload.components if each.encrypted)
        case _:
            return ()
