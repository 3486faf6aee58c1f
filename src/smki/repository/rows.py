"""The index from the record: rows of certificates, lists and the rest, in the record's order.

The index can be thrown away; what is here makes it again, and says where it lies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.x509 import DuplicateExtension, ExtensionNotFound

from smki.crypto import key_fingerprint
from smki.merkle.leaf import (
    LeafType,
    certificate_parts,
    decode_certificate,
    decode_leaf,
    is_certificate,
    number_of,
)
from smki.ports import CertificateIndex, CertificateRow, ItemRow, ListRow, RecordReader
from smki.profiles import RowFields
from smki.repository.items import body_of, item_of
from smki.repository.lodging import milliseconds
from smki.steps import Lodged
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    Inconsistent,
    Malformed,
    SerialNumber,
)
from smki.wire.requests import DeviceRequest

STEP: Final = 1024  # entries for each transaction of the index
_NUMBER_MAX: Final = (1 << 63) - 1  # of a CRL: the index keeps it in 64 bits

_subscriber: Final = lru_cache(1024)(EUI64)  # few parties ask for all of them

Describe: TypeAlias = Callable[[bytes], RowFields]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProgress:
    """How far the index is: entries covered, of how many."""

    done: int
    total: int


def _row(
    entry: int,
    fields: RowFields,
    *,
    lodged_at: int,
    manufacturing: bool,
    subscriber: EUI64,
) -> CertificateRow:
    return CertificateRow(
        entry=entry,
        serial=fields.serial,
        kind=fields.kind,
        identity=fields.identity,
        role=fields.role,
        usage=fields.usage,
        key=fields.key,
        status=CertificateStatus.IN_USE,
        not_after=fields.not_after,
        lodged_at=lodged_at,
        manufacturing=manufacturing,
        subscriber=subscriber,
    )


def rows_of(
    lodged: tuple[Lodged, ...], at: datetime, describe: Describe
) -> tuple[CertificateRow, ...]:
    """The rows of certificates just lodged at `at`: equal to what the record gives later.

    A device's row is written from its request, which the certificate was filled from; only the
    end of validity, the same for all of a group, is read from the first one.
    """
    instant = milliseconds(at)
    rows: list[CertificateRow] = []
    device_end: int | None = None
    for one in lodged:
        prepared = one.issued.prepared
        admitted, request = prepared.admitted, prepared.admitted.request
        if device_end is None or not isinstance(request, DeviceRequest):
            fields = describe(one.issued.certificate)
            row = _row(
                one.entry,
                fields,
                lodged_at=instant,
                manufacturing=admitted.manufacturing,
                subscriber=admitted.subscriber,
            )
            if isinstance(request, DeviceRequest):
                device_end = fields.not_after
        else:
            row = CertificateRow(
                entry=one.entry,
                serial=prepared.serial,
                kind=CertificateKind.DEVICE,
                identity=request.device,
                role=None,
                usage=request.usage,
                key=key_fingerprint(request.point),
                status=CertificateStatus.IN_USE,
                not_after=device_end,
                lodged_at=instant,
                manufacturing=admitted.manufacturing,
                subscriber=admitted.subscriber,
            )
        rows.append(row)
    return tuple(rows)


def row_of(entry: int, leaf: bytes, describe: Describe) -> CertificateRow | None:
    """The row of the certificate in this leaf; None if the leaf holds something else.

    Raises:
        Malformed: not a leaf, or not a certificate of ours.
    """
    if not is_certificate(leaf):
        if number_of(leaf) == LeafType.CERTIFICATE:
            decode_certificate(leaf)  # says what is wrong with it
        return None
    instant, manufacturing, subscriber, certificate = certificate_parts(leaf)
    return _row(
        entry,
        describe(certificate),
        lodged_at=instant,
        manufacturing=manufacturing,
        subscriber=_subscriber(subscriber),
    )


def revoked_by(reader: RecordReader, leaf: bytes) -> tuple[SerialNumber, ...]:
    """The serial numbers on the CRL or ARL in this leaf; none if it holds something else.

    Raises:
        Malformed: not a leaf, or not a CRL.
        Inconsistent: the CRL's blob is missing or damaged.

    Clause: sec-app-b:B-crl
    """
    crl = _crl(reader, leaf)
    try:
        return tuple(SerialNumber(entry.serial_number) for entry in crl or ())
    except ValueError as error:
        raise _not_a_list(str(error)) from error


def list_of(entry: int, reader: RecordReader, leaf: bytes) -> ListRow | None:
    """The row of the CRL or ARL in this leaf; None if it holds something else.

    Raises:
        Malformed: not a leaf, or not a CRL with a number that fits the index.
        Inconsistent: the CRL's blob is missing or damaged.

    Clause: sec-app-b:B-crl
    """
    crl = _crl(reader, leaf)
    if crl is None:
        return None
    try:
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (ValueError, DuplicateExtension, ExtensionNotFound) as error:
        raise _not_a_list(str(error)) from error
    if number > _NUMBER_MAX:
        raise _not_a_list(f"number {number}, must be at most {_NUMBER_MAX}")
    return ListRow(entry=entry, issuer=issuer_fingerprint(crl.issuer), number=number)


def issuer_fingerprint(name: x509.Name) -> int:
    """How the index names the issuer of a list: 8 octets of SHA-256 over the DER of its name."""
    return int.from_bytes(sha256(name.public_bytes()).digest()[:8], "big")


def _crl(reader: RecordReader, leaf: bytes) -> x509.CertificateRevocationList | None:
    if number_of(leaf) not in {LeafType.CRL, LeafType.ARL}:
        return None
    try:
        return x509.load_der_x509_crl(body_of(reader, decode_leaf(leaf)))
    except ValueError as error:
        raise _not_a_list(str(error)) from error


def _not_a_list(what: str) -> Malformed:
    return Malformed(f"CRL: not DER of a CertificateList ({what})", clause="sec-app-b:B-crl")


def catch_up(
    reader: RecordReader,
    index: CertificateIndex,
    describe: Describe,
    tell: Callable[[IndexProgress], None] | None = None,
) -> int:
    """The index covers the record's newest checkpoint; the size it covers.

    About 1,000 entries a transaction: an interrupted run goes on where it stopped. `tell` is
    given the progress after each.

    Raises:
        Inconsistent: the index covers more than the record has, or a leaf cannot be read.
    """
    size, total = index.size(), reader.checkpoint().size
    if size > total:
        raise Inconsistent(
            f"the index covers {size} entries, the record has {total}: must be rebuilt"
        )
    while size < total:
        stop = min(total, (size // STEP + 1) * STEP)
        rows, revoked, lists, items = _read(reader, range(size, stop), describe)
        index.extend(rows, revoked, stop, lists, items)
        size = stop
        if tell:
            tell(IndexProgress(done=size, total=total))
    return size


def reindex(
    reader: RecordReader,
    index: CertificateIndex,
    describe: Describe,
    tell: Callable[[IndexProgress], None] | None = None,
) -> int:
    """The index is made anew from the record alone; the size it covers.

    Raises:
        Inconsistent: a leaf cannot be read.
    """
    index.clear()
    return catch_up(reader, index, describe, tell)


def _read(
    reader: RecordReader, entries: range, describe: Describe
) -> tuple[list[CertificateRow], list[SerialNumber], list[ListRow], list[ItemRow]]:
    rows: list[CertificateRow] = []
    revoked: list[SerialNumber] = []
    lists: list[ListRow] = []
    items: list[ItemRow] = []
    for entry, leaf in zip(entries, reader.leaves(entries.start, entries.stop), strict=True):
        try:
            row = row_of(entry, leaf, describe)
            revoked.extend(revoked_by(reader, leaf))
            listed = list_of(entry, reader, leaf)
            item = item_of(entry, reader, leaf)
        except Malformed as error:
            raise Inconsistent(f"entry {entry}: {error.message}", where=error.where) from error
        if row is not None:
            rows.append(row)
        if listed is not None:
            lists.append(listed)
        if item is not None:
            items.append(item)
    return rows, revoked, lists, items
