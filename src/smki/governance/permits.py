"""Which kind of decision permits what: one table, its clause beside each row.

    kind                 object                                    scope
    supersede-document   title of the document                     the version, in words
    withdraw-document    title                                     any
    direct-lodging       title                                     any
    revoke-certificate   serial number                             any
    withhold-revocation  EUI-64 or serial number: a delay, to      any
                         the expiry
    remove-content       number of the entry                       any
    conditions-met       id of the decision                        any
    use-key              name of the key, or SHA-256 of its SPKI   incident: purpose
    approve-custodian    SHA-256 of the custodian's certificate    their organisation
    recovery-method      incident                                  method
    change-profiles      SHA-256 of the new profiles               any
    go-live              origin of the log                         the report, in words
    remove-product       make/model                                range of versions
    approve-workaround   ref of the defect                         the workaround, in words
    withdraw-decision    id of the decision                        why, in words
    ratify-decision      id of the decision                        any

The documents say that such things need the authority, and whoever presided and the secretary to
sign; what else stands here is ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from smki.governance.decisions import Body, Decision, DecisionKind
from smki.governance.signatories import BOTH, Signatory, Signed, said_missing
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
    USE_KEY = "use a key"
    APPROVE_CUSTODIAN = "let somebody hold a share of a key"
    RECOVER = "recover by a method"
    CHANGE_PROFILES = "issue under other profiles or policy OIDs"
    GO_LIVE = "issue live certificates"
    REMOVE_PRODUCT = "take a product off the list"
    WORK_AROUND = "work around a defect in a test"
    WITHDRAW_DECISION = "take a decision as withdrawn"
    RATIFY = "take a decision at short notice as ratified"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A row of the table.

    Attributes:
        kind: the kind of decision.
        act: what it permits.
        body: whose decision it must be; None: of the body whose decision it is about.
        signatories: in which capacities officers of that body must have signed.
        earlier: how many officers of it sufficed while the record did not say who holds which
            capacity; 0: what was lodged then permits nothing.
        once: it is spent by what it permitted.
        clause: what the row serves.
        told: what becomes of it where no system acts on it; empty where one does.
    """

    kind: DecisionKind
    act: Act
    body: Body | None
    signatories: tuple[Signatory, ...] = BOTH
    earlier: int
    once: bool
    clause: str
    told: str = ""


_D, _PMA = DecisionKind, Body.SMKI_PMA
PERMITS: Final = (
    *(
        Permit(kind=kind, act=act, body=_PMA, earlier=earlier, once=once, clause=clause)
        for kind, act, earlier, once, clause in (
            (_D.SUPERSEDE_DOCUMENT, Act.SUPERSEDE, 1, True, "sec:L5.3"),
            (_D.WITHDRAW_DOCUMENT, Act.WITHDRAW, 1, True, "sec:L5.3"),
            (_D.DIRECT_LODGING, Act.LODGE, 1, True, "sec:L5.3"),
            (_D.DIRECT_LODGING, Act.SUPERSEDE, 1, True, "sec:L5.3"),
            (_D.REVOKE_CERTIFICATE, Act.REVOKE, 1, True, "sec-app-b:B-crl"),
            (_D.WITHHOLD_REVOCATION, Act.WITHHOLD, 1, False, "sec-app-b:B-crl"),
            (_D.REMOVE_CONTENT, Act.REMOVE, 2, True, "sec:L5"),
            (_D.USE_KEY, Act.USE_KEY, 0, False, "sec:L10.9"),
            (_D.APPROVE_CUSTODIAN, Act.APPROVE_CUSTODIAN, 0, False, "sec-app-l:3"),
            (_D.CHANGE_PROFILES, Act.CHANGE_PROFILES, 0, False, "gbcs:12"),
        )
    ),
    Permit(
        kind=_D.CONDITIONS_MET, act=Act.RELEASE, body=None, earlier=1, once=False, clause="sec:L5.3"
    ),
    Permit(
        kind=_D.GO_LIVE, act=Act.GO_LIVE, body=Body.PANEL, earlier=0, once=False, clause="gbcs:12"
    ),
    Permit(
        kind=_D.WITHDRAW_DECISION,
        act=Act.WITHDRAW_DECISION,
        body=None,
        earlier=0,
        once=False,
        clause="sec:L1",
    ),
    Permit(
        kind=_D.RATIFY_DECISION,
        act=Act.RATIFY,
        body=None,
        earlier=0,
        once=False,
        clause="sec:L1",
        told="recorded, and shown beside the decision",
    ),
    Permit(
        kind=_D.RECOVER,
        act=Act.RECOVER,
        body=_PMA,
        earlier=0,
        once=False,
        clause="sec:L10",
    ),
    Permit(
        kind=_D.REMOVE_PRODUCT,
        act=Act.REMOVE_PRODUCT,
        body=Body.SECURITY_SUB_COMMITTEE,
        earlier=0,
        once=False,
        clause="sec:G7",
        told="recorded, nothing acts on it yet",
    ),
    Permit(
        kind=_D.APPROVE_WORKAROUND,
        act=Act.WORK_AROUND,
        body=Body.TEST_ASSURANCE_BOARD,
        earlier=0,
        once=False,
        clause="sec:L10",
    ),
)
UNCONDITIONAL: Final = frozenset(
    {DecisionKind.CONDITIONS_MET, DecisionKind.WITHDRAW_DECISION, DecisionKind.RATIFY_DECISION}
)
"""Decisions about decisions: they take no conditions, or it would not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a decision.

    Attributes:
        act: what is to be done.
        about: to what: it must be the decision's object, to the letter, or one of several that name
            the same.
        at: the instant.
        scope: what the decision's scope must be, to the letter; None: any.
        of: the body whose decision it is about; None if it is about none.
    """

    act: Act
    about: frozenset[str]
    at: datetime
    scope: str | None = None
    of: Body | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What the record says of a decision beside what it says itself.

    Attributes:
        signed: how it was signed.
        released: a decision of its body says that its conditions are met.
        withdrawn: id of the decision that withdrew it; empty if none did.
    """

    signed: Signed
    released: bool = False
    withdrawn: str = ""


def decide_permitted(
    decision: Decision, question: Question, found: Circumstances
) -> tuple[Finding, ...]:
    """Empty if the decision permits what is asked; otherwise every reason.

    Clause: sec:L5.3
    """
    rows = [row for row in PERMITS if (row.kind, row.act) == (decision.kind, question.act)]
    clause = rows[0].clause if rows else "sec:L5.3"
    said = (
        *_by_row(decision, question, found, rows[0] if rows else None),
        *_by_words(decision, question, found),
    )
    return tuple(
        Finding(
            rule="decision.permits",
            message=f"decision {decision.id} {one}",
            where="decision",
            clause=clause,
        )
        for one in said
    )


def _by_row(
    decision: Decision, question: Question, found: Circumstances, row: Permit | None
) -> Iterator[str]:
    """What is wrong by the table: kind, body, signatures."""
    if row is None:
        kinds = " or ".join(one.kind.value for one in PERMITS if one.act is question.act)
        yield f"is a {decision.kind.value}, to {question.act.value} needs {kinds}"
        return
    body = row.body or question.of
    if body is not None and decision.body is not body:
        yield f"is of {decision.body.value}, must be of {body.value}"
    signed = found.signed
    if signed.missing is None:
        if not 0 < row.earlier <= signed.count:
            needed = row.earlier or "those of whoever presided and the secretary"
            yield f"has {signed.count} signatures of officers, must have {needed}"
    elif signed.missing:
        yield (
            f"is not signed by {said_missing(signed.missing)}, must be by whoever presided and the"
            " secretary, two different officers"
        )


def _by_words(decision: Decision, question: Question, found: Circumstances) -> Iterator[str]:
    """What is wrong by what it says, and by what others say of it."""
    if decision.object not in question.about:
        about = " or ".join(repr(one) for one in sorted(question.about))
        yield f"is about {decision.object!r}, must be about {about}"
    if question.scope is not None and decision.scope != question.scope:
        yield f"has the scope {decision.scope!r}, must have {question.scope!r}"
    if not decision.not_before <= question.at < decision.expiry:
        yield (
            f"is in force from {decision.not_before:%F %T} to {decision.expiry:%F %T} UTC,"
            f" asked for {question.at:%F %T}"
        )
    if decision.conditions and not found.released:
        yield "has conditions, a conditions-met decision about it must be recorded first"
    if found.withdrawn:
        yield f"was withdrawn by decision {found.withdrawn}"
