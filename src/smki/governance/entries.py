"""An entry of the register: what somebody changed at once, chained to the entry before.

    entry   canonical JSON {"number", "at", "by", "said", "previous", "changes": [{"kind", "ref", "entity"}]}
    digest  SHA-256 of that

Every state that an entity ever had is there. `previous` is the digest of entry `number - 1`, 64
zeros before the first: whoever has the newest digest knows that no earlier entry was rewritten, and
the record commits to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from smki.governance.encoding import encode_entity
from smki.governance.entities import Entity, Key, Kind
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.terms import Malformed

NO_ENTRY: Final = bytes(32)
_KEYS: Final = {"number", "at", "by", "said", "previous", "changes"}
_KINDS: Final = {one.value: one for one in Kind}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as it is written.

    Attributes:
        number: entries are counted from 1.
        at: the instant, `2026-11-21T10:00:00Z`.
        by: ref of the person; empty for whoever ran the house.
        said: why.
        previous: digest of the entry before, 32 octets.
        states: what it names, each as `encoding.encode_entity` spells it.
    """

    number: int
    at: str
    by: str
    said: str
    previous: bytes
    states: tuple[tuple[Key, bytes], ...]


def entry_of(change: Change, number: int, previous: bytes) -> Entry:
    """The entry of that number after the one with the digest `previous` (32 octets)."""
    return Entry(
        number=number,
        at=f"{change.at:%Y-%m-%dT%H:%M:%SZ}",
        by=change.by,
        said=change.said,
        previous=previous,
        states=tuple((one.key, encode_entity(one)) for one in change.entities),
    )


def encode_entry(entry: Entry) -> bytes:
    """The only spelling of this entry."""
    # States are canonical JSON already: what stands around them is, key by key in its order.
    changes = b",".join(
        b'{"entity":%b,"kind":%b,"ref":%b}'
        % (octets, encode_json(key.kind.value), encode_json(key.ref))
        for key, octets in entry.states
    )
    return b'{"at":%b,"by":%b,"changes":[%b],"number":%d,"previous":%b,"said":%b}' % (
        encode_json(entry.at),
        encode_json(entry.by),
        changes,
        entry.number,
        encode_json(entry.previous.hex()),
        encode_json(entry.said),
    )


def parse_entry(octets: bytes) -> Entry:
    """The entry that is spelt so; its states are not looked into.

    Raises:
        Malformed: not canonical JSON, a key too many or too few, or a value of another form.
    """
    value = parse_json(octets, "entry")
    if not isinstance(value, Mapping) or set(value) != _KEYS:
        raise _malformed("entry", f"must have the keys {', '.join(sorted(_KEYS))}")
    number, changes = value["number"], value["changes"]
    if type(number) is not int or not isinstance(changes, list):
        raise _malformed("entry", "must have a number and a list of changes")
    return Entry(
        number=number,
        at=_text(value, "at"),
        by=_text(value, "by"),
        said=_text(value, "said"),
        previous=_digest(value),
        states=tuple(map(_state, changes)),
    )


def digest(entry: bytes) -> bytes:
    """SHA-256 of an entry, 32 octets."""
    return sha256(entry).digest()


def _state(value: JSON) -> tuple[Key, bytes]:
    if not isinstance(value, Mapping) or set(value) != {"entity", "kind", "ref"}:
        raise _malformed("change", "must have the keys entity, kind and ref")
    kind = _KINDS.get(_text(value, "kind"))
    if kind is None:
        raise _malformed("change", f"is of kind {str(value['kind'])[:40]!r}, which there is not")
    return Key(kind, _text(value, "ref")), encode_json(value["entity"])


def _digest(value: Mapping[str, JSON]) -> bytes:
    text = _text(value, "previous")
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if found.hex() != text or len(found) != len(NO_ENTRY):
        raise _malformed("previous", "must be 64 hexadecimal digits")
    return found


def _text(value: Mapping[str, JSON], name: str) -> str:
    found = value[name]
    if not isinstance(found, str):
        raise _malformed(name, "must be a text")
    return found


def _malformed(where: str, message: str) -> Malformed:
    return Malformed(f"{where}: {message}", where=where, rule="register.entry")
