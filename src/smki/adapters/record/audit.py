"""Re-reads every octet of the record and says what is wrong with it, as values.

Each entry must have the hash that its tile says; which of the two was changed is told by what stands
above them. From those hashes the log is grown again: each tile must be, octet for octet, what
growing it gives, up to the signed root. Old partial tiles must be the beginnings of what grew from
them. A file that nothing explains is a problem too. Memory is flat; nothing is written or repaired.

Clause: c2sp:tlog-tiles
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.record.disk import Disk
from smki.adapters.record.pending import Pending
from smki.adapters.record.reader import CHECKPOINT, COSIGNED, FileRecordReader, blob_path
from smki.adapters.record.rereading import Rereader
from smki.adapters.record.writer import PENDING
from smki.merkle.hashing import HASH_OCTETS, leaf_row, subtree_hash
from smki.merkle.leaf import Leaf, LeafForm, decode_leaf, is_certificate
from smki.merkle.log_keys import LogKeys
from smki.merkle.notes import VerifierKey
from smki.merkle.tiles import (
    TILE_OCTETS,
    TILE_WIDTH,
    Growth,
    TileName,
    TreeState,
    decode_bundle,
    grow_hashes,
)
from smki.ports import Checkpoint, Each, one_by_one
from smki.terms import Inconsistent, Malformed, Unavailable

_TOGETHER: Final = 8  # bundles re-read at once: some 4 ms


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


def audit(
    directory: Path, verifier_key: str, each: Each[Rereader] | None = None
) -> Iterator[Problem | AuditProgress]:
    """Every problem of the record in `directory`, and progress after each stretch of bundles.

    The last progress has `done == total` unless the checkpoint itself is not to be believed, or
    entries and their hashes are both gone. `each` re-reads this directory; without it all is done
    here.

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
    rereading = _Audit(Disk(directory), checkpoint, cosigned)
    yield from rereading.entries(each or one_by_one(Rereader(directory)))
    if rereading.state.size < checkpoint.size:
        return
    yield from _compare_root(CHECKPOINT, checkpoint, rereading.state.root())
    for message in rereading.keys.problems(checkpoint.note, VerifierKey.parse(verifier_key)):
        yield Problem(file=CHECKPOINT, message=message)
    if cosigned is not None and cosigned.size > checkpoint.size:
        yield Problem(
            file=CHECKPOINT,
            message=f"says {checkpoint.size} entries, the log signed {cosigned.size} in {COSIGNED}:"
            " it is an older one",
        )
    yield from _audit_files(rereading.disk, reader, rereading.blobs)


class _Audit:
    """Grows the log again from what is re-read.

    Attributes:
        disk: where it lies.
        state: how far it was grown.
        keys: the log's keys that were lodged.
        blobs: SHA-256 of each blob that an entry names.
    """

    def __init__(self, disk: Disk, checkpoint: Checkpoint, cosigned: Checkpoint | None) -> None:
        self.disk = disk
        self.state = TreeState()
        self.keys = LogKeys()
        self.blobs: set[bytes] = set()
        self._checkpoint = checkpoint
        self._cosigned = cosigned

    def entries(self, each: Each[Rereader]) -> Iterator[Problem | AuditProgress]:
        """What is wrong with bundles and tiles; ends early if hashes are gone."""
        size = self._checkpoint.size
        whole = size // TILE_WIDTH
        stretches = [range(n, min(n + _TOGETHER, whole)) for n in range(0, whole, _TOGETHER)]
        for stretch, seen in zip(stretches, each(Rereader.reread, stretches), strict=True):
            if seen.hashes is None or self._cosigned_within(stretch):
                if not (yield from self._carefully(stretch)):
                    return
            else:
                yield from self._leaves(seen.others)
                yield from self._grow(grow_hashes(self.state, seen.hashes, level=1))
            yield AuditProgress(done=self.state.size, total=size)
        if size % TILE_WIDTH and (yield from self._carefully(range(whole, whole + 1))):
            yield AuditProgress(done=size, total=size)

    def _cosigned_within(self, stretch: range) -> bool:
        cosigned = self._cosigned
        return cosigned is not None and (
            stretch.start * TILE_WIDTH < cosigned.size <= stretch.stop * TILE_WIDTH
        )

    def _carefully(self, stretch: range) -> Generator[Problem, None, bool]:
        """Bundle by bundle; whether there are hashes to grow from."""
        for _ in stretch:
            bundle = _Bundle.read(self.disk, self.state, self._checkpoint)
            yield from bundle.problems
            yield from self._leaves(enumerate(bundle.leaves, bundle.name.index * TILE_WIDTH))
            if bundle.row is None:
                return False  # without these hashes nothing after them can be grown
            before, cosigned = self.state, self._cosigned
            yield from self._grow(grow_hashes(before, bundle.row))
            if cosigned is not None and before.size < cosigned.size <= self.state.size:
                ours = bundle.row[: (cosigned.size - before.size) * HASH_OCTETS]
                yield from _compare_root(COSIGNED, cosigned, grow_hashes(before, ours).root)
        return True

    def _grow(self, growth: Growth) -> Iterator[Problem]:
        for tile, octets in growth.files:
            # Partial tiles on the way are old ones, or none: `_audit_files` looks at them.
            if tile.level and tile.width == tile.width_at(self._checkpoint.size):
                yield from _compare(self.disk, tile.path, octets)
        self.state = growth.state

    def _leaves(self, entries: Iterable[tuple[int, bytes]]) -> Iterator[Problem]:
        for entry, octets in entries:
            if is_certificate(octets):  # nearly all are, and there is nothing more to them here
                continue
            try:
                leaf = decode_leaf(octets)
            except Malformed as error:
                yield Problem(file=self._bundle_of(entry), message=f"entry {entry}: {error}")
                continue
            self.keys.take(entry, leaf)
            if leaf.form is LeafForm.DIGEST:
                self.blobs.add(leaf.body)
                yield from self._blob(entry, leaf)

    def _blob(self, entry: int, leaf: Leaf) -> Iterator[Problem]:
        path = blob_path(leaf.body)
        content = self.disk.read(path, leaf.length)
        if content is None:
            yield Problem(file=path, message=f"missing, entry {entry} needs it")
        elif len(content) != leaf.length or sha256(content).digest() != leaf.body:
            yield Problem(file=path, message=f"not what entry {entry} says")

    def _bundle_of(self, entry: int) -> str:
        name = TileName(level=None, index=entry // TILE_WIDTH)
        return replace(name, width=name.width_at(self._checkpoint.size)).path


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
