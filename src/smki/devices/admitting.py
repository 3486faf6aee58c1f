"""The checks on any command, in their order; what fails one leaves the device as it was.

1. format      one whole message; once 2 to 4 hold, its payload is as its use case defines it
2. recipient   it is for this device
3. category    it is a command
4. use case    this kind of device answers it, and it is protected as it must be
5. authority   the originator is whose certificate the cell of a role that may ask holds
6. counter     greater than the last of that role, where the use case is protected from replay
7. MAC         by the access control broker's cell and the device's own key
8. signature   by the originator's cell; in mode 9 by the contingency key

Nothing is remembered before the last one has passed.

Clause: gbcs:7.2.7
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from smki.crypto.gbcs_protection import (
    Purpose,
    derive_key,
    mac_holds,
    public_point,
    signature_holds,
)
from smki.devices.keys import DeviceKeys
from smki.devices.kinds import BROKER_DS, BROKER_KA, ROOT
from smki.devices.state import DeviceState
from smki.devices.use_cases import SecurityUseCase, Shape, use_case_of
from smki.profiles.contingency import contingency_point
from smki.terms import Malformed, RemotePartyRole
from smki.wire.gbcs.cosem import CosemPayload
from smki.wire.gbcs.frame import GbcsMessage, MessageCategory, parse_message
from smki.wire.gbcs.hub_log import read_hub_command
from smki.wire.gbcs.payloads import OpaquePayload, SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import (
    KeyUsageBits,
    ProvideDetailsCommand,
    TrustAnchorCellIdentifier,
)
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
)
from smki.wire.gbcs.zigbee import ZigBeePayload

_DS: Final = KeyUsageBits.DIGITAL_SIGNATURE
_KA: Final = KeyUsageBits.KEY_AGREEMENT


class Check(Enum):
    """Which check a message failed. Which event a make of device logs for it is not known."""

    FORMAT = "format"
    RECIPIENT = "recipient"
    CATEGORY = "category"
    USE_CASE = "use case"
    AUTHORITY = "authority"
    COUNTER = "counter"
    MAC = "MAC"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAdmitted:
    """A message that was dropped.

    Attributes:
        check: that it failed.
        message: what was found and what was expected.
    """

    check: Check
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A command that passed every check.

    Attributes:
        message: as received.
        command: its payload.
        use_case: the row of the table.
        role: by which the originator asks.
        signed: whether the originator signed it.
    """

    message: GbcsMessage
    command: object
    use_case: SecurityUseCase
    role: RemotePartyRole
    signed: bool


def admit(state: DeviceState, octets: bytes, keys: DeviceKeys) -> Admitted | NotAdmitted:
    """The command, if it passes the eight checks; else the first that it fails.

    Clause: gbcs:7.2.7
    """
    try:
        message = parse_message(octets)
        misplaced = _misplaced(state, message)
        if misplaced is not None:
            return misplaced
        command = _command(message)
    except Malformed as error:
        return NotAdmitted(check=Check.FORMAT, message=str(error))
    use_case = use_case_of(message.header.message_code)
    if use_case is None:
        raise TypeError(f"message code {message.header.message_code:04X} is in no table")
    return _authorised(state, message, command, use_case, keys)


def _command(message: GbcsMessage) -> object:
    """What the payload asks.

    Raises:
        Malformed: it is not as its use case defines it.
    """
    payload = read_payload(message)
    match payload:
        case SecurityPayload(value=value):
            return value
        case CosemPayload():
            return read_hub_command(message.header.message_code, payload)
        case OpaquePayload(reason=reason):
            raise _unread(reason)
        case ZigBeePayload():
            raise _unread("GBZ")


def _unread(found: str) -> Malformed:
    return Malformed(
        f"payload: {found}, must be as its use case defines it", clause="gbcs:use-cases"
    )


def _misplaced(state: DeviceState, message: GbcsMessage) -> NotAdmitted | None:
    """Checks 2 to 4: for this device, a command, of a use case that it answers."""
    header = message.header
    if header.recipient != state.device:
        return NotAdmitted(
            check=Check.RECIPIENT, message=f"for {header.recipient}, must be for {state.device}"
        )
    if header.category is not MessageCategory.COMMAND:
        return NotAdmitted(
            check=Check.CATEGORY, message=f"{header.category.name.lower()}, must be a command"
        )
    if header.message_code not in state.row.message_codes:
        return NotAdmitted(
            check=Check.USE_CASE,
            message=f"message code {header.message_code:04X}, must be one that a"
            f" {state.kind.name} answers",
        )
    return None


def _authorised(
    state: DeviceState,
    message: GbcsMessage,
    command: object,
    use_case: SecurityUseCase,
    keys: DeviceKeys,
) -> Admitted | NotAdmitted:
    shape = Shape.of(message)
    allowed = use_case.shapes(state.kind, command)
    if shape not in allowed:
        wanted = " or ".join(each.value for each in allowed) or "of another mode"
        return NotAdmitted(check=Check.USE_CASE, message=f"{shape.value}, must be {wanted}")
    found = _authorising_cell(state, message, command, use_case, shape)
    if isinstance(found, NotAdmitted):
        return found
    role = found.role
    if use_case.replay_protected and message.header.counter <= _last(state, role, command):
        return NotAdmitted(
            check=Check.COUNTER,
            message=f"counter {message.header.counter}, must be greater than"
            f" {_last(state, role, command)}",
        )
    if message.mac and not _mac_holds(state, message, keys):
        return NotAdmitted(check=Check.MAC, message="MAC does not hold")
    if message.signature:
        point = _signing_point(state, found, command)
        if point is None or not signature_holds(
            public_point(point), message.signature, message.signed
        ):
            return NotAdmitted(check=Check.SIGNATURE, message="signature does not hold")
    return Admitted(
        message=message,
        command=command,
        use_case=use_case,
        role=role,
        signed=bool(message.signature),
    )


def _authorising_cell(
    state: DeviceState,
    message: GbcsMessage,
    command: object,
    use_case: SecurityUseCase,
    shape: Shape,
) -> TrustAnchorCellIdentifier | NotAdmitted:
    """The cell by which the originator is known, and whose role may ask."""
    named = _named_cell(state, command)
    usage = _KA if shape is Shape.MAC else _DS
    originator = message.header.originator.octets
    candidates = (
        (named,)
        if named is not None
        else tuple(cell for cell in state.row.cells if cell.key_usage == usage)
    )
    wrong = _wrong_update(state, message, command)
    if wrong:
        return NotAdmitted(check=Check.AUTHORITY, message=wrong)
    for cell in candidates:
        if (
            cell.role in use_case.roles(state.kind, command)
            and cell in state.anchors
            and (cell == ROOT or cell.key_usage == usage)
            and (cell == ROOT or state.anchors[cell].unique_id == originator)
        ):
            return cell
    return NotAdmitted(
        check=Check.AUTHORITY,
        message=f"originator {message.header.originator}, must be whose certificate a cell of a"
        " role that may ask this holds",
    )


def _named_cell(state: DeviceState, command: object) -> TrustAnchorCellIdentifier | None:
    """The cell that the command itself names; for mode 4 without one, the broker's."""
    match command:
        case ProvideDetailsCommand(authorising_cell=cell):
            return cell
        case UpdateCredentialsCommand(control=control) if control.authorising_cell is not None:
            return control.authorising_cell
        case UpdateCredentialsCommand():
            return (
                BROKER_DS
                if BROKER_DS in state.row.cells and state.kind.name == "CHF"
                else BROKER_KA
            )
        case _:
            return None


def _wrong_update(state: DeviceState, message: GbcsMessage, command: object) -> str:
    """What an update says of itself that its header does not."""
    if not isinstance(command, UpdateCredentialsCommand):
        return ""
    control = command.control
    if control.mode.message_code != message.header.message_code:
        return f"mode {int(control.mode)} under message code {message.header.message_code:04X}"
    if control.counter != message.header.counter:
        return f"counter {control.counter}, must be {message.header.counter} as in the header"
    contingency = control.mode is CredentialsReplacementMode.ANY_BY_CONTINGENCY
    if (control.symmetric_key is not None) != contingency:
        return "plaintext symmetric key, must be there in mode 9 and in no other"
    if ROOT not in state.anchors:
        return "the device has no root"
    return ""


def _last(state: DeviceState, role: RemotePartyRole, command: object) -> int:
    counters = state.counters_of(role)
    return counters.update if isinstance(command, UpdateCredentialsCommand) else counters.command


def _mac_holds(state: DeviceState, message: GbcsMessage, keys: DeviceKeys) -> bool:
    header = message.header
    broker = state.anchors.get(BROKER_KA)
    if broker is None or _KA not in state.own:
        return False
    secret = keys.agree(state.own[_KA].handle, broker.point)
    key = derive_key(
        secret,
        Purpose.COMMAND_MAC,
        originator=header.originator,
        counter=header.counter,
        recipient=header.recipient,
    )
    return mac_holds(key, header.originator, message.authenticated, message.mac)


def _signing_point(
    state: DeviceState, cell: TrustAnchorCellIdentifier, command: object
) -> bytes | None:
    """Whose key must have signed: the cell's, or the contingency key that the root cell wraps."""
    anchor = state.anchors[cell]
    if cell != ROOT:
        return anchor.point
    if isinstance(command, UpdateCredentialsCommand) and command.control.symmetric_key:
        return contingency_point(anchor.contingency_key, command.control.symmetric_key)
    return None
