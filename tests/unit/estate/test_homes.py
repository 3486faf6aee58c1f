from collections import Counter
from itertools import islice, pairwise

import pytest

from smki.bootstrap import load_settings
from smki.bootstrap.estates import home_figures
from smki.devices import DeviceKind
from smki.ports.estate import InventoryRow
from smki.simulator.homes import SPAN, Homes, first_of
from smki.terms import EUI64, Malformed

FIRST = first_of(b"\x12\x34")
FIGURES = home_figures(load_settings({}))


@pytest.fixture(scope="module")
def rows() -> list[InventoryRow]:
    """The first 5,000 devices of an estate."""
    return list(islice(Homes(FIRST, 7, FIGURES).rows(None), 5_000))


def test_devices_are_the_same_from_wherever_one_goes_on(rows: list[InventoryRow]) -> None:
    """In the order of their identifiers, also from the middle of a home, also one by one."""
    assert [row.device for row in rows] == sorted({row.device for row in rows})
    for start in (0, 1, 2, 3, 1_234):
        again = Homes(FIRST, 7, FIGURES).rows(rows[start].device)
        assert list(islice(again, 20)) == rows[start + 1 : start + 21]
    homes = Homes(FIRST, 7, FIGURES)
    assert [homes.row(row.device) for row in rows[:50]] == rows[:50]


def test_another_seed_draws_other_homes(rows: list[InventoryRow]) -> None:
    """With the same identifiers, counted from the same first."""
    others = list(islice(Homes(FIRST, 8, FIGURES).rows(None), 5_000))
    assert others != rows
    assert others[0].device == rows[0].device == FIRST


def test_homes_are_as_configured(rows: list[InventoryRow]) -> None:
    """Each device is behind its home's hub, of which each is two; the rest in their shares."""
    kinds = Counter(row.kind for row in rows)
    hubs = {row.device: row for row in rows if row.kind is DeviceKind.CHF}
    assert all(row.region == hubs[row.hub].region for row in rows)
    assert kinds[DeviceKind.CHF] - kinds[DeviceKind.ESME] in (0, 1)  # the last home is cut off
    assert kinds[DeviceKind.GSME] / len(hubs) == pytest.approx(0.82, abs=0.05)
    assert kinds[DeviceKind.PPMID] / len(hubs) == pytest.approx(0.70, abs=0.05)
    regions = Counter(hub.region for hub in hubs.values())
    assert regions["north"] / len(hubs) == pytest.approx(0.30, abs=0.05)
    boxes = {row.hub: row.make for row in rows if row.kind is DeviceKind.GPF}
    assert all(hubs[hub].make == make for hub, make in boxes.items())


def test_metering_points_have_numbers_of_nobody(rows: list[InventoryRow]) -> None:
    """Electricity 13 digits with a check digit, gas 10, of a distributor that there is none."""
    weights = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
    electricity = [row.mpxn for row in rows if row.kind is DeviceKind.ESME]
    for number in electricity:
        total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
        assert len(number) == 13
        assert number.startswith("99")
        assert int(number[-1]) == total % 11 % 10
    assert len(set(electricity)) == len(electricity)
    gas = {row.hub: row.mpxn for row in rows if row.kind is DeviceKind.GSME}
    proxies = {row.hub: row.mpxn for row in rows if row.kind is DeviceKind.GPF}
    assert all(proxies[hub] == number and len(number) == 10 for hub, number in gas.items())


def test_a_device_of_elsewhere_is_refused() -> None:
    """Before the first, after the last, or at a place that no home has."""
    homes = Homes(FIRST, 1, FIGURES)
    for number in (-1, SPAN, 15):
        device = EUI64((int(FIRST) + number).to_bytes(8, "big"))
        with pytest.raises(Malformed, match="is none of those"):
            homes.row(device)


def test_estates_have_ranges_of_their_own() -> None:
    """Two octets of chance choose one of 2,048, none of which meets another."""
    firsts = sorted({int(first_of(chance.to_bytes(2, "big"))) for chance in range(1 << 16)})
    assert len(firsts) == 2_048
    assert all(later - earlier == SPAN for earlier, later in pairwise(firsts))
