"""Whether an incident of the register may be recovered from, by how it stands."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

import pytest

from smki.flows.recovery_permitting import must_be_own, must_stand
from smki.governance.entities import Entity, Key, Kind
from smki.governance.entities.incidents import Incident, IncidentState, IncidentStep
from smki.recovery.exercises import digest_of
from smki.terms import Compromised, Method, Refused

AT: Final = datetime(2026, 11, 1, tzinfo=UTC)
DECIDED: Final = Incident(
    ref="PMA/i1",
    body="PMA",
    compromised=Compromised.ORGANISATION,
    names=("0a",),
    party="supplier",
    organisation="Sample Energy Supplier",
    reference="SUP-1",
    known=True,
    discovered=AT,
    circumstances="A token was stolen.",
    steps=(IncidentStep(state=IncidentState.DECIDED, at=AT),),
    decision="M-1",
    method=Method.THREE,
)


class Known:
    """A register with these incidents."""

    def __init__(self, *entities: Entity) -> None:
        self._entities = {one.key: one for one in entities}

    def get(self, key: Key) -> Entity | None:
        """The entity of that key."""
        return self._entities.get(key)

    def under(self, parent: Key, kind: Kind) -> tuple[Entity, ...]:
        """None."""
        del parent, kind
        return ()


def ask(found: Incident | None, *, unregistered: bool = False, incident: str = "PMA/i1") -> None:
    """Whether method 3 under decision M-1 may be begun."""
    known = Known(*([found] if found else []))
    must_stand(known, incident, Method.THREE, decision="M-1", unregistered=unregistered)


def standing(state: IncidentState) -> Incident:
    """The incident in that state."""
    return replace(DECIDED, steps=(IncidentStep(state=state, at=AT),))


@pytest.mark.clause("sec:L10")
def test_an_incident_that_is_decided_or_goes_on_is_recovered_from() -> None:
    """In no other state; one of the subscriber's own method names no decision."""
    going = {IncidentState.DECIDED, IncidentState.RECOVERING}
    for state in IncidentState:
        if state in going:
            ask(standing(state))
        else:
            with pytest.raises(Refused, match=f"is {state.value}, must be decided or recovering"):
                ask(standing(state), unregistered=True)
    ask(replace(DECIDED, decision=""))


@pytest.mark.clause("sec:L10")
@pytest.mark.parametrize(
    ("decided", "said"),
    [
        (replace(DECIDED, method=Method.TWO), "was decided for method-2 by M-1"),
        (replace(DECIDED, decision="M-2"), "was decided for method-3 by M-2"),
        (replace(DECIDED, decision="", method=None), "was decided for no method by no decision"),
    ],
)
def test_it_is_recovered_from_as_it_was_decided(decided: Incident, said: str) -> None:
    """Another method or another decision is refused, whatever the decision itself permits."""
    with pytest.raises(Refused, match=said):
        ask(decided)


@pytest.mark.clause("sec:L10")
def test_what_is_not_in_the_register_is_said_to_be_so() -> None:
    """Else it is refused; the list of a live exercise is no incident, and in no register."""
    with pytest.raises(Refused, match="not in the register, must be"):
        ask(None)
    ask(None, unregistered=True)
    ask(None, incident=f"EX-1@{digest_of([])}")


@pytest.mark.clause("sec:L10")
def test_a_subscribers_own_method_needs_no_decision() -> None:
    """Method 1 in a supplier's or network operator's mode, about an incident of the register."""
    for mode in (2, 3):
        must_be_own("PMA/i1", Method.ONE, mode, unregistered=False)
    ask_own = partial(must_be_own, method=Method.ONE, mode=2, unregistered=False)
    for wrong in (
        partial(ask_own, "PMA/i1", mode=5),
        partial(ask_own, "PMA/i1", unregistered=True),
        partial(ask_own, f"EX-1@{digest_of([])}"),
        partial(ask_own, "PMA/i1", method=Method.THREE, mode=8),
    ):
        with pytest.raises(Refused, match="a decision must be named"):
            wrong()
