"""Few devices show what is rehearsed all the same: homes are drawn until they do."""

from itertools import islice
from pathlib import Path

import pytest

from smki.bootstrap import load_settings
from smki.bootstrap.estates import home_figures
from smki.devices import DeviceKind
from smki.interfaces.rehearsal.seeds import seed_of_homes
from smki.simulator.homes import Homes, first_of
from smki.simulator.regions import FAULTY_MAKE
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
