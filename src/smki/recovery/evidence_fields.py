"""Values as canonical JSON and back, by their types: one spelling each, nothing unknown, all bounded.

    dataclass   object with exactly the names of its attributes
    tuple       list, of at most LIST_MAX; one that came later, with the default (), is left out empty
    bytes       base64
    datetime    2026-11-21T09:00:00Z, whole seconds
    EUI64       as it prints
    Enum        its value
    a cell      role/usage/use, `root/key_cert_sign/management`
    X | None    as X, or null

What values mean is said where they are defined.

Clause: sec:L10
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.canonical import JSON, encode_json, parse_json
from smki.terms import EUI64, Malformed, RemotePartyRole, instant_of, instant_text
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier

TEXT_MAX: Final = 4_000  # characters of anything that a person writes
LIST_MAX: Final = 100_000
NUMBER_MAX: Final = (1 << 63) - 1
_UNIONS: Final = (Union, UnionType)

_Value = TypeVar("_Value")


def encode_value(value: object) -> bytes:
    """The only spelling of the value."""
    return encode_json(_json(value))


def parse_value(kind: type[_Value], octets: bytes, what: str, most: int) -> _Value:
    """The value of that type which these octets spell; `what` names it in errors.

    Raises:
        Malformed: over `most` octets, not canonical, or with another field or value.
    """
    if len(octets) > most:
        raise malformed(what, f"{len(octets)} octets, must be at most {most}")
    found: _Value = _value(kind, parse_json(octets, what), what, "")
    if encode_value(found) != octets:  # texts of cells and instants have others too
        raise malformed(what, "not its one spelling, must be")
    return found


def malformed(what: str, message: str, where: str = "") -> Malformed:
    """What to raise for evidence that is not of its form."""
    return Malformed(f"{what}: {message}", where=where, clause="sec:L10", rule="recovery.form")


def cell_name(cell: TrustAnchorCellIdentifier) -> str:
    """The cell as documents have it: role/usage/use."""
    usage = "+".join(bit.name or "" for bit in cell.key_usage).lower()
    return f"{cell.role.name.lower()}/{usage}/{cell.cell_usage.name.lower()}"


def cell_named(text: str) -> TrustAnchorCellIdentifier:
    """The cell that documents have so.

    Raises:
        Malformed: there is none of that name.
    """
    return _cell(text, "cell", "")


_TEXTS: Final[Mapping[type, Callable[[Any], str]]] = {
    bytes: write_base64,
    datetime: instant_text,
    EUI64: str,
    TrustAnchorCellIdentifier: cell_name,
}


def _json(value: object) -> JSON:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, tuple):
        return [_json(one) for one in value]
    if isinstance(value, Enum):
        return str(value.value)
    text = _TEXTS.get(type(value))
    if text is not None:
        return text(value)
    kind: Any = type(value)
    said = {name: getattr(value, name) for name in _hints(kind)}
    return {name: _json(one) for name, one in said.items() if one or name not in _later(kind)}


@lru_cache(64)
def _later(kind: Any) -> frozenset[str]:
    """Lists of its that came into the form later: what was written before has none."""
    return frozenset(field.name for field in fields(kind) if field.default == ())


@lru_cache(64)
def _hints(kind: Any) -> Mapping[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _value(kind: Any, value: JSON, what: str, where: str) -> Any:
    if get_origin(kind) in _UNIONS:
        (inner,) = (one for one in get_args(kind) if one is not NoneType)
        return None if value is None else _value(inner, value, what, where)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind)[0], value, what, where)
    if kind is TrustAnchorCellIdentifier:
        return _cell(_text(value, what, where), what, where)
    if is_dataclass(kind) and kind is not EUI64:
        return _object(kind, value, what, where)
    if kind is bool or kind is int:
        return _number(kind, value, what, where)
    return _from_text(kind, _text(value, what, where), what, where)


def _object(kind: Any, value: JSON, what: str, where: str) -> Any:
    hints = _hints(kind)
    found = sorted(value) if isinstance(value, Mapping) else ["no object"]
    must = hints.keys() - _later(kind)
    if not isinstance(value, Mapping) or not must <= set(found) <= hints.keys():
        said = f"keys {', '.join(found)[:200]}, must be {', '.join(sorted(hints))}"
        raise malformed(what, said, where)
    prefix = f"{where}." if where else ""
    return kind(**{name: _value(hints[name], value[name], what, prefix + name) for name in found})


def _tuple(kind: Any, value: JSON, what: str, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list) or len(value) > LIST_MAX:
        raise malformed(what, f"{where}: must be a list of at most {LIST_MAX}", where)
    return tuple(_value(kind, one, what, where) for one in value)


def _number(kind: Any, value: JSON, what: str, where: str) -> int:
    if isinstance(value, bool | int) and type(value) is kind and 0 <= value <= NUMBER_MAX:
        return value
    wanted = "true or false" if kind is bool else "a whole number from 0 on"
    raise malformed(what, f"{where}: must be {wanted}", where)


def _text(value: JSON, what: str, where: str) -> str:
    if not isinstance(value, str):
        raise malformed(what, f"{where}: must be a text", where)
    return value


def _from_text(kind: Any, text: str, what: str, where: str) -> Any:
    if kind is bytes:
        return _octets(text, what, where)
    if kind is datetime:
        return _instant(text, what, where)
    try:
        if kind is EUI64:
            return EUI64.parse(text)
        if kind is not str:
            return kind(text)
    except (ValueError, Malformed) as error:
        named = getattr(kind, "__name__", str(kind)).lower()
        raise malformed(what, f"{where}: {text[:60]!r}, must be {named}", where) from error
    if len(text) > TEXT_MAX or not text.isprintable():
        said = f"{where}: must be a printable text of at most {TEXT_MAX} characters"
        raise malformed(what, said, where)
    return text


def _instant(text: str, what: str, where: str) -> datetime:
    found = instant_of(text)
    if found is None:
        raise malformed(what, f"{where}: {text[:60]!r}, must be as 2026-11-21T09:00:00Z", where)
    return found


def _octets(text: str, what: str, where: str) -> bytes:
    octets = read_base64(text)
    if octets is None:
        said = f"{where}: {text[:60]!r}, must be base64 in its only form"
        raise malformed(what, said, where)
    return octets


def _cell(text: str, what: str, where: str) -> TrustAnchorCellIdentifier:
    try:
        role, usages, use = text.split("/")
        bits = KeyUsageBits(0)
        for name in usages.split("+"):
            bits |= KeyUsageBits[name.upper()]
        return TrustAnchorCellIdentifier(
            role=RemotePartyRole[role.upper()], key_usage=bits, cell_usage=CellUsage[use.upper()]
        )
    except (KeyError, ValueError) as error:
        named = f"{where}: " if where else ""
        said = f"{named}{text[:60]!r}, must be as root/key_cert_sign/management"
        raise malformed(what, said, where) from error
