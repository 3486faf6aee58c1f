"""Estimates: nothing is left out, and the slowest decides."""

from dataclasses import replace
from typing import Final

from smki.recovery import Lot, Rates, estimate

RATES: Final = Rates(
    network={"north": 10_000, "south": 100_000},
    commands={"north": 5, "south": 50},
    signing=1_000.0,
    making=2_000.0,
    lost_per_thousand=200,
)
LOTS: Final = (
    Lot(kind="esme", region="north", devices=800, command_octets=5_000, response_octets=1_000),
    Lot(kind="gsme", region="south", devices=8_000, command_octets=3_000, response_octets=700),
)


def test_what_is_lost_is_sent_again() -> None:
    """Commands, octets and blocks count repetitions; responses and evidence do not."""
    found = estimate(LOTS, RATES)
    assert (found.devices, found.commands) == (8_800, 1_000 + 10_000)
    assert found.octets_down == 1_000 * 5_000 + 10_000 * 3_000
    assert found.octets_up == 800 * 1_000 + 8_000 * 700
    assert found.blocks_down == 1_000 * 4 + 10_000 * 3
    assert found.kept_octets == 800 * 6_000 + 8_000 * 3_700


def test_a_few_devices_of_many_kinds_are_not_counted_as_more() -> None:
    """Repetitions are rounded up once: thirty lots of one device are not sixty commands."""
    rates = replace(RATES, lost_per_thousand=20)
    lots = [replace(LOTS[0], kind=f"kind-{number}", devices=1) for number in range(30)]
    assert estimate(lots, rates).commands == 31
    assert (
        estimate(lots, rates).commands == estimate([replace(LOTS[0], devices=30)], rates).commands
    )


def test_the_slowest_decides() -> None:
    """Hours are those of the slowest, by octets or by commands, and it is named first."""
    found = estimate(LOTS, RATES)
    assert [bound.what for bound in found.bounds][:2] == ["network of north", "network of south"]
    assert found.hours == 500 / 3_600
    quick = replace(RATES, commands={"north": 10**9, "south": 10**9}, signing=10.0)
    slow = estimate(LOTS, quick, commands_each=2)
    assert (slow.bounds[0].what, slow.bounds[0].seconds) == ("signing key", 1_760.0)
