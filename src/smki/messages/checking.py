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

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from smki.crypto.gbcs_protection import (
    Purpose,
    derive_key,
    mac_holds,
    open_attribute,
    public_point,
    signature_holds,
)
from smki.messages.keys import KeyRing, KeyUse, KnownKey
from smki.messages.protecting import mac_purpose
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.encrypted import EncryptedItem
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode
from smki.wire.gbcs.use_cases import USE_CASES, Protection


class Verdict(Enum):
    """Of a signature, a MAC or an encrypted attribute."""

    VALID = "valid"
    INVALID = "invalid"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of a signature or a MAC.

    Attributes:
        verdict: what holds.
        keys: the public keys by which it is valid: one of a signature, of a MAC the one of the side
            whose private key was not used. Empty unless valid.
        reason: why it is invalid or unknown; empty if it is neither.
    """

    verdict: Verdict
    keys: tuple[KnownKey, ...] = ()
    reason: str = ""


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
        of_signature: by the originator.
        of_mac: by the table above.
        encrypted: in the payload's order.
    """

    of_signature: Finding
    of_mac: Finding
    encrypted: tuple[EncryptedContent, ...]

    @property
    def signature(self) -> Verdict:
        """Of the originator's signature."""
        return self.of_signature.verdict

    @property
    def mac(self) -> Verdict:
        """Of the MAC."""
        return self.of_mac.verdict


def check(message: GbcsMessage, items: tuple[EncryptedItem, ...], ring: KeyRing) -> Checks:
    """What of the message's protection holds, by the keys in `ring`. Nothing is left out silently.

    Where there are several keys of an entity each is tried: which of them was in use when the
    message was made, it does not say.

    Args:
        message: whole.
        items: encrypted attributes of its payload.
        ring: the keys that are there.

    Clause: gbcs:18.4
    """
    return Checks(
        of_signature=_signature(message, ring),
        of_mac=_mac(message, ring),
        encrypted=tuple(_opened(message, item, ring) for item in items),
    )


def _signature(message: GbcsMessage, ring: KeyRing) -> Finding:
    if not message.signature:
        return _ABSENT
    originator = message.header.originator
    known = ring.points(originator, KeyUse.DIGITAL_SIGNATURE)
    for key in known:
        if signature_holds(public_point(key.point), message.signature, message.signed):
            return Finding(verdict=Verdict.VALID, keys=(key,))
    if _by_contingency(message) and all(key.serial for key in known):
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason="it is by the contingency key, which no certificate names and the root"
            f" certificate wraps: needs that key by itself, as {originator.digits}-ds.pem",
        )
    if known:
        return Finding(
            verdict=Verdict.INVALID,
            reason=f"digital signature key of originator {originator}: {_tried(len(known))}",
        )
    return Finding(
        verdict=Verdict.UNKNOWN,
        reason=f"no digital signature key of originator {originator} is there",
    )


def _by_contingency(message: GbcsMessage) -> bool:
    """Whether it is no party's own key that must have signed."""
    header = message.header
    command = header.category is MessageCategory.COMMAND
    return command and header.message_code == _CONTINGENCY.message_code


def _mac(message: GbcsMessage, ring: KeyRing) -> Finding:
    if not message.mac:
        return _ABSENT
    header, tried = message.header, 0
    pairs = _pairs(message, ring)
    for one, other in pairs:
        for secret, known in _secrets(ring, one, other):
            tried += 1
            key = derive_key(
                secret,
                mac_purpose[header.category],
                originator=header.originator,
                counter=header.counter,
                recipient=header.recipient,
            )
            if mac_holds(key, header.originator, message.authenticated, message.mac):
                return Finding(verdict=Verdict.VALID, keys=(known,))
    sides = " or ".join(f"{one} and {other}" for one, other in pairs)
    if tried:
        return Finding(
            verdict=Verdict.INVALID,
            reason=f"key agreement between {sides}: {_tried(tried)}",
        )
    return Finding(verdict=Verdict.UNKNOWN, reason=_without(message, sides))


def _without(message: GbcsMessage, sides: str) -> str:
    """Why a MAC cannot be checked."""
    if sides:
        return (
            f"it is between {sides}: needs the private key agreement key of one, the public one of"
            " the other"
        )
    return (
        f"it is between the access control broker and {message.header.recipient}: who the broker is"
        " is not known, no key agreement key with its role is there"
    )


def _tried(count: int) -> str:
    """That none of so many keys verifies it."""
    which = (
        "the one that is known does not verify it" if count == 1 else f"none of {count} verifies it"
    )
    return f"{which}, must: another key made it, or the message was changed"


def _pairs(message: GbcsMessage, ring: KeyRing) -> list[tuple[EUI64, EUI64]]:
    """Whose keys may have made the MAC."""
    header = message.header
    use_case = USE_CASES.get(header.message_code)
    between = use_case is not None and use_case.protection is Protection.BETWEEN_DEVICES
    if between or header.category is not MessageCategory.COMMAND:
        return [(header.originator, header.recipient)]
    return [(broker, header.recipient) for broker in ring.brokers()]


def _secrets(ring: KeyRing, one: EUI64, other: EUI64) -> Iterator[tuple[bytes, KnownKey]]:
    """What the two may share, each once, with the public key that was used."""
    seen = set()
    for mine, theirs in ((one, other), (other, one)):
        for known in ring.points(theirs, KeyUse.KEY_AGREEMENT):
            for secret in ring.agree(mine, known.point):
                if secret not in seen:
                    seen.add(secret)
                    yield secret, known


def _opened(message: GbcsMessage, item: EncryptedItem, ring: KeyRing) -> EncryptedContent:
    """By the key of the message, or of its supplementary fields where there are any."""
    header = message.header
    reader, counter = header.recipient, header.counter
    if header.supplementary is not None:
        reader = header.supplementary.party
        if header.supplementary.originator_counter is not None:
            counter = header.supplementary.originator_counter
    verdict = Verdict.UNKNOWN
    for secret, _ in _secrets(ring, header.originator, reader):
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
            verdict = Verdict.INVALID
            continue
        return EncryptedContent(verdict=Verdict.VALID, content=content, reader=reader)
    return EncryptedContent(verdict=verdict, content=b"", reader=reader)


_CONTINGENCY: Final = CredentialsReplacementMode.ANY_BY_CONTINGENCY
_ABSENT: Final = Finding(verdict=Verdict.ABSENT)
