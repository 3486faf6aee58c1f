"""The map by EUI-64 follows the record, and its root is lodged now and then, if there is news.

1 read       what was lodged since, in portions, between the chunks of a batch
2 extend     the map, in a transaction of its own
3 lodge      the root, as the entry that covers all before it
4 conclude   the transaction

Cut off after 3, the log has a true root that the map does not know; the next one follows. A map
that is damaged, or not the one whose root was lodged, is made again from the record.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from smki.merkle.identity_map import decode_root, encode_root, extend_map
from smki.merkle.leaf import LeafType, decode_leaf
from smki.ports import CertificateIndex, IdentityMap, MapState, Record
from smki.repository.identities import IdentityReader, find_in, index_root_of
from smki.repository.lodging import lodge_leaf
from smki.repository.rows import Describe, catch_up
from smki.terms import Inconsistent, Malformed

PORTION: Final = 4_096  # entries read in one go: some 30 ms, which an ad hoc request may wait
SECONDS: Final = 60
ENTRIES: Final = 100_000
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True, kw_only=True)
class MapKeeper:
    """Keeps the map of a house; in the one process that writes the record.

    Attributes:
        record: the writing end of the record.
        index: answers about the record.
        describe: what the index needs of a certificate's DER.
        identity_map: the map.
        seconds: a root is lodged this long after the one before, if there is news.
        entries: or as soon as so many entries are news.
    """

    record: Record
    index: CertificateIndex
    describe: Describe
    identity_map: IdentityMap
    seconds: float = SECONDS
    entries: int = ENTRIES
    _state: MapState = field(default_factory=MapState)
    _reader: IdentityReader | None = None

    def keep(self, now: datetime) -> bool:
        """The map is one portion further; True if there is more to be read at once.

        Raises:
            Unavailable: the disk takes nothing; what is read is kept for the next time.
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
        size = self.record.checkpoint().size
        total = min(size, self.index.size())
        reader.read(min(total, reader.read_to + PORTION))
        waiting = reader.read_to - self._state.size
        if reader.read_to < total:  # behind: roots are lodged when the present is reached
            if waiting >= self.entries:
                self._extend(reader, None)
            return True
        due = reader.news and (waiting >= self.entries or now >= self._due())
        if due and reader.read_to == size:  # a root covers all before it, or it would be a lie
            self._extend(reader, now)
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

    def _extend(self, reader: IdentityReader, at: datetime | None) -> None:
        """Steps 2 to 4; without an instant nothing is lodged yet."""
        entry = None
        with self.identity_map.changing() as view:
            root = extend_map(view, view.state.root, reader.fresh)
            if at is not None:
                body = encode_root(reader.read_to, root)
                entry = lodge_leaf(self.record, LeafType.INDEX_ROOT, body, at)
                if entry != reader.read_to:
                    raise Inconsistent(f"index root: entry {entry}, must be {reader.read_to}")
            state = MapState(size=reader.read_to, root=root, entry=entry)
            view.conclude(state, reader.newly_listed)
        self._state = state
        reader.taken()
        if at is not None:
            catch_up(self.record, self.index, self.describe)
