"""Notes of requests in a folder: appended to one file, closed and taken away portion by portion.

    open            what is being noted, a line of JSON each
    <n>.closed      portion n, not known to be taken yet

A line is in the operating system's hands when `note` returns: killed, the process loses none. What
is kept for long is in the database; here are seconds.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from smki.ports import Use
from smki.terms import RequestType, Unavailable

MOST_OCTETS: Final = 16 << 20  # some 100,000 notes: with the database away, no more is held
_OPEN: Final = "open"
_CLOSED: Final = re.compile(r"([0-9]{1,18})\.closed")
_TYPES: Final = {one.value: one for one in RequestType}


class UseNoteFiles:
    """`ports.UseNotes`. One process notes and takes, any reads; safe for threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._taking = threading.Lock()
        self._descriptor = -1
        self._size = 0
        self._lost = 0

    def note(self, use: Use) -> None:
        """The request is noted, and will be even if this process is killed now."""
        line = _line(use)
        with self._lock:
            try:
                if self._descriptor < 0:
                    self._open()
                if self._size + len(line) > MOST_OCTETS:
                    self._lost += 1
                elif os.write(self._descriptor, line) != len(line):  # the disk is full in a line
                    os.ftruncate(self._descriptor, self._size)
                    self._lost += 1
                else:
                    self._size += len(line)
            except OSError:
                self._lost += 1

    def take(self, known: int, into: Callable[[int, Sequence[Use]], None]) -> None:
        """Every note was given to `into` and is gone here.

        Raises:
            Unavailable: the folder cannot be read or written; what is left is given the next time.
        """
        with self._taking:
            try:
                self._take(known, into)
            except OSError as error:
                raise Unavailable(
                    f"notes of requests: cannot be taken up ({error.strerror}); see that the disk"
                    " is not full",
                    where=str(self._folder),
                ) from error

    def _take(self, known: int, into: Callable[[int, Sequence[Use]], None]) -> None:
        newest = known
        for number, path in self._closed():
            if number > known:
                into(number, _read(path))
            path.unlink()
            newest = max(newest, number)
        closed = self._close(newest + 1)
        if closed is not None:
            into(newest + 1, _read(closed))
            closed.unlink()

    def pending(self) -> Sequence[Use]:
        """Notes that are not taken yet, oldest first."""
        newest = _read(self._folder / _OPEN)  # first: closed in between, it is among the others
        older = [use for _, path in self._closed() for use in _read(path)]
        return tuple(dict.fromkeys((*older, *newest)))

    def lost(self) -> int:
        """How many could not be noted since the last question."""
        with self._lock:
            lost, self._lost = self._lost, 0
        return lost

    def close(self) -> None:
        """No file is open; the next note opens one."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._descriptor = os.open(self._folder / _OPEN, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size

    def _closed(self) -> list[tuple[int, Path]]:
        with suppress(FileNotFoundError):
            named = [(_CLOSED.fullmatch(path.name), path) for path in self._folder.iterdir()]
            return sorted((int(match[1]), path) for match, path in named if match)
        return []

    def _close(self, number: int) -> Path | None:
        """What was noted is portion `number`; None if nothing was."""
        path = self._folder / f"{number}.closed"
        with self._lock, suppress(FileNotFoundError):
            if not (self._folder / _OPEN).stat().st_size:
                return None
            (self._folder / _OPEN).rename(path)
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
            return path
        return None


def _line(use: Use) -> bytes:
    fields = [
        use.at,
        use.request_type.value,
        use.party,
        use.key.hex(),
        use.reference,
        use.asked,
        use.code,
        use.results,
    ]
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _read(path: Path) -> tuple[Use, ...]:
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return ()
    return tuple(_uses(octets))


def _uses(octets: bytes) -> Iterator[Use]:
    """The notes in a file; a line that a full disk or a cut of the power left is passed over."""
    for line in octets.splitlines():
        with suppress(ValueError, KeyError, TypeError):
            at, kind, party, key, reference, asked, code, results = json.loads(line)
            yield Use(
                at=at,
                request_type=_TYPES[kind],
                party=party,
                key=bytes.fromhex(key),
                reference=reference,
                asked=asked,
                code=code,
                results=results,
            )
