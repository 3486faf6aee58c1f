"""The map by EUI-64 in parts, in memory: each part by itself, then the root over all of them.

    place  = EUI-64 8 || path 8
    change = place || entry u64 || leaf hash 32, and nothing else that counts

Part n of 2^bits has the identities whose paths begin with the bits of n: what stands below one
node of the map. Its node is as in `identity_map`: a bucket if at most 32 identities are in the part.
Parts are worked out beside each other, and believe nothing that whoever keeps the map wrote.

Clause: sec:L5
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Final

from smki.merkle.identity_map import (
    BUCKET_PAIRS,
    DEPTH_MAX,
    EMPTY_BUCKET,
    NOTHING,
    PATH_BITS,
    path_octets,
)

CHANGE_OCTETS: Final = 56

_BRANCH, _VALUE = b"\x03", b"\x04"
_IDENTITY: Final = 8
_PATH: Final = slice(8, 16)
_PLACE: Final = 16
_PAIR: Final = 40
_BUCKET_MOST: Final = len(EMPTY_BUCKET) + BUCKET_PAIRS * _PAIR
_path: Final = itemgetter(_PATH)


class MapPart:
    """One part, to which entries are added.

    Attributes:
        node: its node, with what was added.
    """

    def __init__(self, bits: int, number: int) -> None:
        """Part `number` of 2^`bits`, empty."""
        self.node = EMPTY_BUCKET
        self._top = 1 << bits | number
        self._pairs: dict[bytes, bytes] = {}  # by place: EUI-64 and value
        self._buckets: dict[int, list[bytes]] = {self._top: []}  # places, by EUI-64
        self._hashes: dict[int, bytes] = {}

    def extend(self, changes: Iterable[bytes]) -> bytes:
        """The node afterwards; the changes are of this part, and of an identity in their order."""
        pairs, places = self._pairs, set[bytes]()
        for change in changes:
            place = change[:_PLACE]
            value = pairs[place][_IDENTITY:] if place in pairs else NOTHING
            after = sha256(_VALUE + value + change[_PLACE:CHANGE_OCTETS]).digest()
            pairs[place] = place[:_IDENTITY] + after
            places.add(place)
        if places:
            self._change(self._top, sorted(places, key=_path))
        return self.node

    def _change(self, number: int, places: Sequence[bytes]) -> None:
        bucket = self._buckets.get(number)
        if bucket is not None:
            for place in places:
                at = bisect_left(bucket, place)
                if bucket[at : at + 1] != [place]:
                    bucket.insert(at, place)
            self._settle(number, bucket)
            return
        left, right = 2 * number, 2 * number + 1
        at = bisect_left(places, _first_path(right), key=_path)
        if at:
            self._change(left, places[:at])
        if at < len(places):
            self._change(right, places[at:])
        self._note(number, _BRANCH + self._hashes[left] + self._hashes[right])

    def _settle(self, number: int, bucket: list[bytes]) -> None:
        """These places are what stands below the node: as one bucket, or over two nodes."""
        if len(bucket) <= BUCKET_PAIRS or number.bit_length() > DEPTH_MAX:
            self._buckets[number] = bucket
            self._note(number, EMPTY_BUCKET + b"".join(map(self._pairs.__getitem__, bucket)))
            return
        self._buckets.pop(number, None)
        left, right = 2 * number, 2 * number + 1
        first_right = _first_path(right)
        sides: tuple[list[bytes], list[bytes]] = ([], [])
        for place in bucket:
            sides[place[_PATH] >= first_right].append(place)
        self._settle(left, sides[0])
        self._settle(right, sides[1])
        self._note(number, _BRANCH + self._hashes[left] + self._hashes[right])

    def _note(self, number: int, node: bytes) -> None:
        self._hashes[number] = sha256(node).digest()
        if number == self._top:
            self.node = node


class MapTop:
    """The root over all parts, as they change."""

    def __init__(self, bits: int) -> None:
        """Over 2^`bits` empty parts."""
        self._nodes = dict.fromkeys(range(1, 2 << bits), EMPTY_BUCKET)
        self._first = 1 << bits
        self._stale: set[int] = set()

    def change(self, part: int, node: bytes) -> None:
        """The part has this node from now on."""
        self._nodes[self._first | part] = node
        self._stale.add((self._first | part) >> 1)

    def root(self) -> bytes:
        """The map's root, 32 octets."""
        stale = self._stale - {0}
        while stale:
            for number in stale:
                self._nodes[number] = _above(self._nodes[2 * number], self._nodes[2 * number + 1])
            stale = {number >> 1 for number in stale} - {0}
        self._stale.clear()
        return sha256(self._nodes[1]).digest()


def encode_change(identity: bytes, entry: int, leaf: bytes) -> bytes:
    """The change by which an identity, 8 octets, has this entry with this leaf hash too."""
    return identity + path_octets(identity) + entry.to_bytes(8, "big") + leaf


def part_of(change: bytes, bits: int) -> int:
    """Which of 2^`bits` parts has this change; at most 8 bits."""
    return change[_IDENTITY] >> (8 - bits)


def _first_path(number: int) -> bytes:
    """The first path below the node with this number."""
    bits = number.bit_length() - 1
    return ((number - (1 << bits)) << (PATH_BITS - bits)).to_bytes(8, "big")


def _above(left: bytes, right: bytes) -> bytes:
    """The node over two: one bucket if all their identities have room in it, else a branch."""
    if left[:1] == right[:1] == EMPTY_BUCKET:
        both = left + right[1:]
        if len(both) <= _BUCKET_MOST:
            pairs = sorted(both[at : at + _PAIR] for at in range(1, len(both), _PAIR))
            return EMPTY_BUCKET + b"".join(pairs)
    return _BRANCH + sha256(left).digest() + sha256(right).digest()
