"""A device's own keys: CS02c makes one, CS02d brings its certificate, CS02e shows it.

The old key goes on until the new certificate has come: only then both are exchanged.

Clause: gbcs:CS02c
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from smki.devices.keys import DeviceKeys
from smki.devices.state import DeviceState, OwnKey
from smki.profiles.reading import hardware_module, key_usage, public_key_octets
from smki.terms import KeyUsage, Malformed
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.device_credentials import (
    IssueResponseCode,
    KeyUsageCommand,
    ProvideResponseCode,
    UpdateDeviceCertificateCode,
)
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.pkcs10 import assemble_request, device_request_info

_USAGES: Final = {
    KeyUsageBits.DIGITAL_SIGNATURE: KeyUsage.DIGITAL_SIGNATURE,
    KeyUsageBits.KEY_AGREEMENT: KeyUsage.KEY_AGREEMENT,
}
_BITS: Final = {usage: bits for bits, usage in _USAGES.items()}
_Code = UpdateDeviceCertificateCode


def issue_credentials(
    state: DeviceState, command: KeyUsageCommand, keys: DeviceKeys
) -> tuple[DeviceState, bytes | IssueResponseCode]:
    """A new key waits for its certificate, and this is its certification request.

    A key that waited before is forgotten.

    Clause: gbcs:CS02c, sec-app-m:2.3.1.7
    """
    usage = _USAGES.get(command.key_usage)
    if usage is None:
        return state, IssueResponseCode.INVALID_KEY_USAGE
    made = keys.generate(command.key_usage)
    if made is None:
        return state, IssueResponseCode.KEY_PAIR_GENERATION_FAILED
    handle, point = made
    info = device_request_info(device=state.device, hw_type=state.hw_type, usage=usage, point=point)
    request = assemble_request(info, keys.sign(handle, info))
    waiting = _Waiting.encode(handle, point)
    pending = MappingProxyType({**state.pending, command.key_usage: waiting})
    return replace(state, pending=pending), request


class _Waiting:
    """A pending key's handle together with its public key: `point(65) handle`."""

    @staticmethod
    def encode(handle: bytes, point: bytes) -> bytes:
        return point + handle

    @staticmethod
    def split(octets: bytes) -> tuple[bytes, bytes]:
        """Public key and handle."""
        return octets[:65], octets[65:]


def update_certificate(
    state: DeviceState, octets: bytes
) -> tuple[DeviceState, UpdateDeviceCertificateCode]:
    """The device uses the key whose certificate this is; or why not.

    The chain is not looked at: a device holds no anchor of the device authorities.

    Clause: gbcs:CS02c
    """
    try:
        tbs = parse_certificate(octets).tbs
        point = public_key_octets(tbs)
    except Malformed:
        return state, _Code.INVALID_CERTIFICATE
    usage = key_usage(tbs)
    bits = _BITS.get(usage) if usage is not None else None
    if bits is None:
        return state, _Code.INVALID_KEY_USAGE
    module = hardware_module(tbs)
    if module is None or module[1] != state.device.octets:
        return state, _Code.WRONG_DEVICE_IDENTITY
    if bits not in state.pending:
        return state, _Code.NO_CORRESPONDING_KEY_PAIR_GENERATED
    expected, handle = _Waiting.split(state.pending[bits])
    if point != expected:
        return state, _Code.WRONG_PUBLIC_KEY
    pending = MappingProxyType({use: key for use, key in state.pending.items() if use != bits})
    own = MappingProxyType({**state.own, bits: OwnKey(handle=handle, certificate=octets)})
    return replace(state, pending=pending, own=own), _Code.SUCCESS


def provide_certificate(
    state: DeviceState, command: KeyUsageCommand
) -> bytes | ProvideResponseCode:
    """The certificate of the key in use; or why there is none.

    Clause: gbcs:CS02c
    """
    if command.key_usage not in _USAGES:
        return ProvideResponseCode.INVALID_KEY_USAGE
    own = state.own.get(command.key_usage)
    return own.certificate if own and own.certificate else ProvideResponseCode.NO_CERTIFICATE_HELD
