"""A mirror of the log, made from a full bulk file and deltas: the same tiles, blobs and root.

The folder is laid out as the record is, so that any reader or web server of such logs can use it.
Each file is proven before anything of it is written; the checkpoint comes last, so that a mirror
that was cut off stands where it stood. No network: files come as they come.

Clause: c2sp:tlog-tiles
"""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from smki.adapters.bulk import BulkFile, Told, read_entries
from smki.adapters.record import FileRecordReader
from smki.adapters.record.disk import Disk
from smki.adapters.record.reader import CHECKPOINT, blob_path
from smki.adapters.record.writer import LOCK
from smki.merkle.hashing import CompactRange, leaf_hash
from smki.merkle.proofs import cover
from smki.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, TileName, TreeState, grow
from smki.ports import Checkpoint
from smki.terms import Inconsistent, Refused, Unavailable

_TOGETHER: Final = 16 * TILE_WIDTH  # entries that are made durable at once: some 2 MiB


def mirror_bulk(
    files: Sequence[BulkFile], folder: Path, verifier_key: str, tell: Told
) -> Checkpoint:
    """The log in `folder` is the one of the last of `files`; those it has already are passed over.

    The first must begin at 0 or not beyond what `folder` has, each next one not beyond the one
    before. `tell` is given how many entries are done, of how many, while one is proven or written.

    Raises:
        Malformed: not a bulk file, or cut off.
        Refused: a file with other content, not under a checkpoint of that key, not continuing the
            one before, or of a log that was rewritten.
        Unavailable: a file cannot be read, the folder cannot be written to or is in use.
        Inconsistent: what is in the folder is damaged.

    Clause: c2sp:tlog-tiles, rfc6962:2.1.2
    """
    disk = Disk(folder)
    with alone(folder):
        disk.clear_staging()
        state = load_edge(disk, folder, verifier_key)
        for one in sorted(files, key=lambda each: (each.manifest.start, each.manifest.size)):
            if one.manifest.size >= state.size:
                state = _extend(disk, state, one, verifier_key, tell)
    return FileRecordReader(folder, verifier_key).checkpoint()


def _extend(
    disk: Disk, state: TreeState, one: BulkFile, verifier_key: str, tell: Told
) -> TreeState:
    manifest = one.manifest
    if manifest.start > state.size:
        raise Refused(
            f"bulk file from entry {manifest.start}, the mirror has {state.size}: must begin there"
            " or before; the files between are missing",
            where=str(one.path),
            clause="c2sp:tlog-tiles",
            rule="bulk.gap",
        )
    _prove(state, one, verifier_key, tell)  # before anything is written
    entries = islice(read_entries(one, verifier_key, tell), state.size - manifest.start, None)
    while True:
        # Up to the end of a bundle, so that only the last tiles are partial.
        room = _TOGETHER - state.size % TILE_WIDTH
        part = list(islice(entries, room))
        if not part:
            break
        state = place_entries(disk, state, part)
    if state.root() != manifest.root:
        raise Inconsistent("bulk file: changed while it was read", where=str(one.data))
    disk.place([*edges_of(state), (CHECKPOINT, manifest.checkpoint)])
    return state


def _prove(state: TreeState, one: BulkFile, verifier_key: str, tell: Told) -> None:
    """The file is what was lodged, and the log that it is of begins with the mirror's entries."""
    manifest = one.manifest
    common = CompactRange()
    for (level, _), subtree in zip(cover(0, manifest.start), manifest.before, strict=False):
        common.append(subtree, level)
    for entry, (leaf, _) in enumerate(read_entries(one, verifier_key, tell), manifest.start):
        if entry < state.size:
            common.append(leaf_hash(leaf))
    if common.root() != state.root():
        raise Refused(
            f"log: the first {state.size} entries lead to {common.root().hex()}, those of the mirror"
            f" to {state.root().hex()}: it was rewritten; keep both",
            where=str(one.path),
            clause="rfc6962:2.1.2",
            rule="merkle.forked",
        )


def place_entries(
    disk: Disk, state: TreeState, part: Sequence[tuple[bytes, bytes | None]]
) -> TreeState:
    """The full tiles, bundles and blobs of these leaves are there; the right edge afterwards."""
    growth = grow(state, [leaf for leaf, _ in part])
    blobs = {blob_path(sha256(blob).digest()): blob for _, blob in part if blob is not None}
    full = [(name.path, octets) for name, octets in growth.files if name.width == TILE_WIDTH]
    disk.place([*blobs.items(), *full])
    return growth.state


def edges_of(state: TreeState) -> Iterator[tuple[str, bytes]]:
    """The partial tiles and the partial bundle at the right of the log."""
    if state.bundle:
        yield _edge(None, state.size).path, state.bundle
    for level, row in enumerate(state.rows):
        if row:
            yield _edge(level, state.size).path, row


def _edge(level: int | None, size: int) -> TileName:
    index = (size >> (TILE_HEIGHT * (level or 0))) // TILE_WIDTH
    name = TileName(level=level, index=index)
    return TileName(level=level, index=index, width=name.width_at(size))


def load_edge(disk: Disk, folder: Path, verifier_key: str) -> TreeState:
    """The right edge of the log that is in the folder."""
    if disk.read(CHECKPOINT) is None:
        return TreeState()
    checkpoint = FileRecordReader(folder, verifier_key).checkpoint()
    size, rows = checkpoint.size, list[bytes]()
    while size >> (TILE_HEIGHT * len(rows)):
        rows.append(_read(disk, _edge(len(rows), size)))
    state = TreeState(size=size, bundle=_read(disk, _edge(None, size)), rows=tuple(rows))
    if state.root() != checkpoint.root:
        raise Inconsistent(
            f"mirror: tiles lead to {state.root().hex()}, the checkpoint says"
            f" {checkpoint.root.hex()}",
            where=CHECKPOINT,
            clause="c2sp:tlog-tiles",
        )
    return state


def _read(disk: Disk, name: TileName) -> bytes:
    if not name.width:
        return b""
    octets = disk.read(name.path)
    if octets is None:
        raise Inconsistent("mirror: missing", where=name.path, clause="c2sp:tlog-tiles")
    return octets


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Inside, no other process writes into the mirror."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / LOCK).open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except OSError as error:
        what = "another process writes to it" if isinstance(error, BlockingIOError) else "no access"
        raise Unavailable(
            f"mirror: {what} ({error.strerror})", where=str(folder), rule="record.locked"
        ) from error
