"""What commands weigh: real ones, which devices obeyed; more cells weigh more."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Final

import pytest

from smki.devices import KINDS, DeviceKind
from smki.profiles import development
from smki.recovery import Method
from smki.simulator.measuring import Scales
from smki.terms import RemotePartyRole

AT: Final = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SUPPLIER: Final = (RemotePartyRole.SUPPLIER,)
METERS: Final = (DeviceKind.ESME, DeviceKind.GSME)


@pytest.fixture(scope="module")
def scales() -> Scales:
    """Scales that weigh the same each time."""
    return Scales(Random(6).randbytes, AT, development())  # noqa: S311 -- keys that protect nothing


@pytest.mark.clause("gbcs:CS02b")
def test_the_contingency_command_replaces_every_cell_of_every_kind(scales: Scales) -> None:
    """Each kind obeys it and answers for all of its cells; recovery leaves the root out."""
    for kind in DeviceKind:
        contingency = scales.replacement(kind, Method.BY_CONTINGENCY, SUPPLIER)
        recovery = scales.replacement(kind, Method.BY_RECOVERY, SUPPLIER)
        assert contingency is not None
        assert recovery is not None
        assert contingency.cells == len(KINDS[kind].cells) == recovery.cells + 1
        assert contingency.command_octets > recovery.command_octets > recovery.response_octets


@pytest.mark.clause("gbcs:CS02b")
def test_methods_of_one_subscriber_replace_its_cells(scales: Scales) -> None:
    """Methods 1 to 3 fill a supplier's three cells of a meter, and none of a hub, which has none."""
    for method in (Method.ONE, Method.TWO, Method.THREE):
        found = {kind: scales.replacement(kind, method, SUPPLIER) for kind in METERS}
        assert [one.cells for one in found.values() if one] == [3, 3]
        assert scales.replacement(DeviceKind.CHF, method, SUPPLIER) is None
    networks = (RemotePartyRole.NETWORK_OPERATOR,)
    found_of_network = scales.replacement(DeviceKind.ESME, Method.ONE, networks)
    assert found_of_network is not None
    assert found_of_network.cells == 2
    assert scales.replacement(DeviceKind.GSME, Method.ONE, networks) is None


def test_a_root_update_replaces_the_root_alone_where_somebody_may(scales: Scales) -> None:
    """By the supplier on a meter, by the WAN provider on a hub; a display has nobody who may."""
    roots = {kind: scales.replacement(kind, Method.ROOT_UPDATE, ()) for kind in DeviceKind}
    assert {kind for kind, one in roots.items() if one is None} == {DeviceKind.PPMID}
    assert {one.cells for one in roots.values() if one} == {1}
    assert scales.replacement(DeviceKind.ESME, Method.NONE, SUPPLIER) is None


@pytest.mark.clause("gbcs:CS02a")
def test_reading_back_replaces_nothing(scales: Scales) -> None:
    """The question is short, its answer tells of every cell."""
    found = scales.read_back(DeviceKind.ESME)
    assert found is not None
    assert found.cells == 0
    assert found.response_octets > found.command_octets


def test_rates_are_counted_by_the_time_that_is_told(scales: Scales) -> None:
    """So many in the time that passed: of a clock that goes a tenth on each look."""

    def clock() -> Iterator[float]:
        tenths = 0
        while True:
            yield tenths / 10
            tenths += 1

    told = clock()
    assert scales.signing(lambda: next(told), 0.2) == pytest.approx(64 / 0.2)
    assert scales.device_certificate_octets() > 300
