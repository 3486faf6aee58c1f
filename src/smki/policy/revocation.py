"""When an organisation certificate may be revoked, and by whom: one table, its clause beside each row.

The Organisation Certificate Policy could not be read; the rows are written from its summaries and
stand on the page of divergences. Device certificates are never revoked. When a supplier has failed
and another takes over, the authority may withhold: what would take certificates from the failing
one waits, what protects from misuse does not, nor what the authority itself directs.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from smki.terms import CertificateKind, Finding


class Circumstance(Enum):
    """Why a certificate is to be revoked.

    Clause: sec-app-b:B-crl
    """

    REJECTED = "rejected"
    REQUESTED = "requested"
    COMPROMISE = "compromise"
    INELIGIBLE = "ineligible"
    WRONG = "wrong-information"
    BREACH = "breach"
    DIRECTION = "direction"


class Asker(Enum):
    """Who asks for a revocation.

    Clause: sec-app-d:3
    """

    SUBSCRIBER = "its subscriber"
    OPERATOR = "the DCC"
    AUTHORITY = "the policy authority"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationRow:
    """A row of the table.

    Attributes:
        circumstance: why.
        askers: who may ask for it.
        decision: it needs a recorded decision of the policy authority.
        waits: it gives way to a decision of the authority that withholds revocation.
        clause: what the row serves.
    """

    circumstance: Circumstance
    askers: frozenset[Asker]
    decision: bool
    waits: bool
    clause: str


_C, _A = Circumstance, Asker
REVOCATION_ROWS: Final = tuple(
    RevocationRow(
        circumstance=circumstance,
        askers=frozenset(askers),
        decision=decision,
        waits=waits,
        clause=clause,
    )
    for circumstance, askers, decision, waits, clause in (
        (_C.REJECTED, {_A.SUBSCRIBER}, False, False, "sec-app-m:2.3.1.5"),
        (_C.REQUESTED, {_A.SUBSCRIBER}, False, True, "sec-app-b:B-crl"),
        (_C.COMPROMISE, {_A.SUBSCRIBER, _A.OPERATOR}, False, False, "sec-app-b:B-crl"),
        (_C.INELIGIBLE, {_A.SUBSCRIBER, _A.OPERATOR}, False, True, "sec-app-b:B-crl"),
        (_C.WRONG, {_A.SUBSCRIBER, _A.OPERATOR}, False, True, "sec-app-b:B-crl"),
        (_C.BREACH, {_A.OPERATOR, _A.AUTHORITY}, True, True, "sec-app-b:B-crl"),
        (_C.DIRECTION, {_A.OPERATOR, _A.AUTHORITY}, True, False, "sec-app-b:B-crl"),
    )
)


def decide_revocation(
    kind: CertificateKind,
    circumstance: Circumstance,
    askers: frozenset[Asker],
    *,
    decision: bool,
    withheld: str = "",
) -> Finding | None:
    """None if whoever is `askers` may ask for it, otherwise why not.

    Args:
        kind: which profile the certificate follows.
        circumstance: why it is to be revoked.
        askers: what the one who asks is: several for a party that is several.
        decision: a decision of the policy authority is named.
        withheld: id of the authority's decision in force that withholds it; empty if there is none.

    Clause: sec-app-b:B-crl, sec-app-m:2.3.1.5, sec-app-m:2.3.1.10
    """
    if kind is not CertificateKind.ORGANISATION:
        return _refusal(f"a certificate for {kind.value}, must be for organisation")
    row = next(one for one in REVOCATION_ROWS if one.circumstance is circumstance)
    if not row.askers & askers:
        allowed = " or ".join(sorted(one.value for one in row.askers))
        found = ", ".join(sorted(one.value for one in askers)) or "another party"
        return _refusal(
            f"{circumstance.value}: asked by {found}, may be asked by {allowed}", row.clause
        )
    if row.decision and not decision:
        return _refusal(f"{circumstance.value}: needs a decision of the authority", row.clause)
    if row.waits and withheld:
        return _refusal(
            f"{circumstance.value}: withheld by decision {withheld} of the authority, must wait"
            " until it is over",
            row.clause,
        )
    return None


def _refusal(message: str, clause: str = "sec-app-b:B-crl") -> Finding:
    return Finding(rule="revocation.permitted", message=message, where="revocation", clause=clause)
