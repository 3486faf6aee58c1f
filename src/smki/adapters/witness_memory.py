"""A witness's memory in a folder: `ports.witness.WitnessMemory`. One process at a time.

    place, identity     an empty file, and which file of this disk it is
    lock                held while the witness runs
    seen/<sha256 of the origin>          the last checkpoint vouched for, as the log signed it
    evidence/<sha256 of the checkpoint>  that it contradicts the last: `merkle.contradicting`

A copy of the folder that is put back, or taken to another machine, is another file on the disk, and
its memory may be an older one: it is not opened. A snapshot of a whole disk that is put back cannot
be told; the witness finds out when it is shown a later signature of its own.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.files import read_octets, write_durably
from smki.merkle.contradicting import Contradiction
from smki.merkle.heads import TreeHead
from smki.merkle.notes import SignedNote
from smki.terms import Inconsistent, Malformed, Unavailable

_PLACE: Final = "place"
_IDENTITY: Final = "identity"
_LOCK: Final = "lock"


class FolderMemory:
    """The memory in `folder`, ours until it is closed.

    Raises:
        Unavailable: another process has it, or it cannot be read.
        Inconsistent: it is a copy.

    Clause: c2sp:tlog-witness
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._lock: int | None = _locked(folder / _LOCK)
        try:
            _check_identity(folder)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def make(folder: Path) -> None:
        """An empty memory is in `folder`, which knows its place on the disk.

        Raises:
            Unavailable: it cannot be written.
        """
        write_durably(folder / _PLACE, b"")
        write_durably(folder / _IDENTITY, _identity(folder))

    def close(self) -> None:
        """Another process may have it."""
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, no other thread looks or remembers."""
        with self._turn:
            yield

    def last(self, origin: str) -> TreeHead | None:
        """The head remembered of this log; None before the first.

        Raises:
            Inconsistent: the file is damaged.
            Unavailable: it cannot be read.
        """
        path = self._seen(origin)
        if not path.exists():
            return None
        try:
            head = TreeHead.parse(SignedNote.parse(read_octets(path)).text)
        except Malformed as error:
            raise Inconsistent(
                f"witness: memory damaged, {error.message}", where=str(path)
            ) from error
        if head.origin != origin:
            raise Inconsistent(f"witness: memory of {head.origin}", where=str(path))
        return head

    def remember(self, head: TreeHead, note: bytes) -> None:
        """`head` is remembered, durably, in the place of the last.

        Raises:
            Inconsistent: it is smaller than the last.
            Unavailable: it cannot be written; the last is still remembered.
        """
        last = self.last(head.origin)
        if last is not None and last.size > head.size:
            raise Inconsistent(f"witness: size {head.size} after {last.size}", where=head.origin)
        write_durably(self._seen(head.origin), note)

    def keep_evidence(self, origin: str, note: bytes, steps: tuple[bytes, ...]) -> str:
        """The checkpoint and the one that is remembered are kept in one file, durably; which.

        Raises:
            Unavailable: it cannot be written.
        """
        seen = read_octets(self._seen(origin))
        path = self._folder / "evidence" / sha256(note).hexdigest()
        write_durably(path, Contradiction(earlier=seen, later=note, steps=steps).encode())
        return str(path)

    def _seen(self, origin: str) -> Path:
        return self._folder / "seen" / sha256(origin.encode()).hexdigest()


def _identity(folder: Path) -> bytes:
    """Which file of which disk `place` is, and when it was made: no copy has the same."""
    try:
        found = (folder / _PLACE).stat()
    except OSError as error:
        raise _missing(folder / _PLACE) from error
    return b"%d %d\n" % (found.st_ino, found.st_ctime_ns)


def _check_identity(folder: Path) -> None:
    try:
        known = (folder / _IDENTITY).read_bytes()
    except OSError as error:
        raise _missing(folder / _IDENTITY) from error
    if known != _identity(folder):
        raise Inconsistent(
            "witness: this memory was put back from a copy, or moved: it may have forgotten what"
            " its key signed, and must not sign again; make a new witness, with a new key",
            where=str(folder),
            clause="c2sp:tlog-witness",
            rule="witness.copied",
        )


def _missing(path: Path) -> Inconsistent:
    return Inconsistent(
        "witness: the memory is not whole, make a new witness, with a new key",
        where=str(path),
        clause="c2sp:tlog-witness",
        rule="witness.copied",
    )


def _locked(path: Path) -> int:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Unavailable(
            f"witness: there is none here ({error.strerror}), make one with 'smki witness init'",
            where=str(path.parent),
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(
            "witness: it runs already, only one process can have its memory", where=str(path)
        ) from error
    return descriptor
