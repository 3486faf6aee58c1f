"""An entry of the register: what somebody changed at once, chained to the entry before.

    entry   canonical JSON {"number", "at", "by", "said", "previous", "changes": [{"kind", "ref", "entity"}]}
    digest  SHA-256 of that

Every state that an entity ever had is there. `previous` is the digest of entry `number - 1`, 64
zeros before the first: whoever has the newest digest knows that no earlier entry was rewritten, and
the record commits to it.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from smki.governance.encoding import encode_entity
from smki.governance.entities import Entity, Key
from smki.merkle.canonical import encode_json, parse_json

NO_ENTRY: Final = bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be changed.

    Attributes:
        at: the instant.
        by: ref of the person who changes it; empty for whoever runs the house.
        said: why, in words; never anything confidential.
        entities: as they stand from now on, none twice.
    """

    at: datetime
    by: str
    said: str
    entities: tuple[Entity, ...]


def encode_entry(change: Change, number: int, previous: bytes) -> bytes:
    """The entry of that number after the one with the digest `previous` (32 octets)."""
    return encode_json(
        {
            "number": number,
            "at": f"{change.at:%Y-%m-%dT%H:%M:%SZ}",
            "by": change.by,
            "said": change.said,
            "previous": previous.hex(),
            "changes": [
                {
                    "kind": one.KIND.value,
                    "ref": one.ref,
                    "entity": parse_json(encode_entity(one), str(Key(one.KIND, one.ref))),
                }
                for one in change.entities
            ],
        }
    )


def digest(entry: bytes) -> bytes:
    """SHA-256 of an entry, 32 octets."""
    return sha256(entry).digest()
