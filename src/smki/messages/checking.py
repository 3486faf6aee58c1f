"""What holds of a message's protection: the cryptography alone, no expiry and no chain.

| what | keys |
| --- | --- |
| signature | the originator's digital signature key |
| MAC of a command | the access control broker's and the device's key agreement keys |
| MAC of a response or an alert | the device's, and the recipient's of the grouping header |
| MAC between two devices | the two devices' |
| encrypted attribute | the device's, and the reader's: the recipient, or the supplementary party |

Clause: gbcs:18.4
"""

from dataclasses import dataclass
from enum import Enum

from smki.crypto.gbcs_protection import (
    Purpose,
    derive_key,
    mac_holds,
    open_attribute,
    public_point,
    signature_holds,
)
from smki.messages.keys import KeyRing, KeyUse
from smki.messages.protecting import mac_purpose
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.encrypted import EncryptedItem
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory
from smki.wire.gbcs.use_cases import USE_CASES, Protection


class Verdict(Enum):
    """Of a signature, a MAC or an encrypted attribute."""

    VALID = "valid"
    INVALID = "invalid"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedContent:
    """An encrypted attribute, opened if the keys were there.

    Attributes:
        verdict: valid, invalid, or unknown without keys.
        content: what was hidden; empty unless valid.
        reader: whose key opens it.
    """

    verdict: Verdict
    content: bytes
    reader: EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What holds of a message.

    Attributes:
        signature: by the originator.
        mac: by the table above.
        encrypted: in the payload's order.
    """

    signature: Verdict
    mac: Verdict
    encrypted: tuple[EncryptedContent, ...]


def check(message: GbcsMessage, items: tuple[EncryptedItem, ...], ring: KeyRing) -> Checks:
    """What of the message's protection holds, by the keys in `ring`. Nothing is left out silently.

    Args:
        message: whole.
        items: encrypted attributes of its payload.
        ring: the keys that are there.

    Clause: gbcs:18.4
    """
    return Checks(
        signature=_signature(message, ring),
        mac=_mac(message, ring),
        encrypted=tuple(_opened(message, item, ring) for item in items),
    )


def _signature(message: GbcsMessage, ring: KeyRing) -> Verdict:
    if not message.signature:
        return Verdict.ABSENT
    point = ring.point(message.header.originator, KeyUse.DIGITAL_SIGNATURE)
    if point is None:
        return Verdict.UNKNOWN
    return _verdict(holds=signature_holds(public_point(point), message.signature, message.signed))


def _mac(message: GbcsMessage, ring: KeyRing) -> Verdict:
    if not message.mac:
        return Verdict.ABSENT
    header = message.header
    secrets = [
        secret for one, other in _pairs(message, ring) if (secret := ring.secret(one, other))
    ]
    if not secrets:
        return Verdict.UNKNOWN
    return _verdict(
        holds=any(
            mac_holds(
                derive_key(
                    secret,
                    mac_purpose[header.category],
                    originator=header.originator,
                    counter=header.counter,
                    recipient=header.recipient,
                ),
                header.originator,
                message.authenticated,
                message.mac,
            )
            for secret in secrets
        )
    )


def _pairs(message: GbcsMessage, ring: KeyRing) -> list[tuple[EUI64, EUI64]]:
    """Whose keys may have made the MAC."""
    header = message.header
    use_case = USE_CASES.get(header.message_code)
    between = use_case is not None and use_case.protection is Protection.BETWEEN_DEVICES
    if between or header.category is not MessageCategory.COMMAND:
        return [(header.originator, header.recipient)]
    return [(broker, header.recipient) for broker in ring.brokers()]


def _opened(message: GbcsMessage, item: EncryptedItem, ring: KeyRing) -> EncryptedContent:
    """By the key of the message, or of its supplementary fields where there are any."""
    header = message.header
    reader, counter = header.recipient, header.counter
    if header.supplementary is not None:
        reader = header.supplementary.party
        if header.supplementary.originator_counter is not None:
            counter = header.supplementary.originator_counter
    secret = ring.secret(header.originator, reader)
    if secret is None:
        return EncryptedContent(verdict=Verdict.UNKNOWN, content=b"", reader=reader)
    key = derive_key(
        secret,
        Purpose.ENCRYPTION,
        originator=header.originator,
        counter=counter,
        recipient=reader,
    )
    try:
        content = open_attribute(key, header.originator, item.ciphertext, item.tag)
    except Malformed:
        return EncryptedContent(verdict=Verdict.INVALID, content=b"", reader=reader)
    return EncryptedContent(verdict=Verdict.VALID, content=content, reader=reader)


def _verdict(*, holds: bool) -> Verdict:
    return Verdict.VALID if holds else Verdict.INVALID
