"""A mirror of a log from its public files, at an address or in a folder: proven, and resumable.

The tiles that are written are grown from the entries, and compared with the log's: what is wrong is
named while it is read. The mirror's checkpoint comes last, when its root is what the entries lead
to; cut off, it goes on from there, and what it has of the rest is not read again. After it comes the
newest cosigned checkpoint, if the log has one.

Clause: c2sp:tlog-tiles
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from smki.adapters.bulk_mirror import alone, edges_of, load_edge, place_entries
from smki.adapters.record import AuditProgress, FileRecordReader, Problem
from smki.adapters.record.disk import Disk
from smki.adapters.record.reader import CHECKPOINT, COSIGNED, Files, blob_path
from smki.merkle.hashing import HASH_OCTETS, leaf_hash, leaf_row
from smki.merkle.leaf import LeafForm, decode_leaf
from smki.merkle.proofs import range_root
from smki.merkle.tiles import TILE_WIDTH, TileName, TreeState, decode_bundle, grow
from smki.ports import Checkpoint
from smki.terms import Inconsistent, Malformed, Refused

Entry = tuple[bytes, bytes | None]  # a leaf, and its content if that is a blob


def mirror(files: Files, folder: Path, verifier_key: str) -> Iterator[Problem | AuditProgress]:
    """The log in `files`, under its newest checkpoint, is in `folder`; progress after each bundle.

    A problem is the end: what is wrong is not in the mirror, whose checkpoint stays if the entries
    do not lead to the new one. Without one, the last progress has `done == total`, and every octet
    was proven.

    Raises:
        Refused: the log is smaller than the mirror of it: it went back.
        Inconsistent: its checkpoint is not signed by that key, or the mirror is damaged.
        Unavailable: the log is away, or the folder cannot be written or is in use.

    Clause: c2sp:tlog-tiles, rfc6962:2.1.2
    """
    log = FileRecordReader(files, verifier_key)
    try:
        cosigned = log.cosigned()  # first: it is never ahead of the checkpoint that is read next
    except Inconsistent as error:
        yield Problem(file=COSIGNED, message=error.message)
        return
    checkpoint = log.checkpoint()
    disk = Disk(folder)
    with alone(folder):
        disk.clear_staging()
        state = load_edge(disk, folder, verifier_key)
        if state.size > checkpoint.size:
            raise Refused(
                f"log has {checkpoint.size} entries, its mirror {state.size}: it went back; keep both",
                where=str(files.root),
                clause="rfc6962:2.1.2",
                rule="merkle.rolled-back",
            )
        while state.size < checkpoint.size:
            found = _next(files, disk, state, checkpoint.size)
            if isinstance(found, Problem):
                yield found
                return
            state = place_entries(disk, state, found)
            yield AuditProgress(done=state.size, total=checkpoint.size)
        if state.root() != checkpoint.root:
            yield Problem(
                file=CHECKPOINT,
                message=f"root {checkpoint.root.hex()}, the entries lead to {state.root().hex()}:"
                " it was rewritten, or never had them; keep both",
            )
            return
        disk.place([*edges_of(state), (CHECKPOINT, checkpoint.note)])
        if cosigned is not None and 0 < cosigned.size <= checkpoint.size:
            yield from _place_cosigned(disk, FileRecordReader(folder, verifier_key), cosigned)
        yield AuditProgress(done=state.size, total=checkpoint.size)


def _place_cosigned(disk: Disk, ours: FileRecordReader, cosigned: Checkpoint) -> Iterator[Problem]:
    """The cosigned checkpoint is in the mirror, if the entries lead to it."""
    ours.checkpoint()
    root = range_root(0, cosigned.size, ours.node)
    if root == cosigned.root:
        disk.place([(COSIGNED, cosigned.note)])
        return
    yield Problem(
        file=COSIGNED,
        message=f"root {cosigned.root.hex()} of {cosigned.size} entries, the entries lead to"
        f" {root.hex()}: another history was signed; keep both",
    )


def _next(files: Files, disk: Disk, state: TreeState, size: int) -> list[Entry] | Problem:
    """The entries of the next bundle that the mirror has not yet, or what is wrong with them."""
    number, present = divmod(state.size, TILE_WIDTH)
    width = TileName(level=None, index=number).width_at(size)
    bundle = TileName(level=None, index=number, width=width)
    tile = TileName(level=0, index=number, width=width)
    hashes = files.read(tile.path)
    if hashes is None:
        return Problem(file=tile.path, message="missing")
    leaves = _leaves(disk.read(bundle.path), width)
    if leaf_row(leaves) != hashes:
        octets = files.read(bundle.path)
        if octets is None:
            return Problem(file=bundle.path, message="missing")
        leaves = _leaves(octets, width)
        if leaf_row(leaves) != hashes:
            return Problem(file=bundle.path, message=_unlike(leaves, hashes, tile))
    fresh = leaves[present:]
    return _wrong_above(files, state, fresh, size) or _with_blobs(files, disk, bundle, fresh)


def _unlike(leaves: tuple[bytes, ...], hashes: bytes, tile: TileName) -> str:
    """Which entry is not the one that its tile says."""
    for place, leaf in enumerate(leaves):
        found, said = leaf_hash(leaf), hashes[place * HASH_OCTETS : (place + 1) * HASH_OCTETS]
        if found != said:
            return (
                f"entry {tile.index * TILE_WIDTH + place} hashes to {found.hex()},"
                f" {tile.path} says {said.hex() or 'nothing'}"
            )
    return f"no bundle of {len(hashes) // HASH_OCTETS} whole entries, as {tile.path} says"


def _leaves(octets: bytes | None, width: int) -> tuple[bytes, ...]:
    """The entries of a bundle; none if it is no whole bundle."""
    try:
        return decode_bundle(octets or b"", width)
    except Malformed:
        return ()


def _wrong_above(
    files: Files, state: TreeState, fresh: tuple[bytes, ...], size: int
) -> Problem | None:
    for name, octets in grow(state, fresh).files:
        # Partial tiles on the way up are of no checkpoint, unless of this one.
        if name.level is not None and name.width == name.width_at(size):
            found = files.read(name.path)
            if found != octets:
                what = "missing" if found is None else "not the hashes of the entries below it"
                return Problem(file=name.path, message=what)
    return None


def _with_blobs(
    files: Files, disk: Disk, bundle: TileName, fresh: tuple[bytes, ...]
) -> list[Entry] | Problem:
    entries: list[Entry] = []
    for octets in fresh:
        try:
            leaf = decode_leaf(octets)
        except Malformed as error:
            return Problem(file=bundle.path, message=f"an entry is none: {error}")
        if leaf.form is not LeafForm.DIGEST:
            entries.append((octets, None))
            continue
        path = blob_path(leaf.body)
        content = disk.read(path, leaf.length) or files.read(path, leaf.length)
        if content is None or sha256(content).digest() != leaf.body:
            what = "missing" if content is None else "not what its entry says"
            return Problem(file=path, message=what)
        entries.append((octets, content))
    return entries
