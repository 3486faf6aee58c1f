"""Step 2, authenticated: from a client certificate to the party that asks.

The TLS handshake proved possession of the key, the chain and, when the connection was opened, the
revocation status. What may have changed since, and what TLS does not know, is checked here for
every request: validity, standing in the register, and that the credential is for this interface.
"""

from datetime import datetime

from smki.ports import Party, Registry
from smki.profiles import RowFields
from smki.steps import Requester
from smki.terms import (
    EUI64,
    Finding,
    Interface,
    Refused,
    RemotePartyRole,
    SerialNumber,
    SubscriberKind,
)

_NO_IDENTITY = EUI64(bytes(8))


def authenticate(
    credential: RowFields, interface: Interface, registry: Registry, at: datetime
) -> Requester:
    """The party that the credential identifies, if it opens this interface now.

    Raises:
        Refused: the credential is for another interface, expired, revoked or not registered.

    Clause: sec-app-m:G
    """
    wanted = interface.credential
    if credential.kind is not wanted:
        raise _refused(
            "credential.purpose",
            f"a certificate for {credential.kind.value}, this interface"
            f" opens to {wanted.value} only",
        )
    if at.timestamp() > credential.not_after:
        raise _refused("credential.expired", f"certificate {credential.serial} has expired")
    known = registry.credential(credential.serial)
    if known is None or known.interface is not interface:
        raise _refused(
            "credential.unknown",
            f"certificate {credential.serial} is not registered for this interface",
        )
    if known.revoked:
        raise _refused("credential.revoked", f"certificate {credential.serial} is revoked")
    party = registry.party(known.party)
    if party is None:
        raise _refused("credential.unknown", f"its party {known.party!r} is not registered")
    return requester_for(party, interface, credential.serial)


def requester_for(
    party: Party, interface: Interface | None, credential: SerialNumber | None
) -> Requester:
    """The party as one who asks, by this interface."""
    return Requester(
        party=party.party,
        name=party.name,
        identities=party.identities,
        interface=interface,
        credential=credential,
        kinds=_kinds(party),
    )


def operator(name: str) -> Requester:
    """The operator itself, when it issues what no party asked for (its servers)."""
    return Requester(
        party="",
        name=name,
        identities=(),
        interface=None,
        credential=None,
        kinds=frozenset({SubscriberKind.DCC}),
    )


def subscriber_of(requester: Requester) -> EUI64:
    """The EUI-64 that stands for the requester in the record: its first; zeros if it has none."""
    return requester.identities[0][0] if requester.identities else _NO_IDENTITY


def _kinds(party: Party) -> frozenset[SubscriberKind]:
    roles = {role for _, role in party.identities}
    kinds = {
        SubscriberKind.IMPORT_SUPPLIER: party.import_supplier,
        SubscriberKind.GAS_SUPPLIER: party.gas_supplier,
        SubscriberKind.DCC: party.operator,
        SubscriberKind.NETWORK_OPERATOR: RemotePartyRole.NETWORK_OPERATOR in roles,
        SubscriberKind.OTHER_USER: RemotePartyRole.OTHER in roles,
        SubscriberKind.MANUFACTURER: None in roles,
    }
    return frozenset(kind for kind, held in kinds.items() if held)


def _refused(rule: str, message: str) -> Refused:
    return Refused(
        findings=(
            Finding(rule=rule, message=message, where="client certificate", clause="sec-app-m:G"),
        )
    )
