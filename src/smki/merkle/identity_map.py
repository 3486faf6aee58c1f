"""The map by EUI-64: a Merkle map whose root commits to all entries of every identity.

    path    = first 64 bits of SHA-256("smki-identity-map-1" || EUI-64 8)
    value   = V(n) over the n entries of an identity, in the order of the log
              V(0) = 32 zero octets
              V(i) = SHA-256(04 || V(i-1) || entry u64 || leaf hash 32)
    pair    = EUI-64 8 || value 32
    bucket  = 02 || pair *                       0 to 32 pairs, by rising EUI-64
    branch  = 03 || hash of left || hash of right
    hash    = SHA-256 of the node, 32 octets

A node stands for all paths with its first bits. It is a bucket if at most 32 identities have such
paths, else a branch over the next bit, 0 left and 1 right; after 60 bits it is a bucket whatever
it holds. So the same entries give the same root, whoever builds the map and in whatever steps.
The first octets differ from those of the log (00, 01): no node of one is a node of the other.
Integers are big-endian. Which entries are of which identity is said in `repository.identities`.

    root's body = canonical JSON {"map": "eui64", "root": hex, "size": n, "version": 1}

It is lodged as an index root (leaf type 9) and covers the first `size` entries of the log: all before
its own, or fewer, because others may be lodged while the map is made; at most 100,000 fewer, and no
fewer than the root before it.

Clause: sec:L5
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Final, NamedTuple, Protocol, TypeAlias

from smki.merkle.canonical import encode_json, parse_json
from smki.merkle.hashing import HASH_OCTETS
from smki.terms import Inconsistent, Malformed, Refused

BUCKET_PAIRS: Final = 32  # a proof is then some 700 octets of pairs, and each change cheap
DEPTH_MAX: Final = 60  # node numbers stay below 2^63
EMPTY_BUCKET: Final = b"\x02"
EMPTY_MAP_ROOT: Final = sha256(EMPTY_BUCKET).digest()

_BUCKET, _BRANCH, _VALUE = 2, 3, b"\x04"
_PATH_TAG: Final = b"smki-identity-map-1"
PATH_BITS: Final = 64
_PATHS: Final = (1 << PATH_BITS) - 1
_IDENTITY: Final = 8
_PAIR: Final = _IDENTITY + HASH_OCTETS
NOTHING: Final = bytes(HASH_OCTETS)  # V(0)
_ROOT: Final = 1  # number of the root; the nodes below node n are 2n and 2n + 1
_CLAUSE: Final = "sec:L5"

Entries: TypeAlias = Sequence[tuple[int, bytes]]  # index and leaf hash, in the order of the log


class MapNodes(Protocol):
    """Where the nodes of a map are kept, by number: 1 the root, 2n and 2n + 1 those below n."""

    def read(self, number: int) -> bytes:
        """The node; an empty bucket if none was written."""
        ...

    def write(self, number: int, node: bytes) -> None:
        """The node is this one from now on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MapProof:
    """What the map says of an identity, and how that leads to the root.

    Attributes:
        bucket: the bucket in which the identity is, or would be.
        siblings: the hash beside each node from the bucket up, 32 octets each.
    """

    bucket: bytes
    siblings: tuple[bytes, ...]


class _Change(NamedTuple):
    path: int
    identity: bytes
    entries: Entries


def chain(value: bytes, entries: Entries) -> bytes:
    """The value of an identity that has these entries after those of `value`; 32 octets."""
    for entry, leaf in entries:
        value = sha256(_VALUE + value + entry.to_bytes(8, "big") + leaf).digest()
    return value


def value_of(entries: Entries) -> bytes | None:
    """The value of an identity with these entries and no other; None if it has none."""
    return chain(NOTHING, entries) if entries else None


def extend_map(nodes: MapNodes, root: bytes, fresh: Mapping[bytes, Entries]) -> bytes:
    """The root of the map in which each identity (8 octets) has its `fresh` entries as well.

    Only nodes on the way to these identities are read and written; each that is read is compared
    with the hash that leads to it, the first one with `root`.

    Raises:
        Inconsistent: a node is not the one that the map under `root` has.
    """
    changes = sorted(
        _Change(path=path_of(identity), identity=identity, entries=entries)
        for identity, entries in fresh.items()
    )
    return _extend(nodes, _ROOT, root, changes) if changes else root


def prove_identity(nodes: MapNodes, root: bytes, identity: bytes) -> MapProof:
    """What the map under `root` says of the identity (8 octets), be it there or not.

    Raises:
        Inconsistent: a node is not the one that the map under `root` has.
    """
    number, path, siblings = _ROOT, path_of(identity), []
    node = _read(nodes, number, root)
    while node[0] == _BRANCH:
        side = path >> (PATH_BITS - number.bit_length()) & 1
        number = 2 * number + side
        hashes = (node[1 : 1 + HASH_OCTETS], node[1 + HASH_OCTETS :])
        siblings.append(hashes[1 - side])
        node = _read(nodes, number, hashes[side])
    return MapProof(bucket=node, siblings=tuple(reversed(siblings)))


def verify_identity(proof: MapProof, identity: bytes, root: bytes) -> bytes | None:
    """The identity's value in the map under `root`; None if it is proven not to be in it.

    Raises:
        Malformed: not a bucket, or hashes that cannot be.
        Refused: the proof is of another identity, or does not lead to the root.

    Clause: sec:L5
    """
    depth = len(proof.siblings)
    if depth > DEPTH_MAX or any(len(one) != HASH_OCTETS for one in proof.siblings):
        raise _malformed(f"{depth} hashes, must be at most {DEPTH_MAX} of {HASH_OCTETS} octets")
    pairs = _checked_pairs(proof.bucket, depth)
    path = path_of(identity)
    found = sha256(proof.bucket).digest()
    for height, sibling in enumerate(proof.siblings, PATH_BITS - depth):
        sides = (sibling, found) if path >> height & 1 else (found, sibling)
        found = sha256(bytes((_BRANCH,)) + b"".join(sides)).digest()
    strangers = [one for one in pairs if (path_of(one) ^ path) >> (PATH_BITS - depth)]
    if found != root or strangers:
        raise Refused(
            f"map: the proof for {identity.hex()} leads to {found.hex()} with {len(strangers)}"
            f" identities of other paths, must lead to {root.hex()} with none",
            clause=_CLAUSE,
            rule="map.proof",
        )
    return pairs.get(identity)


def encode_root(size: int, root: bytes) -> bytes:
    """The body of an index root that covers the first `size` entries."""
    return encode_json({"map": "eui64", "root": root.hex(), "size": size, "version": 1})


def decode_root(body: bytes) -> tuple[int, bytes]:
    """The size that an index root covers, and the root, 32 octets.

    Raises:
        Malformed: another body, or of another version.
    """
    said = parse_json(body, "index root")
    size, text = (said.get("size"), said.get("root")) if isinstance(said, dict) else (None, None)
    if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 63:
        root = bytes.fromhex(text) if isinstance(text, str) and _is_hash(text) else b""
        if root and encode_root(size, root) == body:
            return size, root
    raise Malformed("index root: must have map 'eui64', root, size and version 1", rule="map.root")


def _is_hash(text: str) -> bool:
    return len(text) == 2 * HASH_OCTETS and not set(text) - set("0123456789abcdef")


def path_octets(identity: bytes) -> bytes:
    """The path of an identity, 8 octets each."""
    return sha256(_PATH_TAG + identity).digest()[:8]


def path_of(identity: bytes) -> int:
    """The same as an integer, by whose bits one goes down."""
    return int.from_bytes(path_octets(identity), "big")


def _extend(nodes: MapNodes, number: int, expected: bytes, changes: Sequence[_Change]) -> bytes:
    node = _read(nodes, number, expected)
    if node[0] == _BUCKET:
        pairs = dict(_pairs(node))
        for _, identity, entries in changes:
            pairs[identity] = chain(pairs.get(identity, NOTHING), entries)
        return _settle(nodes, number, pairs)
    hashes = [node[1 : 1 + HASH_OCTETS], node[1 + HASH_OCTETS :]]
    first_right = (2 * number + 1) << (PATH_BITS - number.bit_length()) & _PATHS
    at = bisect_left(changes, first_right, key=lambda change: change.path)
    for side, part in enumerate((changes[:at], changes[at:])):
        if part:
            hashes[side] = _extend(nodes, 2 * number + side, hashes[side], part)
    return _write(nodes, number, bytes((_BRANCH,)) + b"".join(hashes))


def _settle(nodes: MapNodes, number: int, pairs: Mapping[bytes, bytes]) -> bytes:
    """These pairs are what stands below the node: as one bucket, or as a branch over two nodes."""
    if len(pairs) <= BUCKET_PAIRS or number.bit_length() > DEPTH_MAX:
        bucket = b"".join([identity + pairs[identity] for identity in sorted(pairs)])
        return _write(nodes, number, EMPTY_BUCKET + bucket)
    sides: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    for identity, value in pairs.items():
        sides[path_of(identity) >> (PATH_BITS - number.bit_length()) & 1][identity] = value
    hashes = [_settle(nodes, 2 * number + side, part) for side, part in enumerate(sides)]
    return _write(nodes, number, bytes((_BRANCH,)) + b"".join(hashes))


def _read(nodes: MapNodes, number: int, expected: bytes) -> bytes:
    node = nodes.read(number)
    if sha256(node).digest() != expected:
        raise Inconsistent(
            f"map: node {number} is not the one that was written, its hash must be {expected.hex()}",
            rule="map.damaged",
        )
    return node


def _write(nodes: MapNodes, number: int, node: bytes) -> bytes:
    nodes.write(number, node)
    return sha256(node).digest()


def _pairs(bucket: bytes) -> Iterator[tuple[bytes, bytes]]:
    for at in range(1, len(bucket), _PAIR):
        yield bucket[at : at + _IDENTITY], bucket[at + _IDENTITY : at + _PAIR]


def _checked_pairs(bucket: bytes, depth: int) -> dict[bytes, bytes]:
    count, rest = divmod(len(bucket) - 1, _PAIR)
    if bucket[:1] != EMPTY_BUCKET or rest or (count > BUCKET_PAIRS and depth < DEPTH_MAX):
        raise _malformed(f"bucket of {len(bucket)} octets, must be 02 and at most 32 pairs of 40")
    identities = [identity for identity, _ in _pairs(bucket)]
    if any(left >= right for left, right in pairwise(identities)):
        raise _malformed("identities of a bucket must rise")
    return dict(_pairs(bucket))


def _malformed(message: str) -> Malformed:
    return Malformed(f"map proof: {message}", clause=_CLAUSE, rule="map.form")
