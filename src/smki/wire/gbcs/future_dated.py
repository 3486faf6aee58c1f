"""Which instruction a future dated execution alert tells about: codes 00CC (DLMS) and 00CD (GBZ).

    DLMS: structure { alert-code, time, octet-string(19) {
              message-code(2) counter(8) class(2) instance(6) attribute(1) } }
    GBZ:  alert-code(2) time(4) length(1) message-code(2) counter(8)
              cluster(2) frame-control(1) command(1)

The message code and the counter are those of the command. What the instruction does is not known
here. The alerts of CS02b, CS02g and CS06 have codes and types of their own.

Clause: gbcs:use-cases
"""

from dataclasses import dataclass
from typing import Final

from smki.wire.gbcs.cosem import CosemData, CosemPayload, DataType
from smki.wire.gbcs.payloads import Payload
from smki.wire.gbcs.zigbee import ZigBeePayload

DLMS_ALERT: Final = 0x00CC
GBZ_ALERT: Final = 0x00CD

_COMMAND_OCTETS: Final = 10  # message code, counter
_COSEM_OBJECT_OCTETS: Final = 9  # class, instance, attribute
_ZIGBEE_OBJECT_OCTETS: Final = 4  # cluster, frame control, command


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What a command asked to be done later.

    Attributes:
        message_code: of the command.
        counter: of the command.
        object: class, instance and attribute (9 octets), or cluster, frame control and
            command (4).
    """

    message_code: int
    counter: int
    object: bytes


def executed_instruction(message_code: int, payload: Payload) -> Instruction | None:
    """The instruction that the alert tells about; None if it is no such alert, or says it otherwise.

    Clause: gbcs:use-cases
    """
    match payload:
        case CosemPayload() if message_code == DLMS_ALERT:
            return _instruction(_last_octets(payload.data), _COSEM_OBJECT_OCTETS)
        case ZigBeePayload() if message_code == GBZ_ALERT:
            length, rest = payload.content[:1], payload.content[1:]
            return (
                _instruction(rest, _ZIGBEE_OBJECT_OCTETS) if length == bytes((len(rest),)) else None
            )
        case _:
            return None


def _last_octets(data: tuple[CosemData, ...]) -> bytes:
    match data:
        case (
            CosemData(value=(*_, CosemData(type=DataType.OCTET_STRING, value=bytes() as octets))),
        ):
            return octets
        case _:
            return b""


def _instruction(octets: bytes, object_octets: int) -> Instruction | None:
    if len(octets) != _COMMAND_OCTETS + object_octets:
        return None
    return Instruction(
        message_code=int.from_bytes(octets[:2], "big"),
        counter=int.from_bytes(octets[2:_COMMAND_OCTETS], "big"),
        object=octets[_COMMAND_OCTETS:],
    )
