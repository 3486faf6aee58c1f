"""The party that a command names, which must be registered."""

from smki.flows.office import FrontOffice
from smki.ports import Party
from smki.terms import Refused


def registered_party(front: FrontOffice, name: str) -> Party:
    """The party of that name.

    Raises:
        Refused: there is none.
    """
    found = front.registry.party(name)
    if found is None:
        raise Refused(
            f"party {name!r}: none of that name, must be registered; see 'smki party list'",
            where="NAME",
            clause="sec:L3.15",
            rule="party.unknown",
        )
    return found
