"""What the server says of itself in a file: where it is, whether it is ready, what is wrong.

It holds a lock for as long as it lives, however it ends, so that what the file says can be believed.
The file has room from the beginning, so that also on a full disk it can say that all is not well.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from smki.adapters.files import write_durably
from smki.bootstrap import Settings
from smki.terms import Unavailable

STATUS_FILE: Final = "serving.json"
LOCK_FILE: Final = "serving.lock"
_STARTING_FILE: Final = "starting.lock"
ROOM_OCTETS: Final = 4_096  # one block of a file system: written over, it asks for no other
_PROBLEM_CHARACTERS: Final = 400  # of it, six octets each at the most
_INDEX_PROBLEM_CHARACTERS: Final = 150
_READINGS: Final = 3  # of the file, which a full disk has written over in its place
_LOCK_SECONDS: Final = 1.0  # whoever asks for status holds the lock for an instant

Ports = Mapping[str, str | None]


class Said:
    """The status file of one server."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._endpoints: Ports = {}
        self._ready = False
        self._problem = ""
        self._index_problem = ""

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

    def index_problem(self, problem: str) -> None:
        """What keeps the verifiable index from being kept: all else goes on, and is ready."""
        if problem != self._index_problem:
            self._index_problem = problem
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
            "index_problem": self._index_problem[:_INDEX_PROBLEM_CHARACTERS],
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


@contextmanager
def only_server(settings: Settings) -> Iterator[None]:
    """The lock is held inside, and what an earlier server said of itself was gone before.

    Servers that start take turns by a lock of their own: by the one that is looked at, somebody would
    believe the earlier server for an instant.
    """
    with (
        _lock_file(settings.path(_STARTING_FILE)) as starting,
        _lock_file(settings.path(LOCK_FILE)) as file,
    ):
        _wait_for(starting, fcntl.LOCK_EX)
        _wait_for(file, fcntl.LOCK_SH)  # nobody serves
        settings.path(STATUS_FILE).unlink(missing_ok=True)
        _wait_for(file, fcntl.LOCK_EX)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield


def _wait_for(file: IO[bytes], mode: int) -> None:
    """The lock is had, in a second at the most.

    Raises:
        Unavailable: another server has it.
    """
    until = time.monotonic() + _LOCK_SECONDS
    while not _locked(file, mode):
        if time.monotonic() > until:
            raise Unavailable(
                "another server runs in this state directory, only one can", where=file.name
            )
        time.sleep(0.02)


def _lock_file(path: Path) -> IO[bytes]:
    try:
        return path.open("ab")
    except OSError as error:
        raise Unavailable(f"lock: cannot be had ({error.strerror})", where=str(path)) from error


def _locked(file: IO[bytes], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def read_serving(settings: Settings) -> dict[str, Any]:
    """What the server that runs in the state directory says; empty if none runs."""
    with suppress(OSError), settings.path(LOCK_FILE).open("rb") as file:
        if not _locked(file, fcntl.LOCK_SH):  # shared: others who ask are not taken for a server
            return _read(settings.path(STATUS_FILE))
    return {}


def _read(path: Path) -> dict[str, Any]:
    """What stands in the status file, which may be written over at this moment."""
    for _ in range(_READINGS):
        with suppress(json.JSONDecodeError):
            said: dict[str, Any] = json.loads(path.read_text())
            return said
    return {}
