"""Reads the record from its files alone: checkpoint, bundles, tiles and blobs.

    checkpoint          the newest signed checkpoint
    cosigned            the newest that witnesses signed, with their lines (`publishing`)
    tile/...            bundles and tiles, see `merkle.tiles`
    blob/<sha256 hex>   bodies that are too long for a leaf
    lock, pending, staging/   the writer's

Every leaf that is given out hashes to what the level 0 tile says. Believes nothing but files
under a checkpoint that the log's key signed; writes nothing.
"""

from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol

from smki.adapters.record.disk import Disk
from smki.merkle.checkpoints import verify_checkpoint
from smki.merkle.hashing import HASH_OCTETS, leaf_hash, leaf_row, subtree_hash
from smki.merkle.notes import VerifierKey
from smki.merkle.tiles import TILE_HEIGHT, TILE_WIDTH, TileName, decode_bundle, entry_in
from smki.ports.record import Checkpoint
from smki.terms import Inconsistent, Malformed, Refused, SmkiError, Unavailable

CHECKPOINT: Final = "checkpoint"
COSIGNED: Final = "cosigned"
_TILES_KEPT: Final = 256  # 2 MiB
_BUNDLES_KEPT: Final = 16  # 16 MiB at the longest, 2 MiB as certificates are


def blob_path(digest: bytes) -> str:
    """Where the blob with this SHA-256 is."""
    return f"blob/{digest.hex()}"


class Files(Protocol):
    """The files of a log, wherever they are: a folder, or an address (`adapters.addresses`)."""

    @property
    def root(self) -> Path | str:
        """Where they are, for messages."""
        ...

    def read(self, path: str, most: int | None = None) -> bytes | None:
        """The octets of the file, of more than `most` one more than that; None if there is none."""
        ...


class FileRecordReader:
    """`ports.record.RecordReader` over a folder, or other files. As safe in threads as they are.

    Args:
        place: where they are.
        verifier_key: of the log.
        copied: they are a copy. What a copy lacks can be copied, it is no damage to the record.
    """

    def __init__(self, place: Path | Files, verifier_key: str, *, copied: bool = False) -> None:
        self._files: Files = Disk(place) if isinstance(place, Path) else place
        self._copied = copied
        self._key = VerifierKey.parse(verifier_key)
        self._seen: Checkpoint | None = None
        self._tile = lru_cache(_TILES_KEPT)(self._read_tile)
        self._bundle = lru_cache(_BUNDLES_KEPT)(self._read_octets)

    @property
    def origin(self) -> str:
        """The log's name, first line of each checkpoint."""
        return self._key.name

    @property
    def verifier_key(self) -> str:
        """The log's public key as a signed-note verifier key."""
        return str(self._key)

    def checkpoint(self) -> Checkpoint:
        """The newest published checkpoint, read anew; its signature holds.

        Raises:
            Unavailable: there is no record here.
            Inconsistent: not signed by the log's key, or it went back.

        Clause: c2sp:tlog-checkpoint
        """
        note = self._files.read(CHECKPOINT)
        if note is None:
            raise Unavailable(
                "record: none is here, there is no checkpoint; must be the folder or the address of one",
                where=str(self._files.root),
            )
        seen = self._seen
        if seen is not None and seen.note == note:
            return seen
        self._seen = found = self._believe(note)
        if seen is not None and found.size < seen.size:
            raise _damaged(f"checkpoint of size {found.size} after {seen.size}", CHECKPOINT)
        return found

    def cosigned(self) -> Checkpoint | None:
        """The newest checkpoint that witnesses signed; None if there is none.

        Raises:
            Inconsistent: not signed by the log's key.

        Clause: c2sp:tlog-cosignature
        """
        note = self._files.read(COSIGNED)
        return None if note is None else self._believe(note)

    def leaf(self, index: int) -> bytes:
        """The leaf at `index`.

        Raises:
            Malformed: no such leaf.
            Inconsistent: the bundle is missing or damaged.
        """
        number, place = divmod(index, TILE_WIDTH)
        width = TileName(level=None, index=number).width_at(self._reach(index, index + 1))
        try:
            leaf = entry_in(self._bundle(number, width), place)
        except Malformed as error:
            raise _damaged(error.message, f"bundle {number}") from error
        hashes = self._tile(0, number, width)
        if hashes[place * HASH_OCTETS : (place + 1) * HASH_OCTETS] != leaf_hash(leaf):
            raise _damaged(f"leaf {index} is not the one that was lodged", f"bundle {number}")
        return leaf

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """The leaves from `start` up to `stop`, in order, a bundle in memory at a time.

        Raises:
            Malformed: beyond the log.
            Inconsistent: a bundle is missing or damaged.
        """
        size = self._reach(start, stop)
        while start < stop:
            number, place = divmod(start, TILE_WIDTH)
            width = TileName(level=None, index=number).width_at(size)
            bundle = self._read_bundle(number, width)
            if leaf_row(bundle) != self._tile(0, number, width):
                raise _damaged("leaves are not those that were lodged", f"bundle {number}")
            part = bundle[place : place + stop - start]
            yield from part
            start += len(part)

    def node(self, level: int, index: int) -> bytes:
        """Hash of the full subtree over leaves `[index << level, (index + 1) << level)`.

        Raises:
            Malformed: the subtree is not full yet.
            Inconsistent: a tile is missing or damaged.
        """
        size = self._reach(index << level, (index + 1) << level)
        tile_level, height = divmod(level, TILE_HEIGHT)
        number, place = divmod(index << height, TILE_WIDTH)
        width = TileName(level=tile_level, index=number).width_at(size)
        row = self._tile(tile_level, number, width)
        return subtree_hash(row[place * HASH_OCTETS : (place + (1 << height)) * HASH_OCTETS])

    def blob(self, digest: bytes, length: int) -> bytes:
        """The content with this SHA-256 and so many octets, of which no more are read.

        Raises:
            Unavailable: this copy lacks it.
            Inconsistent: missing, or other content.
        """
        path = blob_path(digest)
        content = self._files.read(path, length)
        if content is None:
            raise self._missing(path)
        if len(content) != length or sha256(content).digest() != digest:
            raise _damaged("has other content than its name says", path)
        return content

    def _missing(self, path: str) -> SmkiError:
        if not self._copied:
            return _damaged("missing", path)
        return Unavailable(
            f"record: this copy lacks {path}, must have it: 'smki mirror' copies all of a record",
            where=str(self._files.root),
            clause="c2sp:tlog-tiles",
            rule="record.copy",
        )

    def _believe(self, note: bytes) -> Checkpoint:
        try:
            head = verify_checkpoint(note, [self._key])
        except (Malformed, Refused) as error:
            raise Inconsistent(
                f"record: {error.message}", where=CHECKPOINT, clause=error.clause, rule=error.rule
            ) from error
        return Checkpoint(origin=head.origin, size=head.size, root=head.root, note=note)

    def _reach(self, start: int, stop: int) -> int:
        """The size of a checkpoint that covers `[start, stop)`."""
        seen = self._seen
        if seen is None or stop > seen.size:
            seen = self.checkpoint()
        if not 0 <= start <= stop <= seen.size:
            raise Malformed(
                f"leaves {start} to {stop}, the record has {seen.size}", rule="merkle.index"
            )
        return seen.size

    def _read_tile(self, level: int, number: int, width: int) -> bytes:
        name = TileName(level=level, index=number, width=width)
        octets = self._files.read(name.path)
        if octets is None:
            raise self._missing(name.path)
        if len(octets) != width * HASH_OCTETS:
            raise _damaged(f"{len(octets)} octets, must be {width * HASH_OCTETS}", name.path)
        return octets

    def _read_octets(self, number: int, width: int) -> bytes:
        name = TileName(level=None, index=number, width=width)
        octets = self._files.read(name.path)
        if octets is None:
            raise self._missing(name.path)
        return octets

    def _read_bundle(self, number: int, width: int) -> tuple[bytes, ...]:
        octets = self._read_octets(number, width)
        try:
            return decode_bundle(octets, width)
        except Malformed as error:
            name = TileName(level=None, index=number, width=width)
            raise _damaged(error.message, name.path) from error


def _damaged(what: str, where: str) -> Inconsistent:
    return Inconsistent(
        f"record: {what}", where=where, clause="c2sp:tlog-tiles", rule="record.damaged"
    )
