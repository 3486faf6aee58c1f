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
from smki.governance import Act, Question
from smki.steps import Gate

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
    size, reasons = front.index.size(), []
    question = Question(act=Act.GO_LIVE, about=frozenset({front.reader.origin}), at=at)
    for one in candidates(front, Act.GO_LIVE, size, question.about):
        findings = why_not(front, one, question, size)
        if not findings:
            return Gate(at=at, determination=one.decision.id, entry=one.entry)
        reasons += [finding.message for finding in findings]
    return Gate(
        at=at,
        reason="; ".join(reasons) or "the panel has not determined that the test criteria are met",
    )
