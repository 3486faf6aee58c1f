"""Which key was compromised, and what can be done about it: the methods, one table.

| method | mode | signed by | decides | places |
| --- | --- | --- | --- | --- |
| 1 | 2, 3 | the subscriber's own key | the subscriber | its new certificates |
| 2 | 8 | recovery key | the authority | the access control broker's, handed back afterwards |
| 3 | 8 | recovery key | the authority | the subscriber's new certificates |
| by recovery | 8 | recovery key | the authority | everything under a new issuing authority, but for the root |
| by contingency | 9 | contingency key | the authority | everything, the root too |
| by root update | 0, 1 | supplier; WAN provider | the authority | a new root, vouched for by the old one |
| none | - | - | the authority | nothing: the key is not used |

Parties of the operator's own have modes 5 and 6 for method 1; kinds of devices that obey neither 0 nor
1 have a new root by mode 8. `flows.recovering` makes the commands of each.

Phases are the same for each: before (notified, confirmed, decided, made ready), execution, after
(read back, revoked, reported). What a stolen key allows until then is said beside each. What is
recalled of the procedure, and not read, is on the page of divergences.

Clause: sec:L10
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from smki.terms import Compromised, Method
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

__all__ = [
    "CONTINGENCY_KEY",
    "METHODS",
    "PROCEDURES",
    "RECOVERY_KEY",
    "Compromised",
    "Decider",
    "Method",
    "MethodRow",
    "Placed",
    "methods_for",
]


class Decider(Enum):
    """Whose decision it is.

    Clause: sec:L10
    """

    SUBSCRIBER = "subscriber"
    AUTHORITY = "authority"


class Placed(Enum):
    """Whose certificates end up in the cells that are replaced."""

    OF_THE_SUBSCRIBER = "new certificates of the subscriber"
    OF_THE_BROKER = "certificates of the access control broker, until they are handed back"
    OF_EVERYBODY = "certificates of everybody under a new issuing authority"
    OF_A_NEW_HIERARCHY = "a new root, and certificates of everybody under it"
    A_ROOT = "a new root that carries new contingency material"
    NOTHING = "nothing"


_Mode = CredentialsReplacementMode


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """A row of the table.

    Attributes:
        method: which.
        modes: credentials replacement modes of its commands.
        decider: whose decision it is.
        key: which key signs, as decisions name it; empty for a party's own.
        places: what ends up in the cells.
        hand_back: devices are handed back to their subscribers afterwards.
        exposed: what whoever has the stolen key can do until a device is recovered.
    """

    method: Method
    modes: frozenset[CredentialsReplacementMode]
    decider: Decider
    key: str
    places: Placed
    hand_back: bool = False
    exposed: str


RECOVERY_KEY: Final = "recovery"
CONTINGENCY_KEY: Final = "contingency"

METHODS: Final[Mapping[Method, MethodRow]] = MappingProxyType(
    {
        row.method: row
        for row in (
            MethodRow(
                method=Method.ONE,
                modes=frozenset(
                    {_Mode.SUPPLIER_BY_SUPPLIER, _Mode.NETWORK_OPERATOR_BY_NETWORK_OPERATOR}
                ),
                decider=Decider.SUBSCRIBER,
                key="",
                places=Placed.OF_THE_SUBSCRIBER,
                exposed="whoever has the key can do the same first, and shut the subscriber out",
            ),
            MethodRow(
                method=Method.TWO,
                modes=frozenset({_Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY}),
                decider=Decider.AUTHORITY,
                key=RECOVERY_KEY,
                places=Placed.OF_THE_BROKER,
                hand_back=True,
                exposed="critical commands of the subscriber, until the broker's certificates are in its cells",
            ),
            MethodRow(
                method=Method.THREE,
                modes=frozenset({_Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY}),
                decider=Decider.AUTHORITY,
                key=RECOVERY_KEY,
                places=Placed.OF_THE_SUBSCRIBER,
                exposed="critical commands of the subscriber, and for as long as new certificates take to issue",
            ),
            MethodRow(
                method=Method.BY_RECOVERY,
                modes=frozenset({_Mode.ANY_EXCEPT_ABNORMAL_ROOT_BY_RECOVERY}),
                decider=Decider.AUTHORITY,
                key=RECOVERY_KEY,
                places=Placed.OF_EVERYBODY,
                exposed="certificates of anybody's name under the old issuing authority",
            ),
            MethodRow(
                method=Method.BY_CONTINGENCY,
                modes=frozenset({_Mode.ANY_BY_CONTINGENCY}),
                decider=Decider.AUTHORITY,
                key=CONTINGENCY_KEY,
                places=Placed.OF_A_NEW_HIERARCHY,
                exposed="everything that the stolen key vouches for; and the symmetric key is told to"
                " each device in clear, so no device of the old root is safe from it afterwards",
            ),
            MethodRow(
                method=Method.ROOT_UPDATE,
                modes=frozenset({_Mode.ROOT_BY_SUPPLIER, _Mode.ROOT_BY_WAN_PROVIDER}),
                decider=Decider.AUTHORITY,
                key="",
                places=Placed.A_ROOT,
                exposed="nothing, unless both contingency keys are in one hand",
            ),
            MethodRow(
                method=Method.NONE,
                modes=frozenset(),
                decider=Decider.AUTHORITY,
                key="",
                places=Placed.NOTHING,
                exposed="everything that the stolen key allows, for as long as it is believed",
            ),
        )
    }
)
"""The row of each method."""

_M = Method
PROCEDURES: Final[Mapping[Compromised, tuple[Method, ...]]] = MappingProxyType(
    {
        Compromised.ORGANISATION: (_M.ONE, _M.TWO, _M.THREE, _M.NONE),
        Compromised.RECOVERY: (_M.BY_CONTINGENCY, _M.BY_RECOVERY, _M.NONE),
        Compromised.ISSUING_OCA: (_M.BY_RECOVERY, _M.BY_CONTINGENCY, _M.NONE),
        Compromised.ROOT_OCA: (_M.BY_CONTINGENCY, _M.NONE),
        Compromised.CONTINGENCY: (_M.ROOT_UPDATE, _M.BY_CONTINGENCY, _M.NONE),
        Compromised.CONTINGENCY_SYMMETRIC: (_M.BY_CONTINGENCY, _M.ROOT_UPDATE, _M.NONE),
    }
)
"""What can be chosen for each compromised key, the usual choice first; none of them always is."""


def methods_for(compromised: Compromised) -> tuple[MethodRow, ...]:
    """What the authority may choose between, in the order in which it is told.

    Clause: sec:L10
    """
    return tuple(METHODS[method] for method in PROCEDURES[compromised])
