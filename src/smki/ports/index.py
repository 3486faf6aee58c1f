"""The index: answers questions about the record quickly. Thrown away and rebuilt at will."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
)


class CertificateRow(NamedTuple):
    """What the index knows of a certificate; the certificate itself is in the record.

    A tuple for speed: one is made for each certificate that is lodged or indexed again.

    Attributes:
        entry: index of its leaf.
        serial: its serial number.
        kind: which profile it follows.
        identity: Device ID or Entity Identifier of the subject; None if it has none.
        role: remote party role of an organisation certificate; None otherwise.
        usage: its key usage.
        key: first 8 octets of SHA-256 over the public key's octets (65-octet point, or
            SubjectPublicKeyInfo if not P-256), as an unsigned integer: finds candidates for
            "the same key"; equality is decided on the certificates themselves.
        status: standing at present; expiry is worked out when read, from `not_after`.
        not_after: end of validity, seconds since 1970 (certificates without end: 253402300799).
        lodged_at: instant of lodging, milliseconds since 1970.
        manufacturing: issued for manufacture rather than for replacement in the field.
        subscriber: EUI-64 of the party that asked.
    """

    entry: int
    serial: SerialNumber
    kind: CertificateKind
    identity: EUI64 | None
    role: RemotePartyRole | None
    usage: KeyUsage
    key: int
    status: CertificateStatus
    not_after: int
    lodged_at: int
    manufacturing: bool
    subscriber: EUI64


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """A certificate that may carry a key that was asked about."""

    key: int
    entry: int
    identity: EUI64 | None
    kind: CertificateKind
    usage: KeyUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """What the index knows of a revocation list; the list itself is in the record.

    Attributes:
        entry: index of its leaf.
        issuer: first 8 octets of SHA-256 over the DER of its issuer's name, as an unsigned integer.
        number: its CRL number.
    """

    entry: int
    issuer: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateQuery:
    """What certificates must be to be found: all that is given holds together, None is anything.

    Attributes:
        at: instant of the question, seconds since 1970: by it expiry is decided.
        identity: EUI-64 of the subject.
        serial: its serial number.
        subscriber: EUI-64 of the party that asked.
        role: remote party role, of organisation certificates alone.
        usage: its key usage.
        kind: which profile it follows.
        status: standing at `at`; `EXPIRED` and `REVOKED` stand before the others.
        lodged_from: lodged at or after this, milliseconds since 1970.
        lodged_before: lodged before this, milliseconds since 1970.
    """

    at: int
    identity: EUI64 | None = None
    serial: SerialNumber | None = None
    subscriber: EUI64 | None = None
    role: RemotePartyRole | None = None
    usage: KeyUsage | None = None
    kind: CertificateKind | None = None
    status: CertificateStatus | None = None
    lodged_from: int | None = None
    lodged_before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePage:
    """Some of what a query finds, newest first.

    Attributes:
        rows: the certificates.
        after: where to go on: what is below this entry was not looked at yet; None at the end.
            There may be more also where `rows` is empty: one question looks at so many entries.
    """

    rows: tuple[CertificateRow, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """What the index knows of an entry that is neither certificate nor list.

    Attributes:
        entry: index of its leaf.
        type: type of the leaf (`merkle.leaf.LeafType`).
        name: by what it is asked for: a document's title, a decision's id, a serial number; empty
            if it has no name.
        refers: the earlier entry that it says something about, if it does.
    """

    entry: int
    type: int
    name: str
    refers: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRange:
    """Devices that stand together in the order of an index, which need not be that of EUI-64s.

    Attributes:
        first: the first of them; None: from the beginning.
        before: the first one after them; None: to the end.
    """

    first: EUI64 | None = None
    before: EUI64 | None = None


ALL_DEVICES: Final = DeviceRange()


class CertificateIndex(Protocol):
    """Questions that deciding, searching and retrieving ask. Reads are safe in any process.

    What is written goes through `Workbook.close`, in one transaction with the working state, or
    through `extend`, when the index catches up with the record.
    """

    def hurried(self, seconds: float) -> AbstractContextManager[None] | None:
        """What this thread asks inside, here or of what is kept beside, is answered in that time.

        What is not raises Unavailable: it waits for a lock, or reads too much. One read of a disk
        that stalls is waited for. None if it may be far away: then it is asked with patience alone.
        """
        ...

    def size(self) -> int:
        """How many entries of the record the index covers."""
        ...

    def extend(
        self,
        rows: Iterable[CertificateRow],
        revoked: Sequence[SerialNumber],
        size: int,
        lists: Sequence[ListRow] = (),
        items: Sequence[ItemRow] = (),
    ) -> None:
        """The index covers `size` entries on return, all that is handed in among them, in one go.

        A device certificate turns the device's earlier one for the same usage from `I` to `N`.
        """
        ...

    def clear(self) -> None:
        """Nothing is indexed on return; the working state is untouched."""
        ...

    def by_serial(self, serial: SerialNumber) -> CertificateRow | None:
        """The certificate with this serial number, if any."""
        ...

    def by_identity(self, identity: EUI64) -> tuple[CertificateRow, ...]:
        """All certificates whose subject is this device or entity, oldest first."""
        ...

    def search(
        self, query: CertificateQuery, *, limit: int, before: int | None = None
    ) -> CertificatePage:
        """At most `limit` certificates that the query finds, below the entry `before`.

        Takes much the same time however many there are: it stops after so many entries, and says
        where to go on. Times of lodging are found by halving; a clock that was put back by more
        than a day may hide from a search by time what was lodged meanwhile, from no other.
        """
        ...

    def newest_list(self, issuer: int) -> ListRow | None:
        """The list with the highest number of that issuer (see `ListRow.issuer`), if any."""
        ...

    def lists(self) -> tuple[ListRow, ...]:
        """All revocation lists in the order of the record."""
        ...

    def items(self, *, of: int | None = None, name: str | None = None) -> tuple[ItemRow, ...]:
        """The other entries in the order of the record; `of` one type, of one name if given."""
        ...

    def about(self, entry: int) -> tuple[ItemRow, ...]:
        """The other entries that refer to this one, in the order of the record."""
        ...

    def device_counts(self, devices: Sequence[EUI64]) -> Mapping[EUI64, int]:
        """How many device certificates each device has; devices without any are left out."""
        ...

    def key_holders(self, keys: Sequence[int]) -> tuple[KeyHolder, ...]:
        """Certificates that may carry one of these keys (see `CertificateRow.key`)."""
        ...

    def count(self) -> int:
        """Number of certificates in the index."""
        ...

    def rows(
        self, kind: CertificateKind | None = None, *, start: int = 0, stop: int | None = None
    ) -> Iterable[CertificateRow]:
        """All certificates in the order of the record, memory flat; one kind if given.

        Of the entries from `start` up to `stop`, which is not among them.
        """
        ...

    def holds(self, start: int, stop: int, rows: Sequence[CertificateRow]) -> bool:
        """The certificates of the entries `[start, stop)` are these, in all but their status.

        Quick: for who goes through all of them.
        """
        ...

    def doubtful_devices(self, among: DeviceRange = ALL_DEVICES) -> Iterable[EUI64]:
        """Devices of which not the newest certificate for each usage is `I`, and all others `N`.

        In the order of `device_ranges`; quick, memory flat.
        """
        ...

    def device_ranges(self, count: int) -> tuple[DeviceRange, ...]:
        """At most `count` ranges, one after the other, that cover all devices; about alike."""
        ...
