"""What is done after a recovery against what a thief may have left that new certificates do not undo.

    cancelled      whatever was scheduled in a party's name: by that party, under its new key, for
                   each mode that it has; a device forgets all that waits under that name and mode
    counted back   counters that stand at their end: a role's cells are given to the access control
                   broker and back, by the recovery key, since a party that stays keeps its counter

On the devices an inspection names, or on all: either does no harm where nothing was left. What
was scheduled under a name that nobody knows is not found so: by the contingency key a thief may
call himself anything.

Clause: sec:L10, gbcs:CS02b
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from smki.devices import KINDS, DeviceKind
from smki.devices.modes import MODES, authorising_cell
from smki.flows.recovering import Cells, Leg, given_by_recovery, lent_to_broker
from smki.terms import Refused, RemotePartyRole
from smki.wire.gbcs.trust_anchors import TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import (
    CANCELLATION,
    AuthorisingRemotePartyControl,
    CredentialsReplacementMode,
    TrustAnchorReplacement,
    UpdateCredentialsCommand,
)

COUNTED_BACK: Final = (
    RemotePartyRole.SUPPLIER,
    RemotePartyRole.NETWORK_OPERATOR,
    RemotePartyRole.LOAD_CONTROLLER,
)
"""Roles that ask for more than changes of credentials, and may be lent to the broker."""


def modes_to_cancel(
    role: RemotePartyRole, kind: DeviceKind
) -> tuple[CredentialsReplacementMode, ...]:
    """The modes by which that role could have scheduled something on such a device.

    Clause: gbcs:CS02b
    """
    codes = KINDS[kind].message_codes
    return tuple(
        mode for mode, row in MODES.items() if row.by is role and mode.message_code in codes
    )


def cancelling(
    mode: CredentialsReplacementMode,
    kind: DeviceKind,
    certificates: Mapping[TrustAnchorCellIdentifier, bytes],
    *,
    counter: int,
    symmetric_key: bytes | None = None,
) -> UpdateCredentialsCommand:
    """The payload that takes back whatever waits under its sender's name and mode.

    Args:
        mode: of those that are taken back.
        kind: of device.
        certificates: for its cells (DER); one goes with the command, and is not looked at.
        counter: of the grouping header.
        symmetric_key: for the contingency key's mode.

    Raises:
        Refused: there is no certificate for a cell that the mode may replace.

    Clause: gbcs:CS02b
    """
    row = MODES[mode]
    cells = (cell for cell in KINDS[kind].cells if row.cells is None or cell in row.cells)
    cell = next((one for one in cells if one in certificates), None)
    if cell is None:
        raise Refused(
            f"cancellation by mode {int(mode)}: no certificate for a cell that it may replace, must"
            " be one",
            clause="gbcs:CS02b",
            rule="recovery.remedies",
        )
    return UpdateCredentialsCommand(
        control=AuthorisingRemotePartyControl(
            mode=mode,
            symmetric_key=symmetric_key,
            authorising_cell=authorising_cell(mode, kind),
            counter=counter,
        ),
        replacements=(TrustAnchorReplacement(certificate=certificates[cell], cell=cell),),
        path=(),
        execution=CANCELLATION,
    )


def counting_back(now: Cells, *, at: datetime) -> tuple[Leg, Leg]:
    """The legs by which counters are counted back: to the broker, and back to whose the cells are.

    Args:
        now: what devices hold, and are to hold again.
        at: the instant from which everybody counts.

    Raises:
        Refused: there are no certificates of such roles.

    Clause: sec:L10, gbcs:CS02b
    """
    return (
        lent_to_broker("lent", COUNTED_BACK, now, at=at),
        given_by_recovery("given-back", COUNTED_BACK, now, at=at),
    )
