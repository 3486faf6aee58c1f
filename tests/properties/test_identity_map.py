"""Random histories: what the map proves is so, and nothing else can be proven."""

from collections import defaultdict
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.merkle.identity_map import (
    EMPTY_MAP_ROOT,
    Entries,
    MapProof,
    decode_root,
    encode_root,
    extend_map,
    prove_identity,
    value_of,
    verify_identity,
)
from smki.merkle.map_parts import MapPart, MapTop, encode_change, part_of
from smki.terms import Inconsistent, Malformed, Refused

# Many identities, so that the map has branches, and then some of them again.
HISTORIES = st.builds(
    lambda known, again: [*range(known), *again],
    st.integers(0, 150),
    st.lists(st.integers(0, 150), max_size=80),
)


class MemoryNodes:
    """Nodes in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}

    def read(self, number: int) -> bytes:
        """The node; an empty bucket if there is none."""
        return self.kept.get(number, b"\x02")

    def write(self, number: int, node: bytes) -> None:
        """Kept."""
        self.kept[number] = node


def identity(number: int) -> bytes:
    """An EUI-64; neighbours, as a maker's devices are."""
    return (0x00DB123456789000 + number).to_bytes(8, "big")


def entries_of(history: list[int]) -> dict[bytes, Entries]:
    """The entries of each identity: entry i is of identity `history[i]`."""
    found: dict[bytes, list[tuple[int, bytes]]] = defaultdict(list)
    for entry, number in enumerate(history):
        found[identity(number)].append((entry, sha256(b"%d" % entry).digest()))
    return dict(found)


def root_of(history: list[int]) -> tuple[MemoryNodes, bytes]:
    """The map of a history, made in one step."""
    nodes = MemoryNodes()
    return nodes, extend_map(nodes, EMPTY_MAP_ROOT, entries_of(history))


def plain_root(history: list[int]) -> bytes:
    """The root as the notation says it, without any of the code under test."""
    values = {}
    for one, entries in entries_of(history).items():
        value = bytes(32)
        for entry, leaf in entries:
            value = sha256(b"\x04" + value + entry.to_bytes(8, "big") + leaf).digest()
        values[one] = value

    def bits(one: bytes) -> str:
        path = int.from_bytes(sha256(b"smki-identity-map-1" + one).digest()[:8], "big")
        return f"{path:064b}"

    def node(prefix: str) -> bytes:
        held = sorted(one for one in values if bits(one).startswith(prefix))
        if len(held) <= 32:
            return sha256(b"\x02" + b"".join(one + values[one] for one in held)).digest()
        return sha256(b"\x03" + node(prefix + "0") + node(prefix + "1")).digest()

    return node("")


@pytest.mark.clause("sec:L5")
@given(HISTORIES, st.lists(st.integers(1, 120), max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_root_follows_from_the_history_alone(history: list[int], steps: list[int]) -> None:
    """In whatever steps the map is made, its root is the one that the notation says."""
    nodes, root, start = MemoryNodes(), EMPTY_MAP_ROOT, 0
    for step in (*steps, len(history)):
        stop = min(len(history), start + step)
        fresh = {
            one: [pair for pair in entries if start <= pair[0] < stop]
            for one, entries in entries_of(history).items()
        }
        root = extend_map(nodes, root, {one: part for one, part in fresh.items() if part})
        start = stop
    assert root == plain_root(history)


@pytest.mark.clause("sec:L5")
@given(HISTORIES, st.lists(st.integers(1, 120), max_size=6), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_parts_give_the_root_of_the_whole(history: list[int], steps: list[int], bits: int) -> None:
    """However many the parts are, and in whatever steps they grow, each root is the one of the notation."""
    parts, top, start = [MapPart(bits, number) for number in range(1 << bits)], MapTop(bits), 0
    changes = sorted(
        (entry, encode_change(one, entry, leaf))
        for one, entries in entries_of(history).items()
        for entry, leaf in entries
    )
    assert top.root() == EMPTY_MAP_ROOT
    for step in (*steps, len(history)):
        stop = min(len(history), start + step)
        fresh = [change for _, change in changes[start:stop]]
        for number in {part_of(change, bits) for change in fresh}:
            mine = [change for change in fresh if part_of(change, bits) == number]
            top.change(number, parts[number].extend(mine))
        assert top.root() == plain_root(history[:stop])
        start = stop


@pytest.mark.clause("sec:L5")
@given(HISTORIES)
@settings(max_examples=40, deadline=None)
def test_presence_and_absence_are_proven(history: list[int]) -> None:
    """Of every identity all entries are proven, and of one that has none, that it has none."""
    nodes, root = root_of(history)
    held = entries_of(history)
    for number in {*history[:20], 151, 152, 153}:
        one = identity(number)
        proof = prove_identity(nodes, root, one)
        assert verify_identity(proof, one, root) == value_of(held.get(one, ()))


@pytest.mark.clause("sec:L5")
@given(HISTORIES.filter(bool), st.data())
@settings(max_examples=60, deadline=None)
def test_a_mutated_proof_fails(history: list[int], data: st.DataObject) -> None:
    """One changed octet, hash left out, doubled or exchanged, and nothing is proven."""
    nodes, root = root_of(history)
    one = identity(data.draw(st.integers(0, 152)))
    proof = prove_identity(nodes, root, one)
    bucket, siblings = bytearray(proof.bucket), list(proof.siblings)
    place = data.draw(st.integers(0, len(bucket) + 32 * len(siblings) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    if place < len(bucket):
        bucket[place] ^= bit
    else:
        which, octet = divmod(place - len(bucket), 32)
        changed = bytearray(siblings[which])
        changed[octet] ^= bit
        siblings[which] = bytes(changed)
    mutants = [
        MapProof(bucket=bytes(bucket), siblings=tuple(siblings)),
        MapProof(bucket=proof.bucket, siblings=(*proof.siblings, root)),
        MapProof(bucket=proof.bucket + bytes(40), siblings=proof.siblings),
        MapProof(bucket=b"", siblings=proof.siblings),
    ]
    if proof.siblings:
        mutants.append(MapProof(bucket=proof.bucket, siblings=proof.siblings[1:]))
    for mutant in mutants:
        with pytest.raises((Malformed, Refused)):
            verify_identity(mutant, one, root)


@pytest.mark.clause("sec:L5")
@given(HISTORIES.filter(bool), st.data())
@settings(max_examples=60, deadline=None)
def test_hiding_or_adding_one_entry_changes_the_root(
    history: list[int], data: st.DataObject
) -> None:
    """A map that knows one entry more or less, or two in another order, has another root."""
    _, root = root_of(history)
    held = entries_of(history)
    one = identity(data.draw(st.sampled_from(history)))
    hidden = {**held, one: held[one][:-1]}
    added = {**held, one: [*held[one], (len(history), bytes(32))]}
    turned = {**held, one: list(reversed(held[one]))}
    for other in (hidden, added, *([turned] if len(held[one]) > 1 else [])):
        made = extend_map(
            MemoryNodes(), EMPTY_MAP_ROOT, {key: kept for key, kept in other.items() if kept}
        )
        assert made != root


@given(st.integers(41, 150).map(lambda known: [*range(known)]), st.data())
@settings(max_examples=20, deadline=None)
def test_a_damaged_node_is_found_before_it_is_built_upon(
    history: list[int], data: st.DataObject
) -> None:
    """A node that is not the one that was written is never read as if it were."""
    nodes, root = root_of(history)
    number = data.draw(
        st.sampled_from(sorted(at for at, node in nodes.kept.items() if len(node) > 1))
    )
    nodes.kept[number] = nodes.kept[number][:-1] + bytes((nodes.kept[number][-1] ^ 1,))
    everyone = {identity(one): [(999, bytes(32))] for one in history}
    with pytest.raises(Inconsistent, match=f"node {number} "):
        extend_map(nodes, root, everyone)


def test_another_identity_is_not_proven_by_the_proof() -> None:
    """A proof of absence serves for identities of its own path alone."""
    nodes, root = root_of(list(range(150)))
    proof = prove_identity(nodes, root, identity(1))
    bucket = [proof.bucket[at : at + 8] for at in range(1, len(proof.bucket), 40)]
    others = [identity(number) for number in range(150) if identity(number) not in bucket]
    assert others
    for other in others:
        with pytest.raises(Refused, match="leads to"):
            verify_identity(proof, other, root)


@given(st.binary(max_size=200))
def test_the_body_of_a_root_has_one_form(octets: bytes) -> None:
    """What is encoded is read; anything else is Malformed, whatever its octets."""
    root = sha256(octets).digest()
    body = encode_root(len(octets), root)
    assert decode_root(body) == (len(octets), root)
    for other in (octets, body + b" ", body.replace(b'"version":1', b'"version":2'), b"[]"):
        with pytest.raises(Malformed):
            decode_root(other)
    for bent in (encode_root(-1, root), encode_root(True, root), encode_root(1, root[1:])):  # noqa: FBT003 - JSON's true is no size
        with pytest.raises(Malformed):
            decode_root(bent)
