"""The list of a live exercise: decisions bound it, by how they name what is exercised.

    NAME@SHA256     of the devices' identifiers, ascending, each as it is printed and a line feed

What stands where an incident's name does stands in every decision, of the method and of each key, in
what is asked of them, in the plan and in the report: so the list does. Whoever has the list works it
out again with `sort` and `sha256sum`.

Clause: sec:L10
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from smki.terms import EUI64

_NAMED: Final = re.compile(r".+@([0-9a-f]{64})", re.DOTALL)


class ListDigest:
    """The digest of a list of devices, which are told one after the other, ascending."""

    def __init__(self) -> None:
        self._digest = sha256()

    def add(self, device: EUI64) -> None:
        """The next device is in it."""
        self._digest.update(f"{device}\n".encode())

    def digits(self) -> str:
        """SHA-256 of the devices so far, in hexadecimal digits."""
        return self._digest.hexdigest()


def digest_of(devices: Iterable[EUI64]) -> str:
    """The digest of these devices, in whatever order they are.

    Clause: sec:L10
    """
    digest = ListDigest()
    for device in sorted(devices):
        digest.add(device)
    return digest.digits()


def list_named(incident: str) -> str:
    """The digest of the list to which decisions that name this incident are bound; empty if to none.

    Clause: sec:L10
    """
    match = _NAMED.fullmatch(incident)
    return match[1] if match else ""
