"""How large real commands and answers are, and how fast one core makes and verifies them.

Each is made with certificates after the profiles, sent to a device in memory that obeys it, and
weighed. Nothing is estimated here, and nothing of a house is touched.

Clause: gbcs:CS02b, gbcs:CS02a
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256

from smki.crypto.gbcs_protection import public_point, signature_holds
from smki.devices import DeviceKind, DeviceState, kinds, process
from smki.messages import KeyUse
from smki.profiles import ProfileSettings
from smki.recovery import METHODS, Materials, Method, recovering
from smki.recovery.procedures import Placed
from smki.recovery.replacing import READ_BACK_CODE, reading
from smki.simulator.cast import POINT_OCTETS, Cast, Party, cells_of
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.simulator.keys import ScalarKeys
from smki.terms import RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.trust_anchors import KeyUsageBits, StatusCode, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode, UpdateCredentialsResponse

Cells = tuple[TrustAnchorCellIdentifier, ...]
_Mode = CredentialsReplacementMode
_RECOVERY: Final = _Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY
_CONTINGENCY: Final = _Mode.ANY_BY_CONTINGENCY
_COUNTER: Final = 1 << 33  # above what the simulation has used
_MEASURED_AT_ONCE: Final = 64
_SIGNED_OCTETS: Final = 5_000  # about what the largest command has


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A command that a device of a kind obeyed, and its answer.

    Attributes:
        cells: how many it replaced; 0 for a question.
        command_octets: of the whole command, without blocks around it.
        response_octets: of the whole answer.
    """

    cells: int
    command_octets: int
    response_octets: int


class Scales:
    """Makes, sends and weighs commands under a hierarchy of its own.

    Args:
        chance: so many random octets.
        at: when devices are asked.
        settings: profiles of the environment whose certificates are weighed.
    """

    def __init__(
        self, chance: Callable[[int], bytes], at: datetime, settings: ProfileSettings
    ) -> None:
        self._keys = ScalarKeys(chance)
        self._cast = Cast(self._keys, at - timedelta(days=1), settings)
        self._catalogue = Catalogue(self._keys, self._cast, at)
        self._at = at

    def replacement(
        self, kind: DeviceKind, method: Method, roles: Iterable[RemotePartyRole]
    ) -> Measured | None:
        """The command by which that method recovers a device of that kind; None if none can.

        `roles` are those of the subscriber whose cells are replaced, for methods that replace one
        subscriber's; a device without such cells has nothing to be replaced.

        Clause: gbcs:CS02b
        """
        device = self._catalogue.device(kind)
        row = METHODS[method]
        if _RECOVERY in row.modes or _CONTINGENCY in row.modes:
            return self._by_key_of_last_resort(device, row.places, frozenset(roles))
        for mode in sorted(row.modes):
            cells = _cells_of_roles(device, roles)
            if row.places is Placed.A_ROOT or _is_of(mode, cells):
                made = self._catalogue.update(mode, device=device)
                found = self._answered(made.device, made.sent.command)
                if found is not None:
                    return found
        return None

    def read_back(self, kind: DeviceKind) -> Measured | None:
        """The question what all its cells hold, and the answer.

        Clause: gbcs:CS02a
        """
        device = self._catalogue.device(kind)
        broker = self._catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER]
        sent = self._catalogue.senders.send(
            broker.entity,
            broker.keys[KeyUse.DIGITAL_SIGNATURE].handle,
            recipient_of(device),
            message_code=READ_BACK_CODE,
            counter=_COUNTER,
            value=reading(device.row.cells),
        )
        return self._answered(device, sent.command)

    def making(self, seconds: Callable[[], float], least: float) -> float:
        """Commands made, and answers verified, in a second by one core; signing is left out.

        Args:
            seconds: tells the time.
            least: for how many seconds it is measured.
        """
        device = self._catalogue.device(DeviceKind.ESME)
        materials = self._materials(_RECOVERY, device.row.cells[1:], broker=False)
        answers = process(device, self._sent(device, materials, _COUNTER), self._at, self._keys)
        point = parse_certificate(device.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate)
        signer = public_point(point.tbs.public_key[-POINT_OCTETS:])

        def one(number: int) -> None:
            self._sent(device, materials, _COUNTER + 1 + number)
            message = parse_message(answers.out[0])
            signature_holds(signer, message.signature, message.signed)

        together = _rate(one, seconds, least)
        return 1 / (1 / together - 1 / self.signing(seconds, least))

    def signing(self, seconds: Callable[[], float], least: float) -> float:
        """Signatures in a second by one core of a key in software; see `making`."""
        key, text = self._catalogue.contingency_handle, bytes(_SIGNED_OCTETS)
        return _rate(lambda _: self._keys.sign(key, text), seconds, least)

    def verifying(self, seconds: Callable[[], float], least: float) -> float:
        """Signatures that one core verifies in a second, a public key loaded for each."""
        key, text = self._keys.generate(KeyUsageBits.DIGITAL_SIGNATURE), bytes(_SIGNED_OCTETS)
        signature = self._keys.sign(key[0], text)
        return _rate(lambda _: _verify(key[1], signature, text), seconds, least)

    def device_certificate_octets(self) -> int:
        """Octets of a device certificate."""
        own = self._catalogue.device(DeviceKind.ESME).own
        return len(own[KeyUsageBits.DIGITAL_SIGNATURE].certificate)

    def _by_key_of_last_resort(
        self, device: DeviceState, places: Placed, roles: frozenset[RemotePartyRole]
    ) -> Measured | None:
        mode = _CONTINGENCY if places is Placed.OF_A_NEW_HIERARCHY else _RECOVERY
        one_party = places in (Placed.OF_THE_BROKER, Placed.OF_THE_SUBSCRIBER)
        cells = _cells_of_roles(device, roles) if one_party else device.row.cells
        if mode is _RECOVERY:
            cells = tuple(cell for cell in cells if cell != kinds.ROOT)
        if not cells:
            return None
        materials = self._materials(mode, cells, broker=places is Placed.OF_THE_BROKER)
        return self._answered(device, self._sent(device, materials, _COUNTER))

    def _materials(self, mode: _Mode, cells: Cells, *, broker: bool) -> Materials:
        old = self._cast.hierarchy
        new = self._cast.new_hierarchy() if mode is _CONTINGENCY else old
        self._cast.hierarchy = new
        try:
            filled = cells_of(new, *map(self._renewed, self._catalogue.parties.values()))
        finally:
            self._cast.hierarchy = old
        if broker:
            role = RemotePartyRole.ACCESS_CONTROL_BROKER
            filled |= {cell: filled[kinds.cell(role, cell.key_usage)] for cell in cells}
        return Materials(
            mode=mode,
            certificates={cell: filled[cell] for cell in cells},
            path=(new.issuing.certificate,),
            symmetric_key=old.symmetric_key if mode is _CONTINGENCY else None,
            floors={},
        )

    def _renewed(self, party: Party) -> Party:
        keys = self._cast.certified(party.entity, party.role, *party.keys)
        return Party(entity=party.entity, role=party.role, keys=keys)

    def _sent(self, device: DeviceState, materials: Materials, counter: int) -> bytes:
        catalogue = self._catalogue
        entity = catalogue.originator_of_contingency
        signer = catalogue.contingency_handle
        if materials.mode is _RECOVERY:
            party = catalogue.parties[RemotePartyRole.RECOVERY]
            entity, signer = party.entity, party.keys[KeyUse.DIGITAL_SIGNATURE].handle
        return catalogue.senders.send(
            entity,
            signer,
            recipient_of(device),
            message_code=materials.mode.message_code,
            counter=counter,
            value=recovering(materials, device.row.cells, counter),
        ).command

    def _answered(self, device: DeviceState, command: bytes) -> Measured | None:
        answers = process(device, command, self._at, self._keys).out
        cells = _replaced(answers[0]) if answers else None
        if cells is None:
            return None
        return Measured(cells=cells, command_octets=len(command), response_octets=len(answers[0]))


def _replaced(answer: bytes) -> int | None:
    """How many cells were replaced; None if one of them was not."""
    payload = read_payload(parse_message(answer))
    value = payload.value if isinstance(payload, SecurityPayload) else None
    if not isinstance(value, UpdateCredentialsResponse):
        return 0
    outcomes = value.outcome.outcomes if value.outcome else ()
    done = bool(outcomes) and all(one.status is StatusCode.SUCCESS for one in outcomes)
    return len(outcomes) if done else None


def _verify(point: bytes, signature: bytes, text: bytes) -> None:
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    key.verify(signature, text, ECDSA(SHA256()))


def _rate(do: Callable[[int], object], seconds: Callable[[], float], least: float) -> float:
    begun, done = seconds(), 0
    while (passed := seconds() - begun) < least:
        for number in range(done, done + _MEASURED_AT_ONCE):
            do(number)
        done += _MEASURED_AT_ONCE
    return done / passed


def _cells_of_roles(device: DeviceState, roles: Iterable[RemotePartyRole]) -> Cells:
    wanted = frozenset(roles)
    return tuple(cell for cell in device.row.cells if cell.role in wanted)


def _is_of(mode: _Mode, cells: Cells) -> bool:
    """Whether that mode is the subscriber's own, for the role whose cells these are."""
    role = {
        _Mode.SUPPLIER_BY_SUPPLIER: RemotePartyRole.SUPPLIER,
        _Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR: RemotePartyRole.NETWORK_OPERATOR,
    }.get(mode)
    return any(cell.role is role for cell in cells)
