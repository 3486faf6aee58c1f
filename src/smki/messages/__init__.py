"""Protects GBCS messages, and says of any message what holds of its protection. Pure functions.

Joins what `wire` reads and `crypto` computes: which keys protect what, in which order. Keys are
asked of a `KeyRing`; none that lasts is here, no clock, no chance.
"""

from smki.messages.checking import Checks, EncryptedContent, Verdict, check
from smki.messages.keys import KeyRing, KeyUse
from smki.messages.protecting import authenticated_message, signed_group
from smki.messages.showing import shown

__all__ = [
    "Checks",
    "EncryptedContent",
    "KeyRing",
    "KeyUse",
    "Verdict",
    "authenticated_message",
    "check",
    "shown",
    "signed_group",
]
