"""How each security use case is protected, who may ask, and how it is answered: one table.

| use case | command | who | response |
| --- | --- | --- | --- |
| CS02a, CS02f | MAC from the broker, or signature from any role with a DS cell | as the authorising cell says | MAC, or signature |
| CS02b mode 4 | MAC; on a CHF signature and MAC | broker | signature |
| CS02b modes 8, 9 | signature | recovery; contingency key | signature |
| CS02b others, CS02g | signature and MAC | by the table of modes | signature |
| CS02c, CS02d, CS02e | signature and MAC | supplier; broker where the device knows none | signature |
| CS03A, CS03C, CS04AC | signature and MAC | supplier, or the broker | signature |
| CS03B, CS04B | MAC | supplier, or the broker | MAC |
| CS07 | MAC | supplier, or the broker | MAC |
| CS08 | MAC | supplier, or the broker | MAC |
| CCS01, CCS02, CCS03, GCS59 | MAC | broker | MAC |
| CS06, GCS28 | signature and MAC | supplier, or the broker | signature |

Clause: gbcs:use-cases
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.devices.kinds import KINDS, SUPPLIER_DS, DeviceKind
from smki.devices.modes import MODES
from smki.terms import RemotePartyRole
from smki.wire.gbcs.frame import GbcsMessage
from smki.wire.gbcs.trust_anchors import KeyUsageBits, ProvideDetailsCommand
from smki.wire.gbcs.update_credentials import (
    CredentialsReplacementMode,
    UpdateCredentialsCommand,
)

_SUPPLIER: Final = RemotePartyRole.SUPPLIER
_BROKER: Final = RemotePartyRole.ACCESS_CONTROL_BROKER
_Mode = CredentialsReplacementMode


class Shape(Enum):
    """What protects a command."""

    MAC = "MAC alone"
    SIGNATURE = "signature alone"
    BOTH = "signature and MAC"
    NEITHER = "neither signature nor MAC"

    @classmethod
    def of(cls, message: GbcsMessage) -> "Shape":
        """What protects this one."""
        if message.signature:
            return cls.BOTH if message.mac else cls.SIGNATURE
        return cls.MAC if message.mac else cls.NEITHER


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityUseCase:
    """A row of the table.

    Attributes:
        name: of the use case, without what tells its variants apart.
        shapes: how a command may be protected, by kind of device and command.
        roles: who may ask, likewise.
        replay_protected: its counter must be greater than the last of that role.
        dated: its responses carry the device's date and time.
    """

    name: str
    shapes: Callable[[DeviceKind, object], tuple[Shape, ...]]
    roles: Callable[[DeviceKind, object], frozenset[RemotePartyRole]]
    replay_protected: bool
    dated: bool


def _always(*shapes: Shape) -> Callable[[DeviceKind, object], tuple[Shape, ...]]:
    return lambda _kind, _command: shapes


def _details_roles(kind: DeviceKind, command: object) -> frozenset[RemotePartyRole]:
    """Who signs may have any role; a MAC alone proves nobody but the broker, who makes all MACs."""
    if not isinstance(command, ProvideDetailsCommand):
        raise TypeError(f"{type(command).__name__} names no cell")
    if command.authorising_cell.key_usage == KeyUsageBits.KEY_AGREEMENT:
        return frozenset({_BROKER})
    return frozenset(cell.role for cell in KINDS[kind].cells) - {RemotePartyRole.ROOT}


def _supplier(kind: DeviceKind, _command: object) -> frozenset[RemotePartyRole]:
    """The supplier; the broker for a device that knows no supplier."""
    return frozenset({_SUPPLIER if SUPPLIER_DS in KINDS[kind].cells else _BROKER})


def _supplier_or_broker(_kind: DeviceKind, _command: object) -> frozenset[RemotePartyRole]:
    return frozenset({_SUPPLIER, _BROKER})


def _broker(_kind: DeviceKind, _command: object) -> frozenset[RemotePartyRole]:
    return frozenset({_BROKER})


def _update_shapes(kind: DeviceKind, command: object) -> tuple[Shape, ...]:
    mode = _mode(command)
    if mode in (_Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY, _Mode.ANY_BY_CONTINGENCY):
        return (Shape.SIGNATURE,)
    if mode is _Mode.ACCESS_CONTROL_BROKER_BY_ACB and kind is not DeviceKind.CHF:
        return (Shape.MAC,)
    return (Shape.BOTH,)


_BY: Final = {mode: frozenset({row.by}) for mode, row in MODES.items()}


def _update_roles(_kind: DeviceKind, command: object) -> frozenset[RemotePartyRole]:
    return _BY[_mode(command)]


def _mode(command: object) -> CredentialsReplacementMode:
    if not isinstance(command, UpdateCredentialsCommand):
        raise TypeError(f"{type(command).__name__} has no mode")
    return command.control.mode


def _row(
    name: str,
    roles: Callable[[DeviceKind, object], frozenset[RemotePartyRole]],
    *shapes: Shape,
    replay_protected: bool = True,
    dated: bool = False,
) -> SecurityUseCase:
    return SecurityUseCase(
        name=name,
        shapes=_always(*shapes),
        roles=roles,
        replay_protected=replay_protected,
        dated=dated,
    )


_UPDATE: Final = SecurityUseCase(
    name="CS02b", shapes=_update_shapes, roles=_update_roles, replay_protected=True, dated=True
)
_DETAILS: Final = _row("CS02a", _details_roles, Shape.MAC, Shape.SIGNATURE, replay_protected=False)
_ROWS: Final = {
    (0x0008, 0x011B): _DETAILS,
    tuple(mode.message_code for mode in _Mode): _UPDATE,
    (0x000A,): _row("CS02c", _supplier, Shape.BOTH),
    (0x000B,): _row("CS02d", _supplier, Shape.BOTH),
    (0x000C,): _row("CS02e", _supplier, Shape.BOTH, replay_protected=False),
    (0x000D, 0x00AB, 0x00AF): _row("CS03", _supplier_or_broker, Shape.BOTH),
    (0x000E,): _row("CS03", _supplier_or_broker, Shape.MAC),
    (0x000F,): _row("CS04", _supplier_or_broker, Shape.BOTH),
    (0x0010,): _row("CS04", _supplier_or_broker, Shape.MAC),
    (0x0012,): _row("CS06", _supplier_or_broker, Shape.BOTH, dated=True),
    (0x007F,): _row("GCS28", _supplier_or_broker, Shape.BOTH),
    (0x0013,): _row("CS07", _supplier_or_broker, Shape.MAC, replay_protected=False),
    (0x0129,): _row("CS08", _supplier_or_broker, Shape.MAC, replay_protected=False),
    (0x0001, 0x0002, 0x0003): _row("CCS", _broker, Shape.MAC),
    (0x008C,): _row("GCS59", _broker, Shape.MAC),
}
_USE_CASES: Final = MappingProxyType({code: row for codes, row in _ROWS.items() for code in codes})


def use_case_of(message_code: int) -> SecurityUseCase | None:
    """The row of a message code; None for one that is no command of a security use case."""
    return _USE_CASES.get(message_code)
