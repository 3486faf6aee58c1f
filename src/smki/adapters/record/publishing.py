"""Cosignatures beside the record: the checkpoint that has them, and the newest one if it is that.

    cosigned        the newest checkpoint that witnesses signed, with their lines
    publish.lock    held while `checkpoint` is replaced: by the writer, or by who adds lines to it

Who collects cosignatures is not the writer and has no key. The text of `checkpoint` is the
writer's alone: lines are added to the very text that stands there, or not at all.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from smki.adapters.files import write_durably
from smki.adapters.record.disk import Disk
from smki.adapters.record.reader import CHECKPOINT, COSIGNED
from smki.merkle.heads import TreeHead
from smki.merkle.notes import SignedNote
from smki.terms import Unavailable

LOCK: Final = "publish.lock"


@contextmanager
def publishing(directory: Path) -> Iterator[None]:
    """Inside, nobody else replaces `checkpoint`.

    Raises:
        Unavailable: the lock cannot be had.
    """
    try:
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unavailable(
            f"record: cannot lock ({error.strerror})", where=LOCK, rule="record.disk"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def publish_cosigned(directory: Path, note: bytes) -> None:
    """The checkpoint with its cosignatures is durable; it is the published one if that is its text.

    Lines that the files have already stay. An older checkpoint than the cosigned one is passed by.

    Raises:
        Malformed: not a checkpoint.
        Unavailable: it cannot be written.

    Clause: c2sp:tlog-cosignature
    """
    signed = SignedNote.parse(note)
    size = TreeHead.parse(signed.text).size
    disk = Disk(directory)
    with publishing(directory):
        before = disk.read(COSIGNED)
        known = SignedNote.parse(before) if before else None
        if known is not None and known.text == signed.text:
            signed = signed.with_lines(known.signatures)
        if known is None or TreeHead.parse(known.text).size <= size:
            write_durably(directory / COSIGNED, bytes(signed))
        newest = SignedNote.parse(disk.read(CHECKPOINT) or b"")
        if newest.text == signed.text:
            write_durably(directory / CHECKPOINT, bytes(newest.with_lines(signed.signatures)))
