"""What parties and the access control broker make of a command: sign it, wrap it in a MAC.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass

from smki.devices import DeviceKind
from smki.devices.use_cases import Shape, use_case_of
from smki.messages import KeyUse, authenticated_message, signed_group
from smki.simulator.cast import Party
from smki.simulator.keys import ScalarKeys
from smki.terms import EUI64
from smki.wire.gbcs.asn1 import encode
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, grouped
from smki.wire.gbcs.information import Supplementary
from smki.wire.gbcs.payloads import PAYLOAD_TYPES


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """The device that a command is for.

    Attributes:
        device: its EUI-64.
        kind: of device.
        point: its key agreement public key, 65 octets.
    """

    device: EUI64
    kind: DeviceKind
    point: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A command: what its originator made, and what goes to the device."""

    pre_command: bytes
    command: bytes


class Senders:
    """Whoever sends commands, each with its own keys.

    Args:
        keys: uses the handles of the parties' keys.
        broker: wraps what needs a MAC.
    """

    def __init__(self, keys: ScalarKeys, broker: Party) -> None:
        self._keys = keys
        self._broker = broker

    def send(
        self,
        originator: EUI64,
        signer: bytes,
        recipient: Recipient,
        *,
        message_code: int,
        counter: int,
        value: object,
        supplementary: Supplementary | None = None,
        shape: Shape | None = None,
    ) -> Sent:
        """The command with the protection that its use case asks, or with another one.

        Args:
            originator: who asks.
            signer: handle of the key that signs, where something is signed.
            recipient: the device.
            message_code: of the use case.
            counter: of the originator.
            value: the payload.
            supplementary: the party behind the broker, if there is one.
            shape: another protection than the first that the use case allows.
        """
        header = GroupingHeader(
            category=MessageCategory.COMMAND,
            counter=counter,
            originator=originator,
            recipient=recipient.device,
            message_code=message_code,
            supplementary=supplementary,
        )
        kind = PAYLOAD_TYPES[message_code, MessageCategory.COMMAND]
        use_case = use_case_of(message_code)
        if use_case is None:
            raise TypeError(f"message code {message_code:04X} is no command's")
        shape = shape or use_case.shapes(recipient.kind, value)[0]
        return self._protected(header, encode(kind.codec, value), signer, recipient, shape)

    def send_payload(
        self, party: Party, recipient: Recipient, message_code: int, counter: int, payload: bytes
    ) -> bytes:
        """A signed command with a MAC whose payload is these octets, whatever they are."""
        header = GroupingHeader(
            category=MessageCategory.COMMAND,
            counter=counter,
            originator=party.entity,
            recipient=recipient.device,
            message_code=message_code,
        )
        signer = party.keys[KeyUse.DIGITAL_SIGNATURE].handle
        return self._protected(header, payload, signer, recipient, Shape.BOTH).command

    def _protected(
        self,
        header: GroupingHeader,
        payload: bytes,
        signer: bytes,
        recipient: Recipient,
        shape: Shape,
    ) -> Sent:
        signed = shape in (Shape.SIGNATURE, Shape.BOTH)
        group = signed_group(
            header,
            payload,
            (lambda message: self._keys.sign(signer, message)) if signed else None,
        )
        if shape in (Shape.MAC, Shape.BOTH):
            broker = self._broker.keys[KeyUse.KEY_AGREEMENT]
            secret = self._keys.agree(broker.handle, recipient.point)
            group = authenticated_message(header, group, secret)
        return Sent(pre_command=grouped(header, payload), command=group)
