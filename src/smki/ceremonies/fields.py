"""Reads the fields of a ceremony's JSON documents: each of its form, or said which is not.

Knows no document; says what was found, what was expected and in which field.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from smki.merkle.base64_texts import read_base64, write_base64
from smki.merkle.canonical import JSON, parse_json
from smki.terms import Malformed, instant_of

TEXT_MAX: Final = 400  # characters of anything a person writes in a ceremony
NAME_MAX: Final = 64
NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,7}")


class Fields:
    """The members of one JSON object, read by key; `what` names the document in errors."""

    __slots__ = ("_members", "_what")

    def __init__(self, value: JSON, what: str, keys: Sequence[str]) -> None:
        found = sorted(value) if isinstance(value, Mapping) else ["no object"]
        if not isinstance(value, Mapping) or found != sorted(keys):
            raise malformed(
                what, f"keys {', '.join(found)[:200]}, must be {', '.join(sorted(keys))}"
            )
        self._members, self._what = value, what

    def text(self, key: str, *, empty: bool = False) -> str:
        """A printable text of at most 400 characters."""
        found = self._members[key]
        if not isinstance(found, str) or len(found) > TEXT_MAX or not found.isprintable():
            raise self._wrong(key, f"must be a printable text of at most {TEXT_MAX} characters")
        if not found.strip() and not empty:
            raise self._wrong(key, "empty, must say something")
        return found

    def name(self, key: str) -> str:
        """A name of small letters, digits and single strokes."""
        found = self.text(key)
        if len(found) > NAME_MAX or not NAME.fullmatch(found):
            raise self._wrong(key, f"{found!r}, must be small letters, digits and single '-'")
        return found

    def number(self, key: str, allowed: range) -> int:
        """A whole number in the range."""
        found = self._members[key]
        if type(found) is not int or found not in allowed:
            raise self._wrong(key, f"must be a number from {allowed.start} to {allowed.stop - 1}")
        return found

    def octets(self, key: str, length: int | None = None) -> bytes:
        """The octets of a base64 text; so many if `length` is given."""
        octets = read_base64(self._members[key])
        if octets is None:
            raise self._wrong(key, "must be base64 in its only form")
        if length is not None and len(octets) != length:
            raise self._wrong(key, f"{len(octets)} octets, must be {length}")
        return octets

    def digest(self, key: str) -> str:
        """64 small hexadecimal digits."""
        found = self.text(key)
        if not re.fullmatch(r"[0-9a-f]{64}", found):
            raise self._wrong(key, "must be 64 hexadecimal digits")
        return found

    def instant(self, key: str) -> datetime:
        """An instant to the second, as 2026-11-21T09:00:00Z."""
        at = instant_of(self.text(key))
        if at is None:
            raise self._wrong(key, "must be as 2026-11-21T09:00:00Z")
        return at

    def many(self, key: str) -> Sequence[JSON]:
        """A list."""
        found = self._members[key]
        if isinstance(found, str) or not isinstance(found, Sequence):
            raise self._wrong(key, "must be a list")
        return found

    def value(self, key: str) -> JSON:
        """Whatever is there."""
        return self._members[key]

    def _wrong(self, key: str, message: str) -> Malformed:
        return malformed(self._what, f"{key}: {message}", where=key)


def read_document(octets: bytes, what: str, most: int, keys: Sequence[str]) -> Fields:
    """The fields of a canonical JSON document of at most `most` octets.

    Raises:
        Malformed: too long, not canonical JSON, or with other keys.
    """
    if len(octets) > most:
        raise malformed(what, f"{len(octets)} octets, must be at most {most}")
    return Fields(parse_json(octets, what), what, keys)


def text64(octets: bytes) -> str:
    """The octets as the documents have them: base64."""
    return write_base64(octets)


def malformed(what: str, message: str, where: str = "") -> Malformed:
    """What to raise for a document that is not of its form."""
    return Malformed(f"{what}: {message}", where=where, clause="sec-app-l:3", rule="ceremony.form")
