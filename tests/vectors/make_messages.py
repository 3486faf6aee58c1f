"""Makes the golden vectors of the messages: `python tests/vectors/make_messages.py`.

Messages of every security use case and direction, as simulated devices obeyed and answered them,
with the keys of all who took part: the same octets on every run. Keys come from a hash of a name
and a number, signatures are deterministic (RFC 6979), the clock stands still.
"""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from smki.messages import KeyUse, KnownKey, check, shown
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.simulator.corpus import CorpusFile, corpus
from smki.terms import EUI64
from smki.wire.gbcs.frame import parse_message, read_message_file
from smki.wire.gbcs.payloads import encrypted_items, read_payload

FOLDER: Final = Path(__file__).parent / "messages"
MESSAGES: Final = "messages.jsonl"
KEYS: Final = "keys.json"
AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)


def chance() -> Callable[[int], bytes]:
    """Octets that anyone can make again: SHA-256 of a name and 0, 1, 2 ..."""
    number = 0

    def octets(count: int) -> bytes:
        nonlocal number
        made = b""
        while len(made) < count:
            made += sha256(f"golden messages {number}".encode()).digest()
            number += 1
        return made[:count]

    return octets


def catalogue_of(keys: ScalarKeys) -> Catalogue:
    """The hierarchy, the parties and their commands, from the first octet of `keys` on."""
    return Catalogue(keys, Cast(keys, AT, development()), AT)


class Keys:
    """`messages.KeyRing` of all who took part.

    Args:
        keys: uses the private keys.
        entities: by EUI-64 and use, the private key's handle and its public key.
        broker: the access control broker.
    """

    def __init__(
        self,
        keys: ScalarKeys,
        entities: dict[tuple[str, str], tuple[bytes, bytes]],
        broker: EUI64,
    ) -> None:
        self._keys = keys
        self._entities = entities
        self._broker = broker

    def points(self, entity: EUI64, use: KeyUse) -> tuple[KnownKey, ...]:
        """The public key, if the entity took part."""
        known = self._entities.get((entity.digits, use.value))
        return (KnownKey(entity=entity, point=known[1]),) if known else ()

    def agree(self, entity: EUI64, point: bytes) -> tuple[bytes, ...]:
        """Z, if the entity took part."""
        private = self._entities.get((entity.digits, KeyUse.KEY_AGREEMENT.value))
        return (self._keys.agree(private[0], point),) if private else ()

    def brokers(self) -> tuple[EUI64, ...]:
        """The one there is."""
        return (self._broker,)


def make() -> dict[str, str]:
    """The content of each file of the folder, by its name."""
    keys = ScalarKeys(chance())
    catalogue = catalogue_of(keys)
    files = tuple(corpus(catalogue, keys, AT))
    broker = next(
        party.entity for party in catalogue.parties.values() if party.role.name.endswith("BROKER")
    )
    entities = dict(_entities(files))
    ring = Keys(keys, {name: known[:2] for name, known in entities.items()}, broker)
    return {
        MESSAGES: "".join(
            json.dumps(_document(each, ring), ensure_ascii=False) + "\n"
            for each in files
            if each.path.endswith(".HEX")
        ),
        KEYS: json.dumps(_keys(entities), indent=1) + "\n",
    }


def _document(each: CorpusFile, ring: Keys) -> dict[str, object]:
    message = parse_message(read_message_file(each.content))
    payload = read_payload(message)
    return {
        "file": each.path,
        "octets": message.octets.hex(),
        "shown": shown(message, payload, check(message, encrypted_items(payload), ring)),
    }


_Entity = tuple[bytes, bytes, str]  # private key, public key, certificate


def _entities(files: tuple[CorpusFile, ...]) -> Iterator[tuple[tuple[str, str], _Entity]]:
    content = {each.path: each.content for each in files}
    for path, private in content.items():
        if path.endswith(".key"):
            entity, _, use = path.removeprefix("keys/").removesuffix(".key").partition("-")
            key = load_pem_private_key(private, None)
            if not isinstance(key, EllipticCurvePrivateKey):
                raise TypeError(path)
            scalar = key.private_numbers().private_value.to_bytes(32, "big")
            form = Encoding.X962, PublicFormat.UncompressedPoint
            point = key.public_key().public_bytes(*form)
            pem = content[path.replace(".key", ".pem")]
            certified = b"CERTIFICATE" in pem  # and not a bare public key
            der = (
                x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) if certified else b""
            )
            yield (entity, use), (scalar, point, der.hex())


def _keys(entities: dict[tuple[str, str], _Entity]) -> dict[str, dict[str, dict[str, str]]]:
    kept: dict[str, dict[str, dict[str, str]]] = {}
    for (entity, use), (scalar, point, certificate) in entities.items():
        kept.setdefault(entity, {})[use] = {
            "private_key": scalar.hex(),
            "public_key": point.hex(),
            "certificate": certificate,
        }
    return kept


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in make().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    sys.stdout.write(f"made {MESSAGES} and {KEYS} in {FOLDER}\n")
