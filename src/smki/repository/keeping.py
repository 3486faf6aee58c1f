"""The map by EUI-64 follows the record, and its root is lodged now and then, if there is news.

1 read       what was lodged since, in portions
2 extend     the map, in a transaction of its own
3 lodge      the root, which is asked of whoever writes the record
4 conclude   the transaction

Reads the record beside its writer, which goes on meanwhile: the root says how many entries it covers.
Cut off after 3, the log has a true root that the map does not know; the next one follows. A map
that is damaged, or not the one whose root was lodged, is made again from the record.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from smki.merkle.identity_map import decode_root, encode_root, extend_map
from smki.merkle.leaf import decode_leaf
from smki.ports import CertificateIndex, IdentityMap, MapState, RecordReader
from smki.repository.identities import IdentityReader, find_in, index_root_of
from smki.repository.rows import Describe
from smki.terms import Inconsistent, Malformed, Refused

PORTION: Final = 4_096  # entries read in one go: some 30 ms, in which nobody can end it
SECONDS: Final = 60
ENTRIES: Final = 100_000
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

LodgeRoot: TypeAlias = Callable[[bytes], int]
"""The index root with this body is in the record (`index_roots.lodge_root`); its entry's index."""


@dataclass(slots=True, kw_only=True)
class MapKeeper:
    """Keeps the map of a house.

    Attributes:
        record: where it is read.
        index: answers about the record.
        describe: what the index needs of a certificate's DER.
        identity_map: the map.
        lodge: how a root gets into the record.
        seconds: a root is lodged this long after the one before, if there is news.
        entries: or as soon as so many entries are news.
    """

    record: RecordReader
    index: CertificateIndex
    describe: Describe
    identity_map: IdentityMap
    lodge: LodgeRoot
    seconds: float = SECONDS
    entries: int = ENTRIES
    _state: MapState = field(default_factory=MapState)
    _reader: IdentityReader | None = None

    def keep(self, now: datetime) -> bool:
        """The map is one portion further; True if there is more to be read at once.

        Raises:
            Unavailable: the disk takes nothing, or nobody lodges; what is read is kept for the
                next time.
            Inconsistent: the record is damaged, or the index has not what a list refers to.
        """
        try:
            return self._keep(now)
        except Inconsistent as error:
            if error.rule != "map.damaged":
                raise
            self.identity_map.clear()
            self._reader = None
            return True

    def _keep(self, now: datetime) -> bool:
        reader = self._reader or self._begin()
        total = min(self.record.checkpoint().size, self.index.size())
        reader.read(min(total, reader.read_to + PORTION))
        waiting = reader.read_to - self._state.size
        if reader.read_to < total:  # behind: roots are lodged when the present is reached
            if waiting >= self.entries:
                self._extend(reader, lodging=False)
            return True
        news = reader.news or (self._state.size and self._state.entry is None)
        if news and (waiting >= self.entries or now >= self._due()):
            self._extend(reader, lodging=True)
        return False

    def _begin(self) -> IdentityReader:
        """Takes up where the map stands, if it is the one whose root was lodged."""
        with self.identity_map.changing() as view:
            state, listed = view.state, view.listed()
        if state.size and not self._was_lodged(state):
            raise Inconsistent("identity map: not of this record", rule="map.damaged")
        self._state = state
        self._reader = IdentityReader(
            self.record, find_in(self.index), self.describe, size=state.size, listed=listed
        )
        return self._reader

    def _was_lodged(self, state: MapState) -> bool:
        size = self.record.checkpoint().size
        if (
            state.entry is None or state.entry >= size
        ):  # still being made: there is no root to compare
            return state.entry is None and state.size <= size
        body = index_root_of(self.record.leaf(state.entry))
        try:
            return body is not None and decode_root(body) == (state.size, state.root)
        except Malformed:
            return False

    def _due(self) -> datetime:
        """When the next root may be lodged."""
        if self._state.entry is None:
            return _EPOCH
        last = decode_leaf(self.record.leaf(self._state.entry)).instant
        return _EPOCH + last * _MILLISECOND + timedelta(seconds=self.seconds)

    def _extend(self, reader: IdentityReader, *, lodging: bool) -> None:
        """Steps 2 to 4, without 3 unless `lodging`."""
        with self.identity_map.changing() as view:
            if view.state != self._state:  # a keeper that was thought dead went on meanwhile
                self._reader = None
                return
            root = extend_map(view, view.state.root, reader.fresh)
            entry = self._lodged(reader.read_to, root) if lodging else None
            state = MapState(size=reader.read_to, root=root, entry=entry)
            view.conclude(state, reader.newly_listed)
        self._state = state
        reader.taken()

    def _lodged(self, size: int, root: bytes) -> int | None:
        """The entry of the root; None if the record has outgrown it, and a later one follows."""
        with suppress(Refused):
            return self.lodge(encode_root(size, root))
        return None
