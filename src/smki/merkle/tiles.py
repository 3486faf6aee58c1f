"""The layout of a log in files: entry bundles, tiles of hashes, and how they grow.

    tile/<L>/<N>[.p/<W>]        hashes of level 8L: 256 x 32 octets, or W x 32 if partial
    tile/entries/<N>[.p/<W>]    entries: (length u16 || entry) x 256, or x W if partial
    N in groups of three digits, each but the last after an x: 1234067 = x001/x234/067

A file, once it is there, never gets other content: a tile that grew is another file, with
another W. Nothing is written here: `grow` says which files there must be.

Clause: c2sp:tlog-tiles
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from smki.merkle.hashing import (
    EMPTY_ROOT,
    HASH_OCTETS,
    fold_peaks,
    leaf_row,
    row_peaks,
    subtree_hash,
)
from smki.terms import Malformed

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8  # levels of the tree in one tile
TILE_OCTETS: Final = TILE_WIDTH * HASH_OCTETS
ENTRY_MAX_OCTETS: Final = 0xFFFF  # the length before an entry is a u16; c2sp:tlog-tiles
_LEVELS: Final = 64

_TILE_PATH: Final = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TileName:
    """Which tile or bundle a file holds.

    Attributes:
        level: 0 to 63 for a tile; None for a bundle of entries.
        index: its number within the level.
        width: how many hashes or entries it holds, 1 to 256.

    Clause: c2sp:tlog-tiles
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Where the file is, from the root of the log, with `/`."""
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{_numbered(self.index)}{partial}"

    @classmethod
    def parse(cls, path: str) -> "TileName":
        """The tile or bundle whose path this is.

        Raises:
            Malformed: no path of a tile, or not in its only form.
        """
        found = _TILE_PATH.fullmatch(path)
        if found:
            level, number, width = found.groups()
            name = cls(
                level=None if level == "entries" else int(level),
                index=int(number.replace("x", "").replace("/", "")),
                width=int(width or TILE_WIDTH),
            )
            if name.path == path and (name.level or 0) < _LEVELS:
                return name
        raise Malformed(
            f"path {path[:100]!r} names no tile, must be tile/<L>/<N> or tile/entries/<N>",
            clause="c2sp:tlog-tiles",
            rule="tile.path",
        )

    def width_at(self, size: int) -> int:
        """How many hashes or entries this tile holds in a tree of `size` entries, 0 to 256."""
        count = size >> (TILE_HEIGHT * (self.level or 0))
        return max(0, min(TILE_WIDTH, count - self.index * TILE_WIDTH))


def _numbered(index: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def encode_entry(entry: bytes) -> bytes:
    """An entry as it stands in a bundle: its length in 2 octets, then itself.

    Raises:
        Malformed: longer than 65,535 octets.

    Clause: c2sp:tlog-tiles
    """
    if len(entry) > ENTRY_MAX_OCTETS:
        raise Malformed(
            f"entry: {len(entry)} octets, must be at most {ENTRY_MAX_OCTETS}",
            clause="c2sp:tlog-tiles",
            rule="tile.entry",
        )
    return len(entry).to_bytes(2, "big") + entry


def decode_bundle(octets: bytes, count: int) -> tuple[bytes, ...]:
    """The `count` entries of a bundle; nothing is left over.

    Raises:
        Malformed: an entry is cut off, or there are fewer or more.

    Clause: c2sp:tlog-tiles
    """
    entries: list[bytes] = []
    at, end = 0, len(octets)
    for _ in range(count):
        start = at + 2
        if start > end:
            break
        at = start + (octets[at] << 8 | octets[at + 1])
        if at > end:
            break
        entries.append(octets[start:at])
    if at != end or len(entries) != count:
        raise Malformed(
            f"entry bundle: {len(entries)} whole entries in {end} octets,"
            f" must be {count} and nothing else",
            where=f"offset {min(at, end)}",
            clause="c2sp:tlog-tiles",
            rule="tile.bundle",
        )
    return tuple(entries)


def entry_in(octets: bytes, place: int) -> bytes:
    """The entry at `place` of a bundle; what follows it is not looked at.

    Raises:
        Malformed: the bundle ends before.

    Clause: c2sp:tlog-tiles
    """
    at, end = 0, len(octets)
    for _ in range(place):
        if at + 2 > end:
            break
        at += 2 + (octets[at] << 8 | octets[at + 1])
    start = at + 2
    stop = start + int.from_bytes(octets[at:start], "big")
    if stop > end:
        raise Malformed(
            f"entry bundle: {end} octets, entry {place} does not end there",
            where=f"offset {min(at, end)}",
            clause="c2sp:tlog-tiles",
            rule="tile.bundle",
        )
    return octets[start:stop]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeState:
    """All that is needed to let a log grow: its right edge.

    Attributes:
        size: number of entries.
        bundle: the rightmost bundle, encoded, if it is partial; else empty.
        rows: for each level of tiles the rightmost tile if it is partial; else empty.
    """

    size: int = 0
    bundle: bytes = b""
    rows: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The root at this size.

        Clause: rfc6962:2.1
        """
        return fold_peaks([peak for row in reversed(self.rows) for peak in row_peaks(row)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What a log is after it grew, and which files say so.

    Attributes:
        state: the right edge afterwards.
        root: the root afterwards.
        files: every tile and bundle that is new, with its octets: full ones, and the partial
            ones that a checkpoint of this size needs.
    """

    state: TreeState
    root: bytes
    files: tuple[tuple[TileName, bytes], ...]


def grow(state: TreeState, entries: Sequence[bytes]) -> Growth:
    """The log with `entries` at its end; nothing but these and the right edge is needed.

    Raises:
        Malformed: an entry is longer than 65,535 octets.

    Clause: c2sp:tlog-tiles
    """
    files: list[tuple[TileName, bytes]] = []
    bundle = _grow_bundle(state, [encode_entry(entry) for entry in entries], files)
    rows = _grow_rows(state, leaf_row(entries), files)
    after = TreeState(size=state.size + len(entries), bundle=bundle, rows=rows)
    return Growth(state=after, root=after.root() if rows else EMPTY_ROOT, files=tuple(files))


def grow_hashes(state: TreeState, row: bytes, level: int = 0) -> Growth:
    """The log whose next entries have these hashes, 32 octets each: its tiles, without bundles.

    With `level`, each hash is that over a whole tile below that level of tiles, none of which is
    given then; the log has whole tiles below it.

    Clause: c2sp:tlog-tiles
    """
    files: list[tuple[TileName, bytes]] = []
    rows = _grow_rows(state, row, files, level)
    size = state.size + (len(row) // HASH_OCTETS << TILE_HEIGHT * level)
    after = TreeState(size=size, rows=rows)
    return Growth(state=after, root=after.root() if rows else EMPTY_ROOT, files=tuple(files))


def _grow_bundle(
    state: TreeState, encoded: Sequence[bytes], files: list[tuple[TileName, bytes]]
) -> bytes:
    bundle, at = state.bundle, 0
    index, present = divmod(state.size, TILE_WIDTH)
    while at < len(encoded):
        part = encoded[at : at + TILE_WIDTH - present]
        bundle += b"".join(part)
        width = present + len(part)
        files.append((TileName(level=None, index=index, width=width), bundle))
        if width == TILE_WIDTH:
            bundle, index = b"", index + 1
        at, present = at + len(part), 0
    return bundle


def _grow_rows(
    state: TreeState, fresh: bytes, files: list[tuple[TileName, bytes]], level: int = 0
) -> tuple[bytes, ...]:
    rows = list(state.rows)
    while fresh:
        rows.extend(b"" for _ in range(len(rows), level + 1))
        row = rows[level] + fresh
        index = state.size >> (TILE_HEIGHT * (level + 1))
        whole = len(row) - len(row) % TILE_OCTETS
        tiles = [row[at : at + TILE_OCTETS] for at in range(0, whole, TILE_OCTETS)]
        files.extend((TileName(level=level, index=index + n), tile) for n, tile in enumerate(tiles))
        rows[level] = row = row[whole:]
        if row:
            name = TileName(level=level, index=index + len(tiles), width=len(row) // HASH_OCTETS)
            files.append((name, row))
        fresh = b"".join([subtree_hash(tile) for tile in tiles])
        level += 1
    return tuple(rows)
