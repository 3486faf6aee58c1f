"""Fates of frames and hubs: their shares, and that they can be repeated."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from math import inf

import pytest

from smki.simulator.hubs import Hubs
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import Carried, Place, RegionFigures, Weather
from smki.terms import EUI64, Malformed, Refused

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLEAN = RegionFigures(loss=0, duplicate=0, corrupt=0, overtake=0, power_failure=0, unreachable=0)
FRAME = bytes(range(100))


def _device(number: int) -> EUI64:
    return EUI64(number.to_bytes(8, "big"))


def _carried(
    weather: Weather, device: int = 1, *, seconds: float = 0.0, at: datetime = AT
) -> tuple[Carried, ...]:
    return weather.carried(_device(device), "north", FRAME, outward=True, seconds=seconds, at=at)


def _many(figures: RegionFigures, seed: int = 1) -> Iterator[tuple[Carried, ...]]:
    weather = Weather({"north": figures}, seed)
    return (_carried(weather) for _ in range(4_000))


@pytest.mark.clause("gbcs:GBT")
def test_shares_are_those_of_the_region() -> None:
    """Loss, repetition and spoiling occur as often as the figures say, each by itself."""
    figures = replace(CLEAN, loss=0.1, duplicate=0.2, corrupt=0.3)
    fates = list(_many(figures))
    arrived = [fate for fate in fates if fate]
    assert 0.08 < 1 - len(arrived) / len(fates) < 0.12
    assert 0.17 < sum(len(fate) == 2 for fate in arrived) / len(arrived) < 0.23
    spoilt = [fate[0].frame for fate in arrived if fate[0].frame != FRAME]
    assert 0.27 < len(spoilt) / len(arrived) < 0.33
    assert all(_bits_apart(frame, FRAME) == 1 for frame in spoilt)


def _bits_apart(one: bytes, other: bytes) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))


def test_the_middle_delay_is_that_of_the_region() -> None:
    """Half of the frames take less; those that are overtaken take up to ten times longer."""
    delays = sorted(fate[0].seconds for fate in _many(replace(CLEAN, delay_seconds=3.0)))
    assert 2.8 < delays[len(delays) // 2] < 3.2
    held = sorted(fate[0].seconds for fate in _many(replace(CLEAN, overtake=1.0)))
    assert 10 < held[len(held) // 2] < 14


def test_fates_on_one_line_do_not_depend_on_other_lines() -> None:
    """However the frames of others come in between; another seed gives other fates."""
    alone = Weather({"north": RegionFigures(loss=0.3)}, 7)
    among = Weather({"north": RegionFigures(loss=0.3)}, 7)
    other = Weather({"north": RegionFigures(loss=0.3)}, 8)
    expected = [_carried(alone) for _ in range(50)]
    found = []
    for number in range(50):
        _carried(among, 2 + number % 5)
        found.append(_carried(among))
    assert found == expected
    assert [_carried(other) for _ in range(50)] != expected


def test_a_region_carries_so_many_frames_a_second() -> None:
    """Those beyond wait for their turn; after a pause there is room at once."""
    weather = Weather({"north": replace(CLEAN, frames_per_second=2.0, delay_seconds=1e-9)}, 1)
    waits = [round(_carried(weather, number)[0].seconds, 3) for number in range(4)]
    assert waits == [0.0, 0.5, 1.0, 1.5]
    assert round(_carried(weather, seconds=60.0)[0].seconds, 3) == 0.0


@pytest.mark.parametrize(
    ("opens", "closes", "noon", "midnight"),
    [
        (time(8), time(20), True, False),
        (time(20), time(8), False, True),
        (time(22), time(13), True, True),
        (time(13), time(12), False, True),
        (time(0), time(0), True, True),
    ],
)
def test_frames_are_carried_in_the_hours_of_the_region(
    opens: time, closes: time, *, noon: bool, midnight: bool
) -> None:
    """Hours may go over midnight; from and to the same minute is the whole day."""
    weather = Weather({"north": replace(CLEAN, opens=opens, closes=closes)}, 1)
    assert bool(_carried(weather)) is noon
    assert bool(_carried(weather, at=AT + timedelta(hours=12))) is midnight


def test_hubs_are_of_a_faulty_make_by_name_and_region() -> None:
    """One make in one region; the same make elsewhere, and others there, are sound."""
    figures = {"north": replace(CLEAN, faulty_makes=frozenset({"Maker B"})), "south": CLEAN}
    weather = Weather(figures, 1)
    faulty = {
        (region, make): weather.faulty(Place(region=region, hub=_device(1), make=make))
        for region in figures
        for make in ("Maker A", "Maker B")
    }
    assert [place for place, is_so in faulty.items() if is_so] == [("north", "Maker B")]


def test_a_hub_whose_power_fails_takes_all_devices_behind_it_away() -> None:
    """Also those whose message did not fail; it is back when its time is over."""
    weather = Weather({"north": replace(CLEAN, power_failure=1.0, power_seconds=600)}, 1)
    hubs = Hubs(weather, TransferFigures())
    place = Place(region="north", hub=_device(9))
    one, other = (hubs.open(_device(number), place) for number in (1, 2))
    assert hubs.answer(one, (), 0.0) == ()
    assert hubs.away(one, 599.0)
    assert hubs.away(other, 599.0)
    assert not hubs.away(other, 600.0)
    assert not hubs.away(one, 601.0)
    hubs.close(one)
    hubs.close(other)
    assert not hubs._behind


def test_a_region_without_figures_is_refused_by_name() -> None:
    """And the known ones are told."""
    with pytest.raises(Refused, match="region 'west': has no figures, must be among north"):
        Weather({"north": CLEAN}, 1).figures("west")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: replace(CLEAN, loss=1.1),
        lambda: replace(CLEAN, faulty=-0.1),
        lambda: replace(CLEAN, delay_seconds=0),
        lambda: replace(CLEAN, delay_seconds=inf),
        lambda: replace(CLEAN, power_seconds=-1),
        lambda: replace(CLEAN, frames_per_second=-1),
    ],
)
def test_figures_that_cannot_be_are_refused(wrong: Callable[[], RegionFigures]) -> None:
    """Shares beyond 0 to 1, rates and times below 0, and no delay at all."""
    with pytest.raises(Malformed, match="must be so"):
        wrong()
