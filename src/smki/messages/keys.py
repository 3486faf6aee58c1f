"""Whose keys are there: asked by who protects a message and by who checks one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """A public key, and what says whose it is.

    Attributes:
        entity: whose it is.
        point: 65 octets, uncompressed.
        serial: hexadecimal digits of the certificate's serial number; empty of a bare key.
        standing: what is said of that certificate, in words; empty if nothing is.
    """

    entity: EUI64
    point: bytes
    serial: str = ""
    standing: str = ""


class KeyRing(Protocol):
    """Public keys of entities, and what their private keys agree on, where they are there."""

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """The public keys of the entity for that use, the likeliest first; none if none is there.

        Key agreement keys for prepayment top-ups may be among those for key agreement: certificates
        do not tell them apart.
        """
        ...

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """Z of each private key agreement key of the entity that is there, and `point`."""
        ...

    def brokers(self) -> Sequence[EUI64]:
        """Who may be the access control broker: its key authenticates commands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRings:
    """Several rings as one, asked in their order; none of them is a ring without keys."""

    rings: tuple[KeyRing, ...] = ()

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """What all of them know, each key once: as the first of them knows it."""
        known: dict[bytes, KnownKey] = {}
        for ring in self.rings:
            for key in ring.points(entity, use):
                known.setdefault(key.point, key)
        return tuple(known.values())

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """With the private keys of all of them."""
        for ring in self.rings:
            yield from ring.agree(entity, point)

    def brokers(self) -> Sequence[EUI64]:
        """Of all of them, each once."""
        return tuple(dict.fromkeys(one for ring in self.rings for one in ring.brokers()))
