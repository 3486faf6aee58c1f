"""Re-reads every octet of the record and says what is wrong with it, as values.

The log is grown again from its bundles: each bundle and tile must be, octet for octet, what
growing it gives. Old partial tiles must be the beginnings of what grew from them. A file that
nothing explains is a problem too. Memory is flat; nothing is written, nothing is repaired.

Clause: c2sp:tlog-tiles
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from smki.adapters.record.disk import Disk
from smki.adapters.record.pending import Pending
from smki.adapters.record.reader import CHECKPOINT, FileRecordReader, blob_path
from smki.adapters.record.writer import PENDING
from smki.merkle.hashing import HASH_OCTETS
from smki.merkle.leaf import LeafForm, decode_leaf
from smki.merkle.tiles import TILE_WIDTH, TileName, TreeState, decode_bundle, grow
from smki.terms import Inconsistent, Malformed, Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in the record that is not as it must be."""

    file: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditProgress:
    """How far the audit is: entries re-read, of how many."""

    done: int
    total: int


def audit(directory: Path, verifier_key: str) -> Iterator[Problem | AuditProgress]:
    """Every problem of the record in `directory`, and progress after each bundle.

    The last progress has `done == total` unless the checkpoint itself is not to be believed.

    Clause: c2sp:tlog-tiles
    """
    reader = FileRecordReader(directory, verifier_key)
    try:
        checkpoint = reader.checkpoint()
    except (Inconsistent, Unavailable) as error:
        yield Problem(file=CHECKPOINT, message=error.message)
        return
    disk = Disk(directory)
    blobs: set[bytes] = set()
    state, size = TreeState(), checkpoint.size
    while state.size < size:
        number = state.size // TILE_WIDTH
        name = TileName(level=None, index=number)
        name = TileName(level=None, index=number, width=name.width_at(size))
        try:
            leaves = decode_bundle(disk.read(name.path) or b"", name.width)
        except Malformed as error:
            yield Problem(file=name.path, message=error.message)
            return  # without these leaves nothing after them can be grown
        yield from _audit_leaves(disk, name, leaves, state.size, blobs)
        growth = grow(state, leaves)
        for tile, octets in growth.files:
            # Partial tiles on the way are old ones, or none: `_audit_files` looks at them.
            if tile.level is not None and tile.width == tile.width_at(size):
                yield from _compare(disk, tile.path, octets)
        state = growth.state
        yield AuditProgress(done=state.size, total=size)
    if state.root() != checkpoint.root:
        yield Problem(
            file=CHECKPOINT,
            message=f"root {checkpoint.root.hex()}, the entries lead to {state.root().hex()}",
        )
    yield from _audit_files(disk, reader, blobs)


def _audit_leaves(
    disk: Disk, name: TileName, leaves: tuple[bytes, ...], start: int, blobs: set[bytes]
) -> Iterator[Problem]:
    for entry, octets in enumerate(leaves, start):
        try:
            leaf = decode_leaf(octets)
        except Malformed as error:
            yield Problem(file=name.path, message=f"entry {entry}: {error}")
            continue
        if leaf.form is LeafForm.DIGEST:
            blobs.add(leaf.body)
            content = disk.read(blob_path(leaf.body))
            if content is None:
                yield Problem(file=blob_path(leaf.body), message=f"missing, entry {entry} needs it")
            elif len(content) != leaf.length or sha256(content).digest() != leaf.body:
                yield Problem(file=blob_path(leaf.body), message=f"not what entry {entry} says")


def _compare(disk: Disk, path: str, expected: bytes) -> Iterator[Problem]:
    found = disk.read(path)
    if found is None:
        yield Problem(file=path, message="missing")
    elif found != expected:
        yield Problem(file=path, message="not the hashes of the entries below it")


def _audit_files(disk: Disk, reader: FileRecordReader, blobs: set[bytes]) -> Iterator[Problem]:
    ahead: list[TileName] = []
    size = reader.checkpoint().size
    for path in disk.walk("tile"):
        try:
            name = TileName.parse(path)
        except Malformed:
            yield Problem(file=path, message="unknown file among the tiles")
            continue
        width = name.width_at(size)
        if name.width > width:
            ahead.append(name)
        elif name.width < TILE_WIDTH and name.width < width:
            yield from _audit_old(disk, name, width)
    known = {blob_path(digest) for digest in blobs}
    late = [path for path in disk.walk("blob") if path not in known]
    if ahead or late:
        yield from _audit_ahead(disk, reader, ahead, late)


def _audit_old(disk: Disk, name: TileName, width: int) -> Iterator[Problem]:
    """An old partial tile or bundle is the beginning of the one it became."""
    whole = disk.read(TileName(level=name.level, index=name.index, width=width).path) or b""
    if name.level is None:
        end = 0
        for _ in range(name.width):
            end += 2 + int.from_bytes(whole[end : end + 2], "big")
    else:
        end = name.width * HASH_OCTETS
    if disk.read(name.path) != whole[:end]:
        yield Problem(file=name.path, message=f"not the beginning of the tile of width {width}")


def _audit_ahead(
    disk: Disk, reader: FileRecordReader, tiles: list[TileName], blobs: list[str]
) -> Iterator[Problem]:
    """Files beyond the checkpoint are explained only by a writer at work."""
    pending = Pending.decode(disk.read(PENDING) or b"")
    now = reader.checkpoint().size
    size = max(now, pending.size if pending else 0)
    for name in tiles:
        if name.width > name.width_at(size):
            yield Problem(file=name.path, message=f"beyond the log's {size} entries")
    explained = set(pending.paths) if pending else set()
    for path in blobs:
        if path not in explained:
            yield Problem(file=path, message="unknown file: no entry names it")
