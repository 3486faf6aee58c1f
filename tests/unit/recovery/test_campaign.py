"""Campaigns: canaries first, then by share; stopped in time; the same for whoever takes over."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.recovery import (
    CampaignPlan,
    Compromised,
    Fate,
    Method,
    Move,
    Patience,
    StopAt,
    WaveCounts,
    Waves,
    decide,
    methods_for,
)
from smki.recovery.procedures import PROCEDURES
from smki.terms import Malformed

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=30),
    per_second={"north": 20},
)
SORTS: Final = st.tuples(
    st.sampled_from(["esme", "gsme"]), st.sampled_from("ab"), st.sampled_from(["north", "south"])
)


def counts(wave: int, **fates: int) -> WaveCounts:
    """What became of a wave, by the names of fates."""
    return WaveCounts(wave=wave, fates={Fate[name.upper()]: many for name, many in fates.items()})


@pytest.mark.clause("sec:L10")
def test_not_to_use_the_key_can_always_be_chosen() -> None:
    """For each key that may be lost there is a way back, and that of not using the key."""
    for compromised in Compromised:
        methods = [row.method for row in methods_for(compromised)]
        assert len(methods) > 1
        assert methods[-1] is Method.NONE
    assert set(PROCEDURES) == set(Compromised)


@given(sorts=st.lists(SORTS, min_size=1, max_size=200))
def test_canaries_of_each_sort_come_first(sorts: list[tuple[str, str, str]]) -> None:
    """Each sort has its canaries, the rest come in order, and going through again gives the same."""
    waves, again = Waves(PLAN, len(sorts)), Waves(PLAN, len(sorts))
    given = [waves.wave(*sort) for sort in sorts]
    assert given == [again.wave(*sort) for sort in sorts]
    canaries = Counter(sort for sort, wave in zip(sorts, given, strict=True) if wave == 0)
    assert canaries == {sort: min(count, PLAN.canaries) for sort, count in Counter(sorts).items()}
    others = [wave for wave in given if wave]
    assert others == sorted(others)
    assert set(others) <= set(range(1, len(PLAN.waves) + 1))


@pytest.mark.clause("sec:L10")
def test_what_is_next() -> None:
    """Canaries are looked at; a wave goes on while it can, stops in time, and is followed by the next."""
    cases = [
        ([counts(0, planned=6)], -1, Move.GO_ON, 0),
        ([counts(0, recovered=6)], -1, Move.LOOK, 0),
        ([counts(0, recovered=6), counts(1, planned=50)], 0, Move.GO_ON, 1),
        ([counts(0, recovered=3, silent=3)], -1, Move.STOP, 0),
        ([counts(0, recovered=3, silent=3), counts(1, planned=50)], 0, Move.GO_ON, 1),
        ([counts(0, recovered=6), counts(1, recovered=96, silent=4)], 0, Move.DONE, 1),
        ([counts(0, recovered=6), counts(1, recovered=94, refused=6, planned=9)], 0, Move.STOP, 1),
        ([counts(0, recovered=6), counts(1, refused=1_000, planned=10**6)], 0, Move.STOP, 1),
    ]
    for waves, looked_at, move, wave in cases:
        found = decide(PLAN, waves, AT, looked_at)
        assert (found.move, found.wave) == (move, wave), waves
        assert bool(found.findings) == (move is Move.STOP)


def test_a_decision_that_expired_stops_what_is_under_way() -> None:
    """No command is made after the decision's end; what had come to an end stays so."""
    late = PLAN.expires
    (finding,) = decide(PLAN, [counts(0, planned=1)], late).findings
    assert "expired on 2026-12-21" in finding.message
    assert decide(PLAN, [counts(0, recovered=1)], late, 0).move is Move.DONE


def test_pauses_double_up_to_the_longest_and_end() -> None:
    """Each further try waits twice as long, never longer than the longest, and there is a last one."""
    hour = timedelta(hours=1)
    patience = Patience(tries=5, first=hour, longest=3 * hour)
    assert [patience.pause(tries) for tries in range(1, 6)] == [
        hour,
        2 * hour,
        3 * hour,
        3 * hour,
        None,
    ]


def test_plans_that_cannot_be_carried_out_are_refused() -> None:
    """Waves that are not the whole, rates of nothing, tries without end: each is malformed."""
    with pytest.raises(Malformed, match="waves"):
        replace(PLAN, waves=(10, 10))
    with pytest.raises(Malformed, match="rate"):
        replace(PLAN, per_second={"north": 0})
    with pytest.raises(Malformed, match="tries"):
        Patience(tries=0)
    assert PLAN.rate("north") == 20
    assert PLAN.rate("elsewhere") == PLAN.otherwise
    assert PLAN.stop_at == StopAt()
