"""Names of keys: the same rule in every store, so that keys can move from one to another."""

import re
from typing import Final

from smki.terms import Refused

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def is_key_name(name: str) -> bool:
    """True if a key can have that name."""
    return _NAME.fullmatch(name) is not None


def check_key_name(name: str) -> None:
    """Holds if a key can have that name.

    Raises:
        Refused: it cannot.
    """
    if not is_key_name(name):
        raise Refused(
            f"key: name {name[:80]!r}, must be 1 to 64 lower-case letters, digits, '.', '_', '-',"
            " the first a letter or digit",
            rule="keys.name",
        )


def taken(name: str, where: str) -> Refused:
    """What to raise when there is a key of that name."""
    return Refused(
        f"key: there is one named {name!r}, must not be replaced: choose another name",
        where=where,
        rule="keys.name.taken",
    )


def missing(name: str, where: str) -> Refused:
    """What to raise when there is no key of that name."""
    return Refused(
        f"key: none named {name!r} here: look at the names of the keys, or make it first",
        where=where,
        rule="keys.name.missing",
    )


def not_for_agreement(name: str, where: str) -> Refused:
    """What to raise when the key of that name cannot agree on secrets.

    Clause: gbcs:18.4
    """
    return Refused(
        f"key {name!r}: not one for key agreement, must be: make one for it",
        where=where,
        clause="gbcs:18.4",
        rule="keys.agreement",
    )
