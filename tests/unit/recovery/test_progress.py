"""How far a campaign has come: rates, estimates, reasons and a history that does not grow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

import pytest

from smki.recovery import CampaignPlan, Compromised, Decided, Fate, Method, Move, WaveCounts
from smki.recovery.progress import (
    Point,
    Progress,
    Reason,
    Totals,
    fates_by,
    fates_of,
    reasons_of,
    thinned,
)

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=60),
    per_second={},
)
TOTALS: Final[Totals] = {
    ("esme", "a", "north", Fate.RECOVERED, ""): 5,
    ("esme", "b", "north", Fate.SILENT, "no answer came"): 2,
    ("gsme", "a", "south", Fate.SILENT, "no answer came"): 1,
    ("gsme", "a", "south", Fate.PLANNED, "no answer came"): 4,
    ("chf", "a", "south", Fate.PLANNED, ""): 7,
    ("chf", "a", "south", Fate.REFUSED, ""): 1,
}


def _progress(*points: tuple[int, int], devices: int = 100) -> Progress:
    """After so many minutes so many had ended."""
    history = tuple(
        Point(
            at=AT + MINUTE * minutes,
            fates={Fate.RECOVERED: ended, Fate.PLANNED: devices - ended},
        )
        for minutes, ended in points
    )
    fates = history[-1].fates if history else {Fate.PLANNED: devices}
    return Progress(
        name="one",
        state="running",
        plan=PLAN,
        begun=AT,
        at=history[-1].at if history else AT,
        decided=Decided(move=Move.GO_ON, wave=1),
        waves=(),
        fates=fates,
        points=history,
    )


def test_rate_and_end_follow_the_last_fifth_of_the_time() -> None:
    """What was slow an hour ago says nothing of now."""
    told = _progress((0, 0), (80, 4), (90, 14), (100, 24))
    assert told.per_second == pytest.approx(20 / 1_200)
    assert told.ends == AT + MINUTE * 100 + timedelta(seconds=76 * 60)
    assert (told.devices, told.ended, told.recovered, told.residue) == (100, 24, 24, 0)


@pytest.mark.parametrize("points", [(), ((0, 3),)])
def test_without_a_history_there_is_neither_rate_nor_end(
    points: tuple[tuple[int, int], ...],
) -> None:
    """Nothing is made up."""
    told = _progress(*points)
    assert told.per_second is None
    assert told.ends is None


def test_what_stands_still_or_is_done_has_no_end() -> None:
    """No device in a fifth of the time: no estimate; nothing left: none either."""
    assert _progress((0, 0), (10, 50), (100, 50), (101, 50)).ends is None
    assert _progress((0, 0), (1, 100)).ends is None
    slow = _progress((0, 0), (10, 1), devices=2_000_000_000)
    assert slow.per_second is not None
    assert slow.ends is None  # no time that anybody lives to see


def test_a_wave_that_has_just_begun_is_not_judged_by_the_wait_before_it() -> None:
    """More devices ended since the last point than between the points: no rate, no end."""
    waited = _progress((0, 0), (10, 300), (5_000, 305), (6_000, 306), devices=3_000)
    assert waited.ends is not None
    begun = replace(waited, fates={Fate.RECOVERED: 1_200, Fate.PLANNED: 1_800})
    assert begun.per_second is None
    assert begun.ends is None


def test_devices_are_counted_by_kind_make_and_region() -> None:
    """Each device is counted once on each page, by its fate."""
    assert fates_by(TOTALS, 0)["gsme"] == {Fate.PLANNED: 4, Fate.SILENT: 1}
    assert fates_by(TOTALS, 1)["b"] == {Fate.SILENT: 2}
    assert fates_by(TOTALS, 2)["north"] == {Fate.RECOVERED: 5, Fate.SILENT: 2}
    for place in range(3):
        counted = fates_by(TOTALS, place).values()
        assert sum(sum(fates.values()) for fates in counted) == sum(TOTALS.values())
        assert list(fates_by(TOTALS, place)) == sorted(fates_by(TOTALS, place))


def test_reasons_are_those_of_failures_and_of_second_tries() -> None:
    """What waits for its first try has none; what has an end without words is there too."""
    assert reasons_of(TOTALS) == (
        Reason(fate=Fate.PLANNED, why="no answer came", devices=4),
        Reason(fate=Fate.SILENT, why="no answer came", devices=3),
        Reason(fate=Fate.REFUSED, why="", devices=1),
    )


def test_fates_of_waves_add_up() -> None:
    """In the order of the fates, those that none has left out."""
    waves = (
        WaveCounts(wave=0, fates={Fate.SILENT: 1, Fate.RECOVERED: 2}),
        WaveCounts(wave=1, fates={Fate.RECOVERED: 3, Fate.PLANNED: 0}),
    )
    assert list(fates_of(waves).items()) == [(Fate.RECOVERED, 5), (Fate.SILENT, 1)]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 11, 12, 400, 401, 1_000])
def test_a_history_is_thinned_evenly_and_keeps_its_ends(count: int) -> None:
    """At most so many stay, the first and the last among them, in about equal steps."""
    there = [AT + MINUTE * number for number in range(count)]
    gone = thinned(there, 10)
    stays = [at for at in there if at not in gone]
    assert len(stays) == count if count <= 10 else 5 <= len(stays) <= 10
    assert stays[:1] == there[:1]
    assert stays[-1:] == there[-1:]
    steps = [(late - early) / MINUTE for early, late in pairwise(stays[:-1])]
    assert not steps or max(steps) == min(steps)


def test_an_estimate_is_no_promise_of_a_state() -> None:
    """A paused campaign has its rate and its end as before: who resumes it sees what is left."""
    told = _progress((0, 0), (10, 50))
    assert replace(told, state="paused").ends == told.ends
