"""What parties and the access control broker make of a command: sign it, wrap it in a MAC.

Clause: gbcs:7.2.7
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from smki.devices import DeviceKind
from smki.devices.use_cases import Shape, use_case_of
from smki.messages import authenticated_message, signed
from smki.ports import AgreementKey, SigningKey
from smki.terms import EUI64
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, grouped
from smki.wire.gbcs.information import Supplementary
from smki.wire.gbcs.payloads import write_payload


class PartyKeys(Protocol):
    """What is done with the keys of those who command: the originator's, the broker's."""

    def sign(self, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) of the originator over `message`, P-256 with SHA-256."""
        ...

    def sign_all(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """As `sign`, one for each message: of a key that is far away all in one journey."""
        ...

    def agree(self, point: bytes) -> bytes:
        """Z, 32 octets, of the access control broker with the holder of `point` (65 octets)."""
        ...

    def agree_all(self, points: Sequence[bytes]) -> Sequence[bytes]:
        """As `agree`, one for each point: of a key that is far away all in one journey."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldKeys:
    """`PartyKeys` of keys in files or in a token.

    Attributes:
        signer: the originator's, for digital signatures.
        broker: the access control broker's, for key agreement.
    """

    signer: SigningKey
    broker: AgreementKey

    def sign(self, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) of the originator over `message`.

        Raises:
            Unavailable: the token is away.
        """
        (signature,) = self.signer.sign((message,))
        return signature

    def sign_all(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """An ECDSA-Sig-Value (DER) of the originator over each message.

        Raises:
            Unavailable: the token is away.
        """
        return self.signer.sign(messages)

    def agree(self, point: bytes) -> bytes:
        """Z, 32 octets, of the broker with the holder of `point` (65 octets).

        Raises:
            Malformed: `point` is not on the curve.
            Unavailable: the token is away.
        """
        (secret,) = self.broker.agree((point,))
        return secret

    def agree_all(self, points: Sequence[bytes]) -> Sequence[bytes]:
        """Z, 32 octets, of the broker with the holder of each point (65 octets).

        Raises:
            Malformed: a point is not on the curve.
            Unavailable: the token is away.
        """
        return self.broker.agree(points)


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


def commanded(
    originator: EUI64,
    recipient: Recipient,
    keys: PartyKeys,
    *,
    message_code: int,
    counter: int,
    value: object,
    supplementary: Supplementary | None = None,
    shape: Shape | None = None,
) -> Sent:
    """The command with the protection that its use case asks for, or with another one.

    Args:
        originator: who asks.
        recipient: the device.
        keys: the originator's and the broker's.
        message_code: of the use case.
        counter: of the originator.
        value: the payload.
        supplementary: the party behind the broker, if there is one.
        shape: another protection than the first that the use case allows.

    Clause: gbcs:7.2.7
    """
    header = GroupingHeader(
        category=MessageCategory.COMMAND,
        counter=counter,
        originator=originator,
        recipient=recipient.device,
        message_code=message_code,
        supplementary=supplementary,
    )
    use_case = use_case_of(message_code)
    if use_case is None:
        raise TypeError(f"message code {message_code:04X} is no command's")
    payload = write_payload(message_code, MessageCategory.COMMAND, value)
    shape = shape or use_case.shapes(recipient.kind, value)[0]
    return protected(header, payload, shape, keys, recipient.point)


def protected(
    header: GroupingHeader, payload: bytes, shape: Shape, keys: PartyKeys, point: bytes
) -> Sent:
    """The command whose payload is these octets, whatever they are.

    `point` is the device's key agreement public key, 65 octets.

    Clause: gbcs:7.2.7
    """
    pre_command = grouped(header, payload)
    command = signed(pre_command, keys.sign if shape in _SIGNED else None)
    if shape in _AUTHENTICATED:
        command = authenticated_message(header, command, keys.agree(point))
    return Sent(pre_command=pre_command, command=command)


_SIGNED: Final = (Shape.SIGNATURE, Shape.BOTH)
_AUTHENTICATED: Final = (Shape.MAC, Shape.BOTH)
