"""The kinds of devices: which trust anchor cells each has, and which use cases it answers.

One table. Cells marked as seen in the reference data stand on it; the others are recalled, and are
on the page of divergences.

Clause: gbcs:4.3.2.2
"""

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.terms import RemotePartyRole
from smki.wire.gbcs.joining import DeviceType
from smki.wire.gbcs.trust_anchors import CellUsage, KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode


class DeviceKind(Enum):
    """What a device is; the value is its name in files and on pages."""

    ESME = "esme"
    GSME = "gsme"
    CHF = "chf"
    GPF = "gpf"
    PPMID = "ppmid"
    HCALCS = "hcalcs"
    SAPC = "sapc"


def cell(
    role: RemotePartyRole,
    key_usage: KeyUsageBits,
    cell_usage: CellUsage = CellUsage.MANAGEMENT,
) -> TrustAnchorCellIdentifier:
    """The name of a cell."""
    return TrustAnchorCellIdentifier(role=role, key_usage=key_usage, cell_usage=cell_usage)


_DS: Final = KeyUsageBits.DIGITAL_SIGNATURE
_KA: Final = KeyUsageBits.KEY_AGREEMENT

ROOT: Final = cell(RemotePartyRole.ROOT, KeyUsageBits.KEY_CERT_SIGN)
RECOVERY: Final = cell(RemotePartyRole.RECOVERY, _DS)
SUPPLIER_DS: Final = cell(RemotePartyRole.SUPPLIER, _DS)
SUPPLIER_KA: Final = cell(RemotePartyRole.SUPPLIER, _KA)
SUPPLIER_TOP_UP: Final = cell(RemotePartyRole.SUPPLIER, _KA, CellUsage.PRE_PAYMENT_TOP_UP)
NETWORK_OPERATOR_DS: Final = cell(RemotePartyRole.NETWORK_OPERATOR, _DS)
NETWORK_OPERATOR_KA: Final = cell(RemotePartyRole.NETWORK_OPERATOR, _KA)
BROKER_DS: Final = cell(RemotePartyRole.ACCESS_CONTROL_BROKER, _DS)
BROKER_KA: Final = cell(RemotePartyRole.ACCESS_CONTROL_BROKER, _KA)
TRANSITIONAL_COS: Final = cell(RemotePartyRole.TRANSITIONAL_COS, _DS)
WAN_PROVIDER: Final = cell(RemotePartyRole.WAN_PROVIDER, _DS)
LOAD_CONTROLLER_DS: Final = cell(RemotePartyRole.LOAD_CONTROLLER, _DS)
LOAD_CONTROLLER_KA: Final = cell(RemotePartyRole.LOAD_CONTROLLER, _KA)

_EVERY: Final = (ROOT, RECOVERY, BROKER_KA)
_SUPPLIER: Final = (SUPPLIER_DS, SUPPLIER_KA)

_DETAILS: Final = frozenset({0x0008})
_DETAILS_F: Final = frozenset({0x011B})
_OWN: Final = frozenset({0x000A, 0x000B, 0x000C})
_JOIN_A_METER: Final = frozenset({0x000D, 0x000F})
_JOIN_A_OTHER: Final = frozenset({0x00AB, 0x000F})
_JOIN_B: Final = frozenset({0x000E, 0x0010})
_JOIN_C: Final = frozenset({0x00AF, 0x000F})
_READ_LOG: Final = frozenset({0x0013})
_FIRMWARE: Final = frozenset({0x0012})
_READ_VERSION: Final = frozenset({0x0129})
_HUB_LOG: Final = frozenset({0x0001, 0x0002, 0x0003})
_RESTORE_LOG: Final = frozenset({0x008C})
_CLOCK: Final = frozenset({0x007F})


def _updates(*modes: int) -> frozenset[int]:
    return frozenset(CredentialsReplacementMode(mode).message_code for mode in modes)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfDevice:
    """A row of the table.

    Attributes:
        kind: its name.
        type: what other devices call it; a SAPC's number is not known, and 6 stands for it.
        cells: in the order in which CS02a reports them.
        message_codes: of the security use cases that it answers.
        log_size: how many devices its device log takes.
    """

    kind: DeviceKind
    type: DeviceType
    cells: tuple[TrustAnchorCellIdentifier, ...]
    message_codes: frozenset[int]
    log_size: int = 16


KINDS: Final = MappingProxyType(
    {
        row.kind: row
        for row in (
            KindOfDevice(
                kind=DeviceKind.ESME,
                type=DeviceType.ESME,
                cells=(
                    ROOT,
                    RECOVERY,
                    *_SUPPLIER,
                    SUPPLIER_TOP_UP,
                    NETWORK_OPERATOR_DS,
                    NETWORK_OPERATOR_KA,
                    BROKER_KA,
                    TRANSITIONAL_COS,
                    LOAD_CONTROLLER_DS,
                    LOAD_CONTROLLER_KA,
                ),
                message_codes=_DETAILS
                | _DETAILS_F
                | _OWN
                | _JOIN_A_METER
                | _READ_LOG
                | _FIRMWARE
                | _updates(0, 2, 3, 4, 6, 7, 8, 9, 10, 11),
            ),
            KindOfDevice(
                kind=DeviceKind.GSME,
                type=DeviceType.GSME,
                cells=(*_EVERY[:2], *_SUPPLIER, SUPPLIER_TOP_UP, BROKER_KA, TRANSITIONAL_COS),
                message_codes=_DETAILS
                | _OWN
                | _JOIN_B
                | _JOIN_C
                | _READ_LOG
                | _FIRMWARE
                | _CLOCK
                | _updates(0, 2, 4, 6, 7, 8, 9),
            ),
            KindOfDevice(
                kind=DeviceKind.CHF,
                type=DeviceType.COMMUNICATIONS_HUB_FUNCTION,
                cells=(ROOT, RECOVERY, BROKER_DS, BROKER_KA, TRANSITIONAL_COS, WAN_PROVIDER),
                message_codes=_DETAILS | _OWN | _FIRMWARE | _HUB_LOG | _updates(1, 4, 5, 6, 8, 9),
            ),
            KindOfDevice(
                kind=DeviceKind.GPF,
                type=DeviceType.GAS_PROXY_FUNCTION,
                cells=(
                    ROOT,
                    RECOVERY,
                    *_SUPPLIER,
                    SUPPLIER_TOP_UP,
                    NETWORK_OPERATOR_DS,
                    NETWORK_OPERATOR_KA,
                    BROKER_KA,
                    TRANSITIONAL_COS,
                ),
                message_codes=_DETAILS
                | _OWN
                | _JOIN_A_OTHER
                | _JOIN_B
                | _READ_LOG
                | _RESTORE_LOG
                | _updates(0, 2, 3, 4, 6, 7, 8, 9),
            ),
            KindOfDevice(
                kind=DeviceKind.PPMID,
                type=DeviceType.PPMID,
                cells=(ROOT, RECOVERY, BROKER_DS, BROKER_KA, TRANSITIONAL_COS),
                message_codes=_DETAILS
                | _OWN
                | _JOIN_A_OTHER
                | _JOIN_C
                | _READ_LOG
                | _READ_VERSION
                | _FIRMWARE
                | _updates(4, 6, 8, 9),
            ),
            KindOfDevice(
                kind=DeviceKind.HCALCS,
                type=DeviceType.HCALCS,
                cells=(ROOT, RECOVERY, *_SUPPLIER, BROKER_KA, TRANSITIONAL_COS),
                message_codes=_DETAILS
                | _OWN
                | _JOIN_A_OTHER
                | _READ_LOG
                | _READ_VERSION
                | _FIRMWARE
                | _updates(0, 2, 4, 6, 7, 8, 9),
            ),
            KindOfDevice(
                kind=DeviceKind.SAPC,
                type=DeviceType.TYPE_2,
                cells=(
                    ROOT,
                    RECOVERY,
                    *_SUPPLIER,
                    NETWORK_OPERATOR_DS,
                    NETWORK_OPERATOR_KA,
                    BROKER_KA,
                    TRANSITIONAL_COS,
                    LOAD_CONTROLLER_DS,
                    LOAD_CONTROLLER_KA,
                ),
                message_codes=_DETAILS
                | _DETAILS_F
                | _OWN
                | _JOIN_A_METER
                | _JOIN_A_OTHER
                | _READ_LOG
                | _FIRMWARE
                | _updates(0, 2, 3, 4, 6, 7, 8, 9, 10, 11),
            ),
        )
    }
)
"""The row of each kind."""
