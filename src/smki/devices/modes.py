"""Which credentials replacement mode may touch which cells, and by whose authority: one table.

| mode | authorised by | may replace |
| --- | --- | --- |
| 0, 1 | supplier; WAN provider (CHF) | root, normally |
| 2 | supplier | supplier DS, KA, KA top-up |
| 3 | network operator | network operator DS, KA |
| 4 | access control broker | its KA, and DS where there is one |
| 5 | WAN provider | WAN provider DS |
| 6 | TransCoS | TransCoS DS |
| 7 | TransCoS | supplier DS, KA, KA top-up |
| 8 | recovery | everything the device has; root normally only; the broker may stand in for parties |
| 9 | contingency key | everything, root too; the broker may stand in for parties |
| 10, 11 | load controller; supplier | load controller DS, KA |

Clause: gbcs:CS02b
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from smki.devices import kinds
from smki.terms import RemotePartyRole
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

_Mode = CredentialsReplacementMode
_Role = RemotePartyRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRow:
    """A row of the table.

    Attributes:
        by: the role whose cell authorises the command.
        cells: what it may replace; None for everything that the device has.
        abnormal_root: a new root needs no certificate under the present one.
        roles_of_certificates: the role in a certificate must be that of its cell; not so where
            the reference data puts a supplier's certificates into a load controller's cells.
        handed_over: of which roles the cells may also hold the access control broker's
            certificates, as they do before a device is handed over.
    """

    by: RemotePartyRole
    cells: frozenset[TrustAnchorCellIdentifier] | None
    abnormal_root: bool = False
    roles_of_certificates: bool = True
    handed_over: frozenset[RemotePartyRole] = frozenset()

    def takes(self, role: RemotePartyRole | None, cell: TrustAnchorCellIdentifier) -> bool:
        """Whether a certificate of that role may come into the cell; None for one without a role.

        Clause: gbcs:CS02b
        """
        if not self.roles_of_certificates or role is cell.role:
            return True
        return role is RemotePartyRole.ACCESS_CONTROL_BROKER and cell.role in self.handed_over


_SUPPLIER: Final = frozenset({kinds.SUPPLIER_DS, kinds.SUPPLIER_KA, kinds.SUPPLIER_TOP_UP})
_HANDED_OVER: Final = frozenset({_Role.SUPPLIER, _Role.NETWORK_OPERATOR, _Role.LOAD_CONTROLLER})
_LOAD_CONTROLLER: Final = frozenset({kinds.LOAD_CONTROLLER_DS, kinds.LOAD_CONTROLLER_KA})

MODES: Final = MappingProxyType(
    {
        _Mode.ROOT_BY_SUPPLIER: ModeRow(by=_Role.SUPPLIER, cells=frozenset({kinds.ROOT})),
        _Mode.ROOT_BY_WAN_PROVIDER: ModeRow(by=_Role.WAN_PROVIDER, cells=frozenset({kinds.ROOT})),
        _Mode.SUPPLIER_BY_SUPPLIER: ModeRow(by=_Role.SUPPLIER, cells=_SUPPLIER),
        _Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR: ModeRow(
            by=_Role.NETWORK_OPERATOR,
            cells=frozenset({kinds.NETWORK_OPERATOR_DS, kinds.NETWORK_OPERATOR_KA}),
        ),
        _Mode.ACCESS_CONTROL_BROKER_BY_ACB: ModeRow(
            by=_Role.ACCESS_CONTROL_BROKER,
            cells=frozenset({kinds.BROKER_DS, kinds.BROKER_KA}),
        ),
        _Mode.WAN_PROVIDER_BY_WAN_PROVIDER: ModeRow(
            by=_Role.WAN_PROVIDER, cells=frozenset({kinds.WAN_PROVIDER})
        ),
        _Mode.TRANS_COS_BY_TRANS_COS: ModeRow(
            by=_Role.TRANSITIONAL_COS, cells=frozenset({kinds.TRANSITIONAL_COS})
        ),
        _Mode.SUPPLIER_BY_TRANS_COS: ModeRow(by=_Role.TRANSITIONAL_COS, cells=_SUPPLIER),
        _Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY: ModeRow(
            by=_Role.RECOVERY,
            cells=None,
            handed_over=_HANDED_OVER,
        ),
        _Mode.ANY_BY_CONTINGENCY: ModeRow(
            by=_Role.ROOT, cells=None, abnormal_root=True, handed_over=_HANDED_OVER
        ),
        _Mode.LOAD_CONTROLLER_BY_LOAD_CONTROLLER: ModeRow(
            by=_Role.LOAD_CONTROLLER, cells=_LOAD_CONTROLLER, roles_of_certificates=False
        ),
        _Mode.LOAD_CONTROLLER_BY_SUPPLIER: ModeRow(
            by=_Role.SUPPLIER, cells=_LOAD_CONTROLLER, roles_of_certificates=False
        ),
    }
)
"""The row of each mode."""


def authorising_cell(
    mode: CredentialsReplacementMode, kind: kinds.DeviceKind
) -> TrustAnchorCellIdentifier | None:
    """The cell that a command of the mode names; None where the broker's MAC is all it has.

    Clause: gbcs:CS02b
    """
    if mode is _Mode.ANY_BY_CONTINGENCY:
        return kinds.ROOT
    if mode is _Mode.ACCESS_CONTROL_BROKER_BY_ACB and kind is not kinds.DeviceKind.CHF:
        return None
    return kinds.cell(MODES[mode].by, KeyUsageBits.DIGITAL_SIGNATURE)
