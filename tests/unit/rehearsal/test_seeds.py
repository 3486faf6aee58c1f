"""Few devices show what is rehearsed all the same: homes are drawn until they do."""

from itertools import islice
from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.bootstrap.estates import home_figures
from smki.devices import DeviceKind
from smki.interfaces.rehearsal.seeds import seed_of_homes, seed_of_weather
from smki.simulator.homes import Homes, first_of
from smki.simulator.regions import FAULTY_MAKE
from smki.simulator.weather import Place, Weather
from smki.terms import Refused


@pytest.mark.parametrize("devices", [10, 40, 1_000])
def test_there_is_a_home_behind_the_faulty_make_and_one_in_each_region(
    tmp_path: Path, devices: int
) -> None:
    """The faulty hub has its electricity meter; every region has a home, and some hub is sound."""
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    seed = seed_of_homes(settings, 1, devices, FAULTY_MAKE)
    homes = Homes(first_of(bytes(2)), seed, home_figures(settings))
    rows = tuple(islice(homes.rows(None), devices))
    faulty = {
        row.hub
        for row in rows
        if row.kind is DeviceKind.CHF and (row.make, row.region) == (FAULTY_MAKE, "north")
    }
    assert any(row.hub in faulty and row.kind is DeviceKind.ESME for row in rows)
    assert {row.region for row in rows} == set(settings.estate.regions)
    assert {row.hub for row in rows} - faulty


def test_too_few_devices_are_refused(tmp_path: Path) -> None:
    """One device is in one region."""
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    with pytest.raises(Refused, match="10 do"):
        seed_of_homes(settings, 1, 1, FAULTY_MAKE)


def test_few_homes_are_not_out_of_reach(tmp_path: Path) -> None:
    """A first seed that takes a tenth of the devices away is passed over for one that does not."""
    settings = load_settings({"SMKI_STATE": str(tmp_path)})
    rows = tuple(islice(Homes(first_of(bytes(2)), 1, home_figures(settings)).rows(None), 40))

    def away(seed: int) -> int:
        weather = Weather(settings.line.figures(), seed)
        return sum(not weather.reached(Place(region=row.region, hub=row.hub)) for row in rows)

    bad = next(seed for seed in range(10_000) if away(seed) > 2)
    chosen = seed_of_weather(settings, rows, bad)
    assert chosen > bad
    assert away(chosen) == 0
    assert seed_of_weather(settings, rows, chosen) == chosen
