"""What the record has from before an incident ticks nothing of its checklist."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

import pytest

from smki.flows.incident_checking import seen_of
from smki.governance.entities.incidents import Incident, IncidentState, IncidentStep
from smki.governance.factors import Guidance
from smki.merkle.leaf import LeafType, encode_framed, encode_leaf
from smki.ports import ItemRow
from smki.recovery.checklists import Seen
from smki.terms import Compromised

AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
ENTRY: Final = 7
INCIDENT: Final = Incident(
    ref="PMA/i1",
    body="PMA",
    compromised=Compromised.CONTINGENCY,
    names=("ab" * 32,),
    party="dcc",
    organisation="The DCC",
    reference="",
    known=True,
    discovered=AT,
    circumstances="A share was seen.",
    steps=(IncidentStep(state=IncidentState.NOTIFIED, at=AT),),
)


def front(lodged: datetime) -> Any:
    """A house whose record has a ceremony of new contingency material, lodged then."""
    name = "ceremony: contingency, rehearsal, completed"
    body = encode_framed({"kind": "ceremony", "name": name}, b"{}")
    leaf, _ = encode_leaf(LeafType.TRANSCRIPT, body, int(lodged.timestamp() * 1_000))
    row = ItemRow(entry=ENTRY, type=int(LeafType.TRANSCRIPT), name=name, refers=None)
    index = SimpleNamespace(
        items=lambda **_: (row,), by_serial=lambda _: None, rows=lambda _: (), size=lambda: 8
    )
    return SimpleNamespace(index=index, reader=SimpleNamespace(leaf=lambda _: leaf))


@pytest.mark.clause("sec-app-l:1")
@pytest.mark.parametrize(
    ("incident", "lodged", "ticks"),
    [
        (replace(INCIDENT, notice=ENTRY - 1), AT, True),
        (replace(INCIDENT, notice=ENTRY + 1), AT, False),
        (INCIDENT, AT + timedelta(hours=1), True),
        (INCIDENT, AT - timedelta(hours=1), False),
    ],
)
def test_a_ceremony_from_before_is_none_of_this_incident(
    incident: Incident, lodged: datetime, *, ticks: bool
) -> None:
    """By the record's order; without a notification in the record, by the time of the entry."""
    seen = seen_of(front(lodged), incident, {}, Guidance(factors=()))
    assert (Seen.CONTINGENCY in seen) is ticks
