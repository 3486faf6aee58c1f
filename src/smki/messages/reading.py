"""Any octets as a document for people and programs: what can be read, what holds, by which keys.

One document serves the command line, JSON and the portal. Never raises for what the octets are: what
cannot be decoded is said in the document, beside what can.
"""

from typing import Final

from smki.messages.checking import Checks, Finding, Verdict, check
from smki.messages.keys import KeyRing, KnownKey
from smki.messages.showing import shown
from smki.terms import SmkiError
from smki.wire.gbcs.alerts import ALERT_MEANINGS, alert_code_of
from smki.wire.gbcs.blocks import whole_message
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory, parse_message
from smki.wire.gbcs.payloads import OpaquePayload, Payload, encrypted_items, read_payload

_SAID: Final = {
    Verdict.VALID: "holds",
    Verdict.INVALID: "DOES NOT HOLD",
    Verdict.ABSENT: "none",
    Verdict.UNKNOWN: "not checked",
}


def read_document(octets: bytes, ring: KeyRing) -> dict[str, object]:
    """What the message says, with what holds of it by the keys in `ring`.

    It is there whole, or in all the blocks of its transfer, one after another.

    `error` is there if it, or its payload, cannot be decoded; of a message whose frame cannot be
    decoded it is all there is.

    Clause: gbcs:7.2.7, gbcs:18.4
    """
    try:
        message = parse_message(whole_message(octets))
    except SmkiError as error:
        return {"error": error_document(error)}
    try:
        payload = read_payload(message)
    except SmkiError as error:
        checks = check(message, (), ring)
        unread = OpaquePayload(octets=message.payload, reason=str(error))
        document = {**shown(message, unread, checks), "error": error_document(error)}
    else:
        checks = check(message, encrypted_items(payload), ring)
        document = {**shown(message, payload, checks), **_alert(message, payload)}
    return {**document, "findings": _findings(checks)}


def _alert(message: GbcsMessage, payload: Payload) -> dict[str, object]:
    """`alert`, of an alert: its code, and what that means if it concerns credentials."""
    code = alert_code_of(payload)
    if message.header.category is not MessageCategory.ALERT or code is None:
        return {}
    return {"alert": {"code": f"0x{code:04X}", "meaning": ALERT_MEANINGS.get(code, "")}}


def error_document(error: SmkiError) -> dict[str, object]:
    """What was found and what was expected, where, by which clause."""
    return {
        "family": error.family,
        "message": error.message,
        "clause": error.clause,
        "where": error.where,
    }


def _findings(checks: Checks) -> dict[str, object]:
    return {
        "signature": _finding(checks.of_signature),
        "mac": _finding(checks.of_mac),
    }


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "verdict": finding.verdict.value,
        "said": _sentence(finding),
        "reason": finding.reason,
        "keys": [
            {"entity": key.entity.digits, "serial": key.serial, "standing": key.standing}
            for key in finding.keys
        ],
    }


def _sentence(finding: Finding) -> str:
    """For people: the verdict, and by which key or why not."""
    said = _SAID[finding.verdict]
    if finding.reason:
        return f"{said}: {finding.reason}"
    return f"{said}, {', '.join(map(_named, finding.keys))}" if finding.keys else said


def _named(key: KnownKey) -> str:
    if not key.serial:
        return f"by the key of {key.entity}"
    standing = f" ({key.standing})" if key.standing else ""
    return f"by certificate {key.serial}{standing} of {key.entity}"
