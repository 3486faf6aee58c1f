"""Keys of the parties of a simulation in a key store, beside the devices' own, which are scalars.

What such a party signs or agrees on happens in the store; its private key is in no file.
"""

from collections.abc import Callable
from typing import Final, Protocol

from smki.messages import KeyUse
from smki.ports import AgreementKey, SigningKey
from smki.simulator.keys import ScalarKeys
from smki.terms import EUI64

_POINT_OCTETS: Final = 65


class PartyStore(Protocol):
    """Where the keys of parties are: the newest of each, made if there was none."""

    def signer(self, entity: EUI64) -> SigningKey:
        """For digital signing."""
        ...

    def agreement(self, entity: EUI64, use: KeyUse) -> AgreementKey:
        """For key agreement."""
        ...


class KeysBeside(ScalarKeys):
    """`ScalarKeys`, but for the keys of parties: the handle of one of those is its public key.

    Args:
        chance: so many random octets.
        store: holds the keys of parties.
    """

    def __init__(self, chance: Callable[[int], bytes], store: PartyStore) -> None:
        super().__init__(chance)
        self._store = store
        self._signers: dict[bytes, SigningKey] = {}
        self._agreeing: dict[bytes, AgreementKey] = {}

    def of_party(self, entity: EUI64, use: KeyUse) -> tuple[bytes, bytes]:
        """The handle of the party's key in the store, and its public key (65 octets)."""
        if use is KeyUse.DIGITAL_SIGNATURE:
            signer = self._store.signer(entity)
            point = signer.public_key[-_POINT_OCTETS:]
            self._signers[point] = signer
            return point, point
        agreeing = self._store.agreement(entity, use)
        point = agreeing.public_key[-_POINT_OCTETS:]
        self._agreeing[point] = agreeing
        return point, point

    def sign(self, handle: bytes, message: bytes) -> bytes:
        """An ECDSA-Sig-Value (DER) over `message`; by a party's key in the store.

        Clause: gbcs:18.4
        """
        signer = self._signers.get(handle)
        return super().sign(handle, message) if signer is None else signer.sign((message,))[0]

    def agree(self, handle: bytes, point: bytes) -> bytes:
        """Z, 32 octets, with the holder of `point`; of a party's key in the store.

        Clause: gbcs:18.4
        """
        agreeing = self._agreeing.get(handle)
        return super().agree(handle, point) if agreeing is None else agreeing.agree((point,))[0]

    def pem(self, handle: bytes) -> bytes | None:
        """The private key as PKCS#8 (PEM); None of a key in the store."""
        stored = handle in self._signers or handle in self._agreeing
        return None if stored else super().pem(handle)
