"""Where the documents that are open to us leave a choice to the implementer, and what we chose.

Each is a line on the page of divergences, and a switch: devices of different makers may differ.

Clause: gbcs:CS02b
"""

from dataclasses import dataclass
from enum import Enum

from smki.devices.faults import Fault
from smki.terms import RemotePartyRole


class FloorRule(Enum):
    """What a floor that is lower than the counter does to it.

    `WITH_NEW_CREDENTIALS` is ours: whoever recorded a command cannot send it again, because the
    key that authenticated it is gone. Where that key stayed, the counter stays too; so does that of
    a supplier's other commands while the supplier stays, since some have the broker's MAC alone.
    """

    SET = "the counter is the floor"
    WITH_NEW_CREDENTIALS = "the counter is the floor if nobody can send again what it counted"
    NEVER_FALL = "the greater of the two stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRules:
    """How a make of device behaves where it may choose.

    Attributes:
        foreign_cell_fails_command: a target cell that the mode may not touch refuses the whole
            command; otherwise only that replacement fails, with status 127.
        floors: what a floor that is lower than the counter does.
        details_roles_f: roles that CS02f tells about; others get status 127.
        change_of_supplier_cancels: what a former supplier scheduled is dropped when its
            credentials are replaced.
        join_names_its_certificate: a join by method C wants the certificate of the very device
            that it names; the reference data does not.
        faults: what of this very device is broken.
    """

    foreign_cell_fails_command: bool = True
    floors: FloorRule = FloorRule.WITH_NEW_CREDENTIALS
    details_roles_f: frozenset[RemotePartyRole] = frozenset(
        {
            RemotePartyRole.SUPPLIER,
            RemotePartyRole.NETWORK_OPERATOR,
            RemotePartyRole.ACCESS_CONTROL_BROKER,
            RemotePartyRole.LOAD_CONTROLLER,
        }
    )
    change_of_supplier_cancels: bool = True
    join_names_its_certificate: bool = False
    faults: frozenset[Fault] = frozenset()
