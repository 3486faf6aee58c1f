"""What a device tells of its trust anchor cells: CS02a, and CS02f of the kinds that answer it.

Clause: gbcs:CS02a
"""

from typing import Final

from smki.devices.rules import DeviceRules
from smki.devices.state import DeviceState
from smki.terms import RemotePartyRole
from smki.wire.gbcs.trust_anchors import (
    ProvideDetailsCommand,
    RemotePartyDetails,
    StatusCode,
    TrustAnchorCellContents,
)

CS02F: Final = 0x011B


def provide_details(
    state: DeviceState, command: ProvideDetailsCommand, message_code: int, rules: DeviceRules
) -> tuple[RemotePartyDetails, ...]:
    """One answer for each role that was asked for, in that order.

    Clause: gbcs:CS02a
    """
    return tuple(_details(state, role, message_code, rules) for role in command.roles)


def _details(
    state: DeviceState, role: RemotePartyRole, message_code: int, rules: DeviceRules
) -> RemotePartyDetails:
    if message_code == CS02F and role not in rules.details_roles_f:
        return RemotePartyDetails(role=role, status=StatusCode.OTHER)
    cells = tuple(
        TrustAnchorCellContents(
            key_usage=cell.key_usage,
            cell_usage=cell.cell_usage,
            subject_unique_id=state.anchors[cell].unique_id,
            subject_key_identifier=state.anchors[cell].key_identifier,
        )
        for cell in state.row.cells
        if cell.role is role and cell in state.anchors
    )
    if not cells:
        return RemotePartyDetails(role=role, status=StatusCode.TRUST_ANCHOR_NOT_FOUND)
    counter = max(0, state.counters_of(role).update)
    return RemotePartyDetails(role=role, status=StatusCode.SUCCESS, counter=counter, cells=cells)
