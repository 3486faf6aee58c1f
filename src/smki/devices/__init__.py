"""Meters and other devices as state machines: (state, octets, instant) to (state, octets out).

They hold trust anchors, and act only on messages that verify against them. Pure: no clock, no
file, no chance; private keys are used through `DeviceKeys`, and lived with by whoever runs the
device.
"""

from smki.devices.admitting import Admitted, Check, NotAdmitted
from smki.devices.faults import Fault
from smki.devices.keys import DeviceKeys
from smki.devices.kinds import KINDS, DeviceKind
from smki.devices.machine import Processed, advance, process
from smki.devices.rules import DeviceRules, FloorRule
from smki.devices.state import Clock, Counters, DeviceState, Firmware, OwnKey, TrustAnchor

__all__ = [
    "KINDS",
    "Admitted",
    "Check",
    "Clock",
    "Counters",
    "DeviceKeys",
    "DeviceKind",
    "DeviceRules",
    "DeviceState",
    "Fault",
    "Firmware",
    "FloorRule",
    "NotAdmitted",
    "OwnKey",
    "Processed",
    "TrustAnchor",
    "advance",
    "process",
]
