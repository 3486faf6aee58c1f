"""What a device does with its private keys; whoever runs it brings them."""

from typing import Protocol

from smki.wire.gbcs.trust_anchors import KeyUsageBits


class DeviceKeys(Protocol):
    """The private keys of devices, by the handles in their states."""

    def sign(self, handle: bytes, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) over `message`, P-256 with SHA-256."""
        ...

    def agree(self, handle: bytes, point: bytes) -> bytes:
        """Z, 32 octets, with the holder of `point` (65 octets).

        Raises:
            Malformed: `point` is not on the curve.
        """
        ...

    def generate(self, usage: KeyUsageBits) -> tuple[bytes, bytes] | None:
        """A new key: its handle and its public key (65 octets); None if none could be made."""
        ...
