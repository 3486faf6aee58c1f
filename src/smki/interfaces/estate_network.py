"""The simulated network to the devices of an estate, in memory, put together as configured."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from smki.adapters.sql.estate import SqlEstate
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import Settings
from smki.bootstrap.line_settings import RegionSettings
from smki.simulator import ScalarKeys
from smki.simulator.network import SimulatedNetwork
from smki.simulator.obeying import EstateDevices, ForDevice
from smki.simulator.weather import Place
from smki.terms import EUI64, Inconsistent

_PLACES: Final = 4_096  # of devices under way


def estate_network(
    settings: Settings,
    estate: SqlEstate,
    *,
    seed: int,
    figures: Mapping[str, float],
    start: datetime | None = None,
) -> SimulatedNetwork:
    """The network to the estate's devices.

    Args:
        settings: of their house: the line, and its regions.
        estate: keeps the devices.
        seed: of what befalls frames and hubs.
        figures: of the network, that take the place of each region's own.
        start: when its time begins; now, if it is not said.
    """
    devices = EstateDevices(estate, ScalarKeys(SystemEntropy().octets))

    @lru_cache(maxsize=_PLACES)
    def place(device: EUI64) -> Place:
        found = devices.place(device)
        if found is None:
            raise Inconsistent(f"device {device}: is no more in the estate, must be")
        return found

    def answers(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        (said,) = devices.obey((ForDevice(device=device, message=message),), at)
        return said

    given = RegionSettings.model_validate(figures)
    regions = {name: given.over(shipped) for name, shipped in settings.line.figures().items()}
    return SimulatedNetwork(
        answers,
        regions=regions,
        region_of=lambda device: place(device).region,
        hub_of=lambda device: (place(device).hub, place(device).make),
        start=start or SystemClock().now(),
        seed=seed,
        transfer=settings.line.transfer(),
    )
