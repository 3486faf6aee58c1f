"""Executes an update of security credentials: each replacement stands or falls by itself.

In mode 9 a new root comes first, and what comes after it is validated against the new one. Floors
are set whether or not every replacement succeeded, as the reference data reports.

Clause: gbcs:CS02b
"""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from smki.devices.faults import Fault
from smki.devices.kinds import BROKER_KA, ROOT
from smki.devices.kinds import cell as cell_of
from smki.devices.modes import MODES, ModeRow
from smki.devices.path import CertificationPath, validate, validate_root
from smki.devices.rules import DeviceRules, FloorRule
from smki.devices.state import Counters, DeviceState, TrustAnchor
from smki.profiles.reading import role as role_of
from smki.terms import Malformed, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits, StatusCode, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import (
    AuthorisingRemotePartyControl,
    ExecutionOutcome,
    RemotePartySeqNumberChange,
    ReplacementOutcome,
    TimeBasedChecks,
    TrustAnchorReplacement,
    UpdateCredentialsCommand,
)

ALERT_SUCCESS: Final = 0x8F66
ALERT_FAILURE: Final = 0x8F67
_NOTHING: Final = TrustAnchor(unique_id=bytes(8), key_identifier=bytes(8), point=b"")


def foreign_cells(
    state: DeviceState, command: UpdateCredentialsCommand
) -> tuple[TrustAnchorCellIdentifier, ...]:
    """Target cells that the mode may not touch, or that the device does not have."""
    allowed = MODES[command.control.mode].cells
    return tuple(
        each.cell
        for each in command.replacements
        if each.cell not in state.row.cells or (allowed is not None and each.cell not in allowed)
    )


def replace_credentials(
    state: DeviceState,
    command: UpdateCredentialsCommand,
    at: datetime | None,
    rules: DeviceRules,
) -> tuple[DeviceState, ExecutionOutcome]:
    """The device with what could be replaced, and what became of each replacement.

    Args:
        state: before.
        command: admitted.
        at: the device's time; None if it does not trust its clock.
        rules: of its make.

    Clause: gbcs:CS02b
    """
    control = command.control
    row = MODES[control.mode]
    when = None if control.time_based_checks is TimeBasedChecks.DISAPPLY else at
    foreign = frozenset(foreign_cells(state, command))
    before = state
    outcomes: dict[int, ReplacementOutcome] = {}
    path = CertificationPath(state.anchors[ROOT], command.path, when)
    for number in _root_first(command.replacements):
        each = command.replacements[number]
        state, outcomes[number] = _replaced(
            state, each, path, row, foreign, full=Fault.ANCHOR_STORE in rules.faults
        )
        if each.cell == ROOT:
            path = CertificationPath(state.anchors[ROOT], command.path, when)
    changes = seq_number_changes(control, row)
    for change in changes:
        state = _with_floor(state, change, _falls(before, state, change.role, rules))
    return state, ExecutionOutcome(
        counter=control.counter,
        mode=control.mode,
        changes=changes,
        outcomes=tuple(outcomes[number] for number in range(len(command.replacements))),
    )


def not_replaced(
    state: DeviceState, command: UpdateCredentialsCommand, status: StatusCode
) -> ExecutionOutcome:
    """The outcome of a command of which nothing was done, for the same reason everywhere.

    Clause: gbcs:CS02b
    """
    return ExecutionOutcome(
        counter=command.control.counter,
        mode=command.control.mode,
        changes=(),
        outcomes=tuple(
            _outcome(each.cell, state.anchors.get(each.cell, _NOTHING), status)
            for each in command.replacements
        ),
    )


def _root_first(replacements: tuple[TrustAnchorReplacement, ...]) -> list[int]:
    return sorted(range(len(replacements)), key=lambda number: replacements[number].cell != ROOT)


def _replaced(
    state: DeviceState,
    each: TrustAnchorReplacement,
    path: CertificationPath,
    row: ModeRow,
    foreign: frozenset[TrustAnchorCellIdentifier],
    *,
    full: bool,
) -> tuple[DeviceState, ReplacementOutcome]:
    existing = state.anchors.get(each.cell, _NOTHING)
    found: TrustAnchor | StatusCode
    if each.cell in foreign:
        found = StatusCode.OTHER
    elif each.cell == ROOT:
        found = validate_root(each.certificate, path, normal=not row.abnormal_root)
    elif not row.takes(_role(each.certificate), each.cell):
        found = StatusCode.BAD_CERTIFICATE
    else:
        found = validate(each.certificate, path, each.cell.key_usage)
    if full and isinstance(found, TrustAnchor):
        found = StatusCode.INSUFFICIENT_MEMORY
    outcome = _outcome(each.cell, existing, found)
    return (
        state.with_anchor(each.cell, found) if isinstance(found, TrustAnchor) else state
    ), outcome


def _outcome(
    cell: TrustAnchorCellIdentifier, existing: TrustAnchor, found: TrustAnchor | StatusCode
) -> ReplacementOutcome:
    """What became of a cell: what it holds now, or why it holds what it held."""
    replacing = found if isinstance(found, TrustAnchor) else existing
    return ReplacementOutcome(
        cell=cell,
        status=StatusCode.SUCCESS if isinstance(found, TrustAnchor) else found,
        existing_unique_id=existing.unique_id,
        existing_key_identifier=existing.key_identifier,
        replacing_unique_id=replacing.unique_id,
        replacing_key_identifier=replacing.key_identifier,
    )


@lru_cache(maxsize=512)
def _role(certificate: bytes) -> RemotePartyRole | None:
    try:
        return role_of(parse_certificate(certificate).tbs)
    except Malformed:
        return None


def seq_number_changes(
    control: AuthorisingRemotePartyControl, row: ModeRow
) -> tuple[RemotePartySeqNumberChange, ...]:
    """The floors that a command sets: that of the authorising role, then the others in its order."""
    own = (
        ()
        if control.new_floor is None
        else (
            RemotePartySeqNumberChange(
                role=row.by,
                floor=control.new_floor,
                specialist_floors=control.new_specialist_floors,
            ),
        )
    )
    return own + (control.other_changes or ())


class _Falls(NamedTuple):
    """Which of a role's counters a floor may make smaller."""

    update: bool
    command: bool


def _falls(
    before: DeviceState, after: DeviceState, role: RemotePartyRole, rules: DeviceRules
) -> _Falls:
    match rules.floors:
        case FloorRule.SET:
            return _Falls(update=True, command=True)
        case FloorRule.NEVER_FALL:
            return _Falls(update=False, command=False)
        case FloorRule.WITH_NEW_CREDENTIALS:
            cell = _authenticating_cell(role)
            was, now = before.anchors.get(cell), after.anchors.get(cell)
            renewed = now is not None and (was is None or _key(was) != _key(now))
            # a supplier's commands without signature have the broker's MAC: they end with its name
            another = was is None or now is None or was.unique_id != now.unique_id
            return _Falls(
                update=renewed, command=renewed and (another or cell in (BROKER_KA, ROOT))
            )


def _authenticating_cell(role: RemotePartyRole) -> TrustAnchorCellIdentifier:
    """The cell whose key every replacement that the role asks for is authenticated by."""
    if role is RemotePartyRole.ROOT:
        return ROOT
    if role is RemotePartyRole.ACCESS_CONTROL_BROKER:
        return BROKER_KA
    return cell_of(role, KeyUsageBits.DIGITAL_SIGNATURE)


def _key(anchor: TrustAnchor) -> bytes:
    """Of a root, the contingency key, which is what authenticates; of others their own."""
    return anchor.contingency_key or anchor.point


def _with_floor(
    state: DeviceState, change: RemotePartySeqNumberChange, falls: _Falls
) -> DeviceState:
    counters = state.counters_of(change.role)
    specialist = dict(counters.specialist)
    for each in change.specialist_floors or ():
        last = specialist.get(each.usage, -1)
        specialist[each.usage] = _floor(last, each.counter, falls=falls.update)
    return state.with_counters(
        change.role,
        Counters(
            update=_floor(counters.update, change.floor, falls=falls.update),
            command=_floor(counters.command, change.floor, falls=falls.command),
            specialist=MappingProxyType(specialist),
        ),
    )


def _floor(counter: int, floor: int, *, falls: bool) -> int:
    return floor if falls else max(counter, floor)


def alert_code(outcome: ExecutionOutcome) -> int:
    """8F66 if everything was replaced, 8F67 if anything was not.

    Clause: gbcs:CS02b
    """
    good = all(each.status is StatusCode.SUCCESS for each in outcome.outcomes)
    return ALERT_SUCCESS if good else ALERT_FAILURE


def former_supplier_scheduled(state: DeviceState, outcome: ExecutionOutcome) -> DeviceState:
    """The device without what the supplier scheduled that it no longer knows."""
    changed = any(
        each.cell.role is RemotePartyRole.SUPPLIER
        and each.status is StatusCode.SUCCESS
        and each.existing_unique_id != each.replacing_unique_id
        for each in outcome.outcomes
    )
    if not changed:
        return state
    former = {
        each.existing_unique_id
        for each in outcome.outcomes
        if each.cell.role is RemotePartyRole.SUPPLIER
    }
    kept = tuple(each for each in state.scheduled if each.header.originator.octets not in former)
    return replace(state, scheduled=kept)
