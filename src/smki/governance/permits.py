"""Which kind of decision permits what: one table, its clause beside each row.

The documents say that such things need the authority; how many signatures each needs is ours.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from smki.governance.decisions import Body, Decision, DecisionKind
from smki.terms import Finding


class Act(Enum):
    """What a system does only under a decision."""

    SUPERSEDE = "supersede a document"
    WITHDRAW = "withdraw a document"
    LODGE = "lodge a document for the authority"
    REVOKE = "revoke an organisation certificate"
    WITHHOLD = "withhold the revocation of a party's certificates"
    REMOVE = "remove confidential content"
    RELEASE = "take the conditions of a decision as met"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A row of the table.

    Attributes:
        kind: the kind of decision.
        act: what it permits.
        body: whose decision it must be.
        signatures: how many officers of that body must have signed.
        once: it is spent by what it permitted.
        clause: what the row serves.
    """

    kind: DecisionKind
    act: Act
    body: Body
    signatures: int
    once: bool
    clause: str


_D = DecisionKind
PERMITS: Final = tuple(
    Permit(kind=kind, act=act, body=Body.SMKI_PMA, signatures=count, once=once, clause=clause)
    for kind, act, count, once, clause in (
        (_D.SUPERSEDE_DOCUMENT, Act.SUPERSEDE, 1, True, "sec:L5.3"),
        (_D.WITHDRAW_DOCUMENT, Act.WITHDRAW, 1, True, "sec:L5.3"),
        (_D.DIRECT_LODGING, Act.LODGE, 1, True, "sec:L5.3"),
        (_D.DIRECT_LODGING, Act.SUPERSEDE, 1, True, "sec:L5.3"),
        (_D.REVOKE_CERTIFICATE, Act.REVOKE, 1, True, "sec-app-b:B-crl"),
        (_D.WITHHOLD_REVOCATION, Act.WITHHOLD, 1, False, "sec-app-b:B-crl"),
        (_D.REMOVE_CONTENT, Act.REMOVE, 2, True, "sec:L5"),
        (_D.CONDITIONS_MET, Act.RELEASE, 1, False, "sec:L5.3"),
    )
)


def decide_permitted(
    decision: Decision, act: Act, about: str, at: datetime, *, signatures: int, released: bool
) -> tuple[Finding, ...]:
    """Empty if the decision permits `act` on `about` at that instant; otherwise every reason.

    Args:
        decision: the decision.
        act: what is to be done.
        about: to what: it must be the decision's object, to the letter.
        at: the instant.
        signatures: how many different officers of its body signed it.
        released: a decision of its body says that its conditions are met.

    Clause: sec:L5.3
    """
    rows = [row for row in PERMITS if (row.kind, row.act) == (decision.kind, act)]
    row = rows[0] if rows else None
    clause = row.clause if row else "sec:L5.3"
    said = []
    if row is None:
        kinds = " or ".join(one.kind.value for one in PERMITS if one.act is act)
        said.append(f"is a {decision.kind.value}, to {act.value} needs {kinds}")
    elif decision.body is not row.body:
        said.append(f"is of {decision.body.value}, must be of {row.body.value}")
    elif signatures < row.signatures:
        said.append(f"has {signatures} signatures of officers, must have {row.signatures}")
    if decision.object != about:
        said.append(f"is about {decision.object!r}, must be about {about!r}")
    if not decision.not_before <= at < decision.expiry:
        said.append(
            f"is in force from {decision.not_before:%F %T} to {decision.expiry:%F %T} UTC,"
            f" asked for {at:%F %T}"
        )
    if decision.conditions and not released:
        said.append("has conditions, a conditions-met decision about it must be recorded first")
    return tuple(
        Finding(
            rule="decision.permits",
            message=f"decision {decision.id} {one}",
            where="decision",
            clause=clause,
        )
        for one in said
    )
