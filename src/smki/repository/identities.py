"""Whose an entry is: what the map by EUI-64 commits to, read from the record's leaves.

    of an organisation    uniqueIdentifier (2.5.4.45) in the subject: 64 bits
    of a device           hwSerialNum, 8 octets, of the hardwareModuleName (1.3.6.1.5.5.7.8.4) in the
                          subject's alternative name
    of nobody             a certificate with neither: of an authority, an officer, a system

A certificate is of the device or organisation whose EUI-64 it says so. A revocation list is of every
identity of one of whose certificates it is, by serial number, the first list of the log to name it;
once, however many it names. Nothing else is anybody's. Entries are looked at in the order of the log.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from smki.merkle.hashing import leaf_hash
from smki.merkle.identity_map import Entries
from smki.merkle.leaf import LeafType, certificate_of, decode_leaf, number_of
from smki.ports import CertificateIndex, RecordReader
from smki.repository.rows import revoked_by
from smki.terms import EUI64, Inconsistent, Malformed, SerialNumber

_Entry: TypeAlias = tuple[int, bytes]


class Named(Protocol):
    """What must be known of a certificate to say whose it is."""

    @property
    def serial(self) -> SerialNumber:
        """Its serial number."""
        ...

    @property
    def identity(self) -> EUI64 | None:
        """The EUI-64 that it says; None if none."""
        ...


Find = Callable[[SerialNumber], int | None]
"""The entry that holds the certificate with this serial number; None if none is known."""


def find_in(index: CertificateIndex) -> Find:
    """Asks the index."""

    def find(serial: SerialNumber) -> int | None:
        row = index.by_serial(serial)
        return None if row is None else row.entry

    return find


class IdentityReader:
    """Gathers the entries of each identity, until they are taken into the map.

    Attributes:
        read_to: all entries before this index were looked at.
        news: whether there was one among them, since `taken`, that is no index root.
    """

    def __init__(
        self,
        reader: RecordReader,
        find: Find,
        describe: Callable[[bytes], Named],
        *,
        size: int,
        listed: Iterable[SerialNumber],
    ) -> None:
        """Begins at entry `size`; earlier lists name the certificates `listed`."""
        self._reader = reader
        self._find = find
        self._describe = describe
        self._listed = set(listed)
        self._fresh: defaultdict[bytes, list[_Entry]] = defaultdict(list)
        self._newly_listed: set[SerialNumber] = set()
        self.read_to = size
        self.news = False

    @property
    def fresh(self) -> Mapping[bytes, Entries]:
        """The entries of each identity since they were last taken."""
        return self._fresh

    @property
    def newly_listed(self) -> frozenset[SerialNumber]:
        """The certificates that a list named first since then."""
        return frozenset(self._newly_listed)

    def taken(self, stop: int | None = None) -> None:
        """What was gathered, before index `stop` if given, is in the map."""
        rest = {} if stop is None else self._fresh
        cut = ((identity, _since(known, stop or 0)) for identity, known in rest.items())
        self._fresh = defaultdict(list, {identity: after for identity, after in cut if after})
        self._newly_listed.clear()
        self.news = False

    def read(self, stop: int) -> None:
        """All entries before `stop` were looked at; the index covers those that lists refer to.

        Raises:
            Inconsistent: an entry cannot be read, or a list names a certificate that is not there.
        """
        for leaf in self._reader.leaves(self.read_to, stop):
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """The next entry was looked at.

        Raises:
            Inconsistent: it cannot be read, or is a list of a certificate that is not there.
        """
        entry = self.read_to
        try:
            kind = number_of(leaf)
            if kind == LeafType.CERTIFICATE:
                identity = self._describe(certificate_of(leaf)).identity
                if identity is not None:
                    self._fresh[identity.octets].append((entry, leaf_hash(leaf)))
            elif kind in {LeafType.CRL, LeafType.ARL}:
                self._add_list(entry, leaf)
        except Malformed as error:
            raise Inconsistent(f"entry {entry}: {error.message}", where=error.where) from error
        self.news = self.news or kind != LeafType.INDEX_ROOT
        self.read_to = entry + 1

    def _add_list(self, entry: int, leaf: bytes) -> None:
        serials = [one for one in revoked_by(self._reader, leaf) if one not in self._listed]
        holders = {self._holder(serial, entry) for serial in serials} - {None}
        for holder in sorted(one.octets for one in holders if one):
            self._fresh[holder].append((entry, leaf_hash(leaf)))
        self._listed.update(serials)
        self._newly_listed.update(serials)

    def _holder(self, serial: SerialNumber, before: int) -> EUI64 | None:
        """Whose the certificate is, by its own octets: `find` only says where it stands."""
        place = self._find(serial)
        if place is not None and place < before:
            fields = self._describe(certificate_of(self._reader.leaf(place)))
            if fields.serial == serial:
                return fields.identity
        raise Inconsistent(
            f"entry {before}: a list of certificate {serial}, which must be an earlier entry",
            clause="sec-app-b:B-crl",
            rule="map.holder",
        )


def _since(entries: list[_Entry], start: int) -> list[_Entry]:
    return entries[bisect_left(entries, (start, b"")) :]


def index_root_of(leaf: bytes) -> bytes | None:
    """The body of the index root in this leaf; None if it holds something else.

    Raises:
        Malformed: not a leaf.
    """
    if number_of(leaf) != LeafType.INDEX_ROOT:
        return None
    return decode_leaf(leaf).body
