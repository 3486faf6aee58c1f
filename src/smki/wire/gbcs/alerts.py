"""The code of an alert, and what the codes around credentials mean.

Every alert has one, wherever its payload has it: a field of a security use case, the first value of
a DLMS notification, or before the time of a GBZ alert. Only what concerns credentials, device logs
and firmware is told in words here.

Clause: gbcs:use-cases
"""

from types import MappingProxyType
from typing import Final

from smki.wire.gbcs.cosem import DATA_NOTIFICATION, CosemData, CosemPayload, DataType
from smki.wire.gbcs.payloads import Payload, SecurityPayload
from smki.wire.gbcs.zigbee import ZigBeePayload

ALERT_MEANINGS: Final = MappingProxyType(
    {
        0x8071: "the device log of the gas proxy changed",
        0x8F12: "the device log of the communications hub changed",
        0x8F1E: "content or format of a command is not whole",
        0x8F30: "the source of a command has no authority for it",
        0x8F3D: "a trusted source was not authenticated",
        0x8F3E: "access without authority was tried",
        0x8F48: "joining failed",
        0x8F49: "joining succeeded",
        0x8F4A: "unjoining failed",
        0x8F4B: "unjoining succeeded",
        0x8F4C: "the device's own digital signing certificate could not be replaced",
        0x8F4D: "the device's own digital signing certificate was replaced",
        0x8F4E: "the device's own key agreement certificate could not be replaced",
        0x8F4F: "the device's own key agreement certificate was replaced",
        0x8F53: "authentication or authorisation failed otherwise",
        0x8F60: "unusually many commands are malformed, out of order or unexpected",
        0x8F66: "what was future dated is done",
        0x8F67: "what was future dated is not done, or not all of it",
        0x8F70: "security credentials were updated",
        0x8F84: "a message of a remote party could not be delivered to the ESME",
        0x8F89: "a firmware was not transferred",
        0x8F8A: "a firmware was transferred",
        0x8F8B: "the version of a firmware",
    }
)
"""What an alert code says, in a few words."""


def alert_code_of(payload: Payload) -> int | None:
    """The code of the alert whose payload this is; None if it is none, or cannot be read.

    Clause: gbcs:use-cases
    """
    match payload:
        case SecurityPayload():
            code: int | None = getattr(payload.value, "alert_code", None)
            return code
        case ZigBeePayload():
            return payload.alert_code
        case CosemPayload(
            service=service,
            data=(
                CosemData(value=(CosemData(type=DataType.LONG_UNSIGNED, value=int() as first), *_)),
            ),
        ) if service == DATA_NOTIFICATION:
            return first
        case _:
            return None
