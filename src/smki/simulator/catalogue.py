"""One command for each security use case, as it would be sent to a simulated device.

What the use case needs to succeed (a log that knows somebody, an image that is held) is there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from smki.devices import DeviceKind, DeviceState, Firmware, kinds
from smki.devices.modes import MODES, authorising_cell
from smki.devices.use_cases import Shape
from smki.headend import Recipient, Sent
from smki.messages import KeyUse
from smki.simulator.cast import Cast, Hierarchy, Party, cells_of
from smki.simulator.keys import ScalarKeys
from smki.simulator.sending import Senders
from smki.terms import KeyUsage, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs import hub_log
from smki.wire.gbcs.device_credentials import KeyUsageCommand
from smki.wire.gbcs.firmware import ActivateFirmwareCommand, SetTimeCommand
from smki.wire.gbcs.hub_log import (
    AddToHubLog,
    HubCommand,
    HubLog,
    HubLogEntry,
    RemoveFromHubLog,
    RestoreHubLog,
    hub_command_payload,
)
from smki.wire.gbcs.information import Supplementary
from smki.wire.gbcs.joining import (
    DeviceLogEntry,
    DeviceType,
    JoinDeviceCommand,
    JoinMethodAndRole,
    RestoreDeviceLogCommand,
)
from smki.wire.gbcs.trust_anchors import (
    KeyUsageBits,
    ProvideDetailsCommand,
    TrustAnchorCellIdentifier,
)
from smki.wire.gbcs.update_credentials import (
    MODE,
    AuthorisingRemotePartyControl,
    CredentialsReplacementMode,
    RemotePartySeqNumberChange,
    SeqNumberUsage,
    SpecialistSeqNumber,
    TrustAnchorReplacement,
    UpdateCredentialsCommand,
)

_Mode = CredentialsReplacementMode
_Role = RemotePartyRole
_DS: Final = KeyUse.DIGITAL_SIGNATURE
_KA: Final = KeyUse.KEY_AGREEMENT
_PP: Final = KeyUse.PREPAYMENT_KEY_AGREEMENT
_USES: Final = MappingProxyType(
    {
        _Role.RECOVERY: (_DS,),
        _Role.SUPPLIER: (_DS, _KA, _PP),
        _Role.NETWORK_OPERATOR: (_DS, _KA),
        _Role.ACCESS_CONTROL_BROKER: (_DS, _KA),
        _Role.TRANSITIONAL_COS: (_DS,),
        _Role.WAN_PROVIDER: (_DS,),
        _Role.LOAD_CONTROLLER: (_DS, _KA),
    }
)
_NEIGHBOUR: Final = DeviceLogEntry(device=bytes(range(1, 9)), type=DeviceType.GAS_PROXY_FUNCTION)
_JOINED: Final = HubLogEntry(device=_NEIGHBOUR.device, key=bytes(range(16)))
_IMAGE: Final = Firmware(
    version=b"\x01\x00\x00\x01", image_hash=bytes(range(32)), image_version=b"\x01\x00\x00\x02"
)
_FIRST_COUNTER: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A command, and the device that it is for.

    Attributes:
        name: for files and tests.
        device: before.
        sent: as the parties made it.
    """

    name: str
    device: DeviceState
    sent: Sent


class Catalogue:
    """Makes the examples, all under one hierarchy and with one set of parties."""

    def __init__(self, keys: ScalarKeys, cast: Cast, at: datetime) -> None:
        self._keys = keys
        self.cast = cast
        self._at = at
        self._number = 0
        self._counter = _FIRST_COUNTER
        self.parties = {
            role: cast.party(role, number, *uses)
            for number, (role, uses) in enumerate(_USES.items(), 1)
        }
        self.senders = Senders(keys, self.parties[_Role.ACCESS_CONTROL_BROKER])
        self.contingency_handle = cast.hierarchy.contingency
        self.originator_of_contingency = cast.party(_Role.ROOT, 99).entity

    def device(self, kind: DeviceKind) -> DeviceState:
        """A new device that knows the parties."""
        self._number += 1
        cells = cells_of(self.cast.hierarchy, *self.parties.values())
        made = self.cast.device(kind, self._number, cells)
        hub = HubLog(entries=(_JOINED,)) if kind is DeviceKind.CHF else made.hub
        return replace(made, log=(_NEIGHBOUR,), firmware=_IMAGE, hub=hub)

    def examples(self) -> Iterator[Example]:
        """One command, at least, for each use case and mode; each for a device of its own."""
        yield from self._details()
        for mode in _Mode:
            yield self.update(mode)
        yield self.update(_Mode.ACCESS_CONTROL_BROKER_BY_ACB, kind=DeviceKind.CHF)
        yield self.update(_Mode.SUPPLIER_BY_SUPPLIER, execution=self._at + timedelta(days=30))
        yield self.update(
            _Mode.LOAD_CONTROLLER_BY_SUPPLIER, execution=self._at + timedelta(days=30)
        )
        yield from self._own()
        yield from self._joins()
        yield from self._others()
        yield from self._logs()

    def _next(self) -> int:
        self._counter += 1
        return self._counter

    def _send(
        self,
        name: str,
        device: DeviceState,
        role: RemotePartyRole,
        code: int,
        value: object,
        *,
        counter: int | None = None,
        shape: Shape | None = None,
        supplementary: Supplementary | None = None,
    ) -> Example:
        party = self.parties[role]
        sent = self.senders.send(
            party.entity,
            party.keys[_DS].handle,
            recipient_of(device),
            message_code=code,
            counter=self._next() if counter is None else counter,
            value=value,
            shape=shape,
            supplementary=supplementary,
        )
        return Example(name=name, device=device, sent=sent)

    def _details(self) -> Iterator[Example]:
        broker, supplier = _Role.ACCESS_CONTROL_BROKER, _Role.SUPPLIER
        for name, code, kind in (
            ("CS02a", 0x0008, DeviceKind.GSME),
            ("CS02f", 0x011B, DeviceKind.SAPC),
        ):
            for variant, role, usage, shape in (
                ("MAC", broker, KeyUsageBits.KEY_AGREEMENT, Shape.MAC),
                ("Signature", supplier, KeyUsageBits.DIGITAL_SIGNATURE, Shape.SIGNATURE),
            ):
                value = ProvideDetailsCommand(
                    authorising_cell=kinds.cell(role, usage),
                    roles=(_Role.ROOT, supplier, _Role.NETWORK_OPERATOR, _Role.WAN_PROVIDER),
                )
                yield self._send(
                    f"{name}{variant}", self.device(kind), role, code, value, shape=shape
                )

    def update(
        self,
        mode: CredentialsReplacementMode,
        *,
        kind: DeviceKind | None = None,
        execution: datetime | None = None,
        device: DeviceState | None = None,
    ) -> Example:
        """An update of every cell that the mode may replace, with new certificates."""
        device = device or self.device(kind or _kind_for(mode))
        row = MODES[mode]
        cells = tuple(
            cell
            for cell in device.row.cells
            if (row.cells is None or cell in row.cells)
            and (cell != kinds.ROOT or mode is not _Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY)
        )
        hierarchy = self.cast.hierarchy
        path: tuple[bytes, ...] = (hierarchy.issuing.certificate,)
        certificates = self._replacements(cells)
        if kinds.ROOT in cells:
            renewed = self._renewed(cells, normal=not row.abnormal_root)
            certificates, path, hierarchy = renewed
        counter = self._next()
        contingency = mode is _Mode.ANY_BY_CONTINGENCY
        value = UpdateCredentialsCommand(
            control=AuthorisingRemotePartyControl(
                mode=mode,
                symmetric_key=self.cast.hierarchy.symmetric_key if contingency else None,
                authorising_cell=authorising_cell(mode, device.kind),
                counter=counter,
                new_floor=0 if _of_its_own(mode) else None,
                other_changes=_other_changes(mode),
            ),
            replacements=tuple(
                TrustAnchorReplacement(certificate=certificates[cell], cell=cell) for cell in cells
            ),
            path=path,
            execution=execution,
        )
        party = None if contingency else self.parties[row.by]
        sent = self.senders.send(
            party.entity if party else self.originator_of_contingency,
            party.keys[_DS].handle if party else self.contingency_handle,
            recipient_of(device),
            message_code=mode.message_code,
            counter=counter,
            value=value,
        )
        dated = "_FUTURE_DATED" if execution else ""
        return Example(
            name=f"CS02{'g' if mode >= 10 else 'b'}{_title(mode)}_{device.kind.name}{dated}",
            device=device,
            sent=sent,
        )

    def _replacements(
        self, cells: tuple[TrustAnchorCellIdentifier, ...]
    ) -> dict[TrustAnchorCellIdentifier, bytes]:
        """A new certificate of the same party for each cell."""
        fresh = tuple(
            Party(
                entity=party.entity,
                role=role,
                keys=self.cast.certified(party.entity, role, *_USES[role]),
            )
            for role, party in self.parties.items()
        )
        filled = cells_of(self.cast.hierarchy, *fresh)
        return {cell: filled[cell] for cell in cells if cell != kinds.ROOT}

    def _renewed(
        self, cells: tuple[TrustAnchorCellIdentifier, ...], *, normal: bool
    ) -> tuple[dict[TrustAnchorCellIdentifier, bytes], tuple[bytes, ...], Hierarchy]:
        """Certificates under a new root, the path to it, and the new hierarchy.

        Normally the present root certifies the new one's key: a link goes with the path.
        """
        old = self.cast.hierarchy
        new = self.cast.new_hierarchy()
        path: tuple[bytes, ...] = (new.issuing.certificate,)
        if normal:
            path = (self.cast.link(old, new), *path)
        self.cast.hierarchy = new
        try:
            certificates = self._replacements(cells)
        finally:
            self.cast.hierarchy = old
        certificates[kinds.ROOT] = new.root.certificate
        return certificates, path, new

    def _own(self) -> Iterator[Example]:
        supplier = _Role.SUPPLIER
        for name, usage in (
            ("DS", KeyUsageBits.DIGITAL_SIGNATURE),
            ("KA", KeyUsageBits.KEY_AGREEMENT),
        ):
            value = KeyUsageCommand(key_usage=usage)
            yield self._send(f"CS02c{name}", self.device(DeviceKind.ESME), supplier, 0x000A, value)
            yield self._send(f"CS02e{name}", self.device(DeviceKind.ESME), supplier, 0x000C, value)
        device = self.device(DeviceKind.ESME)
        handle, point = self._keys.generate(KeyUsageBits.DIGITAL_SIGNATURE)
        certificate = self.cast.device_certificate(device.device, KeyUsage.DIGITAL_SIGNATURE, point)
        waiting = replace(
            device,
            pending=MappingProxyType({KeyUsageBits.DIGITAL_SIGNATURE: point + handle}),
        )
        yield self._send("CS02d", waiting, supplier, 0x000B, certificate)

    def _joins(self) -> Iterator[Example]:
        supplier, broker = _Role.SUPPLIER, _Role.ACCESS_CONTROL_BROKER
        method, kind = JoinMethodAndRole, DeviceKind
        behind = Supplementary(party=self.parties[supplier].entity, counter=self._next())
        gas = self.device(kind.GSME)
        agreement = gas.own[KeyUsageBits.KEY_AGREEMENT].certificate
        for name, code, of, how, other, of_type, certificate, role in (
            ("CS03A1", 0x000D, kind.ESME, method.METHOD_A_INITIATOR, bytes(8), DeviceType.HCALCS, None, supplier),
            ("CS03A2", 0x00AB, kind.HCALCS, method.METHOD_A_RESPONDER, bytes(8), DeviceType.ESME, None, supplier),
            ("CS03B", 0x000E, kind.GSME, method.METHOD_B, bytes(8), DeviceType.GAS_PROXY_FUNCTION, None, supplier),
            ("CS03C", 0x00AF, kind.PPMID, method.METHOD_C, gas.device.octets, DeviceType.GSME, agreement, broker),
        ):  # fmt: skip
            value = JoinDeviceCommand(
                method_and_role=how,
                other_device=other,
                other_type=of_type,
                certificate=certificate,
            )
            yield self._send(
                name,
                self.device(of),
                role,
                code,
                value,
                supplementary=behind if role is broker else None,
            )
        yield self._send("CS04AC", self.device(kind.ESME), supplier, 0x000F, _NEIGHBOUR.device)
        yield self._send(
            "CS04BGasProxy", self.device(kind.GPF), supplier, 0x0010, _NEIGHBOUR.device
        )
        yield self._send("CS04B", self.device(kind.GSME), supplier, 0x0010, _NEIGHBOUR.device)
        yield self._send("CS07", self.device(kind.GSME), supplier, 0x0013, None)

    def _others(self) -> Iterator[Example]:
        supplier = _Role.SUPPLIER
        for name, execution in (
            ("CS06", None),
            ("CS06_FUTURE_DATED", self._at + timedelta(days=1)),
        ):
            counter = self._next()
            activate = ActivateFirmwareCommand(
                image_hash=_IMAGE.image_hash, counter=counter, execution=execution
            )
            yield self._send(
                name, self.device(DeviceKind.ESME), supplier, 0x0012, activate, counter=counter
            )
        hour = timedelta(hours=1)
        clock = SetTimeCommand(start=self._at - hour, end=self._at + hour)
        yield self._send("GCS28", self.device(DeviceKind.GSME), supplier, 0x007F, clock)

    def _logs(self) -> Iterator[Example]:
        """What is in DLMS, and what is known from descriptions alone."""
        broker = _Role.ACCESS_CONTROL_BROKER
        party = self.parties[_Role.SUPPLIER].entity
        other = HubLogEntry(device=bytes(range(2, 10)), key=bytes(16))
        commands: tuple[tuple[str, int, HubCommand], ...] = (
            ("CCS01", hub_log.ADD, AddToHubLog(entry=other)),
            ("CCS02", hub_log.REMOVE, RemoveFromHubLog(device=_JOINED.device)),
            ("CCS03", hub_log.RESTORE, RestoreHubLog(log=HubLog(entries=(other, _JOINED)))),
        )
        for name, code, command in commands:
            counter = self._next()
            yield self._send(
                name,
                self.device(DeviceKind.CHF),
                broker,
                code,
                hub_command_payload(command, counter),
                counter=counter,
                supplementary=Supplementary(party=party, counter=self._next()),
            )
        entry = DeviceLogEntry(device=bytes(range(2, 10)), type=DeviceType.PPMID)
        restore = RestoreDeviceLogCommand(entries=(entry, _NEIGHBOUR))
        yield self._send("GCS59", self.device(DeviceKind.GPF), broker, 0x008C, restore)
        yield self._send("CS08", self.device(DeviceKind.PPMID), broker, 0x0129, None)


def recipient_of(device: DeviceState) -> Recipient:
    """The device as senders know it: by its key agreement certificate."""
    certificate = device.own[KeyUsageBits.KEY_AGREEMENT].certificate
    point = parse_certificate(certificate).tbs.public_key[-65:]
    return Recipient(device=device.device, kind=device.kind, point=point)


def _kind_for(mode: CredentialsReplacementMode) -> DeviceKind:
    """A kind of device that answers commands of that mode."""
    if mode in (_Mode.ROOT_BY_WAN_PROVIDER, _Mode.WAN_PROVIDER_BY_WAN_PROVIDER):
        return DeviceKind.CHF
    return DeviceKind.ESME


def _of_its_own(mode: CredentialsReplacementMode) -> bool:
    """Whether the authorising role's own credentials are among those that change."""
    row = MODES[mode]
    return row.cells is None or any(cell.role is row.by for cell in row.cells)


def _other_changes(
    mode: CredentialsReplacementMode,
) -> tuple[RemotePartySeqNumberChange, ...] | None:
    if mode is not _Mode.SUPPLIER_BY_TRANS_COS:
        return None
    top_up = SpecialistSeqNumber(usage=SeqNumberUsage.PREPAYMENT_TOP_UP, counter=0)
    return (RemotePartySeqNumberChange(role=_Role.SUPPLIER, floor=0, specialist_floors=(top_up,)),)


def _title(mode: CredentialsReplacementMode) -> str:
    """As the notation writes it, with a capital: `SupplierByTransCoS`."""
    name = MODE.name(mode)
    return name[0].upper() + name[1:]
