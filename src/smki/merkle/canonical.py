r"""Canonical JSON: one value, one spelling.

Objects with keys sorted by code points, no blanks, UTF-8 as it is, whole numbers only: a value has
one encoding, so that its hash means something. Escaped are the quotation mark, the backslash and the
control characters alone, these as \b \f \n \r \t or \u00xx in small letters. Reading refuses every other
spelling, and nesting over 64.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from smki.terms import Malformed

JSON: TypeAlias = "bool | int | str | Sequence[JSON] | Mapping[str, JSON] | None"

_DEPTH: Final = 64
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))


def encode_json(value: JSON) -> bytes:
    """The only canonical encoding of `value`."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    ).encode()


def parse_json(octets: bytes, what: str) -> JSON:
    """The value that `octets` are the canonical encoding of; `what` names them in errors.

    Raises:
        Malformed: not JSON, not canonical, a fraction, or nested too deep.
    """
    if octets.startswith(BOM_UTF8):
        raise _malformed(
            what, "begins with a byte order mark (EF BB BF), must be without: remove it"
        )
    depth = deepest = 0
    for octet in octets.translate(None, _NO_BRACKETS):  # in strings too: a bound, before recursion
        depth += (octet in b"[{") - (octet in b"]}")
        deepest = max(deepest, depth)
    if deepest > _DEPTH:
        raise _malformed(what, f"nested {deepest} deep, must be at most {_DEPTH}")
    try:
        value = json.loads(octets.decode(), parse_float=_no_fraction, parse_constant=_no_fraction)
        canonical = encode_json(value)
    except (ValueError, RecursionError) as error:
        raise _malformed(what, f"not JSON of whole numbers, must be ({error})") from error
    if canonical != octets:
        raise _malformed(what, "not canonical, must have sorted keys, no blanks, no escapes")
    return cast("JSON", value)


def _no_fraction(text: str) -> int:
    raise ValueError(text)


def _malformed(what: str, message: str) -> Malformed:
    return Malformed(f"{what}: {message}", rule="json.canonical")
