"""Remote party roles as the command line writes and reads them."""

from collections.abc import Iterable, Mapping
from typing import Final

from smki.terms import Malformed, RemotePartyRole

MANUFACTURER: Final = "manufacturer"
"""A party without a role of the trust anchors."""


def role_name(role: RemotePartyRole | None) -> str:
    """`supplier`, `network_operator`; `manufacturer` for a party without a role."""
    return MANUFACTURER if role is None else role.name.lower()


def role_words(roles: Iterable[RemotePartyRole]) -> Mapping[str, RemotePartyRole]:
    """These roles by the words that options take for them, in their order: `network-operator`."""
    return {role_name(role).replace("_", "-"): role for role in roles}


def read_role(text: str) -> RemotePartyRole | None:
    """The role that `text` names, in words or as two hexadecimal digits; None for manufacturers.

    Raises:
        Malformed: no such role.

    Clause: gbcs:4.3.2.2
    """
    wanted = text.strip().lower().replace("-", "_")
    if wanted == MANUFACTURER:
        return None
    for role in RemotePartyRole:
        if wanted in (role_name(role), role.organisational_unit.lower()):
            return role
    known = ", ".join(f"{role_name(role)} ({role.organisational_unit})" for role in RemotePartyRole)
    raise Malformed(
        f"role {text[:40]!r}: there is none, must be {MANUFACTURER}, {known}",
        clause="gbcs:4.3.2.2",
        rule="party.role",
    )
