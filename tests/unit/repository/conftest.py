"""A record in files, an index in memory, and certificates that are their own description."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.log_keys import LogKey

from smki import repository
from smki.adapters.identity_map import SqliteIdentityMap
from smki.adapters.record import FileRecord
from smki.ports import ALL_DEVICES, CertificateRow, DeviceRange, ItemRow, KeyHolder, ListRow
from smki.profiles import RowFields
from smki.repository import MapKeeper
from smki.steps import Admitted, Channel, Issued, Prepared
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)
from smki.wire.requests import DeviceRequest, OrganisationRequest

SUPPLIER = EUI64.parse("90-B3-D5-1F-30-01-00-00")


class MemoryIndex:
    """The index port, in a list."""

    def __init__(self) -> None:
        self.kept: list[CertificateRow] = []
        self.kept_lists: list[ListRow] = []
        self.kept_items: list[ItemRow] = []
        self.covers = 0
        self.steps: list[int] = []

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """Answers at once."""
        return nullcontext() if seconds else None

    def size(self) -> int:
        """How many entries are covered."""
        return self.covers

    def extend(
        self,
        rows: Iterable[CertificateRow],
        revoked: Sequence[SerialNumber],
        size: int,
        lists: Sequence[ListRow] = (),
        items: Sequence[ItemRow] = (),
    ) -> None:
        """Covers `size` entries."""
        for row in rows:
            same = (row.identity, row.usage, CertificateKind.DEVICE, CertificateStatus.IN_USE)
            for at, old in enumerate(self.kept):
                if (old.identity, old.usage, old.kind, old.status) == same:
                    self.kept[at] = old._replace(status=CertificateStatus.NOT_IN_USE)
            self.kept.append(row)
        for at, old in enumerate(self.kept):
            if old.serial in revoked:
                self.kept[at] = old._replace(status=CertificateStatus.REVOKED)
        self.kept_lists += lists
        self.kept_items += items
        self.covers = size
        self.steps.append(size)

    def clear(self) -> None:
        """Empty."""
        self.kept, self.kept_lists, self.kept_items, self.covers = [], [], [], 0

    def newest_list(self, issuer: int) -> ListRow | None:
        """By issuer."""
        lists = [one for one in self.kept_lists if one.issuer == issuer]
        return max(lists, key=lambda one: one.number, default=None)

    def lists(self) -> tuple[ListRow, ...]:
        """In the record's order."""
        return tuple(self.kept_lists)

    def items(self, *, of: int | None = None, name: str | None = None) -> tuple[ItemRow, ...]:
        """By type and name."""
        return tuple(
            one for one in self.kept_items if of in {None, one.type} and name in {None, one.name}
        )

    def about(self, entry: int) -> tuple[ItemRow, ...]:
        """By what they refer to."""
        return tuple(one for one in self.kept_items if one.refers == entry)

    def by_serial(self, serial: SerialNumber) -> CertificateRow | None:
        """By serial number."""
        return next((row for row in self.kept if row.serial == serial), None)

    def by_identity(self, identity: EUI64) -> tuple[CertificateRow, ...]:
        """By EUI-64."""
        return tuple(row for row in self.kept if row.identity == identity)

    def device_counts(self, devices: Sequence[EUI64]) -> Mapping[EUI64, int]:
        """Certificates of each device."""
        return {device: len(self.by_identity(device)) for device in devices}

    def key_holders(self, keys: Sequence[int]) -> tuple[KeyHolder, ...]:
        """By key."""
        return tuple(
            KeyHolder(
                key=row.key, entry=row.entry, identity=row.identity, kind=row.kind, usage=row.usage
            )
            for row in self.kept
            if row.key in keys
        )

    def count(self) -> int:
        """Number of certificates."""
        return len(self.kept)

    def rows(
        self, kind: CertificateKind | None = None, *, start: int = 0, stop: int | None = None
    ) -> Iterable[CertificateRow]:
        """In the record's order."""
        among = range(start, len(self.kept) + 1_000 if stop is None else stop)
        return tuple(row for row in self.kept if kind in {None, row.kind} and row.entry in among)

    def holds(self, start: int, stop: int, rows: Sequence[CertificateRow]) -> bool:
        """Compares all but the status."""
        status = CertificateStatus.IN_USE
        found = [row._replace(status=status) for row in self.rows(start=start, stop=stop)]
        return found == [row._replace(status=status) for row in rows]

    def doubtful_devices(self, among: DeviceRange = ALL_DEVICES) -> Iterable[EUI64]:
        """All of them: each is worth a look."""
        assert among == ALL_DEVICES
        devices = self.rows(CertificateKind.DEVICE)
        return dict.fromkeys(row.identity for row in devices if row.identity)

    def device_ranges(self, count: int) -> tuple[DeviceRange, ...]:
        """One will do."""
        return (ALL_DEVICES,)[:count]


def describe(octets: bytes) -> RowFields:
    """The fields of a certificate that is `kind u8 || serial 2 || device 8 || usage u8`."""
    is_device = octets[0] == 0
    return RowFields(
        serial=SerialNumber(int.from_bytes(octets[1:3], "big")),
        kind=CertificateKind.DEVICE if is_device else CertificateKind.ORGANISATION,
        identity=EUI64(octets[3:11]),
        role=None if is_device else RemotePartyRole.SUPPLIER,
        usage=KeyUsage.KEY_AGREEMENT if octets[11] else KeyUsage.DIGITAL_SIGNATURE,
        public_key=point_of(octets),
        not_after=253402300799 if is_device else 1_900_000_000,
    )


def point_of(certificate: bytes) -> bytes:
    """The public key of such a certificate: 65 octets of its own."""
    return b"\x04" + certificate[:3].ljust(64, b"\x00")


def issue(serial: int, device: bytes, *, usage: int = 0, organisation: bool = False) -> Issued:
    """A certificate that was issued."""
    certificate = bytes((organisation,)) + serial.to_bytes(2, "big") + device + bytes((usage,))
    held = KeyUsage.KEY_AGREEMENT if usage else KeyUsage.DIGITAL_SIGNATURE
    request: DeviceRequest | OrganisationRequest
    if organisation:
        request = OrganisationRequest(
            entity=EUI64(device),
            role=RemotePartyRole.SUPPLIER,
            common_name=None,
            usage=held,
            point=point_of(certificate),
            digest=bytes(range(32)),
        )
    else:
        request = DeviceRequest(
            device=EUI64(device),
            hw_type=b"\x2a",
            usage=held,
            point=point_of(certificate),
            digest=bytes(range(32)),
        )
    admitted = Admitted(
        request=request,
        kind=CertificateKind.ORGANISATION if organisation else CertificateKind.DEVICE,
        subscriber=SUPPLIER,
        channel=Channel.BATCH,
        manufacturing=serial % 2 == 1,
    )
    prepared = Prepared(admitted=admitted, serial=SerialNumber(serial), tbs=b"")
    return Issued(prepared=prepared, certificate=certificate)


@pytest.fixture(name="issue")
def issue_fixture() -> Callable[..., Issued]:
    """Makes a certificate that was issued."""
    return issue


@pytest.fixture(name="describe")
def describe_fixture() -> Callable[[bytes], RowFields]:
    """Reads such a certificate."""
    return describe


@pytest.fixture
def open_record() -> Callable[[Path], FileRecord]:
    """Opens the record in a folder for writing."""
    return lambda folder: FileRecord(folder, "example.com/smki", LogKey())


@pytest.fixture
def record(tmp_path: Path, open_record: Callable[[Path], FileRecord]) -> FileRecord:
    """An empty record."""
    return open_record(tmp_path / "log")


@pytest.fixture
def index() -> MemoryIndex:
    """An empty index."""
    return MemoryIndex()


@pytest.fixture
def at() -> datetime:
    """The instant of the tests, to the millisecond."""
    return datetime(2026, 11, 21, 4, 5, 6, 789_000, tzinfo=UTC)


class KeeperAt(MapKeeper):
    """A keeper in the process that writes: what it has lodged, it has lodged at its own instant."""

    def keep(self, now: datetime) -> bool:
        """Keeps the map at that instant."""
        self.lodge = partial(self._lodge_at, now)
        return super().keep(now)

    def _lodge_at(self, at: datetime, body: bytes) -> int:
        assert isinstance(self.record, FileRecord)
        entry = repository.lodge_root(self.record, body, at)
        repository.catch_up(self.record, self.index, self.describe)
        return entry


@pytest.fixture
def make_keeper(index: Any) -> Callable[[FileRecord, SqliteIdentityMap], MapKeeper]:
    """Makes a keeper of this map, of the record that it also has its roots lodged in."""

    def make(record: FileRecord, identity_map: SqliteIdentityMap) -> MapKeeper:
        return KeeperAt(
            record=record,
            index=index,
            describe=describe,
            identity_map=identity_map,
            lodge=lambda _: -1,
        )

    return make
