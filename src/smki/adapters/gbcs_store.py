"""Keys of remote parties in a key store, by name: `<eui64>-<ds|ka|pp-ka>`, later ones with `.2`, `.3`.

What is signed or agreed on happens in the store, in files or in a token; no private key comes out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smki.adapters.keys.agreeing import POINT_OCTETS
from smki.messages import KeyUse, KnownKey
from smki.ports import AgreementKey, AgreementKeyStore, KeyAlgorithm, SigningKey
from smki.terms import EUI64, KeyUsage, RemotePartyRole
from smki.wire.pkcs10 import assemble_request, organisation_request_info

_NAME: Final = re.compile(r"([0-9a-f]{16})-(ds|ka|pp-ka)(?:\.([0-9]{1,4}))?")
_USAGES: Final = {
    KeyUse.DIGITAL_SIGNATURE: KeyUsage.DIGITAL_SIGNATURE,
    KeyUse.KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
    KeyUse.PREPAYMENT_KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
}


def request_by(key: SigningKey, entity: EUI64, role: RemotePartyRole, use: KeyUse) -> bytes:
    """The certification request (PKCS#10, DER) of the entity for that key, signed by it.

    Raises:
        Unavailable: the store is away.

    Clause: sec-app-m:F
    """
    info = organisation_request_info(
        entity=entity,
        role=role,
        common_name=None,
        usage=_USAGES[use],
        point=key.public_key[-POINT_OCTETS:],
    )
    return assemble_request(info, key.sign((info,))[0])


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The keys of remote parties in a store: makes them, and is `messages.KeyRing` of them."""

    store: AgreementKeyStore

    def signers(self, entity: EUI64) -> Iterator[SigningKey]:
        """The entity's keys for digital signing, newest first.

        Raises:
            Unavailable: the store is away.
        """
        return map(self.store.open, self._names(entity, KeyUse.DIGITAL_SIGNATURE))

    def agreements(
        self, entity: EUI64, use: KeyUse = KeyUse.KEY_AGREEMENT
    ) -> Iterator[AgreementKey]:
        """The entity's keys for key agreement, newest first.

        Raises:
            Unavailable: the store is away.
        """
        return map(self.store.open_agreement, self._names(entity, use))

    def signer(self, entity: EUI64) -> SigningKey:
        """The entity's newest key for digital signing, made if there was none.

        Raises:
            Unavailable: the store is away.
        """
        use = KeyUse.DIGITAL_SIGNATURE
        return next(self.signers(entity), None) or self.made(entity, use)

    def agreement(self, entity: EUI64, use: KeyUse) -> AgreementKey:
        """The entity's newest key for key agreement, made if there was none.

        Raises:
            Unavailable: the store is away.
        """
        found = next(self.agreements(entity, use), None)
        return found or self.store.make_agreement(self._next(entity, use))

    def made(self, entity: EUI64, use: KeyUse) -> SigningKey:
        """A new key of the entity for that use, kept in the store on return.

        It takes the place of the entity's earlier one, which stays, to read older messages.

        Raises:
            Refused: somebody else made one of that name just now.
            Unavailable: the store is away.

        Clause: gbcs:4.3.1
        """
        name = self._next(entity, use)
        if use is KeyUse.DIGITAL_SIGNATURE:
            return self.store.make(name, KeyAlgorithm.P256)
        return self.store.make_agreement(name)

    def entities(self) -> Iterator[tuple[EUI64, KeyUse]]:
        """Whose keys are there, and for what; in the order of their names."""
        for name in self.store.names():
            if match := _NAME.fullmatch(name):
                yield EUI64.parse(match[1]), KeyUse(match[2])

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """The public keys of the entity's keys in the store, newest first."""
        signs = use is KeyUse.DIGITAL_SIGNATURE
        keys = self.signers(entity) if signs else self.agreements(entity, use)
        return [KnownKey(entity=entity, point=key.public_key[-POINT_OCTETS:]) for key in keys]

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """Z of each of the entity's keys in the store, the newest first, and `point`.

        Clause: gbcs:18.4
        """
        for key in self.agreements(entity):
            yield from key.agree((point,))

    def brokers(self) -> Sequence[EUI64]:
        """Nobody: names of keys say nothing of roles."""
        return ()

    def _next(self, entity: EUI64, use: KeyUse) -> str:
        number = len(self._names(entity, use)) + 1
        return f"{entity.digits}-{use.value}" + (f".{number}" if number > 1 else "")

    def _names(self, entity: EUI64, use: KeyUse) -> list[str]:
        """The names of the entity's keys for that use, newest first."""
        found = []
        for name in self.store.names():
            match = _NAME.fullmatch(name)
            if match and (match[1], match[2]) == (entity.digits, use.value):
                found.append((int(match[3] or 1), name))
        return [name for _, name in sorted(found, reverse=True)]
