"""Does the index say what the record says? Every row beside its leaf, every status beside the rest.

1 rows and leaves side by side, in the record's order: each certificate has its row, equal in all
  but status; the revocation lists, and what they revoke, are gathered on the way
2 device by device, as the index orders them: all but the newest for a usage are N
3 the other certificates, which are never replaced: I
4 what was revoked, in the record's order: R

Most of it is looked through, some thousands of entries at once, and only told to be as it must be
(`Each`: several processes may); where it is not, each row is looked at with care.

May run beside the one who writes: what was lodged meanwhile is passed over, and what seems wrong
is looked at once more before it is called so. Memory grows with revocations, lists, documents and decisions only.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from typing import Final

from smki.ports import (
    CertificateIndex,
    CertificateRow,
    Each,
    ItemRow,
    ListRow,
    RecordReader,
    one_by_one,
)
from smki.repository.items import item_of
from smki.repository.looking import Looker
from smki.repository.rows import Describe, IndexProgress, list_of, revoked_by, row_of
from smki.terms import EUI64, CertificateKind, CertificateStatus, KeyUsage, Malformed, SerialNumber

_TOGETHER: Final = 2_048  # entries looked through at once: eight bundles
_RANGES: Final = 16  # of devices, alike in number: so many processes at the most find some to do
_FIELDS: Final = tuple(name for name in CertificateRow._fields if name != "status")


def compare_index(
    reader: RecordReader,
    index: CertificateIndex,
    describe: Describe,
    tell: Callable[[IndexProgress], None] | None = None,
    each: Each[Looker] | None = None,
) -> Iterator[str]:
    """One sentence for each thing about which the index says other than the record.

    Covers the entries that the index claims to cover; `tell` is given the progress over them.
    `each` looks at the same record and index; without it all is done here.

    Raises:
        Inconsistent: the record is damaged: there is nothing to compare with.
    """
    size = index.size()
    total = reader.checkpoint().size
    if size > total:
        yield f"index: covers {size} entries, the record has {total}"
        size = total
    look = each or one_by_one(Looker(reader, index, describe))
    comparison = _Comparison(reader, index, describe, size, look)
    yield from comparison.rows(tell)
    yield from comparison.statuses()


class _Comparison:
    def __init__(
        self,
        reader: RecordReader,
        index: CertificateIndex,
        describe: Describe,
        size: int,
        each: Each[Looker],
    ) -> None:
        self._reader = reader
        self._index = index
        self._describe = describe
        self._size = size
        self._each = each
        self._revoked: set[SerialNumber] = set()
        self._lists: list[ListRow] = []
        self._items: list[ItemRow] = []
        self._read_to = 0  # entries whose revocations are in `_revoked`

    def rows(self, tell: Callable[[IndexProgress], None] | None) -> Iterator[str]:
        counted = 0
        stretches = [
            range(start, min(start + _TOGETHER, self._size))
            for start in range(0, self._size, _TOGETHER)
        ]
        for stretch, looked in zip(stretches, self._each(Looker.look, stretches), strict=True):
            if tell:
                tell(IndexProgress(done=stretch.start, total=self._size))
            if looked.same:
                counted += len(stretch) - len(looked.others)
                yield from self._gathered(looked.others)
            else:
                counted += yield from self._carefully(stretch)
        self._read_to = self._size
        if tell:
            tell(IndexProgress(done=self._size, total=self._size))
        yield from self._beyond(counted)
        yield from self._differing_lists()
        yield from self._differing_items()

    def _gathered(self, others: Iterable[tuple[int, bytes]]) -> Iterator[str]:
        for entry, leaf in others:
            try:
                self._gather(entry, leaf)
            except Malformed as error:
                yield f"record: entry {entry}: {error.message}"

    def _carefully(self, stretch: range) -> Generator[str, None, int]:
        """Row by row; how many rows there are."""
        rows = iter(self._index.rows(start=stretch.start, stop=stretch.stop))
        found, counted = next(rows, None), 0
        leaves = self._reader.leaves(stretch.start, stretch.stop)
        for entry, leaf in zip(stretch, leaves, strict=True):
            try:
                expected = row_of(entry, leaf, self._describe)
                if expected is None:
                    self._gather(entry, leaf)
            except Malformed as error:
                yield f"record: entry {entry}: {error.message}"
                expected = None
            while found is not None and found.entry < entry:
                yield _invented(found)
                found, counted = next(rows, None), counted + 1
            if expected is None:
                continue
            if found is None or found.entry != entry:
                yield (
                    f"index: entry {entry}: is missing, the record has certificate"
                    f" {expected.serial} there"
                )
                continue
            if found != expected:  # in status alone, or there is something to tell
                yield from _differences(found, expected)
            found, counted = next(rows, None), counted + 1
        while found is not None:
            yield _invented(found)
            found, counted = next(rows, None), counted + 1
        return counted

    def _gather(self, entry: int, leaf: bytes) -> None:
        """An entry that is no certificate: what it revokes, and its rows among lists and items."""
        self._revoked.update(revoked_by(self._reader, leaf))
        listed = list_of(entry, self._reader, leaf)
        if listed is not None:
            self._lists.append(listed)
        item = item_of(entry, self._reader, leaf)
        if item is not None:
            self._items.append(item)

    def _beyond(self, counted: int) -> Iterator[str]:
        """Rows past what was compared are those lodged meanwhile, or nobody's."""
        for found in self._index.rows(start=self._size):
            counted += 1
            if found.entry >= self._index.size():
                yield _invented(found)
        kept = self._index.count()
        if self._index.size() == self._size and kept != counted:
            yield f"index: says that it has {kept} certificates, it has {counted}"

    def _differing_lists(self) -> Iterator[str]:
        kept = {one for one in self._index.lists() if one.entry < self._size}
        for one in sorted(kept ^ set(self._lists), key=lambda row: row.entry):
            says = "has a list that is not" if one in kept else "has not the list that is"
            yield f"index: entry {one.entry}: {says} in the record, number {one.number}"

    def _differing_items(self) -> Iterator[str]:
        kept = {one for one in self._index.items() if one.entry < self._size}
        for one in sorted(kept ^ set(self._items), key=lambda row: row.entry):
            says = "has an item that is not" if one in kept else "has not the item that is"
            yield f"index: entry {one.entry}: {says} in the record, {one.name or 'without a name'}"

    def statuses(self) -> Iterator[str]:
        ranges = self._index.device_ranges(_RANGES)
        for device in chain.from_iterable(self._each(Looker.doubtful, ranges)):
            yield from self._device(device)
        for kind in CertificateKind:
            if kind is not CertificateKind.DEVICE:
                for row in self._index.rows(kind):
                    yield from self._unless_revoked(row, None)
        yield from self._revocations()

    def _device(self, device: EUI64) -> Iterator[str]:
        rows = self._index.by_identity(device)
        certificates = [row for row in rows if row.kind is CertificateKind.DEVICE]
        newest = {row.usage: row.entry for row in certificates}
        for row in certificates:
            yield from self._unless_revoked(row, newest)

    def _unless_revoked(
        self, row: CertificateRow, newest: dict[KeyUsage, int] | None
    ) -> Iterator[str]:
        if row.serial not in self._revoked and row.status is not self._standing(row, newest):
            yield from self._again(row)

    def _revocations(self) -> Iterator[str]:
        """What was revoked, wherever it stands."""
        rows = map(self._index.by_serial, tuple(self._revoked))
        wrong = [row for row in rows if row and row.status is not CertificateStatus.REVOKED]
        for row in sorted(wrong, key=lambda row: row.entry):
            yield from self._again(row)

    def _standing(
        self, row: CertificateRow, newest: dict[KeyUsage, int] | None
    ) -> CertificateStatus:
        if row.serial in self._revoked:
            return CertificateStatus.REVOKED
        if newest is not None and newest[row.usage] > row.entry:
            return CertificateStatus.NOT_IN_USE
        return CertificateStatus.IN_USE

    def _again(self, row: CertificateRow) -> Iterator[str]:
        """Looked at once more, in one view: it may have been replaced or revoked meanwhile."""
        newest = None
        if row.kind is CertificateKind.DEVICE and row.identity is not None:
            rows = self._index.by_identity(row.identity)
            row = next((one for one in rows if one.entry == row.entry), row)
            newest = {one.usage: one.entry for one in rows if one.kind is CertificateKind.DEVICE}
        self._read_on()
        expected = self._standing(row, newest)
        if row.status is not expected:
            yield (
                f"index: entry {row.entry}: status {row.status.value}, must be {expected.value}"
                " as the record has it"
            )

    def _read_on(self) -> None:
        """The revocations that were lodged since are known too."""
        size = self._reader.checkpoint().size
        for leaf in self._reader.leaves(self._read_to, size):
            self._revoked.update(revoked_by(self._reader, leaf))
        self._read_to = max(size, self._read_to)


def _differences(found: CertificateRow, expected: CertificateRow) -> Iterator[str]:
    for name in _FIELDS:
        says, must = getattr(found, name), getattr(expected, name)
        if says != must:
            yield f"index: entry {found.entry}: {name} is {says}, the record says {must}"


def _invented(row: CertificateRow) -> str:
    return f"index: entry {row.entry} is no certificate of the record"
