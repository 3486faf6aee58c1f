"""The regions of the wide area network, with figures of their own where nothing else is configured.

Assumed, not measured: of the real regions it is public that the north is reached by another radio
than the centre and the south, and that one make of hub, in one region, mishandled block transfers
when the recovery from a compromise was tested for the first time.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from smki.simulator.weather import RegionFigures

FAULTY_MAKE: Final = "Third Hub Maker"

REGIONS: Final[Mapping[str, RegionFigures]] = MappingProxyType(
    {
        "north": RegionFigures(
            loss=0.01,
            delay_seconds=4.0,
            frames_per_second=500.0,
            faulty_makes=frozenset({FAULTY_MAKE}),
        ),
        "central": RegionFigures(loss=0.02, delay_seconds=2.0, frames_per_second=1_000.0),
        "south": RegionFigures(loss=0.02, delay_seconds=2.0, frames_per_second=1_000.0),
    }
)
"""By name, as the inventory of an estate has it."""
