"""What fuzzing holds decoders to, and the devices and messages that its targets stand on.

    total       a value, or the family of errors that the decoder names; nothing else is raised
    canonical   written again, it is the octets that were read, or it was noted where they are loose
    one reading read again, it is the same value

Time and memory are bounded by who runs the targets.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from smki.terms import Malformed, SmkiError

VECTORS: Final = Path(__file__).parents[1] / "vectors"

T = TypeVar("T")


class Broken(AssertionError):
    """A claim that does not hold."""


def claim(*, holds: bool, what: str) -> None:
    """The claim holds.

    Raises:
        Broken: it does not.
    """
    if not holds:
        raise Broken(what)


def read(
    decode: Callable[[bytes], T],
    octets: bytes,
    *,
    errors: tuple[type[SmkiError], ...] = (Malformed,),
    encode: Callable[[T], bytes] | None = None,
) -> T | None:
    """What `octets` say, or None if they are refused in a family of `errors`.

    Args:
        decode: what is tried.
        octets: anything.
        errors: that `decode` may raise.
        encode: writes the value again; the octets must be the same.

    Raises:
        Broken: they are not, or a refusal has no message.
    """
    try:
        value = decode(octets)
    except errors as error:
        claim(holds=bool(error.message), what="a refusal without a message")
        return None
    if encode is not None:
        again = encode(value)
        claim(holds=again == octets, what=f"written again: {again.hex()}")
    return value


def golden_messages() -> tuple[bytes, ...]:
    """Our own messages, one of each use case and direction."""
    text = (VECTORS / "messages" / "messages.jsonl").read_text(encoding="utf-8")
    return tuple(bytes.fromhex(json.loads(line)["octets"]) for line in text.splitlines())
