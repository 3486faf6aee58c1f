"""The device log of a communications hub: CCS01 lets a device in, CCS02 takes it out, CCS03 restores.

The radio is not simulated: how long a device may join, and whether joining is enabled, is answered
and kept by nobody.

Clause: gbcs:use-cases
"""

from dataclasses import replace

from smki.devices.state import DeviceState
from smki.wire.gbcs.cosem import CosemPayload
from smki.wire.gbcs.frame import GroupingHeader
from smki.wire.gbcs.hub_log import (
    RESULT_FULL,
    RESULT_NOT_THERE,
    RESULT_SUCCESS,
    AddToHubLog,
    HubCommand,
    HubLog,
    HubLogEntry,
    RemoveFromHubLog,
    RestoreHubLog,
    hub_response_payload,
)


def change_hub_log(
    state: DeviceState, command: HubCommand, header: GroupingHeader
) -> tuple[DeviceState, CosemPayload]:
    """The hub with its log changed, or as it was, and the payload of the response.

    Clause: gbcs:use-cases
    """
    log = _changed(state.hub, command, state.row.log_size)
    if isinstance(log, int):
        return state, hub_response_payload(header.message_code, header.counter, log)
    return replace(state, hub=log), hub_response_payload(
        header.message_code, header.counter, RESULT_SUCCESS
    )


def _changed(log: HubLog, command: HubCommand, size: int) -> HubLog | int:
    """The log after the command, or the result that says why it stays."""
    match command:
        case AddToHubLog(entry=entry):
            entries = (*_without(log, entry.device), entry)
        case RemoveFromHubLog(device=device):
            entries = _without(log, device)
            if len(entries) == len(log.entries):
                return RESULT_NOT_THERE
        case RestoreHubLog(log=restored):
            log, entries = restored, restored.entries
    return RESULT_FULL if len(entries) > size else replace(log, entries=entries)


def _without(log: HubLog, device: bytes) -> tuple[HubLogEntry, ...]:
    return tuple(each for each in log.entries if each.device != device)
