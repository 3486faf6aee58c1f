"""The tables of an estate, which has a database of its own, and how values stand in them.

What is asked of many devices at once, the inventory, is apart from what each holds, which is ten
times as long. No other table of the house is here: an estate can be thrown away as a whole.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

from smki.devices import TrustAnchor
from smki.devices.kinds import DeviceKind
from smki.ports.estate import InventoryRow
from smki.terms import EUI64, SmiStatus

KINDS: Final = tuple(DeviceKind)  # a new one is added at the end
STATUSES: Final = tuple(SmiStatus)
_EUI64_OCTETS: Final = 8
_NUMBER_OCTETS: Final = 6  # of an anchor: short, and still no two of a million alike
_ANCHORS_REMEMBERED: Final = 10_000  # many devices hold few

METADATA: Final = MetaData()
ANCHOR: Final = Table(
    "estate_anchor",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("unique_id", LargeBinary, nullable=False),
    Column("key_identifier", LargeBinary, nullable=False),
    Column("point", LargeBinary, nullable=False),
    Column("subject", LargeBinary, nullable=False),
    Column("contingency_key", LargeBinary, nullable=False),
)
DEVICE: Final = Table(
    "estate_device",
    METADATA,
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("make", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("hub", BigInteger, nullable=False),
    Column("region", Text, nullable=False),
    Column("mpxn", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Index("estate_device_hub", "hub"),
)
STATE: Final = Table(
    "estate_state",
    METADATA,
    Column("device", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
)
STATUS: Final = Table(
    "estate_status",
    METADATA,
    Column("device", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
    Column("status", SmallInteger, nullable=False),
    Index("estate_status_device", "device"),
)
LOT: Final = Table(
    "estate_lot",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970
    Column("hw_type", LargeBinary, nullable=False),
    Column("devices", LargeBinary, nullable=False),
)
NOTE: Final = Table(
    "estate_note",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


@lru_cache(maxsize=_ANCHORS_REMEMBERED)
def anchor_number(anchor: TrustAnchor) -> int:
    """The number by which states name the anchor: it follows from what it holds."""
    digest = sha256()
    for part in (
        anchor.unique_id,
        anchor.key_identifier,
        anchor.point,
        anchor.subject,
        anchor.contingency_key,
    ):
        digest.update(len(part).to_bytes(4, "big") + part)
    return int.from_bytes(digest.digest()[:_NUMBER_OCTETS], "big") or 1


def anchor_row(number: int, anchor: TrustAnchor) -> dict[str, Any]:
    """The row of an anchor."""
    return {
        "number": number,
        "unique_id": anchor.unique_id,
        "key_identifier": anchor.key_identifier,
        "point": anchor.point,
        "subject": anchor.subject,
        "contingency_key": anchor.contingency_key,
    }


def anchor_of_row(row: Mapping[str, Any]) -> TrustAnchor:
    """The anchor that stands in a row."""
    return TrustAnchor(
        unique_id=bytes(row["unique_id"]),
        key_identifier=bytes(row["key_identifier"]),
        point=bytes(row["point"]),
        subject=bytes(row["subject"]),
        contingency_key=bytes(row["contingency_key"]),
    )


def inventory_values(row: InventoryRow) -> tuple[object, ...]:
    """The values of a row of the inventory, in the order of its columns."""
    return (
        number_of(row.device),
        KINDS.index(row.kind),
        row.make,
        row.model,
        number_of(row.hub),
        row.region,
        row.mpxn,
        STATUSES.index(row.status),
    )


def inventory_of_row(row: Mapping[str, Any]) -> InventoryRow:
    """What the inventory says in a row."""
    return InventoryRow(
        device=eui64_of(row["device"]),
        kind=KINDS[row["kind"]],
        make=row["make"],
        model=row["model"],
        hub=eui64_of(row["hub"]),
        region=row["region"],
        mpxn=row["mpxn"],
        status=STATUSES[row["status"]],
    )


def number_of(device: EUI64) -> int:
    """An EUI-64 as databases have it: 64 bits with a sign."""
    return int.from_bytes(device.octets, "big", signed=True)


def eui64_of(number: int) -> EUI64:
    """The EUI-64 of such a number."""
    return EUI64(number.to_bytes(_EUI64_OCTETS, "big", signed=True))


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """The instant in microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def instant(microseconds: int) -> datetime:
    """The instant so many microseconds after the beginning of 1970."""
    return datetime.fromtimestamp(microseconds / 1_000_000, tz=UTC)
