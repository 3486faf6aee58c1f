"""Routes and conditions: whatever was resolved in whichever order, and whatever it is subject to."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.decided import BODIES, approved, document, register, resolution, version

from smki.governance.effects import Stand, version_effect
from smki.governance.entities.bodies import Committee
from smki.governance.entities.documents import DocumentKind
from smki.governance.entities.minutes import ConditionKind, ConditionState, Resolution, Verb
from smki.governance.progress import progress
from smki.governance.routes import route_of

RESOLVED = st.lists(
    st.tuples(st.sampled_from(list(Verb)), st.sampled_from(BODIES)), max_size=8, unique=True
)
CONDITIONS = st.lists(
    st.tuples(st.sampled_from(list(ConditionKind)), st.sampled_from(list(ConditionState))),
    max_size=5,
)


@pytest.mark.clause("sec:L9")
@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(list(DocumentKind)), said=RESOLVED, data=st.data())
def test_a_route_is_taken_whatever_the_order(
    kind: DocumentKind, said: list[tuple[Verb, Committee]], data: st.DataObject
) -> None:
    """Done and next are steps of the route; order tells nothing; more resolutions undo nothing."""
    draft, paper = version(), document(kind)
    taken = [
        resolution(verb, body.ref, draft, place=place) for place, (verb, body) in enumerate(said, 1)
    ]

    def far(some: list[Resolution]) -> tuple[set[str], set[str]]:
        one = replace(draft, resolutions=tuple(each.ref for each in some))
        found = progress(one, register(one, *some, paper))
        return {str(each.step) for each in found.done}, {str(each) for each in found.next}

    steps = route_of(paper).steps
    done, following = far(taken)
    assert done | following <= {str(one) for one in steps}
    assert not done & following
    open_places = {one.place for one in steps if str(one) not in done}
    assert following == {
        str(one)
        for one in steps
        if one.place == min(open_places, default=0) and str(one) not in done
    }
    assert far(data.draw(st.permutations(taken))) == (done, following)
    assert far(taken[: len(taken) // 2])[0] <= done


@pytest.mark.clause("sec:L9")
@settings(max_examples=60, deadline=None)
@given(subject=CONDITIONS)
def test_a_version_is_in_force_exactly_as_its_conditions_say(
    subject: list[tuple[ConditionKind, ConditionState]],
) -> None:
    """In force: every condition precedent met, none subsequent failed, no corrections asked for."""
    found, taken, conditions = approved(*subject)
    effect = version_effect(found, register(taken, *conditions, found), date(2031, 4, 1))
    kinds = {kind for kind, _ in subject}
    failed = any(state is ConditionState.FAILED for _, state in subject)
    waits = (ConditionKind.PRECEDENT, ConditionState.OPEN) in subject
    held = waits or ConditionKind.AMENDMENT in kinds
    expected = Stand.FELL if failed else Stand.NOT_YET if held else Stand.IN_FORCE
    assert effect.stand is expected
    assert bool(effect.reasons) is not effect.in_force
