"""Verifiers of passwords by Argon2id, in the PHC text form. Keeps nothing."""

import os
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT_OCTETS: Final = 16
_MEMORY_KIBIBYTES: Final = 19 * 1024  # with two passes some 30 ms and 19 MiB for each guess
_PASSES: Final = 2
_LANES: Final = 1
_OCTETS: Final = 32


class Argon2Passwords:
    """`ports.Passwords`. Safe for threads."""

    def verifier(self, password: str) -> str:
        """A fresh verifier of the password."""
        made = Argon2id(
            salt=os.urandom(_SALT_OCTETS),
            length=_OCTETS,
            iterations=_PASSES,
            lanes=_LANES,
            memory_cost=_MEMORY_KIBIBYTES,
        )
        return made.derive_phc_encoded(password.encode())

    def matches(self, password: str, verifier: str) -> bool:
        """Whether it is the password of that verifier."""
        try:
            Argon2id.verify_phc_encoded(password.encode(), verifier)
        except InvalidKey:
            return False
        return True
