"""RFC 6962 hashing: of leaves, of nodes, of rows of nodes, and of trees that only grow.

    MTH({})     = SHA-256()                               32 octets
    MTH({d})    = SHA-256(00 || d)
    MTH(D[0:n]) = SHA-256(01 || MTH(D[0:k]) || MTH(D[k:n])),  k the largest power of two below n

A full subtree is named by `(level, index)`: it stands over the leaves
`[index << level, (index + 1) << level)`. A row is the hashes of neighbouring subtrees of one
level, joined. No file, no proof, no signature here.

Clause: rfc6962:2.1
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from smki.terms import Malformed

HASH_OCTETS: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """The 32-octet hash of a leaf.

    Clause: rfc6962:2.1
    """
    return sha256(_LEAF + leaf).digest()


def leaf_row(leaves: Sequence[bytes]) -> bytes:
    """The row of the hashes of these leaves, 32 octets each."""
    return b"".join([sha256(_LEAF + leaf).digest() for leaf in leaves])


def node_hash(left: bytes, right: bytes) -> bytes:
    """The 32-octet hash of the node over two subtrees.

    Clause: rfc6962:2.1
    """
    return sha256(_NODE + left + right).digest()


def row_above(row: bytes) -> bytes:
    """The row one level up from a row of an even number of hashes."""
    return b"".join([sha256(_NODE + row[at : at + 64]).digest() for at in range(0, len(row), 64)])


def subtree_hash(row: bytes) -> bytes:
    """The hash over a row of a power of two of hashes."""
    while len(row) > HASH_OCTETS:
        row = row_above(row)
    return row


def fold_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root over full subtrees of falling size, from left to right; of none, the empty root."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def row_peaks(row: bytes) -> Iterator[bytes]:
    """The hashes of the largest full subtrees over a row of up to 255 hashes, left to right."""
    count, start = len(row) // HASH_OCTETS, 0
    for bit in range(7, -1, -1):
        if count >> bit & 1:
            yield subtree_hash(row[start : start + (HASH_OCTETS << bit)])
            start += HASH_OCTETS << bit


class CompactRange:
    """A tree that only grows, kept as the roots of its largest full subtrees.

    Memory is at most 64 hashes, whatever the size. Appending a leaf costs one hash of a node on
    average.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []
        self.size = 0

    def append(self, subtree: bytes, level: int = 0) -> None:
        """The full subtree of `1 << level` leaves stands at the end of the tree.

        Raises:
            Malformed: a subtree of this level cannot start at the present size.
        """
        if self.size & ((1 << level) - 1):
            raise Malformed(
                f"subtree of level {level} at leaf {self.size},"
                f" must start at a multiple of {1 << level}",
                clause="rfc6962:2.1",
                rule="merkle.aligned",
            )
        self.size += 1 << level
        peaks = self._peaks
        while peaks and peaks[-1][0] == level:
            subtree = sha256(_NODE + peaks.pop()[1] + subtree).digest()
            level += 1
        peaks.append((level, subtree))

    def extend(self, leaves: Iterable[bytes]) -> None:
        """The leaves stand at the end of the tree, in order."""
        for leaf in leaves:
            self.append(sha256(_LEAF + leaf).digest())

    def root(self) -> bytes:
        """The root at the present size, 32 octets."""
        return fold_peaks([peak for _, peak in self._peaks])
