"""Protects GBCS messages, and says of any message what holds of its protection. Pure functions.

Joins what `wire` reads and `crypto` computes: which keys protect what, in which order. Keys are
asked of a `KeyRing`; none that lasts is here, no clock, no chance.
"""

from smki.messages.checking import Checks, EncryptedContent, Finding, Verdict, check
from smki.messages.keys import KeyRing, KeyRings, KeyUse, KnownKey
from smki.messages.protecting import authenticated_message, signed, signed_group
from smki.messages.reading import read_document
from smki.messages.showing import shown

__all__ = [
    "Checks",
    "EncryptedContent",
    "Finding",
    "KeyRing",
    "KeyRings",
    "KeyUse",
    "KnownKey",
    "Verdict",
    "authenticated_message",
    "check",
    "read_document",
    "shown",
    "signed",
    "signed_group",
]
