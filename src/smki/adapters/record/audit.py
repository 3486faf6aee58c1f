"""Re-reads every octet of the record and says what is wrong with it, as values.

Each entry must have the hash that its tile says; which of the two was changed is told by what stands
above them. From those hashes the log is grown again: each tile must be, octet for octet, what
growing it gives, up to the signed root. Old partial tiles must be the beginnings of what grew from
them. A file that nothing explains is a problem too. Memory is flat; nothing is written or repaired.

Clause: c2sp:tlog-tiles
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from smki.adapters.record.disk import Disk
from smki.adapters.record.pending import Pending
from smki.adapters.record.reader import CHECKPOINT, COSIGNED, FileRecordReader, blob_path
from smki.adapters.record.writer import PENDING
from smki.merkle.hashing import HASH_OCTETS, leaf_row, subtree_hash
from smki.merkle.leaf import LeafForm, decode_leaf, is_certificate
from smki.merkle.log_keys import LogKeys
from smki.merkle.notes import VerifierKey
from smki.merkle.tiles import (
    TILE_OCTETS,
    TILE_WIDTH,
    TileName,
    TreeState,
    decode_bundle,
    grow_hashes,
)
from smki.ports import Checkpoint
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

    The last progress has `done == total` unless the checkpoint itself is not to be believed, or
    entries and their hashes are both gone.

    Clause: c2sp:tlog-tiles
    """
    reader = FileRecordReader(directory, verifier_key)
    cosigned = None
    try:
        cosigned = reader.cosigned()  # first: it is never ahead of the checkpoint that is read next
    except Inconsistent as error:
        yield Problem(file=COSIGNED, message=error.message)
    try:
        checkpoint = reader.checkpoint()
    except (Inconsistent, Unavailable) as error:
        yield Problem(file=CHECKPOINT, message=error.message)
        return
    disk = Disk(directory)
    blobs: set[bytes] = set()
    keys = LogKeys()
    state, size = TreeState(), checkpoint.size
    while state.size < size:
        bundle = _Bundle.read(disk, state, checkpoint)
        yield from bundle.problems
        yield from _audit_leaves(disk, bundle, blobs, keys)
        if bundle.row is None:
            return  # without these hashes nothing after them can be grown
        growth = grow_hashes(state, bundle.row)
        for tile, octets in growth.files:
            # Partial tiles on the way are old ones, or none: `_audit_files` looks at them.
            if tile.level and tile.width == tile.width_at(size):
                yield from _compare(disk, tile.path, octets)
        if cosigned is not None and state.size < cosigned.size <= growth.state.size:
            ours = bundle.row[: (cosigned.size - state.size) * HASH_OCTETS]
            yield from _compare_root(COSIGNED, cosigned, grow_hashes(state, ours).root)
        state = growth.state
        yield AuditProgress(done=state.size, total=size)
    yield from _compare_root(CHECKPOINT, checkpoint, state.root())
    for message in keys.problems(checkpoint.note, VerifierKey.parse(verifier_key)):
        yield Problem(file=CHECKPOINT, message=message)
    if cosigned is not None and cosigned.size > size:
        yield Problem(
            file=CHECKPOINT,
            message=f"says {size} entries, the log signed {cosigned.size} in {COSIGNED}:"
            " it is an older one",
        )
    yield from _audit_files(disk, reader, blobs)


@dataclass(slots=True, kw_only=True)
class _Bundle:
    """Entries of a bundle, and their hashes as they were signed, as far as that can be told.

    Attributes:
        name: of the bundle.
        leaves: its entries; none if it is no whole bundle.
        row: the hashes, to grow from; None if neither bundle nor tile has them.
        problems: what is wrong with the bundle, or the tile above it.
    """

    name: TileName
    leaves: tuple[bytes, ...] = ()
    row: bytes | None = None
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, disk: Disk, state: TreeState, checkpoint: Checkpoint) -> "_Bundle":
        number = state.size // TILE_WIDTH
        width = TileName(level=None, index=number).width_at(checkpoint.size)
        bundle = cls(name=TileName(level=None, index=number, width=width))
        ours = bundle._read_entries(disk)
        tile = TileName(level=0, index=number, width=width)
        told = disk.read(tile.path)
        if told is None or len(told) != width * HASH_OCTETS:
            message = "missing" if told is None else _octets(told, width * HASH_OCTETS)
            bundle.problems.append(Problem(file=tile.path, message=message))
            bundle.row = ours
        elif ours is None or ours == told:
            bundle.row = told
        else:
            bundle.row = bundle._decide(tile, ours, told, _signed(disk, state, checkpoint, tile))
        return bundle

    def _read_entries(self, disk: Disk) -> bytes | None:
        """The hashes of the entries; None if there is no whole bundle."""
        octets = disk.read(self.name.path)
        if octets is None:
            self.problems.append(Problem(file=self.name.path, message="missing"))
            return None
        try:
            self.leaves = decode_bundle(octets, self.name.width)
        except Malformed as error:
            self.problems.append(Problem(file=self.name.path, message=str(error)))
            return None
        return leaf_row(self.leaves)

    def _decide(
        self, tile: TileName, ours: bytes, told: bytes, signed: Callable[[bytes], bool]
    ) -> bytes:
        """The hashes that were signed, of those of the entries and those that the tile says."""
        differ = [
            number
            for number, at in enumerate(range(0, len(told), HASH_OCTETS))
            if ours[at : at + HASH_OCTETS] != told[at : at + HASH_OCTETS]
        ]
        at = differ[0] * HASH_OCTETS
        entry = self.name.index * TILE_WIDTH + differ[0]
        mine, says = ours[at : at + HASH_OCTETS].hex(), told[at : at + HASH_OCTETS].hex()
        more = f"; so are {len(differ) - 1} more of it" if len(differ) > 1 else ""
        if signed(told):
            message = (
                f"entry {entry} was changed: it hashes to {mine}, must to {says},"
                f" which {tile.path} says and was signed"
            )
            self.problems.append(Problem(file=self.name.path, message=message + more))
            return told
        if signed(ours):
            message = (
                f"hash of entry {entry} was changed: it is {says}, must be {mine},"
                " as the entry is and was signed"
            )
            self.problems.append(Problem(file=tile.path, message=message + more))
            return ours
        message = (
            f"entry {entry} hashes to {mine}, {tile.path} says {says}:"
            " neither leads to what was signed"
        )
        self.problems.append(Problem(file=self.name.path, message=message + more))
        return ours


def _octets(found: bytes, wanted: int) -> str:
    return f"{len(found)} octets, must be {wanted}"


def _signed(
    disk: Disk, state: TreeState, checkpoint: Checkpoint, tile: TileName
) -> Callable[[bytes], bool]:
    """Tells whether hashes of this tile lead to what was signed: the tile above, or the root."""
    if tile.width < TILE_WIDTH:
        return lambda row: grow_hashes(state, row).root == checkpoint.root
    number, place = divmod(tile.index, TILE_WIDTH)
    above = TileName(level=1, index=number)
    above = TileName(level=1, index=number, width=above.width_at(checkpoint.size))
    hashes = disk.read(above.path) or b""
    said = hashes[place * HASH_OCTETS : (place + 1) * HASH_OCTETS]
    return lambda row: subtree_hash(row) == said


def _audit_leaves(
    disk: Disk, bundle: _Bundle, blobs: set[bytes], keys: LogKeys
) -> Iterator[Problem]:
    for entry, octets in enumerate(bundle.leaves, bundle.name.index * TILE_WIDTH):
        if is_certificate(octets):  # nearly all are, and there is nothing more to them here
            continue
        try:
            leaf = decode_leaf(octets)
        except Malformed as error:
            yield Problem(file=bundle.name.path, message=f"entry {entry}: {error}")
            continue
        keys.take(entry, leaf)
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
        yield Problem(file=path, message="not the hashes of the tiles below it")


def _compare_root(file: str, checkpoint: Checkpoint, root: bytes) -> Iterator[Problem]:
    if root != checkpoint.root:
        yield Problem(
            file=file,
            message=f"root {checkpoint.root.hex()} of {checkpoint.size} entries was signed,"
            f" the entries lead to {root.hex()}: they are another history",
        )


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
    octets = disk.read(name.path) or b""
    whole = disk.read(TileName(level=name.level, index=name.index, width=width).path) or b""
    if name.level is None:
        end = 0
        for _ in range(name.width):
            end += 2 + int.from_bytes(whole[end : end + 2], "big")
    else:
        end = name.width * HASH_OCTETS
    # If the whole one was changed, which was told before, the old one may still be right.
    if octets != whole[:end] and not _agrees(disk, name, octets, width):
        yield Problem(file=name.path, message=f"not the beginning of the tile of width {width}")


def _agrees(disk: Disk, name: TileName, octets: bytes, width: int) -> bool:
    """What an old partial tile or bundle holds agrees with what stands beside or below it."""
    if name.level:
        below = range(name.index * TILE_WIDTH, name.index * TILE_WIDTH + name.width)
        tiles = [disk.read(TileName(level=name.level - 1, index=n).path) for n in below]
        whole = [tile for tile in tiles if tile is not None and len(tile) == TILE_OCTETS]
        return octets == b"".join(map(subtree_hash, whole))
    other = TileName(level=0 if name.level is None else None, index=name.index, width=width)
    beside = disk.read(other.path) or b""
    try:
        if name.level is None:
            row = leaf_row(decode_bundle(octets, name.width))
            return row == beside[: len(row)]
        return octets == leaf_row(decode_bundle(beside, width))[: len(octets)]
    except Malformed:
        return False


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
