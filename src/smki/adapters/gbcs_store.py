"""Keys of remote parties in a key store, by name: `<eui64>-<ds|ka|pp-ka>`, later ones with `.2`, `.3`.

What is signed or agreed on happens in the store, in files or in a token; no private key comes out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smki.messages import KeyUse, KnownKey
from smki.ports import AgreementKey, AgreementKeyStore, KeyAlgorithm, SigningKey
from smki.terms import EUI64, Refused

_NAME: Final = re.compile(r"([0-9a-f]{16})-(ds|ka|pp-ka)(?:\.([0-9]{1,4}))?")
_POINT_OCTETS: Final = 65


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """The keys of remote parties in a store: makes them, and is `messages.KeyRing` of them."""

    store: AgreementKeyStore

    def made(self, entity: EUI64, use: KeyUse) -> SigningKey:
        """A new key of the entity for that use, kept in the store on return.

        It takes the place of the entity's earlier one, which stays, to read older messages.

        Raises:
            Refused: somebody else made one of that name just now.
            Unavailable: the store is away.

        Clause: gbcs:4.3.1
        """
        number = len(self._names(entity, use)) + 1
        name = f"{entity.digits}-{use.value}" + (f".{number}" if number > 1 else "")
        if use is KeyUse.DIGITAL_SIGNATURE:
            return self.store.make(name, KeyAlgorithm.P256)
        return self.store.make_agreement(name)

    def signer(self, entity: EUI64) -> SigningKey:
        """The entity's newest key for digital signing.

        Raises:
            Refused: the store has none.
            Unavailable: the store is away.
        """
        return self.store.open(self._newest(entity, KeyUse.DIGITAL_SIGNATURE))

    def agreeing(self, entity: EUI64) -> AgreementKey:
        """The entity's newest key for key agreement.

        Raises:
            Refused: the store has none.
            Unavailable: the store is away.
        """
        return self.store.open_agreement(self._newest(entity, KeyUse.KEY_AGREEMENT))

    def entities(self) -> Iterator[tuple[EUI64, KeyUse]]:
        """Whose keys are there, and for what; in the order of their names."""
        for name in self.store.names():
            if match := _NAME.fullmatch(name):
                yield EUI64.parse(match[1]), KeyUse(match[2])

    def points(self, entity: EUI64, use: KeyUse) -> Sequence[KnownKey]:
        """The public keys of the entity's keys in the store, newest first."""
        return [
            KnownKey(entity=entity, point=self.store.open(name).public_key[-_POINT_OCTETS:])
            for name in self._names(entity, use)
        ]

    def agree(self, entity: EUI64, point: bytes) -> Iterable[bytes]:
        """Z of each of the entity's keys in the store, the newest first, and `point`.

        Clause: gbcs:18.4
        """
        for name in self._names(entity, KeyUse.KEY_AGREEMENT):
            yield from self.store.open_agreement(name).agree((point,))

    def brokers(self) -> Sequence[EUI64]:
        """Nobody: names of keys say nothing of roles."""
        return ()

    def _newest(self, entity: EUI64, use: KeyUse) -> str:
        names = self._names(entity, use)
        if not names:
            raise Refused(
                f"key: the store has none of {entity} for {use.value}, must: make it with"
                f" 'smki gbcs key {entity}'",
                clause="gbcs:4.3.1",
                rule="keys.name.missing",
            )
        return names[0]

    def _names(self, entity: EUI64, use: KeyUse) -> list[str]:
        """The names of the entity's keys for that use, newest first."""
        found = []
        for name in self.store.names():
            match = _NAME.fullmatch(name)
            if match and (match[1], match[2]) == (entity.digits, use.value):
                found.append((int(match[3] or 1), name))
        return [name for _, name in sorted(found, reverse=True)]
