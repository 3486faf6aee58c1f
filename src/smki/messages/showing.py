"""A message for people: a tree in the words of the notation, and what of it holds.

One document serves the command line, JSON and the portal.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from smki.messages.checking import Checks
from smki.terms import Malformed
from smki.wire.certificate import Attribute, parse_certificate, parse_name
from smki.wire.der import BIT_STRING
from smki.wire.gbcs.asn1 import Tree
from smki.wire.gbcs.cosem import CosemData, CosemPayload, CosemRequest, DataType
from smki.wire.gbcs.frame import GbcsMessage
from smki.wire.gbcs.future_dated import Instruction, executed_instruction
from smki.wire.gbcs.payloads import OpaquePayload, Payload, SecurityPayload
from smki.wire.gbcs.use_cases import USE_CASES
from smki.wire.gbcs.zigbee import ZigBeePayload

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)  # of ZigBee's UTC time
_SERVICES: Final = {0xD9: "access-request", 0xDA: "access-response", 0x0F: "data-notification"}


def kind_of(message: GbcsMessage) -> str:
    """`command`, `pre-command`, `response` or `alert`.

    Clause: gbcs:7.2.7
    """
    if message.is_pre_command:
        return "pre-command"
    return message.header.category.name.lower()


def shown(message: GbcsMessage, payload: Payload, checks: Checks) -> dict[str, object]:
    """The message as a document: header, verdicts, payload as a tree.

    An alert that tells about a future dated instruction is named by that one's use case.

    Clause: gbcs:7.2.7
    """
    header = message.header
    use_case = USE_CASES.get(header.message_code)
    instruction = executed_instruction(header.message_code, payload)
    document: dict[str, object] = {
        "use_case": _use_case(instruction.message_code if instruction else header.message_code),
        "title": use_case.title if use_case else "",
        "message_code": f"0x{header.message_code:04X}",
        "kind": kind_of(message),
        "originator": header.originator.digits,
        "recipient": header.recipient.digits,
        "counter": header.counter,
        "date_time": dlms_date_time(header.date_time),
        "supplementary": _supplementary(message),
        "signature": checks.signature.value,
        "mac": checks.mac.value,
        "encrypted": [
            {
                "verdict": each.verdict.value,
                "reader": each.reader.digits,
                "content": each.content.hex(),
            }
            for each in checks.encrypted
        ],
        "payload": payload_tree(payload),
    }
    if instruction is not None:
        document["instruction"] = _instruction(instruction)
    if isinstance(payload, SecurityPayload):
        document["deviations"] = [
            f"payload offset {each.offset}: {each.message}" for each in payload.deviations
        ]
    return document


def _use_case(code: int) -> str:
    use_case = USE_CASES.get(code)
    return use_case.name if use_case else "unknown"


def _instruction(instruction: Instruction) -> Tree:
    return {
        "use_case": _use_case(instruction.message_code),
        "message_code": f"0x{instruction.message_code:04X}",
        "counter": instruction.counter,
        "object": instruction.object.hex(),
    }


def _supplementary(message: GbcsMessage) -> Tree:
    fields = message.header.supplementary
    if fields is None:
        return None
    return {
        "party": fields.party.digits,
        "counter": fields.counter,
        "originator_counter": fields.originator_counter,
        "certificate": fields.certificate.hex() if fields.certificate else None,
    }


def payload_tree(payload: Payload) -> Tree:
    """What a payload says, in the words of its notation."""
    match payload:
        case SecurityPayload():
            return {payload.type.name: _named(payload.type.codec.show(payload.value))}
        case CosemPayload():
            return _cosem(payload)
        case ZigBeePayload():
            return _zigbee(payload)
        case OpaquePayload():
            return {"octets": payload.octets.hex(), "reason": payload.reason}


def _named(tree: Tree) -> Tree:
    """Certificates among the octets are told by subject, issuer and serial number as well."""
    match tree:
        case dict():
            return {name: _named(each) for name, each in tree.items()}
        case list():
            return [_named(each) for each in tree]
        case str() if tree.startswith("3082"):
            return _certificate(tree)
        case _:
            return tree


def _certificate(text: str) -> Tree:
    try:
        tbs = parse_certificate(bytes.fromhex(text)).tbs
        subject, issuer = parse_name(tbs.subject), parse_name(tbs.issuer)
    except Malformed:
        return text
    return {"subject": _name(subject), "issuer": _name(issuer), "octets": text}


def _name(name: tuple[tuple[Attribute, ...], ...]) -> str:
    """The values of a name in their order; a unique identifier by its digits."""
    return ", ".join(
        attribute.value[1:].hex()
        if attribute.tag == BIT_STRING
        else attribute.value.decode("utf-8", "backslashreplace")
        for relative in name
        for attribute in relative
    )


def dlms_date_time(octets: bytes) -> str | None:
    """A DLMS date-time (12 octets) as people write it; `-` where it leaves a part open."""
    if not octets:
        return None
    year = int.from_bytes(octets[:2], "big")
    parts = [f"{year:04d}" if year != 0xFFFF else "-"]
    parts += [f"{each:02d}" if each != 0xFF else "-" for each in (*octets[2:4], *octets[5:8])]
    return f"{'-'.join(parts[:3])} {':'.join(parts[3:])} (clock status {octets[11]:02X})"


def _cosem(payload: CosemPayload) -> Tree:
    return {
        "service": _SERVICES[payload.service],
        "invoke_id": f"{payload.invoke_id:08X}",
        "requests": [_request(each) for each in payload.requests],
        "data": [_data(each) for each in payload.data],
        "results": [{"result": kind, "code": code} for kind, code in payload.results],
    }


def _request(request: CosemRequest) -> Tree:
    return {
        "request": request.kind,
        "class": request.class_id,
        "instance": ".".join(map(str, request.instance)),
        "member": request.member,
        "selection": _data(request.selection[1]) if request.selection else None,
    }


def _data(data: CosemData) -> Tree:
    name = data.type.name.lower().replace("_", "-")
    match data.value:
        case tuple() as inner:
            return {name: [_data(each) for each in inner]}
        case bytes() as octets if data.type in (DataType.VISIBLE_STRING, DataType.UTF8_STRING):
            return {name: octets.decode("utf-8", "backslashreplace")}
        case bytes() as octets:
            return {name: octets.hex()}
        case number:
            return {name: number}


def _zigbee(payload: ZigBeePayload) -> Tree:
    tree: dict[str, Tree] = {}
    if payload.alert_code is not None and payload.time is not None:
        tree["alert_code"] = f"{payload.alert_code:04X}"
        tree["time"] = (_EPOCH + timedelta(seconds=payload.time)).isoformat()
    tree["components"] = [
        {
            "control": f"{each.control:02X}",
            "cluster": f"{each.cluster:04X}",
            "content": each.content.hex(),
        }
        for each in payload.components
    ]
    if payload.content:
        tree["content"] = payload.content.hex()
    return tree
