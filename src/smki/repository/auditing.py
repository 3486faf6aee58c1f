"""Does every index root say what the entries before it say? The map is made again from the record.

The record's own octets were audited before; here it is read once more, in its order, into a map
that is nobody's, and each root that was lodged is compared with it.
"""

from collections.abc import Callable, Iterator
from typing import Final

from smki.merkle.identity_map import decode_root, extend_map
from smki.ports import CertificateIndex, IdentityMap, MapState, RecordReader
from smki.repository.identities import IdentityReader, index_root_of
from smki.repository.rows import Describe, IndexProgress
from smki.terms import Malformed

_TOLD_EVERY: Final = 1_024  # entries
_TOGETHER: Final = 100_000  # entries in memory, where no root asks for the map before


def audit_roots(
    reader: RecordReader,
    index: CertificateIndex,
    describe: Describe,
    scratch: IdentityMap,
    tell: Callable[[IndexProgress], None] | None = None,
) -> Iterator[str]:
    """One sentence for each index root that is not what the entries before it give.

    `scratch` is an empty map to build in. Covers the entries that the index covers.

    Raises:
        Inconsistent: an entry cannot be read, or the index has not what a list refers to.

    Clause: sec:L5
    """
    total = min(reader.checkpoint().size, index.size())
    identities = IdentityReader(reader, index, describe, size=0, listed=())
    taken = 0
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
