"""Inclusion and consistency proofs: made from the hashes of full subtrees, verified by themselves.

Making needs a function `(level, index) -> hash` over the full subtrees of the log; verifying
needs the proof alone. Whether the roots are anyone's word is the checkpoint's question.

Clause: rfc6962:2.1.1, rfc6962:2.1.2
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from smki.merkle.hashing import HASH_OCTETS, fold_peaks, node_hash
from smki.terms import Malformed, Refused

Nodes = Callable[[int, int], bytes]

_INCLUSION: Final = "rfc6962:2.1.1"
_CONSISTENCY: Final = "rfc6962:2.1.2"


def cover(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The fewest full subtrees `(level, index)` that tile the leaves `[start, stop)`, in order."""
    while start < stop:
        level = (stop - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def range_root(start: int, stop: int, node: Nodes) -> bytes:
    """The RFC 6962 hash over the leaves `[start, stop)`; `start` is where a subtree can start."""
    return fold_peaks([node(level, index) for level, index in cover(start, stop)])


def prove_inclusion(index: int, size: int, node: Nodes) -> tuple[bytes, ...]:
    """The audit path of the leaf at `index` in the tree of `size` leaves, from the leaf up.

    Raises:
        Malformed: no such leaf in this tree.

    Clause: rfc6962:2.1.1
    """
    _check_index(index, size)
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return tuple(reversed(path))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """The leaf with hash `leaf` is the one at `index` in the tree of `size` leaves under `root`.

    Raises:
        Malformed: no such leaf in a tree of this size, or a hash that is not 32 octets.
        Refused: the proof does not lead to the root.

    Clause: rfc6962:2.1.1
    """
    _check_index(index, size)
    _check_hashes((leaf, *proof, root), _INCLUSION)
    found = leaf
    for step, left in zip(proof, _sides(index, size - 1, len(proof), _INCLUSION), strict=True):
        found = node_hash(step, found) if left else node_hash(found, step)
    if found != root:
        raise _broken(f"inclusion proof leads to {found.hex()}", _INCLUSION)


def prove_consistency(old: int, size: int, node: Nodes) -> tuple[bytes, ...]:
    """The proof that the tree of `size` leaves extends the one of its first `old` leaves.

    Raises:
        Malformed: `old` is not from 1 to `size`.

    Clause: rfc6962:2.1.2
    """
    _check_sizes(old, size)
    path: list[bytes] = []
    start, stop = 0, size
    while stop != old:
        middle = start + _split(stop - start)
        if old <= middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    if start:
        path.append(range_root(start, stop, node))
    return tuple(reversed(path))


def verify_consistency(
    old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> None:
    """The tree of `size` leaves under `root` begins with the tree of `old` under `old_root`.

    Raises:
        Malformed: `old` is not from 1 to `size` (an empty tree proves nothing), or a hash that
            is not 32 octets.
        Refused: the proof does not lead to both roots.

    Clause: rfc6962:2.1.2
    """
    _check_sizes(old, size)
    if old == size:
        if proof or old_root != root:
            raise _broken("consistency proof between two trees of one size", _CONSISTENCY)
        return
    _check_hashes((old_root, root), _CONSISTENCY)
    # A full subtree is its own first step; any other old tree sends that step along.
    steps = (old_root, *proof) if old & (old - 1) == 0 else tuple(proof)
    before, after = roots_along(old, size, steps)
    if before != old_root or after != root:
        raise _broken(f"consistency proof leads to {before.hex()} and {after.hex()}", _CONSISTENCY)


def roots_along(old: int, size: int, steps: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of the first `old` leaves and of all `size` to which these steps lead.

    The first step is the last full subtree of the old tree, which a consistency proof leaves out if
    it is the whole of it. With the second root the first is fixed: no other steps lead to it.

    Raises:
        Malformed: `old` is not from 1 to `size`, or a step that is not 32 octets.
        Refused: too few steps or too many.

    Clause: rfc6962:2.1.2
    """
    _check_sizes(old, size)
    _check_hashes(steps, _CONSISTENCY)
    if not steps:
        raise _broken("consistency proof is empty", _CONSISTENCY)
    level = (~(old - 1) & old).bit_length() - 1  # of the last full subtree of the old tree
    before = after = steps[0]
    sides = _sides((old - 1) >> level, (size - 1) >> level, len(steps) - 1, _CONSISTENCY)
    for step, left in zip(steps[1:], sides, strict=True):
        before = node_hash(step, before) if left else before
        after = node_hash(step, after) if left else node_hash(after, step)
    return before, after


def _sides(place: int, last: int, count: int, clause: str) -> list[bool]:
    """For each of `count` steps from node `place` of `0..last` up: does it stand on the left."""
    sides: list[bool] = []
    while last and len(sides) < count:
        left = bool(place & 1) or place == last
        sides.append(left)
        while left and place and not place & 1:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last or len(sides) != count:
        raise _broken(f"proof of {count} hashes is too {'short' if last else 'long'}", clause)
    return sides


def _split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise Malformed(
            f"leaf {index} of {size}, must be from 0 to {size - 1}",
            clause=_INCLUSION,
            rule="merkle.index",
        )


def _check_sizes(old: int, size: int) -> None:
    if not 0 < old <= size:
        raise Malformed(
            f"tree sizes {old} and {size}, the earlier must be from 1 to the later",
            clause=_CONSISTENCY,
            rule="merkle.size",
        )


def _check_hashes(hashes: Sequence[bytes], clause: str) -> None:
    for each in hashes:
        if len(each) != HASH_OCTETS:
            raise Malformed(
                f"hash of {len(each)} octets, must be {HASH_OCTETS}",
                clause=clause,
                rule="merkle.hash",
            )


def _broken(found: str, clause: str) -> Refused:
    return Refused(
        f"{found}, must lead to the root that is claimed", clause=clause, rule="merkle.proof"
    )
