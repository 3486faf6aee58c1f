"""The command that recovers a device: which cells it fills with which certificates, and by whose key.

    mode 8     [2] the recovery cell   [4] floor of recovery   [6] floors of all other roles it touches
    mode 9     [0] the symmetric key   [2] the root cell       [4] floor of root, [6] as above
    mode 2     [2] the supplier's      [4] floor of supplier   [5] of its top-ups
    mode 3     [2] the network operator's, mode 5 the WAN provider's, mode 6 the change of supplier's
    mode 0, 1  [2] the supplier's, the WAN provider's: a new root, for which the path vouches

8 and 9 are signed and no more; the others have the access control broker's MAC too. Floors are those from which the new parties count: what was signed before stays behind them. Where a
party keeps its counter its floor is that; a new one begins at 0. Which cells a device has is told,
not known here.

Clause: gbcs:CS02b
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from smki.terms import Malformed, RemotePartyRole
from smki.wire.gbcs.trust_anchors import (
    CellUsage,
    KeyUsageBits,
    ProvideDetailsCommand,
    TrustAnchorCellIdentifier,
)
from smki.wire.gbcs.update_credentials import (
    AuthorisingRemotePartyControl,
    CredentialsReplacementMode,
    RemotePartySeqNumberChange,
    SeqNumberUsage,
    SpecialistSeqNumber,
    TimeBasedChecks,
    TrustAnchorReplacement,
    UpdateCredentialsCommand,
)

SYMMETRIC_KEY_OCTETS: Final = 16  # with the wrap algorithm that is shipped; others take their own
_Mode = CredentialsReplacementMode
_Cell = TrustAnchorCellIdentifier
ROOT_CELL: Final = _Cell(role=RemotePartyRole.ROOT, key_usage=KeyUsageBits.KEY_CERT_SIGN)
RECOVERY_CELL: Final = _Cell(
    role=RemotePartyRole.RECOVERY, key_usage=KeyUsageBits.DIGITAL_SIGNATURE
)
BROKER_CELL: Final = _Cell(
    role=RemotePartyRole.ACCESS_CONTROL_BROKER, key_usage=KeyUsageBits.KEY_AGREEMENT
)
READ_BACK_CODE: Final = 0x0008  # CS02a


def _signing(role: RemotePartyRole) -> TrustAnchorCellIdentifier:
    return _Cell(role=role, key_usage=KeyUsageBits.DIGITAL_SIGNATURE)


_AUTHORISING: Final[Mapping[CredentialsReplacementMode, TrustAnchorCellIdentifier]] = {
    _Mode.ROOT_BY_SUPPLIER: _signing(RemotePartyRole.SUPPLIER),
    _Mode.ROOT_BY_WAN_PROVIDER: _signing(RemotePartyRole.WAN_PROVIDER),
    _Mode.SUPPLIER_BY_SUPPLIER: _signing(RemotePartyRole.SUPPLIER),
    _Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR: _signing(RemotePartyRole.NETWORK_OPERATOR),
    _Mode.WAN_PROVIDER_BY_WAN_PROVIDER: _signing(RemotePartyRole.WAN_PROVIDER),
    _Mode.TRANS_COS_BY_TRANS_COS: _signing(RemotePartyRole.TRANSITIONAL_COS),
    _Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY: RECOVERY_CELL,
    _Mode.ANY_BY_CONTINGENCY: ROOT_CELL,
}
_PLACE_A_ROOT: Final = frozenset(
    {_Mode.ROOT_BY_SUPPLIER, _Mode.ROOT_BY_WAN_PROVIDER, _Mode.ANY_BY_CONTINGENCY}
)
_MAY_PLACE_A_ROOT: Final = _PLACE_A_ROOT | {_Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY}


@dataclass(frozen=True, slots=True, kw_only=True)
class Materials:
    """What is placed on devices.

    Attributes:
        mode: one of those in the table above.
        certificates: by cell (DER): of all cells that are to be replaced.
        path: between these certificates and the root cell (DER).
        symmetric_key: opens the contingency public key in the root that devices hold; mode 9 alone.
        floors: from which each role counts; one that is not named from 0.
        top_up_floor: from which the supplier counts top-ups.
        time_based_checks: whether devices look at validity periods.
    """

    mode: CredentialsReplacementMode
    certificates: Mapping[TrustAnchorCellIdentifier, bytes]
    path: tuple[bytes, ...]
    symmetric_key: bytes | None = None
    floors: Mapping[RemotePartyRole, int]
    top_up_floor: int = 0
    time_based_checks: TimeBasedChecks = TimeBasedChecks.APPLY

    def __post_init__(self) -> None:
        """Refuses what no device could obey.

        Raises:
            Malformed: another mode, a symmetric key too many or too few, a root by a mode that
                places none, or one for which nothing vouches.
        """
        contingency = self.mode is _Mode.ANY_BY_CONTINGENCY
        if self.mode not in _AUTHORISING:
            known = ", ".join(str(int(mode)) for mode in _AUTHORISING)
            raise _malformed(f"mode {int(self.mode)}, must be one of {known}")
        if contingency != (self.symmetric_key is not None):
            raise _malformed("a symmetric key belongs to mode 9, and must be there for it")
        root = ROOT_CELL in self.certificates
        if root and self.mode not in _MAY_PLACE_A_ROOT:
            raise _malformed(f"a root by mode {int(self.mode)}, must be by 0, 1, 8 or 9")
        if self.mode in _PLACE_A_ROOT and not root:
            raise _malformed(f"mode {int(self.mode)} without a root, must place one")
        if root and not contingency and not self.path:
            raise _malformed("a root that nothing vouches for, must be placed by mode 9")


def cells_replaced(
    materials: Materials, cells: Iterable[TrustAnchorCellIdentifier]
) -> tuple[TrustAnchorCellIdentifier, ...]:
    """Those of a device's cells that the command fills, in the device's own order."""
    return tuple(cell for cell in cells if cell in materials.certificates)


def recovering(
    materials: Materials, cells: Iterable[TrustAnchorCellIdentifier], counter: int
) -> UpdateCredentialsCommand:
    """The payload of the command for a device that has these cells.

    `counter` is the originator counter of its grouping header.

    Raises:
        Malformed: it has none of the cells.

    Clause: gbcs:CS02b
    """
    replaced = cells_replaced(materials, cells)
    if not replaced:
        raise _malformed("a device without any of the cells, must have one of them")
    authorising = _AUTHORISING[materials.mode]
    own = authorising.role
    renewed = any(cell.role is own for cell in replaced)
    return UpdateCredentialsCommand(
        control=AuthorisingRemotePartyControl(
            mode=materials.mode,
            symmetric_key=materials.symmetric_key,
            time_based_checks=materials.time_based_checks,
            authorising_cell=authorising,
            counter=counter,
            new_floor=materials.floors.get(own, 0) if renewed else None,
            new_specialist_floors=_top_up(materials, own, replaced),
            other_changes=_floors(materials, replaced, own) or None,
        ),
        replacements=tuple(
            TrustAnchorReplacement(certificate=materials.certificates[cell], cell=cell)
            for cell in replaced
        ),
        path=materials.path,
    )


def reading(cells: Iterable[TrustAnchorCellIdentifier]) -> ProvideDetailsCommand:
    """The payload by which the new access control broker asks what these cells hold.

    A device that was not recovered does not know the broker, and says nothing.

    Clause: gbcs:CS02a
    """
    roles = sorted({cell.role for cell in cells})
    return ProvideDetailsCommand(authorising_cell=BROKER_CELL, roles=tuple(roles))


def _floors(
    materials: Materials, replaced: Iterable[TrustAnchorCellIdentifier], own: RemotePartyRole
) -> tuple[RemotePartySeqNumberChange, ...]:
    """Of each other role whose cells change, in the order of their numbers."""
    cells = tuple(replaced)
    return tuple(
        RemotePartySeqNumberChange(
            role=role,
            floor=materials.floors.get(role, 0),
            specialist_floors=_top_up(materials, role, cells),
        )
        for role in sorted({cell.role for cell in cells} - {own, RemotePartyRole.ROOT})
    )


def _top_up(
    materials: Materials, role: RemotePartyRole, replaced: Iterable[TrustAnchorCellIdentifier]
) -> tuple[SpecialistSeqNumber, ...] | None:
    """The floor of top-ups, if the role's key for them is replaced."""
    keys = (cell for cell in replaced if cell.cell_usage is CellUsage.PRE_PAYMENT_TOP_UP)
    if not any(cell.role is role for cell in keys):
        return None
    usage = SeqNumberUsage.PREPAYMENT_TOP_UP
    return (SpecialistSeqNumber(usage=usage, counter=materials.top_up_floor),)


def _malformed(what: str) -> Malformed:
    return Malformed(f"recovery command: {what}", clause="gbcs:CS02b", rule="recovery.materials")
