"""How our values look in columns: small lasting codes, signed numbers, fixed octets.

A code, once given, is never given to anything else: databases outlive versions.
"""

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Final, TypeVar

from smki.ports import CertificateRow
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    Inconsistent,
    KeyUsage,
    RemotePartyRole,
    SerialNumber,
    SmiStatus,
)

DEVICE: Final = 6
KINDS: Final[Mapping[CertificateKind, int]] = {
    CertificateKind.ROOT_OCA: 1,
    CertificateKind.ISSUING_OCA: 2,
    CertificateKind.ORGANISATION: 3,
    CertificateKind.ROOT_DCA: 4,
    CertificateKind.ISSUING_DCA: 5,
    CertificateKind.DEVICE: DEVICE,
    CertificateKind.ROOT_ICA: 7,
    CertificateKind.ISSUING_ICA: 8,
    CertificateKind.IKI_OFFICER: 9,
    CertificateKind.IKI_AD_HOC: 10,
    CertificateKind.IKI_BATCH: 11,
    CertificateKind.IKI_FILE_SIGNING: 12,
    CertificateKind.IKI_SERVER: 13,
}
USAGES: Final[Mapping[KeyUsage, int]] = {
    KeyUsage.DIGITAL_SIGNATURE: 1,
    KeyUsage.KEY_AGREEMENT: 2,
    KeyUsage.CERTIFICATE_AND_CRL_SIGNING: 3,
}
STATUSES: Final[Mapping[CertificateStatus, int]] = {
    CertificateStatus.PENDING: 1,
    CertificateStatus.IN_USE: 2,
    CertificateStatus.NOT_IN_USE: 3,
    CertificateStatus.EXPIRED: 4,
    CertificateStatus.REVOKED: 5,
}
SMI_STATUSES: Final[Mapping[SmiStatus, int]] = {
    SmiStatus.NOT_IN_INVENTORY: 1,
    SmiStatus.PENDING: 2,
    SmiStatus.INSTALLED_NOT_COMMISSIONED: 3,
    SmiStatus.COMMISSIONED: 4,
    SmiStatus.SUSPENDED: 5,
    SmiStatus.DECOMMISSIONED: 6,
    SmiStatus.WITHDRAWN: 7,
}

IN_USE: Final = STATUSES[CertificateStatus.IN_USE]
NOT_IN_USE: Final = STATUSES[CertificateStatus.NOT_IN_USE]
REVOKED: Final = STATUSES[CertificateStatus.REVOKED]

_EUI64: Final = struct.Struct(">q")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_Member = TypeVar("_Member", bound=Enum)
Columns = tuple[Any, ...]  # of one row, in the order of the table


def _reversed(codes: Mapping[_Member, int]) -> dict[int, _Member]:
    return {code: member for member, code in codes.items()}


_KIND_OF: Final = _reversed(KINDS)
_USAGE_OF: Final = _reversed(USAGES)
_STATUS_OF: Final = _reversed(STATUSES)
SMI_STATUS_OF: Final = _reversed(SMI_STATUSES)


def to_signed(value: int) -> int:
    """The signed 64-bit number with the bits of an unsigned one."""
    return value - (1 << 64) if value >> 63 else value


def to_unsigned(value: int) -> int:
    """The unsigned 64-bit number with the bits of a signed one."""
    return value & 0xFFFF_FFFF_FFFF_FFFF


def from_eui64(identity: EUI64) -> int:
    """The identifier as a signed 64-bit number."""
    return int.from_bytes(identity.octets, "big", signed=True)


def from_eui64s(identities: Sequence[EUI64]) -> tuple[int, ...]:
    """The identifiers as signed 64-bit numbers, in order."""
    octets = b"".join([identity.octets for identity in identities])
    return struct.unpack(f">{len(identities)}q", octets)


def to_eui64(value: int) -> EUI64:
    """The identifier whose signed 64-bit number is `value`."""
    return EUI64(value.to_bytes(8, "big", signed=True))


def to_optional_eui64(value: int | None) -> EUI64 | None:
    """As `to_eui64`; None stays None."""
    return None if value is None else to_eui64(value)


def from_serial(serial: SerialNumber) -> bytes:
    """The serial number in 16 octets, in 20 if it needs more; equal numbers, equal octets."""
    value = serial.value
    return value.to_bytes(20 if value >> 128 else 16, "big")


def to_serial(octets: bytes) -> SerialNumber:
    """The serial number whose octets these are."""
    return SerialNumber(int.from_bytes(octets, "big"))


def from_instant(at: datetime) -> int:
    """Microseconds since 1970.

    Raises:
        Inconsistent: an instant without a zone.
    """
    if at.tzinfo is None:
        raise Inconsistent(f"instant {at.isoformat()} has no zone, must be aware")
    return (at - _EPOCH) // _MICROSECOND


def to_instant(microseconds: int) -> datetime:
    """The instant, aware, in UTC."""
    return _EPOCH + microseconds * _MICROSECOND


def from_certificate(row: CertificateRow) -> Columns:
    """The row's columns, in the order of the table."""
    entry, serial, kind, identity, role, usage, key, status, not_after, lodged, made, subscriber = (
        row
    )
    value = serial.value
    return (
        entry,
        value.to_bytes(20 if value >> 128 else 16, "big"),
        KINDS[kind],
        None if identity is None else _EUI64.unpack(identity.octets)[0],
        role,
        USAGES[usage],
        key - (1 << 64) if key >> 63 else key,
        STATUSES[status],
        not_after,
        lodged,
        made,
        _EUI64.unpack(subscriber.octets)[0],
    )


def to_certificate(columns: Sequence[Any]) -> CertificateRow:
    """The row whose columns these are, in the order of the table."""
    entry, serial, kind, identity, role, usage, key, status, not_after, lodged, made, subscriber = (
        columns
    )
    return CertificateRow(
        entry=entry,
        serial=to_serial(serial),
        kind=_KIND_OF[kind],
        identity=to_optional_eui64(identity),
        role=None if role is None else RemotePartyRole(role),
        usage=_USAGE_OF[usage],
        key=to_unsigned(key),
        status=_STATUS_OF[status],
        not_after=not_after,
        lodged_at=lodged,
        manufacturing=made,
        subscriber=_to_subscriber(subscriber),
    )


_to_subscriber: Final = lru_cache(1024)(to_eui64)  # few parties ask for all of them


def to_kind(code: int) -> CertificateKind:
    """The kind of certificate with this code."""
    return _KIND_OF[code]


def to_usage(code: int) -> KeyUsage:
    """The key usage with this code."""
    return _USAGE_OF[code]
