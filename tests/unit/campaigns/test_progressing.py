"""What is kept of a campaign, as its progress; its history in a database."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from smki.adapters.sql.campaign_points import POINTS_MOST, SqlCampaignPoints
from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.campaigns import progress_of
from smki.ports.campaigns import CampaignState, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method, Move
from smki.recovery.progress import Point
from smki.terms import EUI64, Refused

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
NAME: Final = "first"
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=60),
    per_second={},
)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[SqlEstate]:
    """A database of its own."""
    with closing(SqlEstate(f"sqlite:///{tmp_path}/estate.sqlite")) as made:
        yield made


def _point(seconds: float, recovered: int) -> Point:
    return Point(at=AT + SECOND * seconds, fates={Fate.RECOVERED: recovered, Fate.PLANNED: 9})


def test_progress_is_what_is_kept(estate: SqlEstate) -> None:
    """Counts, totals, history and what is next, of the campaign of that name."""
    campaigns, points = SqlCampaigns(estate.store), SqlCampaignPoints(estate.store)
    with pytest.raises(Refused, match="there is none"):
        progress_of(campaigns, points, NAME)
    campaigns.begin(NAME, PLAN, AT)
    campaigns.enlist(
        NAME,
        [
            Member(
                device=EUI64(bytes([0] * 7 + [number])),
                kind="esme",
                make="m",
                region="north",
                wave=number % 2,
                fate=Fate.SILENT if number == 5 else Fate.PLANNED,
                why="no answer came" if number == 5 else "",
            )
            for number in range(6)
        ],
    )
    told = progress_of(campaigns, points, NAME)
    assert (told.devices, told.ended, told.residue, told.at) == (6, 1, 1, AT)
    assert told.by_region == {"north": {Fate.PLANNED: 5, Fate.SILENT: 1}}
    assert [one.why for one in told.reasons] == ["no answer came"]
    assert (told.state, told.decided.move) == (CampaignState.RUNNING.value, Move.GO_ON)
    points.note(NAME, _point(7, 0))
    assert progress_of(campaigns, points, NAME).at == AT + 7 * SECOND
    assert progress_of(campaigns, points, NAME, PLAN.expires).decided.move is Move.STOP


def test_a_history_keeps_so_many_points_however_long_it_is(estate: SqlEstate) -> None:
    """Thousands of points leave a few hundred, spread over all the time, the newest among them."""
    points = SqlCampaignPoints(estate.store)
    for number in range(POINTS_MOST * 2 + 10):
        points.note(NAME, _point(number, number))
    kept = points.points(NAME)
    assert POINTS_MOST // 2 <= len(kept) <= POINTS_MOST
    assert kept[0] == _point(0, 0)
    assert kept[-1].at > AT + SECOND * POINTS_MOST * 2
    assert [one.at for one in kept] == sorted(one.at for one in kept)
    assert points.points("another") == ()


def test_points_that_are_too_near_are_left_out_but_not_the_last(estate: SqlEstate) -> None:
    """Several processes tell the same hour; how it ended is kept, even told by a clock that is late."""
    points = SqlCampaignPoints(estate.store)
    points.note(NAME, _point(0, 0))
    points.note(NAME, _point(4_000, 40))
    points.note(NAME, _point(4_001, 41))
    points.note(NAME, _point(3_000, 30))
    assert [one.fates[Fate.RECOVERED] for one in points.points(NAME)] == [0, 40]
    points.note(NAME, _point(3_000, 42), last=True)
    points.note(NAME, _point(3_000, 42), last=True)
    assert [one.fates[Fate.RECOVERED] for one in points.points(NAME)] == [0, 40, 42]
