"""Whose keys are there: asked by who protects a message and by who checks one."""

from enum import Enum
from typing import Protocol

from smki.terms import EUI64


class KeyUse(Enum):
    """What one of an entity's key pairs is for; the value is how files are named by it.

    Clause: gbcs:4.3.1
    """

    DIGITAL_SIGNATURE = "ds"
    KEY_AGREEMENT = "ka"
    PREPAYMENT_KEY_AGREEMENT = "pp-ka"


class KeyRing(Protocol):
    """Public keys of entities, and the secrets that two of them share."""

    def point(self, entity: EUI64, use: KeyUse) -> bytes | None:
        """The public key (65 octets, uncompressed), or None if it is not there."""
        ...

    def secret(self, one: EUI64, other: EUI64) -> bytes | None:
        """Z of the key agreement keys of both; None without a private key of one of them."""
        ...

    def brokers(self) -> tuple[EUI64, ...]:
        """Who may be the access control broker: its key authenticates commands."""
        ...
