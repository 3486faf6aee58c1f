"""Who may be issued which certificate: the Eligible Subscriber rules as tables.

Which rows the Code has word for word is not public; they are written from its summaries, stand on
the page of divergences, and are the only place where eligibility is decided.
"""

from dataclasses import dataclass
from typing import Final

from smki.policy.limits import MAXIMUM_DEVICE_CERTIFICATES
from smki.terms import (
    EUI64,
    Finding,
    KeyUsage,
    RemotePartyRole,
    SmiStatus,
    SubscriberKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceFacts:
    """What is known of a device when a certificate is asked for.

    Attributes:
        status: SMI status of the device.
        responsible: the supplier responsible for it, if known.
        communications: it is a communications hub function or a gas proxy function.
        replacement: the request may only replace (ad hoc web service).
    """

    status: SmiStatus
    responsible: EUI64 | None
    communications: bool
    replacement: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One row of the table: what a kind of requester may ask for.

    Attributes:
        kind: who asks.
        before: may ask while the device is not commissioned.
        commissioned: which commissioned devices it may ask for: `responsible` (as the supplier
            responsible), `communications` (hub functions and gas proxies), or none.
        ad_hoc: may use the ad hoc web service.
        clause: what the row serves.
    """

    kind: SubscriberKind
    before: bool
    commissioned: str
    ad_hoc: bool
    clause: str


_S = SubscriberKind
DEVICE_ROWS: Final = tuple(
    DeviceRow(kind=kind, before=before, commissioned=commissioned, ad_hoc=ad_hoc, clause=clause)
    for kind, before, commissioned, ad_hoc, clause in (
        (_S.MANUFACTURER, True, "", False, "sec:L3.16"),
        (_S.IMPORT_SUPPLIER, True, "responsible", True, "sec:L3.16"),
        (_S.GAS_SUPPLIER, True, "responsible", True, "sec:L3.16"),
        (_S.NETWORK_OPERATOR, True, "", False, "sec:L3.16"),
        (_S.DCC, True, "communications", True, "sec:L3.16"),
        (_S.OTHER_USER, False, "", False, "sec:L3.16"),
    )
)

_BEFORE = frozenset(
    {SmiStatus.NOT_IN_INVENTORY, SmiStatus.PENDING, SmiStatus.INSTALLED_NOT_COMMISSIONED}
)
_IN_SERVICE = frozenset({SmiStatus.COMMISSIONED, SmiStatus.SUSPENDED})


def decide_device(
    kinds: frozenset[SubscriberKind], identities: frozenset[EUI64], facts: DeviceFacts
) -> Finding | None:
    """None if the requester may have a certificate for such a device, otherwise why not.

    `decide_anomaly` is asked next: that is the order of the interface specification.

    Clause: sec:L3.16, sec-app-m:2.3.1.8
    """
    permitted = any(
        row.kind in kinds and _row_permits(row, identities, facts) for row in DEVICE_ROWS
    )
    return None if permitted else _ineligible(kinds, facts)


def decide_anomaly(
    issued: int, limit: int | None, key_holder: str, *, replacement: bool
) -> Finding | None:
    """None if nothing is odd about one more certificate for the device, otherwise the first thing.

    In the order of the interface specification: number issued so far, key, then whether there is
    anything to replace.

    Args:
        issued: how many certificates the device has been issued so far.
        limit: its own limit of certificates, if one was set.
        key_holder: the other device, or other usage, that holds the same key; empty if none.
        replacement: the request may only replace (ad hoc web service).

    Clause: sec-app-m:2.3.1.8
    """
    limit = MAXIMUM_DEVICE_CERTIFICATES if limit is None else limit
    if issued >= limit:
        return Finding(
            rule="anomaly.limit",
            message=f"{issued} certificates were issued for this device,"
            f" fewer than {limit} must have been",
            clause="sec-app-m:2.3.1.8",
            advice="ask the registration authority to review the limit for this device",
        )
    if key_holder:
        return Finding(
            rule="anomaly.key",
            message=f"the same key is certified for {key_holder}, each device and each"
            " usage needs its own",
            clause="sec:L11.key-reuse",
            advice="make a new key pair",
        )
    if replacement and issued == 0:
        return Finding(
            rule="device.unknown",
            message="no certificate was issued for this device before, the ad hoc service"
            " only replaces",
            clause="sec-app-m:2.4",
            advice="use the batched service or the portal for the first certificate",
        )
    return None


def _row_permits(row: DeviceRow, identities: frozenset[EUI64], facts: DeviceFacts) -> bool:
    if facts.replacement and not row.ad_hoc:
        return False
    if facts.status in _BEFORE:
        return row.before
    if facts.status not in _IN_SERVICE:
        return False
    if row.commissioned == "responsible":
        return facts.responsible in identities
    return row.commissioned == "communications" and facts.communications


def _ineligible(kinds: frozenset[SubscriberKind], facts: DeviceFacts) -> Finding:
    names = ", ".join(sorted(kind.value for kind in kinds)) or "nothing that may ask"
    service = " through the ad hoc service" if facts.replacement else ""
    return Finding(
        rule="device.ineligible",
        message=f"asked by {names}{service} for a device that is {facts.status.value}:"
        " no row of the eligibility table permits it",
        clause="sec:L3.16",
        advice="a commissioned device's supplier asks for meters, the DCC for communications"
        " hub functions and gas proxies",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OrganisationRow:
    role: RemotePartyRole
    operator_only: bool
    agreement: bool
    clause: str = "sec:L3.17"


_R = RemotePartyRole
_ORGANISATION_ROWS: Final = {
    role: _OrganisationRow(role=role, operator_only=operator_only, agreement=agreement)
    for role, operator_only, agreement in (
        (_R.RECOVERY, True, False),
        (_R.SUPPLIER, False, True),
        (_R.NETWORK_OPERATOR, False, True),
        (_R.ACCESS_CONTROL_BROKER, True, True),
        (_R.TRANSITIONAL_COS, True, False),
        (_R.WAN_PROVIDER, True, False),
        (_R.LOAD_CONTROLLER, False, True),
        (_R.OTHER, False, True),
        (_R.XML_SIGN, False, False),
        (_R.DSP_XML_SIGN, True, False),
    )
}


def is_for_subscribers(role: RemotePartyRole) -> bool:
    """True if a party may hold the role; false for those of authorities.

    Clause: sec:L3.17
    """
    return role in _ORGANISATION_ROWS


def is_for_operator_only(role: RemotePartyRole) -> bool:
    """True if nobody but the DCC may hold the role.

    Clause: sec:L3.17
    """
    return is_for_subscribers(role) and _ORGANISATION_ROWS[role].operator_only


def decide_organisation(
    kinds: frozenset[SubscriberKind],
    identities: tuple[tuple[EUI64, RemotePartyRole | None], ...],
    entity: EUI64,
    role: RemotePartyRole,
    usage: KeyUsage,
) -> Finding | None:
    """None if the requester may have the organisation certificate, otherwise why not.

    The Entity Identifier must be one of the requester's, registered for that very role; the XML
    signing role goes with any identity of a user.

    Clause: sec:L3.17, sec-app-m:2.3.1.3
    """
    row = _ORGANISATION_ROWS.get(role)
    if row is None:
        return _organisation_refusal(
            f"role {role.organisational_unit} ({role.name.lower()}) is for authorities only"
        )
    owned = dict(identities)
    if entity not in owned:
        return _organisation_refusal(f"{entity} is not an identifier of the requester")
    user_signing = role is _R.XML_SIGN and owned[entity] is not None
    if owned[entity] is not role and not user_signing:
        return _organisation_refusal(
            f"{entity} is not registered for role {role.organisational_unit}"
        )
    if row.operator_only and SubscriberKind.DCC not in kinds:
        return _organisation_refusal(f"role {role.organisational_unit} is for the DCC only")
    if usage is KeyUsage.KEY_AGREEMENT and not row.agreement:
        return _organisation_refusal(
            f"role {role.organisational_unit} has certificates for digital signature only"
        )
    return None


def _organisation_refusal(message: str) -> Finding:
    return Finding(rule="organisation.ineligible", message=message, clause="sec:L3.17")
