"""Plans: nobody is lost between kinds and regions, and what cannot be commanded is named."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.recovery import Rates
from smki.recovery.planning import (
    Group,
    Weight,
    apportioned,
    fleet,
    plan_issuing,
    plan_recovery,
)
from smki.terms import Malformed

RATES: Final = Rates(
    network={"north": 1e6, "south": 1e6},
    commands={"north": 10, "south": 10},
    signing=1_000.0,
    making=1_000.0,
    lost_per_thousand=500,
    tries=2,
)
SHARES: Final = st.dictionaries(st.text(min_size=1), st.integers(0, 1_000), min_size=1).filter(
    lambda shares: any(shares.values())
)


@given(total=st.integers(0, 10**9), shares=SHARES)
def test_parts_are_the_whole(total: int, shares: dict[str, int]) -> None:
    """Every device is somewhere, none where there is no share, each part within one of its share."""
    found = apportioned(total, shares)
    assert sum(found.values()) == total
    whole = sum(shares.values())
    for name, count in found.items():
        assert abs(count * whole - total * shares[name]) < whole
        assert shares[name] or not count


def test_a_fleet_is_of_kinds_and_regions() -> None:
    """Devices are parted by what homes have, and each kind by regions."""
    groups = fleet(300, {"esme": 1_000, "gsme": 500}, {"north": 1, "south": 3})
    assert sum(group.devices for group in groups) == 300
    assert Group(kind="esme", region="south", devices=150) in groups
    with pytest.raises(Malformed, match="no share above 0"):
        fleet(1, {"esme": 0}, {"north": 1})


@pytest.mark.clause("sec:L10")
def test_what_has_no_command_is_left_out_and_named() -> None:
    """Kinds without a command are counted apart; each command a device is sent counts."""
    groups = (
        Group(kind="esme", region="north", devices=100),
        Group(kind="ppmid", region="north", devices=7),
        Group(kind="ppmid", region="south", devices=5),
    )
    twice = (Weight(command_octets=2_000, response_octets=300),) * 2
    plan = plan_recovery(groups, {"esme": twice, "ppmid": ()}, RATES, kept_each=50)
    assert (plan.devices, dict(plan.left_out)) == (100, {"ppmid": 12})
    assert plan.estimate.commands == 2 * 150  # half are lost once, a quarter of them again
    assert plan.unanswered == 25
    assert plan.disk_octets == 100 * (2 * 2_300 + 50)
    assert plan.estimate.bounds[0].what == "network of north"
    assert plan.estimate.bounds[0].seconds == 30


def test_issuing_is_in_batches_and_nights() -> None:
    """The last batch and the last night count, however little of them is used."""
    plan = plan_issuing(100_001, per_second=10.0, batch=50_000, hours_a_night=2.0, octets_each=400)
    assert (plan.batches, plan.nights, plan.record_octets) == (3, 2, 40_000_400)
    assert plan.hours == pytest.approx(2.778, abs=0.001)
    with pytest.raises(Malformed, match="above 0"):
        plan_issuing(1, per_second=0, batch=1, hours_a_night=1, octets_each=1)
