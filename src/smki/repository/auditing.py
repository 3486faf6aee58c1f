"""Does every index root say what the entries before it say? The map is made again from the record.

The record's own octets were audited before; here it is read once more, in its order, into a map
that is nobody's, and each root that was lodged is compared with it. Who has a mirror needs nothing
else: no database, no configuration, no word of the operator's.
"""

from collections.abc import Callable, Iterator
from typing import Final

from smki.merkle.identity_map import decode_root, extend_map
from smki.ports import CertificateIndex, IdentityMap, MapState, RecordReader
from smki.profiles import RowReader, development, view
from smki.repository.identities import IdentityReader, Named, find_in, index_root_of
from smki.repository.rows import IndexProgress, revoked_by
from smki.terms import Malformed, SerialNumber

_TOLD_EVERY: Final = 1_024  # entries
_TOGETHER: Final = 100_000  # entries in memory, where no root asks for the map before


def audit_roots(
    reader: RecordReader,
    index: CertificateIndex,
    describe: Callable[[bytes], Named],
    scratch: IdentityMap,
    tell: Callable[[IndexProgress], None] | None = None,
) -> Iterator[str]:
    """One sentence for each index root that is not what the entries before it give.

    `scratch` is an empty map to build in. Covers the entries that the index covers.

    Raises:
        Inconsistent: an entry cannot be read, or the index has not what a list refers to.

    Clause: sec:L5
    """
    identities = IdentityReader(reader, find_in(index), describe, size=0, listed=())
    yield from _compare(reader, identities, scratch, index.size(), tell)


def audit_roots_alone(
    reader: RecordReader,
    scratch: IdentityMap,
    tell: Callable[[IndexProgress], None] | None = None,
) -> Iterator[str]:
    """The same for every root of the record, from the record alone, which is read twice.

    Memory grows with revocations only.

    Raises:
        Inconsistent: an entry cannot be read, or a list refers to a certificate that is not there.

    Clause: sec:L5
    """
    revoked: set[SerialNumber] = set()
    size = 0  # up to the last root: what is after it is under none yet
    for entry, leaf in enumerate(reader.leaves(0, reader.checkpoint().size)):
        if index_root_of(leaf) is not None:
            size = entry + 1
        revoked.update(revoked_by(reader, leaf))
    places: dict[SerialNumber, int] = {}
    quick = RowReader(development())

    def noted(certificate: bytes) -> Named:
        fields: Named
        try:
            fields = quick.read(certificate)
        except Malformed:  # of another environment's policies: whose it is can be said all the same
            fields = view(certificate)
        if fields.serial in revoked:
            places.setdefault(fields.serial, identities.read_to)
        return fields

    identities = IdentityReader(reader, places.get, noted, size=0, listed=())
    yield from _compare(reader, identities, scratch, size, tell)


def _compare(
    reader: RecordReader,
    identities: IdentityReader,
    scratch: IdentityMap,
    size: int,
    tell: Callable[[IndexProgress], None] | None,
) -> Iterator[str]:
    total, taken = min(reader.checkpoint().size, size), 0
    for entry, leaf in enumerate(reader.leaves(0, total)):
        if tell and entry % _TOLD_EVERY == 0:
            tell(IndexProgress(done=entry, total=total))
        body = index_root_of(leaf)
        if body is not None or entry - taken >= _TOGETHER:
            root, taken = _extend(scratch, identities), entry
            if body is not None:
                yield from _differs(entry, body, root)
        identities.add(leaf)
    if tell:
        tell(IndexProgress(done=total, total=total))


def _extend(scratch: IdentityMap, identities: IdentityReader) -> bytes:
    with scratch.changing() as view:
        root = extend_map(view, view.state.root, identities.fresh)
        view.conclude(MapState(size=identities.read_to, root=root), set())
    identities.taken()
    return root


def _differs(entry: int, body: bytes, root: bytes) -> Iterator[str]:
    try:
        size, said = decode_root(body)
    except Malformed as error:
        yield f"index root: entry {entry}: {error.message}"
        return
    if size != entry:
        yield f"index root: entry {entry} says that it covers {size} entries, must be {entry}"
    if said != root:
        yield (
            f"index root: entry {entry} lies: it says {said.hex()}, the {entry} entries before it"
            f" give {root.hex()}; something of an identity was hidden, added or moved"
        )
