"""Whoever sends commands in a simulation: parties and the access control broker, with their keys.

Clause: gbcs:7.2.7
"""

from collections.abc import Sequence
from dataclasses import dataclass

from smki.devices.use_cases import Shape
from smki.headend import Recipient, Sent, commanded, protected
from smki.messages import KeyUse
from smki.simulator.cast import Party
from smki.simulator.keys import ScalarKeys
from smki.terms import EUI64
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory
from smki.wire.gbcs.information import Supplementary


@dataclass(frozen=True, slots=True, kw_only=True)
class HandleKeys:
    """`headend.PartyKeys` by handles.

    Attributes:
        keys: uses them.
        signer: handle of the originator's key for digital signatures.
        broker: handle of the access control broker's key for key agreement.
    """

    keys: ScalarKeys
    signer: bytes
    broker: bytes

    def sign(self, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) of the originator over `message`."""
        return self.keys.sign(self.signer, message)

    def sign_all(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """One for each message."""
        return tuple(map(self.sign, messages))

    def agree(self, point: bytes) -> bytes:
        """Z of the broker with the holder of `point` (65 octets)."""
        return self.keys.agree(self.broker, point)

    def agree_all(self, points: Sequence[bytes]) -> Sequence[bytes]:
        """One for each point."""
        return tuple(map(self.agree, points))


class Senders:
    """Whoever sends commands, each with its own keys.

    Args:
        keys: uses the handles of the parties' keys.
        broker: wraps what needs a MAC.
    """

    def __init__(self, keys: ScalarKeys, broker: Party) -> None:
        self._keys = keys
        self._broker = broker.keys[KeyUse.KEY_AGREEMENT].handle

    def keys_of(self, signer: bytes) -> HandleKeys:
        """What a party does with its own key, by handle, and with the broker's."""
        return HandleKeys(keys=self._keys, signer=signer, broker=self._broker)

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

        `signer` is the handle of the key that signs, where something is signed; for the rest see
        `headend.commanded`.
        """
        return commanded(
            originator,
            recipient,
            self.keys_of(signer),
            message_code=message_code,
            counter=counter,
            value=value,
            supplementary=supplementary,
            shape=shape,
        )

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
        keys = self.keys_of(party.keys[KeyUse.DIGITAL_SIGNATURE].handle)
        return protected(header, payload, Shape.BOTH, keys, recipient.point).command
