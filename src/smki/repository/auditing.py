"""Does every index root say what the entries that it covers say? The map is made again from the record.

1 gather    whose each certificate is: changes of the map, in parts by their paths; roots and lists
2 resolve   whose the certificates are that the lists revoke
3 grow      each part by itself: its node at each root that was lodged
4 compare   the root over all parts with the one that was lodged

The record's own octets were audited before. Who has a mirror needs nothing else: no database, no
configuration, no word of the operator's. 1 to 3 several processes may do, each its own stretch or part
(`Each`). Memory grows with revocations only; what is gathered lies on shelves.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from heapq import merge
from itertools import chain
from struct import Struct
from typing import Final, NamedTuple

from smki.merkle.hashing import leaf_hash
from smki.merkle.identity_map import decode_root
from smki.merkle.leaf import LeafType, certificate_of, number_of
from smki.merkle.map_parts import CHANGE_OCTETS, MapPart, MapTop, encode_change, part_of
from smki.ports import Each, RecordReader, Shelves, one_by_one
from smki.profiles import RowReader, development, view
from smki.repository.identities import Named, index_root_of
from smki.repository.index_roots import BEHIND_MAX
from smki.repository.rows import IndexProgress, revoked_by
from smki.terms import Inconsistent, Malformed, SerialNumber

_TOGETHER: Final = 8_192  # entries gathered at once: 32 bundles
_PART: Final = 50_000  # entries of a part, about: some 20 MiB while it is grown
_BITS_MOST: Final = 8  # 256 parts; beyond 12 million entries they become larger
_SERIAL: Final = 20
_NOTED: Final = CHANGE_OCTETS + _SERIAL
_ROOT: Final = Struct(">QQ32s")  # entry, size, root
_NODE: Final = Struct(">QH")  # which root, octets of the node, which follow
_ENTRY: Final = slice(16, 24)  # of a change
_ROOTS: Final = "roots"
_PAGES: Final = 4_096  # heads and nodes held until they go onto the shelf


class Gathered(NamedTuple):
    """What was gathered from a stretch of entries.

    Attributes:
        changes: by part, each with the serial number of its certificate, 20 octets, at its end.
        nobodys: entry and serial number of each certificate that is of no identity.
        others: entry, hash and leaf of each entry that is no certificate.
    """

    changes: dict[int, bytes]
    nobodys: list[tuple[int, bytes]]
    others: list[tuple[int, bytes, bytes]]


class RootAuditor:
    """Does one stretch or part."""

    def __init__(
        self, reader: RecordReader, shelves: Shelves, describe: Callable[[bytes], Named] = view
    ) -> None:
        """`describe` takes apart what is no device certificate of the usual shape."""
        self._reader = reader
        self._shelves = shelves
        self._describe = describe
        self._quick = RowReader(development())

    def gather(self, asked: tuple[range, int]) -> Gathered:
        """What the entries of a stretch change, in 2^bits parts.

        Raises:
            Inconsistent: an entry cannot be read.
        """
        stretch, bits = asked
        changes: defaultdict[int, list[bytes]] = defaultdict(list)
        gathered = Gathered({}, [], [])
        leaves = self._reader.leaves(stretch.start, stretch.stop)
        for entry, leaf in zip(stretch, leaves, strict=True):
            hashed = leaf_hash(leaf)
            try:
                if number_of(leaf) != LeafType.CERTIFICATE:
                    gathered.others.append((entry, hashed, leaf))
                    continue
                serial, identity = self._names(certificate_of(leaf))
            except Malformed as error:
                raise _unreadable(entry, error) from error
            if identity is None:
                gathered.nobodys.append((entry, serial))
            else:
                change = encode_change(identity, entry, hashed)
                changes[part_of(change, bits)].append(change + serial)
        gathered.changes.update({part: b"".join(those) for part, those in changes.items()})
        return gathered

    def resolve(self, asked: tuple[int, frozenset[bytes]]) -> list[tuple[bytes, int, bytes]]:
        """Serial number, entry and identity of those certificates of a part that are asked for."""
        part, wanted = asked
        return [
            (noted[CHANGE_OCTETS:], int.from_bytes(noted[_ENTRY], "big"), noted[:8])
            for noted in _records(self._shelves.blocks(_changes(part)), _NOTED)
            if noted[CHANGE_OCTETS:] in wanted
        ]

    def grow(self, asked: tuple[int, int, tuple[bytes, ...]]) -> None:
        """The nodes of a part are on their shelf, one for each root before which it changed.

        Asked for: how many bits, which part, and the changes by lists.
        """
        bits, number, listed = asked
        changes = [
            noted[:CHANGE_OCTETS]
            for noted in _records(self._shelves.blocks(_changes(number)), _NOTED)
        ]
        if listed:
            changes = sorted([*changes, *listed], key=lambda change: change[_ENTRY])
        part, start, node = MapPart(bits, number), 0, b""
        pages: list[bytes] = []
        for which, (_, size, _) in enumerate(_roots(self._shelves)):
            end, stop = size.to_bytes(8, "big"), start
            while stop < len(changes) and changes[stop][_ENTRY] < end:
                stop += 1
            if stop > start:
                node = part.extend(changes[start:stop])
                pages += (_NODE.pack(which, len(node)), node)
            start = stop
            if len(pages) > _PAGES:
                self._shelves.add(_nodes(number), b"".join(pages))
                pages.clear()
        self._shelves.add(_nodes(number), b"".join(pages))

    def _names(self, certificate: bytes) -> tuple[bytes, bytes | None]:
        """Serial number, 20 octets, and identity."""
        names = self._quick.names(certificate)
        if names is None:
            fields = self._describe(certificate)
            return _octets(fields.serial), fields.identity.octets if fields.identity else None
        serial, device = names
        return serial.rjust(_SERIAL, b"\0"), device


def audit_roots(
    reader: RecordReader,
    shelves: Shelves,
    each: Each[RootAuditor] | None = None,
    tell: Callable[[IndexProgress], None] | None = None,
) -> Iterator[str]:
    """One sentence for each index root that is not what the entries that it covers give.

    `shelves` are empty; `each` works with the same record and shelves, without it all is done here.

    Raises:
        Inconsistent: an entry cannot be read, or a list refers to a certificate that is not there.
        Unavailable: the shelves have no room.

    Clause: sec:L5
    """
    size = reader.checkpoint().size
    bits = min(_BITS_MOST, (size // _PART).bit_length())
    audit = _Audit(reader, shelves, bits, each or one_by_one(RootAuditor(reader, shelves)))
    told = tell or (lambda _: None)
    yield from audit.gather(size, told)
    audit.grow(told, size)
    yield from audit.compare()


class _Audit:
    def __init__(
        self, reader: RecordReader, shelves: Shelves, bits: int, each: Each[RootAuditor]
    ) -> None:
        self._reader = reader
        self._shelves = shelves
        self._bits = bits
        self._each = each
        self._nobodys: dict[bytes, int] = {}
        self._lists: list[tuple[int, bytes, list[bytes]]] = []  # entry, hash, serials new in it
        self._listed: set[bytes] = set()
        self._taken = 0  # entries that the newest root covers

    def gather(self, size: int, told: Callable[[IndexProgress], None]) -> Iterator[str]:
        stretches = [range(n, min(n + _TOGETHER, size)) for n in range(0, size, _TOGETHER)]
        asked = [(stretch, self._bits) for stretch in stretches]
        for stretch, found in zip(stretches, self._each(RootAuditor.gather, asked), strict=True):
            for part, octets in found.changes.items():
                self._shelves.add(_changes(part), octets)
            for entry, serial in found.nobodys:
                self._nobodys.setdefault(serial, entry)
            for entry, hashed, leaf in found.others:
                try:
                    self._list(entry, hashed, leaf)
                except Malformed as error:
                    raise _unreadable(entry, error) from error
                yield from self._root(entry, leaf)
            told(IndexProgress(done=stretch.stop // 2, total=size))

    def _list(self, entry: int, hashed: bytes, leaf: bytes) -> None:
        serials = dict.fromkeys(map(_octets, revoked_by(self._reader, leaf)))
        new = [serial for serial in serials if serial not in self._listed]
        if new:
            self._lists.append((entry, hashed, new))
            self._listed.update(new)

    def _root(self, entry: int, leaf: bytes) -> Iterator[str]:
        body = index_root_of(leaf)
        if body is None:
            return
        try:
            size, root = decode_root(body)
        except Malformed as error:
            yield f"index root: entry {entry}: {error.message}"
            return
        least = max(self._taken, entry - BEHIND_MAX)
        if not least <= size <= entry:
            yield (
                f"index root: entry {entry} says that it covers {size} entries, must be {least}"
                f" to {entry}"
            )
            return
        self._taken = size
        self._shelves.add(_ROOTS, _ROOT.pack(entry, size, root))

    def grow(self, told: Callable[[IndexProgress], None], size: int) -> None:
        listed = self._changes_by_lists()
        parts = range(1 << self._bits)
        asked = ((self._bits, part, tuple(listed[part])) for part in parts)
        for part, _ in zip(parts, self._each(RootAuditor.grow, asked), strict=True):
            done = size - size // 2 + (size // 2) * (part + 1) // len(parts)
            told(IndexProgress(done=done, total=size))

    def _changes_by_lists(self) -> defaultdict[int, list[bytes]]:
        found = self._holders()
        changes: defaultdict[int, list[bytes]] = defaultdict(list)
        for entry, hashed, serials in self._lists:
            holders = {self._holder(found, serial, entry) for serial in serials}
            for identity in sorted(holder for holder in holders if holder):
                change = encode_change(identity, entry, hashed)
                changes[part_of(change, self._bits)].append(change)
        return changes

    def _holders(self) -> dict[bytes, tuple[int, bytes | None]]:
        """For each serial number that a list names, its first certificate's entry and identity."""
        found: dict[bytes, tuple[int, bytes | None]] = {
            serial: (entry, None) for serial, entry in self._nobodys.items()
        }
        if not self._listed:
            return found
        wanted = frozenset(self._listed)
        asked = ((part, wanted) for part in range(1 << self._bits))
        for serial, entry, identity in chain.from_iterable(self._each(RootAuditor.resolve, asked)):
            if serial not in found or entry < found[serial][0]:
                found[serial] = entry, identity
        return found

    def _holder(
        self, found: dict[bytes, tuple[int, bytes | None]], serial: bytes, before: int
    ) -> bytes | None:
        place, identity = found.get(serial, (before, None))
        if place < before:
            return identity
        number = SerialNumber(int.from_bytes(serial, "big"))
        raise Inconsistent(
            f"entry {before}: a list of certificate {number}, which must be an earlier entry",
            clause="sec-app-b:B-crl",
            rule="map.holder",
        )

    def compare(self) -> Iterator[str]:
        top = MapTop(self._bits)
        grown = merge(*(self._grown(part) for part in range(1 << self._bits)))
        which, part, node = next(grown, _NO_MORE)
        for number, (entry, size, said) in enumerate(_roots(self._shelves)):
            while which == number:
                top.change(part, node)
                which, part, node = next(grown, _NO_MORE)
            root = top.root()
            if said != root:
                yield (
                    f"index root: entry {entry} lies: it says {said.hex()}, the {size} entries"
                    f" before it give {root.hex()}; something of an identity was hidden, added or"
                    " moved"
                )

    def _grown(self, part: int) -> Iterator[tuple[int, int, bytes]]:
        octets = b""
        for block in self._shelves.blocks(_nodes(part)):
            octets, at = octets + block, 0
            while len(octets) >= (start := at + _NODE.size):
                which, length = _NODE.unpack_from(octets, at)
                if len(octets) < start + length:
                    break
                at = start + length
                yield which, part, octets[start:at]
            octets = octets[at:]


_NO_MORE: Final = (-1, 0, b"")


def _changes(part: int) -> str:
    return f"changes-{part}"


def _nodes(part: int) -> str:
    return f"nodes-{part}"


def _roots(shelves: Shelves) -> Iterator[tuple[int, int, bytes]]:
    return map(_ROOT.unpack, _records(shelves.blocks(_ROOTS), _ROOT.size))


def _records(blocks: Iterable[bytes], length: int) -> Iterator[bytes]:
    """The octets of these blocks in records of the same length."""
    rest = b""
    for block in blocks:
        octets = rest + block if rest else block
        whole = len(octets) - len(octets) % length
        for at in range(0, whole, length):
            yield octets[at : at + length]
        rest = octets[whole:]


def _octets(serial: SerialNumber) -> bytes:
    return serial.value.to_bytes(_SERIAL, "big")


def _unreadable(entry: int, error: Malformed) -> Inconsistent:
    return Inconsistent(f"entry {entry}: {error.message}", where=error.where)
