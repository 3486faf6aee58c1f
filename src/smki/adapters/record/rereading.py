"""Re-reading whole bundles: is each what its tile says? Yes or no, quickly.

What is said of bundles depends on nothing before them: several processes may re-read, each its own.
What is wrong where the answer is no, `audit` finds, and whether the hashes are those that were signed.

Clause: c2sp:tlog-tiles
"""

from dataclasses import dataclass
from pathlib import Path

from smki.adapters.record.disk import Disk
from smki.merkle.hashing import leaf_row, subtree_hash
from smki.merkle.leaf import is_certificate
from smki.merkle.tiles import TILE_WIDTH, TileName, decode_bundle
from smki.terms import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """What was seen of whole bundles.

    Attributes:
        hashes: over each of them, 32 octets each, if each is what its tile says; else None.
        others: their entries that are no certificates, with their octets, if so.
    """

    hashes: bytes | None
    others: tuple[tuple[int, bytes], ...] = ()


class Rereader:
    """Re-reads the record in a folder."""

    def __init__(self, directory: Path) -> None:
        self._disk = Disk(directory)

    def reread(self, bundles: range) -> Reread:
        """What is seen of the bundles with these numbers; 256 entries each.

        Raises:
            Unavailable: the disk fails.
        """
        hashes: list[bytes] = []
        others: list[tuple[int, bytes]] = []
        for number in bundles:
            octets = self._disk.read(TileName(level=None, index=number).path)
            told = self._disk.read(TileName(level=0, index=number).path)
            try:
                leaves = decode_bundle(octets or b"", TILE_WIDTH)
            except Malformed:
                return Reread(hashes=None)
            if leaf_row(leaves) != told:
                return Reread(hashes=None)
            hashes.append(subtree_hash(told))
            if not all(map(is_certificate, leaves)):
                first = number * TILE_WIDTH
                others += [
                    (entry, leaf)
                    for entry, leaf in enumerate(leaves, first)
                    if not is_certificate(leaf)
                ]
        return Reread(hashes=b"".join(hashes), others=tuple(others))
