"""An incident in words: nothing that was noted of it is left out."""

from dataclasses import replace
from datetime import UTC, datetime

from smki.governance.entities.incidents import FactorAnswer, Incident, IncidentState, IncidentStep
from smki.interfaces.incident_telling import lines_of
from smki.terms import Compromised

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NOTIFIED = Incident(
    ref="PMA/i1",
    body="PMA",
    compromised=Compromised.ORGANISATION,
    names=("01AB",),
    party="supplier",
    organisation="Sample Energy Supplier",
    reference="SUP-1",
    known=True,
    discovered=AT,
    circumstances="A token was stolen.",
    steps=(IncidentStep(state=IncidentState.NOTIFIED, at=AT),),
)


def test_answers_campaigns_and_report_are_told() -> None:
    """Whoever answered a factor, or named a campaign, sees that it is kept."""
    before = "\n".join(lines_of(NOTIFIED))
    assert "factor" not in before
    answer = FactorAnswer(factor="devices", text="See the paper.", by="pma-chair", at=AT)
    noted = replace(NOTIFIED, answers=(answer,), campaigns=("lost", "lost-2"), report="4f00")
    assert lines_of(noted)[-4:] == [
        "  factor devices: See the paper. (pma-chair)",
        "  campaign lost",
        "  campaign lost-2",
        "  report 4f00",
    ]
