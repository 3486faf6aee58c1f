"""Where the documents that are open to us leave a choice to the implementer, and what we chose.

Each is a line on the page of divergences, and a switch: devices of different makers may differ.

Clause: gbcs:CS02b
"""

from dataclasses import dataclass

from smki.terms import RemotePartyRole


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRules:
    """How a make of device behaves where it may choose.

    Attributes:
        foreign_cell_fails_command: a target cell that the mode may not touch refuses the whole
            command; otherwise only that replacement fails, with status 127.
        floors_may_fall: a floor replaces the counter, also by a smaller number; otherwise the
            greater of the two stays.
        details_roles_f: roles that CS02f tells about; others get status 127.
        change_of_supplier_cancels: what a former supplier scheduled is dropped when its
            credentials are replaced.
        join_names_its_certificate: a join by method C wants the certificate of the very device
            that it names; the reference data does not.
    """

    foreign_cell_fails_command: bool = True
    floors_may_fall: bool = True
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
