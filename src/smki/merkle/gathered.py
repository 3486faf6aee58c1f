"""One proof for many leaves: the leaves, and the full subtrees between them, from left to right.

    tree of 7, leaves 2 and 5:     [0,2)   2   [3,4) [4,5)   5   [6,7)
                                   (1,0)       (0,3) (0,4)       (0,6)

Each gap is tiled by the fewest full subtrees: from its left end on, each time the largest power of
two of leaves that divides the position and fits into the rest (`proofs.cover`). So which hash stands where follows
from the indices and the size alone, and whoever checks lets a tree grow by leaves and subtrees in
one pass, with 64 hashes in memory. For the neighbours that a batch is, a proof for 50,000 leaves
has some 40 hashes.

Clause: rfc6962:2.1
"""

from collections.abc import Iterable, Iterator

from smki.merkle.hashing import CompactRange, leaf_hash
from smki.merkle.proofs import cover
from smki.terms import Malformed, Refused


def complement(indices: Iterable[int], size: int) -> Iterator[int | tuple[int, int]]:
    """What a gathered proof holds, in order: an index for a leaf, `(level, index)` for a hash.

    Raises:
        Malformed: indices that do not rise, or beyond the tree.
    """
    position = 0
    for index in indices:
        if not position <= index < size:
            raise Malformed(
                f"leaf {index} after {position - 1} in a tree of {size}, must rise and be below it",
                clause="rfc6962:2.1",
                rule="merkle.index",
            )
        yield from cover(position, index)
        yield index
        position = index + 1
    yield from cover(position, size)


class GatheredVerifier:
    """Checks a gathered proof in one pass; nothing is proven before `finish` returns."""

    __slots__ = ("_range", "_size")

    def __init__(self, size: int) -> None:
        self._range = CompactRange()
        self._size = size

    def fill(self, index: int, hashes: Iterable[bytes]) -> None:
        """The gap up to `index` is filled by as many of `hashes` as it needs.

        Raises:
            Malformed: `index` is behind, beyond the tree, or `hashes` end early.
        """
        if not self._range.size <= index <= self._size:
            raise Malformed(
                f"leaf {index}, must be from {self._range.size} to {self._size}",
                clause="rfc6962:2.1",
                rule="merkle.index",
            )
        supply = iter(hashes)
        for level, number in cover(self._range.size, index):
            subtree = next(supply, None)
            if subtree is None:
                raise Malformed(
                    f"hash of subtree {number} of level {level} is missing before leaf {index}",
                    clause="rfc6962:2.1",
                    rule="merkle.proof",
                )
            self._range.append(subtree, level)

    def add(self, leaf: bytes) -> None:
        """The next leaf of the tree is `leaf`."""
        self._range.append(leaf_hash(leaf))

    def finish(self, root: bytes) -> None:
        """All leaves that were added are where they were said to be in the tree under `root`.

        Raises:
            Refused: the proof leads to another root, or is not complete.

        Clause: rfc6962:2.1
        """
        if self._range.size != self._size or self._range.root() != root:
            raise Refused(
                f"proof: {self._range.size} leaves lead to {self._range.root().hex()},"
                f" must be {self._size} and lead to {root.hex()}",
                clause="rfc6962:2.1",
                rule="merkle.proof",
            )
