"""A device as a state machine: (state, octets, instant) to (state, octets out).

    process  1 admit   2 execute, or schedule   3 answer
    advance  what was scheduled runs when its time has come, in that order, and an alert says so

A pure function of its arguments: the keys are brought by whoever runs the device, and so is time.

Clause: gbcs:7.2.7
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from smki.devices.admitting import Admitted, Check, NotAdmitted, admit
from smki.devices.answering import execution_alert, hub_log_changed, log_backup, response
from smki.devices.details import provide_details
from smki.devices.faults import broken_answer
from smki.devices.firmware import activate, device_time, read_version, set_time
from smki.devices.hub_log import change_hub_log
from smki.devices.joining import join, read_log, restore_log, unjoin
from smki.devices.keys import DeviceKeys
from smki.devices.kinds import DeviceKind
from smki.devices.own_credentials import (
    issue_credentials,
    provide_certificate,
    update_certificate,
)
from smki.devices.replacing import (
    ALERT_FAILURE,
    ALERT_SUCCESS,
    alert_code,
    foreign_cells,
    former_supplier_scheduled,
    not_replaced,
    replace_credentials,
)
from smki.devices.rules import DeviceRules
from smki.devices.state import SCHEDULED_MAX, Counters, DeviceState, Scheduled
from smki.wire.gbcs.asn1 import decode
from smki.wire.gbcs.firmware import (
    ActivateFirmwareAlert,
    ActivateFirmwareCommand,
    ActivateImageResponseCode,
    FirmwareOutcome,
)
from smki.wire.gbcs.frame import MessageCategory
from smki.wire.gbcs.joining import JoinDeviceCommand
from smki.wire.gbcs.payloads import PAYLOAD_TYPES
from smki.wire.gbcs.trust_anchors import StatusCode
from smki.wire.gbcs.update_credentials import (
    CANCELLATION,
    UpdateCredentialsAlert,
    UpdateCredentialsCommand,
    UpdateCredentialsResponse,
)

_FIRMWARE_ALERT: Final = 0x00CA
_UPDATE_ALERT: Final = 0x00CB
_UPDATE_ALERT_G: Final = 0x0124
_LOAD_CONTROLLER_CODES: Final = frozenset({0x0125, 0x0126})


@dataclass(frozen=True, slots=True, kw_only=True)
class Processed:
    """What a message made of a device.

    Attributes:
        state: afterwards; the same if the message was dropped.
        out: messages that the device sends, in order.
        dropped: why nothing was done, if so.
    """

    state: DeviceState
    out: tuple[bytes, ...] = ()
    dropped: NotAdmitted | None = None


def process(
    state: DeviceState,
    octets: bytes,
    at: datetime,
    keys: DeviceKeys,
    rules: DeviceRules | None = None,
) -> Processed:
    """The device after a message, and what it answers.

    Args:
        state: before.
        octets: one whole message, as received.
        at: the instant, aware, in UTC.
        keys: its private keys.
        rules: of its make; by default those of the page of divergences.

    Clause: gbcs:7.2.7
    """
    rules = rules or DeviceRules()
    admitted = admit(state, octets, keys)
    if isinstance(admitted, NotAdmitted):
        return Processed(state=state, dropped=admitted)
    foreign = _foreign(state, admitted, rules)
    if foreign is not None:
        return Processed(state=state, dropped=foreign)
    turn = _Turn(admitted=admitted, at=at, keys=keys, rules=rules)
    after, payload = _executed(_counted(state, admitted), turn)
    answer = response(state, admitted, payload, at, keys)
    told = _log_alert(state, after)
    if told is None:
        return Processed(state=after, out=(answer,))
    after = replace(after, own_counter=after.own_counter + 1)
    return Processed(state=after, out=(answer, told(after, at, keys)))


def _log_alert(
    before: DeviceState, after: DeviceState
) -> Callable[[DeviceState, datetime, DeviceKeys], bytes] | None:
    """What tells that the device log has changed, of the kinds that tell."""
    if after.kind is DeviceKind.GPF and after.log != before.log:
        return log_backup
    return hub_log_changed if after.hub != before.hub else None


def _foreign(state: DeviceState, admitted: Admitted, rules: DeviceRules) -> NotAdmitted | None:
    command = admitted.command
    if isinstance(command, UpdateCredentialsCommand) and rules.foreign_cell_fails_command:
        foreign = foreign_cells(state, command)
        if foreign:
            return NotAdmitted(
                check=Check.AUTHORITY,
                message=f"target cell of role {foreign[0].role.name}, must be one that mode"
                f" {int(command.control.mode)} may replace and the device has",
            )
    return None


def _counted(state: DeviceState, admitted: Admitted) -> DeviceState:
    """The device that remembers the command's counter."""
    if not admitted.use_case.replay_protected:
        return state
    counter = admitted.message.header.counter
    counters = state.counters_of(admitted.role)
    if isinstance(admitted.command, UpdateCredentialsCommand):
        return state.with_counters(admitted.role, _with_update(counters, counter))
    return state.with_counters(admitted.role, replace(counters, command=counter))


def _with_update(counters: Counters, counter: int) -> Counters:
    return replace(counters, update=counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """What an execution may look at besides the state."""

    admitted: Admitted
    at: datetime
    keys: DeviceKeys
    rules: DeviceRules

    @property
    def code(self) -> int:
        return self.admitted.message.header.message_code


_Executor: TypeAlias = Callable[[DeviceState, Any, _Turn], tuple[DeviceState, object]]


def _executed(state: DeviceState, turn: _Turn) -> tuple[DeviceState, object]:
    """The device after the command, and the value of the response's payload."""
    use_case = turn.admitted.use_case.name
    after, answer = _EXECUTORS[use_case](state, turn.admitted.command, turn)
    broken = broken_answer(use_case, answer, turn.rules.faults)
    return (after, answer) if broken is None else (state, broken)


def _updated(
    state: DeviceState, command: UpdateCredentialsCommand, turn: _Turn
) -> tuple[DeviceState, object]:
    if command.execution is not None:
        after = _scheduled(state, turn.admitted, command.execution)
        if after is None:
            outcome = not_replaced(state, command, StatusCode.RESOURCES_BUSY)
            return state, UpdateCredentialsResponse(outcome=outcome)
        return after, UpdateCredentialsResponse()
    return _update(state, command, turn.at, turn.rules)


def _activated(
    state: DeviceState, command: ActivateFirmwareCommand, turn: _Turn
) -> tuple[DeviceState, object]:
    if command.execution is not None:
        after = _scheduled(state, turn.admitted, command.execution)
        if after is None:
            code = ActivateImageResponseCode.ACTIVATION_FAILURE
            return state, FirmwareOutcome(code=code, version=state.firmware.version)
        return after, None
    return activate(state, command)


def _joined(
    state: DeviceState, command: JoinDeviceCommand, turn: _Turn
) -> tuple[DeviceState, object]:
    return join(state, command, turn.code, turn.rules)


_EXECUTORS: Final[Mapping[str, _Executor]] = MappingProxyType(
    {
        "CS02a": lambda state, command, turn: (
            state,
            provide_details(state, command, turn.code, turn.rules),
        ),
        "CS02b": _updated,
        "CS02c": lambda state, command, turn: issue_credentials(state, command, turn.keys),
        "CS02d": lambda state, command, _: update_certificate(state, command),
        "CS02e": lambda state, command, _: (state, provide_certificate(state, command)),
        "CS03": _joined,
        "CS04": lambda state, command, _: unjoin(state, command),
        "CS06": _activated,
        "CS07": lambda state, _command, _: (state, read_log(state)),
        "CS08": lambda state, _command, _: (state, read_version(state)),
        "CCS": lambda state, command, turn: change_hub_log(
            state, command, turn.admitted.message.header
        ),
        "GCS59": lambda state, command, _: restore_log(state, command),
        "GCS28": lambda state, command, turn: set_time(state, command, turn.at),
    }
)


def _update(
    state: DeviceState, command: UpdateCredentialsCommand, at: datetime, rules: DeviceRules
) -> tuple[DeviceState, UpdateCredentialsResponse]:
    trusted = device_time(state, at) if state.clock.reliable else None
    state, outcome = replace_credentials(state, command, trusted, rules)
    if rules.change_of_supplier_cancels:
        state = former_supplier_scheduled(state, outcome)
    return state, UpdateCredentialsResponse(outcome=outcome)


def _scheduled(state: DeviceState, admitted: Admitted, execution: datetime) -> DeviceState | None:
    """The device with the command waiting; a cancellation takes away what its like had scheduled.

    None if too many wait: what was accepted before is not forgotten for it.
    """
    header, payload = admitted.message.header, admitted.message.payload
    kept = tuple(
        each
        for each in state.scheduled
        if (each.header.message_code, each.header.originator)
        != (header.message_code, header.originator)
    )
    if execution == CANCELLATION:
        return replace(state, scheduled=kept)
    if len(kept) >= SCHEDULED_MAX:
        return None
    waiting = Scheduled(header=header, payload=payload, execution=execution)
    return replace(state, scheduled=(*kept, waiting))


def advance(
    state: DeviceState, at: datetime, keys: DeviceKeys, rules: DeviceRules | None = None
) -> Processed:
    """The device after everything whose time has come, with an alert for each.

    Clause: gbcs:CS02b, gbcs:CS06
    """
    rules = rules or DeviceRules()
    now = device_time(state, at)
    due = sorted(
        (each for each in state.scheduled if each.execution <= now),
        key=lambda each: each.execution,
    )
    out: list[bytes] = []
    for each in due:
        if each not in state.scheduled:  # its originator was replaced by one before it
            continue
        rest = tuple(other for other in state.scheduled if other is not each)
        state = replace(state, scheduled=rest)
        state, code, alert = _due(state, each, at, rules)
        state = replace(state, own_counter=state.own_counter + 1)
        out.append(execution_alert(state, each.header, code, alert, keys))
    return Processed(state=state, out=tuple(out))


def _due(
    state: DeviceState, each: Scheduled, at: datetime, rules: DeviceRules
) -> tuple[DeviceState, int, object]:
    kind = PAYLOAD_TYPES[each.header.message_code, MessageCategory.COMMAND]
    command = decode(kind.codec, each.payload, kind.name).value
    if isinstance(command, UpdateCredentialsCommand):
        state, answered = _update(state, command, at, rules)
        outcome = answered.outcome
        if outcome is None:
            raise TypeError("an update that runs has an outcome")
        code = _UPDATE_ALERT
        if each.header.message_code in _LOAD_CONTROLLER_CODES:
            code = _UPDATE_ALERT_G
        return (
            state,
            code,
            UpdateCredentialsAlert(
                alert_code=alert_code(outcome), execution=each.execution, outcome=outcome
            ),
        )
    state, activated = activate(state, command)
    good = activated.code is ActivateImageResponseCode.SUCCESS
    return (
        state,
        _FIRMWARE_ALERT,
        ActivateFirmwareAlert(
            alert_code=ALERT_SUCCESS if good else ALERT_FAILURE,
            execution=each.execution,
            counter=command.counter,
            outcome=activated,
        ),
    )
