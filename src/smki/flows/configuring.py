"""What is issued under: clause catalogue, profiles and configuration, lodged whenever they changed.

    CONFIGURATION   framed: {"build", "sha256"}, then canonical JSON
                    {"build", "clauses", "configuration", "documents", "profiles"}

The process that issues lodges it before it issues anything, so that whatever has a higher entry was
issued under the one before it. Passwords, keys and paths are no part of it.

Clause: sec:L5, sec:L9
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from hashlib import sha256
from typing import Final

from smki.clauses.catalogue import CLAUSES, DOCUMENTS
from smki.flows.office import FrontOffice
from smki.governance import Body, Holders
from smki.governance.signatories import parse_holders
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.merkle.leaf import LeafType, decode_framed, decode_leaf, encode_framed
from smki.ports import CertificateRow, Record
from smki.profiles.table import PROFILES
from smki.repository import body_of, catch_up, lodge_leaf
from smki.terms import EUI64, Inconsistent, Malformed

CEREMONY: Final = "ceremony"  # key `kind` of a house that custodians made


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A configuration in the record.

    Attributes:
        entry: index of its entry.
        at: when it was lodged.
        build: the software that lodged it.
        sha256: of its content, in hexadecimal.
        content: canonical JSON, as above.
    """

    entry: int
    at: datetime
    build: str
    sha256: str
    content: bytes


def configuration_body(front: FrontOffice, configuration: Mapping[str, JSON]) -> bytes:
    """The body of the leaf: the same octets as long as nothing changed."""
    content = encode_json(
        {
            "build": front.build,
            "clauses": plain(CLAUSES),
            "configuration": configuration,
            "documents": plain(DOCUMENTS),
            "profiles": {"settings": plain(front.settings), "table": plain(PROFILES)},
        }
    )
    metadata: dict[str, JSON] = {"build": front.build, "sha256": sha256(content).hexdigest()}
    return encode_framed(metadata, content)


def lodge_configuration(
    front: FrontOffice, record: Record, configuration: Mapping[str, JSON]
) -> int:
    """The configuration in force is the newest in the record; its entry. The same is lodged once.

    Raises:
        Unavailable: the disk or the database is away.

    Clause: sec:L9
    """
    body = configuration_body(front, configuration)
    known = front.index.items(of=LeafType.CONFIGURATION)
    if known:
        leaf = decode_leaf(front.reader.leaf(known[-1].entry))
        if leaf.body in (body, sha256(body).digest()):
            return known[-1].entry
    entry = lodge_leaf(record, LeafType.CONFIGURATION, body, front.clock.now())
    catch_up(front.reader, front.index, front.describe)
    return entry


def configuration_of(front: FrontOffice, row: CertificateRow) -> Configuration | None:
    """The configuration under which the certificate was issued; None if none was lodged before it.

    Raises:
        Inconsistent: the record is damaged, or the entry is no configuration.

    Clause: sec:L9
    """
    before = [one for one in configurations(front) if one < row.entry]
    return configuration_at(front, before[-1]) if before else None


def configurations(front: FrontOffice) -> tuple[int, ...]:
    """The entries that hold a configuration, oldest first."""
    return tuple(one.entry for one in front.index.items(of=LeafType.CONFIGURATION))


def configuration_at(front: FrontOffice, entry: int) -> Configuration:
    """The configuration that this entry holds.

    Raises:
        Inconsistent: the record is damaged, or the entry is no configuration.

    Clause: sec:L9
    """
    leaf = decode_leaf(front.reader.leaf(entry))
    metadata, content = decode_framed(body_of(front.reader, leaf))
    if leaf.type is not LeafType.CONFIGURATION or not isinstance(metadata, Mapping):
        raise Inconsistent(f"index: entry {entry} is no configuration")
    return Configuration(
        entry=entry,
        at=datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=leaf.instant),
        build=str(metadata.get("build", "")),
        sha256=sha256(content).hexdigest(),
        content=content,
    )


def is_development(front: FrontOffice) -> bool:
    """Whether the SMKI was made without custodians, by what it lodged of itself before all else.

    No later configuration changes it. Where none was lodged yet, as the house is configured now.

    Raises:
        Inconsistent: the record is damaged.
    """
    found = configurations(front)
    if not found:
        return front.development
    return _said_in(configuration_at(front, found[0]).content).get("kind") != CEREMONY


def bodies_at(front: FrontOffice, before: int) -> Mapping[Body, frozenset[EUI64]]:
    """Whose officers signed for each body when the entry `before` was lodged, out of the record.

    Where no configuration was lodged before it, as the house is configured now.

    Raises:
        Inconsistent: the record is damaged.

    Clause: sec:L5.3
    """
    found = [entry for entry in configurations(front) if entry < before]
    if not found:
        return front.bodies
    bodies = _bodies_in(configuration_at(front, found[-1]).content)
    if bodies is None:
        raise Inconsistent(f"entry {found[-1]}: a configuration without bodies that decide")
    return bodies


def signatories_at(front: FrontOffice, before: int) -> Mapping[Body, Holders] | None:
    """Who presided and who was secretary of each body when the entry `before` was lodged.

    Out of the record; None if what was in force then did not say. Where no configuration was
    lodged before it, as the house is configured now.

    Raises:
        Inconsistent: the record is damaged.

    Clause: sec:L5.3
    """
    found = [entry for entry in configurations(front) if entry < before]
    if not found:
        return front.signatories
    try:
        return _signatories_in(configuration_at(front, found[-1]).content)
    except Malformed as error:
        raise Inconsistent(f"entry {found[-1]}: {error.message}") from error


@lru_cache(maxsize=8)  # each signature that is looked at asks; a configuration is long
def _signatories_in(content: bytes) -> Mapping[Body, Holders] | None:
    given = _said_in(content).get("signatories")
    if not isinstance(given, Mapping):
        return None
    return parse_holders(
        {
            body: {str(one): [str(text) for text in _list(texts)] for one, texts in held.items()}
            for body, held in given.items()
            if isinstance(held, Mapping)
        }
    )


@lru_cache(maxsize=8)  # the same
def _said_in(content: bytes) -> Mapping[str, JSON]:
    """What a configuration says under `configuration`."""
    value = parse_json(content, "configuration")
    said = value.get("configuration") if isinstance(value, Mapping) else None
    return said if isinstance(said, Mapping) else {}


@lru_cache(maxsize=8)  # the same
def _bodies_in(content: bytes) -> Mapping[Body, frozenset[EUI64]] | None:
    bodies = _said_in(content).get("bodies")
    if not isinstance(bodies, Mapping):
        return None
    return {
        body: frozenset(EUI64.parse(str(one)) for one in _list(bodies.get(body.value)))
        for body in Body
    }


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


def plain_mapping(values: Mapping[str, object]) -> dict[str, JSON]:
    """Each of the named values in JSON, as `plain`."""
    return {name: plain(value) for name, value in values.items()}


def plain(value: object) -> JSON:
    """The value in JSON of whole numbers and texts: octets in hexadecimal, what is named by its name.

    Raises:
        Inconsistent: a value of a kind that no table here has.
    """
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(plain(name)): plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value) if one.init}
    return _written(value)


def _written(value: object) -> JSON:
    """A value that JSON has no word for, as text."""
    match value:
        case bytes():
            return value.hex()
        case timedelta():
            return f"{value.total_seconds():.0f} s"
        case float():
            return repr(value)
        case re.Pattern():
            return plain(value.pattern)
        case frozenset():
            return sorted((plain(one) for one in value), key=str)
    raise Inconsistent(f"configuration: a {type(value).__name__} cannot be written down")
