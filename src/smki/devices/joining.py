"""The device log: CS03 lets another device in, CS04 takes it out, CS07 reads it, GCS59 restores it.

The radio's own key exchange is not simulated: a join that the log takes succeeds. The codes that
only the exchange can give (6 to 10, 12, 13) are on the page of divergences.

Clause: gbcs:CS03
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from smki.devices.rules import DeviceRules
from smki.devices.state import DeviceState
from smki.profiles.reading import hardware_module, key_usage
from smki.terms import KeyUsage, Malformed
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.joining import (
    DeviceLogEntry,
    DeviceType,
    JoinDeviceCommand,
    JoinMethodAndRole,
    JoinResponseCode,
    ReadJoinDetailsResponse,
    ReadResponseCode,
    RestoreDeviceLogCommand,
    RestoreDeviceLogResponse,
    RestoreOutcome,
    UnjoinResponseCode,
)

_METHODS: Final = MappingProxyType(
    {
        0x000D: frozenset(
            {JoinMethodAndRole.METHOD_A_INITIATOR, JoinMethodAndRole.METHOD_A_RESPONDER}
        ),
        0x00AB: frozenset(
            {JoinMethodAndRole.METHOD_A_INITIATOR, JoinMethodAndRole.METHOD_A_RESPONDER}
        ),
        0x000E: frozenset({JoinMethodAndRole.METHOD_B}),
        0x00AF: frozenset({JoinMethodAndRole.METHOD_C}),
    }
)
_UNKNOWN_TO: Final = MappingProxyType(
    {  # a device of the one type never talks to one of these
        DeviceType.GSME: frozenset({DeviceType.GSME, DeviceType.ESME, DeviceType.HCALCS}),
        DeviceType.PPMID: frozenset({DeviceType.PPMID, DeviceType.HCALCS}),
    }
)
_Code = JoinResponseCode


def join(
    state: DeviceState, command: JoinDeviceCommand, message_code: int, rules: DeviceRules
) -> tuple[DeviceState, JoinResponseCode]:
    """The other device is in the log; or why not.

    Clause: gbcs:CS03
    """
    problem = _problem(state, command, message_code, rules)
    if problem is not None:
        return state, problem
    entry = DeviceLogEntry(device=command.other_device, type=command.other_type)
    known = {each.device: each for each in state.log}
    if command.other_device in known:
        return state, _Code.SUCCESS
    if len(state.log) >= state.row.log_size:
        return state, _Code.DEVICE_LOG_FULL
    return replace(state, log=(*state.log, entry)), _Code.SUCCESS


def _problem(
    state: DeviceState, command: JoinDeviceCommand, message_code: int, rules: DeviceRules
) -> JoinResponseCode | None:
    if command.method_and_role not in _METHODS[message_code]:
        return _Code.INVALID_MESSAGE_CODE_FOR_JOIN_METHOD_AND_ROLE
    if command.other_type in _UNKNOWN_TO.get(state.row.type, ()):
        return _Code.INVALID_JOIN_METHOD_AND_ROLE
    if command.method_and_role is JoinMethodAndRole.METHOD_C and not _certified(command, rules):
        return _Code.INVALID_OR_MISSING_CERTIFICATE
    entry = next((each for each in state.log if each.device == command.other_device), None)
    if entry is not None and entry.type is not command.other_type:
        return _Code.INCOMPATIBLE_WITH_EXISTING_ENTRY
    return None


def _certified(command: JoinDeviceCommand, rules: DeviceRules) -> bool:
    """Whether a device's key agreement certificate came; by some makes, of that very device."""
    if command.certificate is None:
        return False
    try:
        tbs = parse_certificate(command.certificate).tbs
    except Malformed:
        return False
    module = hardware_module(tbs)
    if key_usage(tbs) is not KeyUsage.KEY_AGREEMENT or module is None:
        return False
    return module[1] == command.other_device or not rules.join_names_its_certificate


def unjoin(state: DeviceState, other: bytes) -> tuple[DeviceState, UnjoinResponseCode]:
    """The other device is not in the log.

    Clause: gbcs:CS03
    """
    kept = tuple(each for each in state.log if each.device != other)
    if len(kept) == len(state.log):
        return state, UnjoinResponseCode.NOT_IN_DEVICE_LOG
    return replace(state, log=kept), UnjoinResponseCode.SUCCESS


def restore_log(
    state: DeviceState, command: RestoreDeviceLogCommand
) -> tuple[DeviceState, RestoreDeviceLogResponse]:
    """The log is what the command says, as far as it takes it, and this became of each entry.

    Clause: gbcs:CS03
    """
    room = state.row.log_size
    outcomes = tuple(
        RestoreOutcome(entry=each, code=_Code.SUCCESS if at < room else _Code.DEVICE_LOG_FULL)
        for at, each in enumerate(command.entries)
    )
    return replace(state, log=command.entries[:room]), RestoreDeviceLogResponse(outcomes=outcomes)


def read_log(state: DeviceState) -> ReadJoinDetailsResponse:
    """The device log.

    Clause: gbcs:CS03
    """
    return ReadJoinDetailsResponse(code=ReadResponseCode.SUCCESS, entries=state.log)
