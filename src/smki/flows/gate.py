"""The go-live gate: whether live certificates may be issued, read from the record at each instant.

    open   the panel determined that the test criteria are met (`go-live`, about this log), the
           decision permits it at the instant, and the environment has policy OIDs of live certificates
    shut   otherwise; always in an SMKI that was made without custodians

A withdrawal of the determination shuts it again for what is issued later. What was issued stays.

Clause: gbcs:12
"""

from datetime import datetime
from typing import Final

from smki.flows.configuring import is_development
from smki.flows.deciding import candidates, why_not
from smki.flows.office import FrontOffice
from smki.flows.recorded import Recorded
from smki.governance import Act, Question
from smki.steps import Gate

NONE: Final = "the panel has not determined that the test criteria are met"
NEVER: Final = "a development SMKI never goes live: no custodian has its root keys"


def gate_now(front: FrontOffice) -> Gate:
    """The gate at the present instant, as `read_gate`."""
    return read_gate(front, front.clock.now())


def read_gate(front: FrontOffice, at: datetime) -> Gate:
    """The gate as the record has it at that instant, with the reason if it is shut.

    Raises:
        Inconsistent: the record is damaged.
        Unavailable: the database is away.

    Clause: gbcs:12
    """
    if is_development(front):
        return Gate(
            at=at, reason="a development SMKI never goes live: no custodian has its root keys"
        )
    if not front.settings.live_policies:
        return Gate(at=at, reason="no policy OIDs of live certificates are configured")
    found, reasons = determined(front, at, front.index.size())
    if found is None:
        return Gate(at=at, reason="; ".join(reasons) or NONE)
    return Gate(at=at, determination=found.decision.id, entry=found.entry)


def determined(
    front: FrontOffice, at: datetime, before: int
) -> tuple[Recorded | None, tuple[str, ...]]:
    """The determination in force at that instant, of those below the entry `before`; or why none is.

    By it anyone who has the record can tell whether a live certificate might be issued.

    Clause: gbcs:12
    """
    question = Question(act=Act.GO_LIVE, about=frozenset({front.reader.origin}), at=at)
    reasons: list[str] = []
    for one in candidates(front, Act.GO_LIVE, before, question.about):
        findings = why_not(front, one, question, before)
        if not findings:
            return one, ()
        reasons += [finding.message for finding in findings]
    return None, tuple(reasons)
