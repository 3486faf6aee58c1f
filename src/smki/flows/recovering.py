"""What each method places on devices, by whose key, and on which of them: a recovery in legs.

    before, after   the certificate for each cell, as devices hold them and as they shall
    leg             one sort of command, and the kinds of devices that obey it: a campaign's worth

| method | legs |
| --- | --- |
| 1 | the subscriber's own mode, signed by the key that is replaced |
| 2 | mode 8: the access control broker's in the subscriber's cells; `hand_back` afterwards |
| 3 | mode 8: the subscriber's new ones |
| 2, 3 | also, in cells of others that the lost key could fill, whatever belongs there |
| by recovery | mode 8: all but the root |
| by contingency | mode 9: all |
| root update | modes 0 and 1, and mode 8 for the kinds that obey neither: a root the old one vouches for |

Floors. A counter is a sender's clock in milliseconds, so the floor of every role whose key changes
is the instant at which the leg was made: what was signed or wrapped before stays behind it, also by
who keeps its name and its broker; and a thief who counted to the end is counted back. A repeat has
no effect, since its counter is used and its key is gone.

Commands nothing; certificates are issued elsewhere, and keys are with whoever carries.

Clause: sec:L10, gbcs:CS02b
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from smki.devices import KINDS, DeviceKind, kinds
from smki.devices.modes import MODES
from smki.devices.path import held
from smki.recovery import Anchors, Compromised, Identified, Materials, Method
from smki.terms import EUI64, Refused, RemotePartyRole
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits, TrustAnchorCellIdentifier
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

Certificates = Mapping[TrustAnchorCellIdentifier, bytes]

_Mode = CredentialsReplacementMode
_Role = RemotePartyRole
_RECOVERY: Final = _Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY
_CONTINGENCY: Final = _Mode.ANY_BY_CONTINGENCY
OWN_MODE: Final[Mapping[RemotePartyRole, CredentialsReplacementMode]] = MappingProxyType(
    {
        _Role.SUPPLIER: _Mode.SUPPLIER_BY_SUPPLIER,
        _Role.NETWORK_OPERATOR: _Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR,
        _Role.WAN_PROVIDER: _Mode.WAN_PROVIDER_BY_WAN_PROVIDER,
        _Role.TRANSITIONAL_COS: _Mode.TRANS_COS_BY_TRANS_COS,
    }
)
"""The mode by which a role replaces its own. The broker's has a MAC by the very key that changes."""

HANDED_BACK: Final = frozenset({_Role.SUPPLIER, _Role.NETWORK_OPERATOR})
"""Roles whose cells the broker gives back: modes 2 and 3, originated by it."""

_SIGNERS: Final[Mapping[CredentialsReplacementMode, RemotePartyRole]] = {
    **{mode: role for role, mode in OWN_MODE.items()},
    _Mode.ROOT_BY_SUPPLIER: _Role.SUPPLIER,
    _Mode.ROOT_BY_WAN_PROVIDER: _Role.WAN_PROVIDER,
    _RECOVERY: _Role.RECOVERY,
    _CONTINGENCY: _Role.ROOT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Which key is lost.

    Attributes:
        compromised: which sort.
        role: of the organisation whose it is; None for another sort.
    """

    compromised: Compromised
    role: RemotePartyRole | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """What cells hold, before or after.

    Attributes:
        certificates: by cell (DER).
        path: certificates between them and the root (DER).
    """

    certificates: Certificates
    path: tuple[bytes, ...]

    def entity(self, role: RemotePartyRole) -> EUI64:
        """Whose certificate the cell for the role's signatures holds.

        Raises:
            Refused: nobody's.
        """
        found = self.certificates.get(kinds.cell(role, KeyUsageBits.DIGITAL_SIGNATURE))
        if found is None:
            raise _refused(f"no certificate of {role.name.lower()}, there must be one")
        return EUI64(held(parse_certificate(found)).unique_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency:
    """What a command under the contingency key needs.

    Attributes:
        originator: by whom such commands say they are.
        symmetric_key: opens the key in the root that devices hold.
    """

    originator: EUI64
    symmetric_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A sort of command, and the devices that obey it.

    Attributes:
        name: of the leg, as campaigns have it behind their own.
        signer: the role whose key signs; root for the contingency key.
        originator: by whom the commands are.
        kinds: of devices that answer such a command and have a cell that it fills.
        materials: what is placed.
        placed: by what each certificate is told.
    """

    name: str
    signer: RemotePartyRole
    originator: EUI64
    kinds: frozenset[DeviceKind]
    materials: Materials
    placed: Anchors


def recovery_legs(
    method: Method,
    lost: Lost,
    before: Cells,
    after: Cells,
    *,
    at: datetime,
    contingency: Contingency | None = None,
    link: bytes = b"",
) -> tuple[Leg, ...]:
    """The legs of the recovery, in the order in which they are carried out.

    Args:
        method: chosen.
        lost: which key.
        before: what devices hold.
        after: what they shall hold: new certificates of whose key is lost, the same again of
            others; of cells that the method does not touch it may say nothing.
        at: the instant from which new parties count.
        contingency: for the method that uses that key.
        link: the certificate (DER) by which the old root vouches for the new one's key; for the
            root update.

    Raises:
        Refused: the method does not recover from the loss of this key, or something is missing.

    Clause: sec:L10, gbcs:CS02b
    """
    chosen: tuple[_Chosen, ...]
    match method:
        case Method.ONE:
            chosen = (_own(lost, before, after),)
        case Method.TWO:
            chosen = (_by_recovery(after.path, _stand_in(lost, before, after)),)
        case Method.THREE:
            role = _organisation(lost)
            own = _of_role(after, role)
            chosen = (_by_recovery(after.path, {**_within_reach(role, after), **own}),)
        case Method.BY_RECOVERY:
            chosen = (_by_recovery(after.path, _all_but_root(after)),)
        case Method.BY_CONTINGENCY:
            chosen = (_by_contingency(after, contingency),)
        case Method.ROOT_UPDATE:
            chosen = tuple(_root_update(after, link))
        case Method.NONE:
            return ()
    return tuple(_leg(one, before, at, contingency) for one in chosen)


def hand_back(role: RemotePartyRole, after: Cells, *, broker: EUI64, at: datetime) -> Leg:
    """The leg by which the broker gives devices back: the subscriber's new certificates.

    Args:
        role: of the subscriber.
        after: its new certificates.
        broker: in whose hand its cells are.
        at: the instant from which it counts.

    Raises:
        Refused: no device can be given back to such a role.

    Clause: sec:L10, gbcs:CS02b
    """
    if role not in HANDED_BACK:
        raise _refused(f"hand-back to {role.name.lower()}, must be to who has a mode for it")
    materials = Materials(
        mode=OWN_MODE[role],
        certificates=_of_role(after, role),
        path=after.path,
        floors=_floors(_of_role(after, role), at),
        top_up_floor=_milliseconds(at),
    )
    return _made("hand-back", _Role.ACCESS_CONTROL_BROKER, broker, materials)


def lent_to_broker(
    name: str, roles: Collection[RemotePartyRole], now: Cells, *, at: datetime
) -> Leg:
    """The leg by which the recovery key puts the broker's certificates in all cells of these roles.

    Raises:
        Refused: nobody has a certificate of the recovery key.

    Clause: sec:L10, gbcs:CS02b
    """
    standing = {cell: one for role in roles for cell, one in _broker_for(role, now).items()}
    return _by_recovery_key(name, standing, now, at)


def given_by_recovery(
    name: str, roles: Collection[RemotePartyRole], now: Cells, *, at: datetime
) -> Leg:
    """The leg by which the recovery key fills the cells of these roles with what belongs there.

    Raises:
        Refused: one of them, or the recovery key, has no certificate.

    Clause: sec:L10, gbcs:CS02b
    """
    theirs = {cell: one for role in roles for cell, one in _of_role(now, role).items()}
    return _by_recovery_key(name, theirs, now, at)


def _by_recovery_key(name: str, certificates: Certificates, now: Cells, at: datetime) -> Leg:
    materials = Materials(
        mode=_RECOVERY,
        certificates=MappingProxyType(dict(certificates)),
        path=now.path,
        floors=_floors(certificates, at),
        top_up_floor=_milliseconds(at),
    )
    return _made(name, _Role.RECOVERY, now.entity(_Role.RECOVERY), materials)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A leg before floors and names."""

    mode: CredentialsReplacementMode
    certificates: Certificates
    path: tuple[bytes, ...]
    symmetric_key: bytes | None = None
    without: frozenset[DeviceKind] = frozenset()


def _own(lost: Lost, before: Cells, after: Cells) -> _Chosen:
    role = _organisation(lost)
    mode = OWN_MODE.get(role)
    if mode is None:
        raise _refused(f"{role.name.lower()} replaces nothing by its own key alone, use method 3")
    before.entity(role)
    return _Chosen(mode=mode, certificates=_of_role(after, role), path=after.path)


def _by_recovery(path: tuple[bytes, ...], certificates: Certificates) -> _Chosen:
    return _Chosen(mode=_RECOVERY, certificates=certificates, path=path)


def _stand_in(lost: Lost, before: Cells, after: Cells) -> Certificates:
    """The broker's certificates in the cells of the subscriber."""
    role = _organisation(lost)
    if role not in HANDED_BACK:
        raise _refused(f"{role.name.lower()} could not be given its devices back, use method 3")
    return {**_within_reach(role, after), **_broker_for(role, before)}


def _broker_for(role: RemotePartyRole, cells: Cells) -> Certificates:
    broker = {
        cell.key_usage: certificate
        for cell, certificate in cells.certificates.items()
        if cell.role is _Role.ACCESS_CONTROL_BROKER
    }
    return {cell: broker[cell.key_usage] for cell in _cells_of_role(role)}


def _within_reach(role: RemotePartyRole, after: Cells) -> Certificates:
    """Of the cells of others that the role could fill: who knows what a thief left there."""
    reached = {
        cell
        for mode in MODES.values()
        if mode.by is role
        for cell in mode.cells or ()
        if cell != kinds.ROOT and cell.role is not role
    }
    return {cell: one for cell, one in after.certificates.items() if cell in reached}


def _all_but_root(after: Cells) -> Certificates:
    return {cell: one for cell, one in after.certificates.items() if cell != kinds.ROOT}


def _by_contingency(after: Cells, contingency: Contingency | None) -> _Chosen:
    if contingency is None:
        raise _refused("by contingency without its symmetric key, must have it")
    return _Chosen(
        mode=_CONTINGENCY,
        certificates=after.certificates,
        path=after.path,
        symmetric_key=contingency.symmetric_key,
    )


def _root_update(after: Cells, link: bytes) -> Iterator[_Chosen]:
    """By whoever a kind obeys in it; by the recovery key of the kinds that obey neither."""
    if not link:
        raise _refused("root update without a certificate of the old root for the new, must be one")
    root = {kinds.ROOT: after.certificates[kinds.ROOT]}
    obeyed: frozenset[DeviceKind] = frozenset()
    for mode in (_Mode.ROOT_BY_SUPPLIER, _Mode.ROOT_BY_WAN_PROVIDER, _RECOVERY):
        yield _Chosen(mode=mode, certificates=root, path=(link,), without=obeyed)
        obeyed |= _answering(mode)


def _leg(chosen: _Chosen, before: Cells, at: datetime, contingency: Contingency | None) -> Leg:
    signer = _SIGNERS[chosen.mode]
    materials = Materials(
        mode=chosen.mode,
        certificates=MappingProxyType(dict(chosen.certificates)),
        path=chosen.path,
        symmetric_key=chosen.symmetric_key,
        floors=_floors(chosen.certificates, at),
        top_up_floor=_milliseconds(at),
    )
    if chosen.mode is _CONTINGENCY and contingency is not None:
        originator = contingency.originator
    else:
        originator = before.entity(signer)
    return _made(f"mode-{int(chosen.mode)}", signer, originator, materials, chosen.without)


def _made(
    name: str,
    signer: RemotePartyRole,
    originator: EUI64,
    materials: Materials,
    without: frozenset[DeviceKind] = frozenset(),
) -> Leg:
    filled = set(materials.certificates)
    return Leg(
        name=name,
        signer=signer,
        originator=originator,
        kinds=frozenset(
            kind
            for kind in _answering(materials.mode) - without
            if filled.intersection(KINDS[kind].cells)
        ),
        materials=materials,
        placed=identified(materials.certificates),
    )


def identified(certificates: Certificates) -> Anchors:
    """By what each certificate (DER) is told when it is in its cell."""
    found = {}
    for cell, certificate in certificates.items():
        anchor = held(parse_certificate(certificate))
        found[cell] = Identified(unique_id=anchor.unique_id, key_identifier=anchor.key_identifier)
    return MappingProxyType(found)


def _answering(mode: CredentialsReplacementMode) -> frozenset[DeviceKind]:
    return frozenset(k for k, row in KINDS.items() if mode.message_code in row.message_codes)


def _of_role(cells: Cells, role: RemotePartyRole) -> Certificates:
    found = {cell: one for cell, one in cells.certificates.items() if cell.role is role}
    if not found:
        raise _refused(f"no new certificates of {role.name.lower()}, must be issued first")
    return found


def _cells_of_role(role: RemotePartyRole) -> set[TrustAnchorCellIdentifier]:
    return {cell for row in KINDS.values() for cell in row.cells if cell.role is role}


def _organisation(lost: Lost) -> RemotePartyRole:
    if lost.compromised is not Compromised.ORGANISATION or lost.role is None:
        raise _refused(
            f"compromise of {lost.compromised.value}: methods 1 to 3 are for an organisation's key"
        )
    return lost.role


def _floors(certificates: Certificates, at: datetime) -> Mapping[RemotePartyRole, int]:
    return MappingProxyType(dict.fromkeys((cell.role for cell in certificates), _milliseconds(at)))


def _milliseconds(at: datetime) -> int:
    """As head ends count: their counters are never below it."""
    return int(at.timestamp() * 1_000)


def _refused(what: str) -> Refused:
    return Refused(f"recovery: {what}", clause="sec:L10", rule="recovery.legs")
