"""What a device sends: answers and alerts, protected by its own keys.

A response is protected as the command was; the outcome of an update is always signed. Alerts about
future dated commands are signed, those about a device log have a MAC for the access control broker.

Clause: gbcs:7.2.7
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from smki.devices.admitting import Admitted
from smki.devices.firmware import device_time
from smki.devices.keys import DeviceKeys
from smki.devices.kinds import BROKER_KA
from smki.devices.state import DeviceState
from smki.messages import authenticated_message, signed_group
from smki.terms import EUI64
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, response_header
from smki.wire.gbcs.hub_log import HUB_LOG_ALERT, hub_log_alert
from smki.wire.gbcs.joining import BackupDeviceLogAlert
from smki.wire.gbcs.payloads import write_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits

_LOG_BACKUP: Final = 0x00B2
_LOG_CHANGED: Final = 0x8071
_HUB_LOG_CHANGED: Final = 0x8F12
_UNTRUSTED_CLOCK: Final = 0x02  # of a DLMS clock status: doubtful
_DS: Final = KeyUsageBits.DIGITAL_SIGNATURE
_KA: Final = KeyUsageBits.KEY_AGREEMENT


def response(
    state: DeviceState, admitted: Admitted, value: object, at: datetime, keys: DeviceKeys
) -> bytes:
    """The answer, protected with the keys that the device had when it was asked.

    So whoever asked can check it, also when the command replaced its key or the device's.

    Clause: gbcs:7.2.7
    """
    date_time = _dlms(state, at) if admitted.use_case.dated else b""
    header = response_header(admitted.message.header, date_time=date_time)
    payload = write_payload(header.message_code, header.category, value)
    if admitted.signed or admitted.use_case.name == "CS02b":
        return signed_group(header, payload, _signer(state, keys))
    group = signed_group(header, payload, None)
    return authenticated_message(header, group, _secret(state, header.recipient, keys))


def execution_alert(
    state: DeviceState, command: GroupingHeader, code: int, value: object, keys: DeviceKeys
) -> bytes:
    """What became of a future dated command, for whom it came from.

    Clause: gbcs:CS02b, gbcs:CS06
    """
    header = GroupingHeader(
        category=MessageCategory.ALERT,
        counter=state.own_counter,
        originator=state.device,
        recipient=command.originator,
        message_code=code,
    )
    payload = write_payload(code, header.category, value)
    return signed_group(header, payload, _signer(state, keys))


def log_backup(state: DeviceState, at: datetime, keys: DeviceKeys) -> bytes:
    """A gas proxy tells the access control broker its whole device log after each change.

    Clause: gbcs:use-cases
    """
    alert = BackupDeviceLogAlert(
        alert_code=_LOG_CHANGED, time=device_time(state, at), entries=state.log
    )
    return _for_broker(state, _LOG_BACKUP, alert, keys)


def hub_log_changed(state: DeviceState, at: datetime, keys: DeviceKeys) -> bytes:
    """A communications hub tells the access control broker its whole device log after each change.

    Clause: gbcs:use-cases
    """
    alert = hub_log_alert(state.hub, _HUB_LOG_CHANGED, state.own_counter, _dlms(state, at))
    return _for_broker(state, HUB_LOG_ALERT, alert, keys)


def _for_broker(state: DeviceState, code: int, value: object, keys: DeviceKeys) -> bytes:
    header = GroupingHeader(
        category=MessageCategory.ALERT,
        counter=state.own_counter,
        originator=state.device,
        recipient=EUI64(state.anchors[BROKER_KA].unique_id),
        message_code=code,
    )
    group = signed_group(header, write_payload(code, header.category, value), None)
    return authenticated_message(header, group, _secret(state, header.recipient, keys))


def _signer(state: DeviceState, keys: DeviceKeys) -> Callable[[bytes], bytes]:
    handle = state.own[_DS].handle
    return lambda message: keys.sign(handle, message)


def _secret(state: DeviceState, recipient: EUI64, keys: DeviceKeys) -> bytes:
    """Z with whoever asked: its key agreement cell; the broker's for whom no cell knows."""
    anchor = next(
        (
            state.anchors[cell]
            for cell in state.row.cells
            if cell.key_usage == _KA
            and cell in state.anchors
            and state.anchors[cell].unique_id == recipient.octets
        ),
        state.anchors[BROKER_KA],
    )
    return keys.agree(state.own[_KA].handle, anchor.point)


def _dlms(state: DeviceState, at: datetime) -> bytes:
    """The device's date and time as a DLMS date-time of 12 octets."""
    time = device_time(state, at)
    status = 0 if state.clock.reliable else _UNTRUSTED_CLOCK
    return time.year.to_bytes(2, "big") + bytes(
        (
            time.month,
            time.day,
            0xFF,
            time.hour,
            time.minute,
            time.second,
            0x00,
            0x80,
            0x00,
            status,
        )
    )
