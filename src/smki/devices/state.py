"""What a device holds. A value: a message makes another one, or leaves it as it is.

Secrets are handles that only the device's keys understand: 32 octets of a simulated device's own
private scalar, or the name of a key in a token.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeVar

from smki.devices.kinds import KINDS, DeviceKind, KindOfDevice
from smki.terms import EUI64, RemotePartyRole
from smki.wire.gbcs.frame import GroupingHeader
from smki.wire.gbcs.hub_log import HubLog
from smki.wire.gbcs.joining import DeviceLogEntry
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import SeqNumberUsage

SCHEDULED_MAX: Final = 8  # future dated commands that wait at once; more are answered as busy

_K = TypeVar("_K")
_V = TypeVar("_V")


def _nothing() -> Mapping[_K, _V]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """What a cell holds of a certificate.

    Attributes:
        unique_id: 8 octets, the EUI-64 of the subject; zeros for a root.
        key_identifier: 8 octets.
        point: the public key, 65 octets.
        subject: of a root, its name (DER): certificates below it name it as their issuer.
        contingency_key: of a root, the value of WrappedApexContingencyKey (DER); empty if none.
    """

    unique_id: bytes
    key_identifier: bytes
    point: bytes
    subject: bytes = b""
    contingency_key: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """One of the device's own keys, and the certificate (DER) that says so; empty before one came."""

    handle: bytes
    certificate: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a remote party's commands must exceed.

    Attributes:
        update: of its last update of security credentials; CS02a reports it.
        command: of its last other command that is protected from replay.
        specialist: of its counters that are kept apart.
    """

    update: int = -1
    command: int = -1
    specialist: Mapping[SeqNumberUsage, int] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The device's idea of time: its difference to the instant that it is given, and its trust."""

    ahead_seconds: int = 0
    reliable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """What runs, and the image that waits to be activated.

    Attributes:
        version: of what runs.
        image_hash: SHA-256 of the image that is held; empty if none is.
        image_version: of that image.
        sound: whether the image can be activated.
    """

    version: bytes
    image_hash: bytes = b""
    image_version: bytes = b""
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A future dated command that was accepted: its header, its payload, and when to run it."""

    header: GroupingHeader
    payload: bytes
    execution: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """A device, whole.

    Attributes:
        device: its EUI-64.
        kind: ESME, GSME, ...
        hw_type: content of the hwType OBJECT IDENTIFIER that its requests name.
        anchors: what each populated cell holds.
        counters: by remote party role.
        own: its two keys.
        pending: handles of keys whose certificate has not come yet.
        log: the devices that it may talk to.
        hub: of a communications hub, the devices that may join its network.
        own_counter: of the last alert it sent.
        clock: its idea of time.
        firmware: what runs.
        scheduled: what waits, in the order of arrival.

    Clause: gbcs:4.3.1
    """

    device: EUI64
    kind: DeviceKind
    hw_type: bytes
    anchors: Mapping[TrustAnchorCellIdentifier, TrustAnchor]
    counters: Mapping[RemotePartyRole, Counters] = field(default_factory=_nothing)
    own: Mapping[KeyUsageBits, OwnKey]
    pending: Mapping[KeyUsageBits, bytes] = field(default_factory=_nothing)
    log: tuple[DeviceLogEntry, ...] = ()
    hub: HubLog = field(default_factory=HubLog)
    own_counter: int = 0
    clock: Clock = Clock()
    firmware: Firmware = Firmware(version=b"\x00\x00\x00\x01")
    scheduled: tuple[Scheduled, ...] = ()

    @property
    def row(self) -> KindOfDevice:
        """The row of its kind."""
        return KINDS[self.kind]

    def counters_of(self, role: RemotePartyRole) -> Counters:
        """The counters of a role; of one that never asked, those of the beginning."""
        return self.counters.get(role, Counters())

    def with_counters(self, role: RemotePartyRole, counters: Counters) -> "DeviceState":
        """The device with these counters for the role."""
        return replace(self, counters=MappingProxyType({**self.counters, role: counters}))

    def with_anchor(self, cell: TrustAnchorCellIdentifier, anchor: TrustAnchor) -> "DeviceState":
        """The device with this in the cell."""
        return replace(self, anchors=MappingProxyType({**self.anchors, cell: anchor}))
