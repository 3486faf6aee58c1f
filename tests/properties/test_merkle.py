"""Random trees: every proof verifies, every mutated one fails, every way to grow agrees."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.merkle import (
    CompactRange,
    GatheredVerifier,
    TileName,
    TreeState,
    complement,
    grow,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from smki.merkle.tiles import decode_bundle
from smki.terms import Malformed, Refused

SIZES = st.integers(1, 600)


def leaves_of(count: int) -> list[bytes]:
    """As many leaves, of different lengths."""
    return [b"leaf %d" % number * (number % 3) for number in range(count)]


def textbook_root(leaves: list[bytes]) -> bytes:
    """The root as RFC 6962 defines it, by recursion."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    parts = textbook_root(leaves[:split]) + textbook_root(leaves[split:])
    return sha256(b"\x01" + parts).digest()


def nodes_of(leaves: list[bytes]) -> Callable[[int, int], bytes]:
    """The hash of each full subtree, by the textbook."""
    return lambda level, index: textbook_root(leaves[index << level : (index + 1) << level])


def flipped(octets: bytes, bit: int) -> bytes:
    """The same octets with one bit changed."""
    place = bit % (len(octets) * 8)
    changed = octets[place // 8] ^ 1 << place % 8
    return octets[: place // 8] + bytes((changed,)) + octets[place // 8 + 1 :]


@pytest.mark.clause("rfc6962:2.1")
@settings(deadline=None)
@given(st.lists(st.integers(0, 400), max_size=6))
def test_growth(steps: list[int]) -> None:
    """Grown in any steps, a log has the textbook's root, and its files hold what they must."""
    leaves = leaves_of(sum(steps))
    state, files = TreeState(), dict[TileName, bytes]()
    for step in steps:
        growth = grow(state, leaves[state.size : state.size + step])
        for name, octets in growth.files:
            assert files.setdefault(name, octets) == octets, name.path
            assert TileName.parse(name.path) == name
        state = growth.state
    assert state.size == len(leaves)
    assert state.root() == textbook_root(leaves)
    compact = CompactRange()
    compact.extend(leaves)
    assert compact.root() == state.root()
    for name, octets in files.items():
        start = name.index * 256
        if name.level is None:
            assert decode_bundle(octets, name.width) == tuple(leaves[start : start + name.width])
        else:
            span = 8 * name.level
            hashes = [nodes_of(leaves)(span, start + number) for number in range(name.width)]
            assert octets == b"".join(hashes)


@pytest.mark.clause("rfc6962:2.1.1")
@settings(deadline=None)
@given(SIZES, st.integers(0), st.integers(0), st.integers(0))
def test_inclusion(size: int, pick: int, bit: int, step: int) -> None:
    """An inclusion proof verifies; with any bit, hash, index or length changed it does not."""
    leaves = leaves_of(size)
    index, root = pick % size, textbook_root(leaves)
    leaf = leaf_hash(leaves[index])
    proof = prove_inclusion(index, size, nodes_of(leaves))
    verify_inclusion(leaf, index, size, proof, root)
    wrong = [
        (flipped(leaf, bit), index, size, proof, root),
        (leaf, index, size, proof, flipped(root, bit)),
        (leaf, index, size, (*proof, root), root),
        (leaf, size, size, proof, root),
    ]
    if proof:
        at = step % len(proof)
        mutated = (*proof[:at], flipped(proof[at], bit), *proof[at + 1 :])
        wrong += [
            (leaf, index, size, mutated, root),
            (leaf, index, size, proof[:-1], root),
            (leaf, (index + 1) % size, size, proof, root),
        ]
    for mutation in wrong:
        with pytest.raises((Malformed, Refused)):
            verify_inclusion(*mutation)


@pytest.mark.clause("rfc6962:2.1.2")
@settings(deadline=None)
@given(SIZES, st.integers(0), st.integers(0), st.integers(0))
def test_consistency(size: int, pick: int, bit: int, step: int) -> None:
    """A consistency proof verifies; with any bit, hash or size changed it does not."""
    leaves = leaves_of(size)
    old = pick % size + 1
    before, root = textbook_root(leaves[:old]), textbook_root(leaves)
    proof = prove_consistency(old, size, nodes_of(leaves))
    verify_consistency(old, size, proof, before, root)
    wrong = [
        (old, size, proof, flipped(before, bit), root),
        (old, size, proof, before, flipped(root, bit)),
        (old, size, (*proof, root), before, root),
        (0, size, proof, before, root),
        (size + 1, size, proof, before, root),
    ]
    if proof:
        at = step % len(proof)
        mutated = (*proof[:at], flipped(proof[at], bit), *proof[at + 1 :])
        wrong += [(old, size, mutated, before, root), (old, size, proof[:-1], before, root)]
    for mutation in wrong:
        with pytest.raises((Malformed, Refused)):
            verify_consistency(*mutation)


@pytest.mark.clause("rfc6962:2.1")
@settings(deadline=None)
@given(SIZES, st.sets(st.integers(0, 599), min_size=1), st.integers(0), st.integers(0))
def test_gathered(size: int, picks: set[int], bit: int, step: int) -> None:
    """A gathered proof verifies; with any leaf or hash changed, or moved, it does not."""
    leaves = leaves_of(size)
    indices, root = sorted({pick % size for pick in picks}), textbook_root(leaves)
    nodes = nodes_of(leaves)
    hashes = [nodes(*item) for item in complement(indices, size) if isinstance(item, tuple)]
    verify_gathered(size, indices, [leaves[index] for index in indices], hashes, root)
    changed = [leaves[index] + b"!" for index in indices]
    with pytest.raises(Refused):
        verify_gathered(size, indices, changed, hashes, root)
    if hashes:
        at = step % len(hashes)
        mutated = [*hashes[:at], flipped(hashes[at], bit), *hashes[at + 1 :]]
        with pytest.raises(Refused):
            verify_gathered(size, indices, [leaves[index] for index in indices], mutated, root)
        with pytest.raises(Malformed):
            verify_gathered(size, indices, [leaves[i] for i in indices], hashes[:-1], root)


def verify_gathered(
    size: int, indices: list[int], leaves: list[bytes], hashes: list[bytes], root: bytes
) -> None:
    """Checks a gathered proof given as lists."""
    verifier, supply = GatheredVerifier(size), iter(hashes)
    for index, leaf in zip(indices, leaves, strict=True):
        verifier.fill(index, supply)
        verifier.add(leaf)
    verifier.fill(size, supply)
    verifier.finish(root)


@pytest.mark.clause("c2sp:tlog-tiles")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("tile/0/000", TileName(level=0, index=0)),
        ("tile/1/x001/x234/067", TileName(level=1, index=1234067)),
        ("tile/entries/x001/000.p/7", TileName(level=None, index=1000, width=7)),
        ("tile/63/999.p/255", TileName(level=63, index=999, width=255)),
    ],
)
def test_paths(path: str, name: TileName) -> None:
    """Paths are those of the C2SP document, both ways."""
    assert name.path == path
    assert TileName.parse(path) == name


@pytest.mark.parametrize(
    "path",
    ["tile/00/000", "tile/64/000", "tile/0/0", "tile/0/x000/001", "tile/0/000.p/0",
     "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/001/000", "tile/entries/x01/000", "tile/0/000/",
     "tile/0/" + "x111/" * 2_000 + "000"],
)  # fmt: skip
def test_refused_paths(path: str) -> None:
    """A path that is not in its only form names no tile."""
    with pytest.raises(Malformed):
        TileName.parse(path)
