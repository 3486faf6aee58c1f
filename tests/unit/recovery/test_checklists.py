"""Checklists: each method has the three phases; the system ticks what it sees, people sign the rest."""

import pytest

from smki.recovery import METHODS
from smki.recovery.checklists import ITEMS, Phase, Seen, checklist, items_for
from smki.recovery.procedures import Decider
from smki.terms import Method


@pytest.mark.clause("sec-app-l:1")
def test_each_method_has_three_phases_in_order() -> None:
    """Before, execution and after, none empty where devices are commanded, each item once."""
    assert len({one.name for one in ITEMS}) == len(ITEMS)
    assert {one.seen for one in ITEMS} - {None} == set(Seen)
    order = list(Phase)
    for method in Method:
        phases = [one.phase for one in items_for(method)]
        assert phases == sorted(phases, key=order.index), method
        if method is not Method.NONE:
            assert set(phases) == set(Phase), method


@pytest.mark.clause("sec-app-l:1", "sec:L10.9")
def test_methods_ask_for_what_they_use() -> None:
    """A key of last resort needs its decision and custodians; a new root, new contingency material."""
    for method, row in METHODS.items():
        names = {one.name for one in items_for(method)}
        assert ("key-decided" in names) is ("custodians" in names) is bool(row.key)
        assert ("handed-back" in names) is row.hand_back
        assert ("risk" in names) is (method is Method.NONE)
        commanded = bool(row.modes) and row.decider is Decider.AUTHORITY
        assert ("campaign" in names) is commanded
    assert "contingency" in {one.name for one in items_for(Method.BY_CONTINGENCY)}
    assert "contingency" not in {one.name for one in items_for(Method.THREE)}


@pytest.mark.clause("sec:L10")
def test_nobody_signs_what_is_seen_and_nothing_unseen_is_ticked() -> None:
    """A signature over what the system sees ticks nothing; what it sees ticks nothing people sign."""
    everything = {one.name: "signed by somebody" for one in ITEMS}
    for one in checklist(Method.TWO, {}, everything):
        assert one.done is one.is_signed
    for one in checklist(Method.TWO, dict.fromkeys(Seen, "entry 1"), {}):
        assert one.done is not one.is_signed
        assert one.shown == ("entry 1" if one.done else "")
