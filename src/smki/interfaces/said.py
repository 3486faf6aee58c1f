"""What the server says of itself in a file: where it is, whether it is ready, what is wrong.

The file has room from the beginning, so that also on a full disk it can say that all is not well.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from smki.adapters.files import write_durably
from smki.terms import Unavailable

ROOM_OCTETS: Final = 4_096  # one block of a file system: written over, it asks for no other
_PROBLEM_CHARACTERS: Final = 600  # of it, six octets each at the most

Ports = Mapping[str, str | None]


class Said:
    """The status file of one server."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoints: Ports = {}
        self._ready = False
        self._problem = ""

    def endpoints(self, endpoints: Ports) -> None:
        """The listeners are up, there."""
        self._endpoints = endpoints
        self._write()

    def ready(self) -> None:
        """All that had to be done first is done."""
        self._ready = True
        self._write()

    def problem(self, problem: str) -> None:
        """Not ready while there is one; empty once it is over."""
        if problem != self._problem:
            self._problem = problem
            self._write()

    def nothing(self) -> None:
        """The server says nothing any more."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        fields = {
            "ready": self._ready and not self._problem,
            "pid": os.getpid(),
            "endpoints": self._endpoints,
            "problem": self._problem[:_PROBLEM_CHARACTERS],
        }
        octets = json.dumps(fields).encode().ljust(ROOM_OCTETS)
        try:
            write_durably(self._path, octets)
        except Unavailable:  # a full disk must not stop the serving, nor keep it from being known
            try:
                _write_over(self._path, octets)
            except OSError:
                self.nothing()


def _write_over(path: Path, octets: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, octets, 0)
        os.ftruncate(descriptor, len(octets))
    finally:
        os.close(descriptor)
