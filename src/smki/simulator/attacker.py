"""Somebody who has stolen a key, and uses it: what such a thief can send, in real octets.

    from keys     commands in the name of who was robbed; certificates under a stolen authority
    from hearing  the same octets again, to another device, altered (`overhearing`); and what they
                  tell: a command by the contingency key tells the symmetric key to whoever listens
    with help     certificates that somebody else has rightly, and gives

A MAC is the access control broker's: without it the thief's command has none, unless the broker's
key is the one that was stolen, or the broker serves the thief because nobody told it yet. The thief
reaches every device at once, which no network allows: no real one could do more. Devices obey him
or not by the same rules as anybody.

Clause: sec:L10, gbcs:7.2.7
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from smki.devices import KINDS, DeviceKind, DeviceState, kinds
from smki.devices.modes import MODES, ModeRow, authorising_cell
from smki.devices.path import held
from smki.devices.use_cases import Shape, use_case_of
from smki.headend import Recipient, commanded
from smki.profiles import ProfileSettings
from smki.recovery.attacks import Abuse, Effect
from smki.simulator.forging import Sign, StolenAuthority, forge
from smki.simulator.overhearing import Overheard, Sending
from smki.terms import EUI64, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.device_credentials import KeyUsageCommand
from smki.wire.gbcs.frame import MessageCategory
from smki.wire.gbcs.hub_log import ADD, AddToHubLog, HubLogEntry, hub_command_payload
from smki.wire.gbcs.joining import DeviceType, JoinDeviceCommand, JoinMethodAndRole
from smki.wire.gbcs.payloads import write_payload
from smki.wire.gbcs.trust_anchors import (
    KeyUsageBits,
    ProvideDetailsCommand,
    TrustAnchorCellIdentifier,
)
from smki.wire.gbcs.update_credentials import (
    AuthorisingRemotePartyControl,
    CredentialsReplacementMode,
    RemotePartySeqNumberChange,
    TrustAnchorReplacement,
    UpdateCredentialsCommand,
)

Agree = Callable[[bytes], bytes]
Certificates = Mapping[TrustAnchorCellIdentifier, bytes]

COUNTER_END: Final = (1 << 63) - 1
BEYOND: Final = timedelta(days=3_653)  # no clock that a sender counts by is so far ahead
LATER: Final = timedelta(days=400)
OF_THE_THIEF: Final = EUI64.parse("0A534D4BBAD00001")  # what he lets join, and says he is

_Mode = CredentialsReplacementMode
_Role = RemotePartyRole
_CONTINGENCY: Final = _Mode.ANY_BY_CONTINGENCY
_BY_BROKER: Final = _Mode.ACCESS_CONTROL_BROKER_BY_ACB
_BY_A_ROOT: Final = frozenset({_Mode.ROOT_BY_SUPPLIER, _Mode.ROOT_BY_WAN_PROVIDER})
_NEW_KEY: Final = 0x000A  # CS02c
_JOIN_B: Final = 0x000E  # CS03B
_READ: Final = 0x0008  # CS02a
_COMMANDING: Final = frozenset(
    {_Role.SUPPLIER, _Role.NETWORK_OPERATOR, _Role.ACCESS_CONTROL_BROKER, _Role.LOAD_CONTROLLER}
)
"""Roles that ask for more than changes of credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loot:
    """What the thief has.

    Attributes:
        public: the certificate of each cell (DER), as the repository gives to anybody.
        path: the same, between them and the root.
        signers: of parties that were robbed: identifier and key for digital signatures, by role.
        broker: the access control broker's identifier and key for key agreement.
        issuing: the Issuing OCA's key.
        root: the Root OCA's key.
        contingency: the contingency private key.
        symmetric_key: the contingency symmetric key.
        accomplice: certificates (DER) that somebody who helps holds rightly, by cell.
    """

    public: Certificates
    path: tuple[bytes, ...]
    signers: Mapping[RemotePartyRole, tuple[EUI64, Sign]] = field(default_factory=dict)
    broker: tuple[EUI64, Agree] | None = None
    issuing: StolenAuthority | None = None
    root: StolenAuthority | None = None
    contingency: Sign | None = None
    symmetric_key: bytes | None = field(default=None, repr=False)
    accomplice: Certificates = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signer:
    """`headend.PartyKeys` of the thief: what he lacks is never asked."""

    sign: Sign
    agree: Agree

    def sign_all(self, messages: Sequence[bytes]) -> list[bytes]:
        """A signature of each."""
        return [self.sign(one) for one in messages]

    def agree_all(self, points: Sequence[bytes]) -> list[bytes]:
        """Z with the holder of each."""
        return [self.agree(one) for one in points]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """In whose name he sends, by which key, to whom, and when."""

    entity: EUI64
    sign: Sign
    recipient: Recipient
    at: datetime

    @property
    def kind(self) -> DeviceKind:
        return self.recipient.kind


class Attacker:
    """A thief. Not for several threads.

    Args:
        loot: what he stole.
        chance: so many random octets: of his own keys.
        at: from when certificates that he makes are valid.
        settings: profiles of the environment, which are public.

    Attributes:
        heard: what was said to devices and by them, while he listened.
        served_by: the broker's key agreement, while it wraps what he signs; None once it was told.
        scheduled: SHA-256 of the payloads that he made devices keep for later, or may have.
    """

    def __init__(
        self, loot: Loot, chance: Callable[[int], bytes], at: datetime, settings: ProfileSettings
    ) -> None:
        self._loot = loot
        self._forged = forge(chance, at, settings, OF_THE_THIEF, loot.issuing, loot.root)
        self._identifiers = {held(parse_certificate(one)).key_identifier for one in self.planted}
        self._count = 0
        self.heard = Overheard()
        self.scheduled: set[bytes] = set()
        self.served_by: Agree | None = None

    @property
    def _symmetric(self) -> bytes | None:
        """Stolen, or told to whoever listened: who knows one contingency key may learn the other."""
        return self._loot.symmetric_key or self.heard.symmetric_key

    @property
    def planted(self) -> tuple[bytes, ...]:
        """Certificates of his (DER) that he may put into cells; one of a new key each."""
        all_of_it = (self._forged.own, self._forged.stolen, self._loot.accomplice)
        return tuple(dict.fromkeys(one for some in all_of_it for one in some.values()))

    def sendings(self, recipient: Recipient, at: datetime) -> Iterator[Sending]:
        """Everything that he can send to the device by himself, the harmless first.

        Clause: sec:L10, gbcs:7.2.7
        """
        for role in self._loot.signers:
            yield from self._in_the_name(role, recipient, at)
        yield from self._as_the_broker(recipient, at)
        yield from self._by_contingency(recipient, at)

    def effects(self, state: DeviceState, at: datetime) -> frozenset[Effect]:
        """What a device has of his doings, as somebody sees who looks into it.

        Clause: sec:L10
        """
        found = set()
        if any(one.key_identifier in self._identifiers for one in state.anchors.values()):
            found.add(Effect.ANCHOR)
        if any(sha256(one.payload).digest() in self.scheduled for one in state.scheduled):
            found.add(Effect.WAITING)
        if any(_silenced(state, role, at) for role in state.counters):
            found.add(Effect.SILENCED)
        admitted = [one.device for one in state.log] + [one.device for one in state.hub.entries]
        if OF_THE_THIEF.octets in admitted:
            found.add(Effect.ADMITTED)
        return frozenset(found)

    def _in_the_name(
        self, role: RemotePartyRole, recipient: Recipient, at: datetime
    ) -> Iterator[Sending]:
        """Of a party whose key for digital signatures he has."""
        entity, sign = self._loot.signers[role]
        turn = _Turn(entity=entity, sign=sign, recipient=recipient, at=at)
        cell = kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE)
        if cell not in KINDS[turn.kind].cells:
            return
        value = ProvideDetailsCommand(authorising_cell=cell, roles=(_Role.ROOT, role))
        yield self._sent(Abuse.READS, turn, _READ, value, shape=Shape.SIGNATURE)
        use_case = use_case_of(_NEW_KEY)
        if use_case is not None and role in use_case.roles(turn.kind, None):
            asked = KeyUsageCommand(key_usage=KeyUsageBits.DIGITAL_SIGNATURE)
            yield self._sent(Abuse.COMMANDS, turn, _NEW_KEY, asked)
        for mode, row in MODES.items():
            if row.by is role and mode is not _BY_BROKER:
                yield from self._updates(mode, turn)

    def _as_the_broker(self, recipient: Recipient, at: datetime) -> Iterator[Sending]:
        """With its key for key agreement, which makes every MAC."""
        if self._loot.broker is None:
            return
        entity, _ = self._loot.broker
        signs = _Role.ACCESS_CONTROL_BROKER in self._loot.signers
        sign = self._loot.signers[_Role.ACCESS_CONTROL_BROKER][1] if signs else _cannot_sign
        turn = _Turn(entity=entity, sign=sign, recipient=recipient, at=at)
        if turn.kind is DeviceKind.CHF:
            counter = self._counter(at)
            entry = HubLogEntry(device=OF_THE_THIEF.octets, key=bytes(16))
            joined = hub_command_payload(AddToHubLog(entry=entry), counter)
            yield self._sent(Abuse.ADMITS, turn, ADD, joined, counter=counter)
        if _JOIN_B in KINDS[turn.kind].message_codes:
            join = JoinDeviceCommand(
                method_and_role=JoinMethodAndRole.METHOD_B,
                other_device=OF_THE_THIEF.octets,
                other_type=DeviceType.GAS_PROXY_FUNCTION,
                certificate=None,
            )
            yield self._sent(Abuse.ADMITS, turn, _JOIN_B, join)
        if signs or turn.kind is not DeviceKind.CHF:
            yield from self._updates(_BY_BROKER, turn)

    def _by_contingency(self, recipient: Recipient, at: datetime) -> Iterator[Sending]:
        """Both contingency keys are needed: one he was told if he listened."""
        sign = self._loot.contingency
        if sign is not None and self._symmetric is not None:
            turn = _Turn(entity=OF_THE_THIEF, sign=sign, recipient=recipient, at=at)
            yield from self._updates(_CONTINGENCY, turn)

    def _updates(self, mode: CredentialsReplacementMode, turn: _Turn) -> Iterator[Sending]:
        """Changes of credentials: much later, to the end of all counters, to his own at once."""
        row, device = MODES[mode], KINDS[turn.kind]
        if mode.message_code not in device.message_codes:
            return
        cells = [one for one in device.cells if row.cells is None or one in row.cells]
        mine, path = self._mine(mode, row, cells)
        public = {
            one: self._loot.public[one]
            for one in cells
            if one in self._loot.public and one != kinds.ROOT
        }
        if mine or public:
            later = turn.at.replace(microsecond=0) + LATER
            way = path if mine else self._loot.path
            value = self._update(mode, turn, mine or public, way, COUNTER_END, later)
            payload = write_payload(mode.message_code, MessageCategory.COMMAND, value)
            self.scheduled.add(sha256(payload).digest())
            yield self._sent_update(Abuse.SCHEDULES, turn, value)
        if public:
            value = self._update(mode, turn, public, self._loot.path, COUNTER_END)
            yield self._sent_update(Abuse.COUNTS, turn, value)
        if mine:
            yield self._sent_update(Abuse.TAKES, turn, self._update(mode, turn, mine, path, 0))

    def _mine(
        self,
        mode: CredentialsReplacementMode,
        row: ModeRow,
        cells: list[TrustAnchorCellIdentifier],
    ) -> tuple[Certificates, tuple[bytes, ...]]:
        """What of his own he can put there, and what leads from it to the root that is there."""
        forged, loot = self._forged, self._loot
        if mode in _BY_A_ROOT:
            return (
                {kinds.ROOT: forged.own[kinds.ROOT]} if forged.link else {},
                forged.link,
            )
        if mode is _CONTINGENCY or (forged.link and row.cells is None):
            return {one: forged.own[one] for one in cells}, (*forged.link, *forged.own_path)
        fitting = forged.stolen or loot.accomplice
        path = forged.path if forged.stolen else loot.path
        if row.roles_of_certificates:
            return {one: fitting[one] for one in cells if one in fitting}, path
        by_usage = {one.key_usage: fitting[one] for one in fitting if one.role is _Role.SUPPLIER}
        return {one: by_usage[one.key_usage] for one in cells if one.key_usage in by_usage}, path

    def _update(
        self,
        mode: CredentialsReplacementMode,
        turn: _Turn,
        certificates: Certificates,
        path: tuple[bytes, ...],
        floor: int,
        execution: datetime | None = None,
    ) -> UpdateCredentialsCommand:
        row = MODES[mode]
        roles = {one.role for one in KINDS[turn.kind].cells} if row.cells is None else set()
        others = tuple(
            RemotePartySeqNumberChange(role=role, floor=floor)
            for role in sorted(roles - {row.by, _Role.ROOT})
        )
        return UpdateCredentialsCommand(
            control=AuthorisingRemotePartyControl(
                mode=mode,
                symmetric_key=self._symmetric if mode is _CONTINGENCY else None,
                authorising_cell=authorising_cell(mode, turn.kind),
                counter=self._counter(turn.at),
                new_floor=floor,
                other_changes=others or None,
            ),
            replacements=tuple(
                TrustAnchorReplacement(certificate=certificates[one], cell=one)
                for one in certificates
            ),
            path=path,
            execution=execution,
        )

    def _sent_update(self, abuse: Abuse, turn: _Turn, value: UpdateCredentialsCommand) -> Sending:
        control = value.control
        return self._sent(abuse, turn, control.mode.message_code, value, counter=control.counter)

    def _sent(
        self,
        abuse: Abuse,
        turn: _Turn,
        code: int,
        value: object,
        *,
        counter: int | None = None,
        shape: Shape | None = None,
    ) -> Sending:
        """The message, with as much of its protection as he can make."""
        agree = self._loot.broker[1] if self._loot.broker else self.served_by
        use_case = use_case_of(code)
        if shape is None and use_case is not None:
            shape = use_case.shapes(turn.kind, value)[0]
        if shape is Shape.BOTH and agree is None:
            shape = Shape.SIGNATURE
        message = commanded(
            turn.entity,
            turn.recipient,
            _Signer(sign=turn.sign, agree=agree or _cannot_agree),
            message_code=code,
            counter=self._counter(turn.at) if counter is None else counter,
            value=value,
            shape=shape,
        ).command
        return Sending(abuse=abuse, message=message)

    def _counter(self, at: datetime) -> int:
        """A little ahead of those who count by their clocks, never twice the same."""
        self._count += 1
        return _milliseconds(at) + self._count


def _silenced(state: DeviceState, role: RemotePartyRole, at: datetime) -> bool:
    """Whether nobody can count so far that the role is obeyed in what it is there for.

    Where the broker stands in for a role, whoever comes to be it counts anew.
    """
    holder = state.anchors.get(kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE))
    broker = state.anchors.get(kinds.BROKER_KA)
    lent = holder is not None and broker is not None and holder.unique_id == broker.unique_id
    if lent and role is not _Role.ACCESS_CONTROL_BROKER:
        return False
    counters = state.counters_of(role)
    last = max(counters.update, counters.command if role in _COMMANDING else 0)
    return last > _milliseconds(at + BEYOND)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


def _cannot_sign(message: bytes) -> bytes:
    raise TypeError(f"a thief without the key signs {len(message)} octets")


def _cannot_agree(point: bytes) -> bytes:
    raise TypeError(f"a thief without the key agrees with {point.hex()}")
