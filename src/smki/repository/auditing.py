"""Does every index root say what the entries that it covers say? The map is made again from the record.

The record's own octets were audited before; here it is read once more, in its order, into a map
that is nobody's, and each root that was lodged is compared with it. Who has a mirror needs nothing
else: no database, no configuration, no word of the operator's.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Final

from smki.merkle.identity_map import decode_root, extend_map
from smki.ports import CertificateIndex, IdentityMap, MapState, RecordReader
from smki.profiles import RowReader, development, view
from smki.repository.identities import IdentityReader, Named, find_in, index_root_of
from smki.repository.index_roots import BEHIND_MAX
from smki.repository.rows import IndexProgress, revoked_by
from smki.terms import Malformed, SerialNumber

_TOLD_EVERY: Final = 1_024  # entries


def audit_roots(
    reader: RecordReader,
    index: CertificateIndex,
    describe: Callable[[bytes], Named],
    scratch: IdentityMap,
    tell: Callable[[IndexProgress], None] | None = None,
) -> Iterator[str]:
    """One sentence for each index root that is not what the entries that it covers give.

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
        if body is not None:
            try:
                taken = yield from _differs(scratch, identities, body, taken)
            except Malformed as error:
                yield f"index root: entry {entry}: {error.message}"
        elif entry - taken >= 2 * BEHIND_MAX:  # no root asks for the map before that any more
            taken = entry - BEHIND_MAX
            _extend(scratch, identities, taken)
        identities.add(leaf)
    if tell:
        tell(IndexProgress(done=total, total=total))


def _extend(scratch: IdentityMap, identities: IdentityReader, size: int) -> bytes:
    """The root over the first `size` entries, up to which the map is brought."""
    with scratch.changing() as view:
        root = extend_map(view, view.state.root, identities.fresh_before(size))
        view.conclude(MapState(size=size, root=root), set())
    identities.taken(size)
    return root


def _differs(
    scratch: IdentityMap, identities: IdentityReader, body: bytes, taken: int
) -> Generator[str, None, int]:
    """A sentence if the root that is the next entry is not right; which entries are in the map then.

    Raises:
        Malformed: no body of an index root.
    """
    entry = identities.read_to
    size, said = decode_root(body)
    least = max(taken, entry - BEHIND_MAX)
    if not least <= size <= entry:
        yield (
            f"index root: entry {entry} says that it covers {size} entries, must be {least}"
            f" to {entry}"
        )
        return taken
    root = _extend(scratch, identities, size)
    if said != root:
        yield (
            f"index root: entry {entry} lies: it says {said.hex()}, the {size} entries before it"
            f" give {root.hex()}; something of an identity was hidden, added or moved"
        )
    return size
