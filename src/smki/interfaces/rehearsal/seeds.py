"""Which seeds a rehearsal uses: the first, from the one that was asked for, that shows what is rehearsed.

Few homes may have no hub of the faulty make, and few hubs may all be in one region, or one that is
never reached may be a tenth of them. Drawn are other homes and other weather until it is not so.
Of many homes the first seed does.
"""

from collections.abc import Iterable
from itertools import count, islice
from typing import Final

from smki.bootstrap import Settings
from smki.bootstrap.estates import home_figures
from smki.devices import DeviceKind
from smki.ports.estate import InventoryRow
from smki.simulator.homes import Homes, first_of
from smki.simulator.weather import Place, Weather
from smki.terms import Refused

_TRIED: Final = 10_000
_LOOKED_AT: Final = 4_000  # devices at the beginning: some thousand homes have what few may lack
_OUT_OF_REACH_PER_THOUSAND: Final = 20
_WEATHERED: Final = 100_000  # devices at the beginning: of more the share is no other


def seed_of_homes(settings: Settings, seed: int, devices: int, faulty_make: str) -> int:
    """With it each region has a home, and if a make is faulty one in the north has its hub.

    That home has its electricity meter, whose messages are the longest; another has a sound hub.

    Raises:
        Refused: so few devices that no seed does it.
    """
    figures = home_figures(settings)
    regions = {name for name, share in figures.regions.items() if share}
    for tried in range(seed, seed + _TRIED):
        homes = Homes(first_of(bytes(2)), tried, figures)
        rows = tuple(islice(homes.rows(None), min(devices, _LOOKED_AT)))
        faulty = {
            row.hub
            for row in rows
            if row.kind is DeviceKind.CHF and (row.make, row.region) == (faulty_make, "north")
        }
        shown = any(row.hub in faulty and row.kind is DeviceKind.ESME for row in rows)
        there, sound = {row.region for row in rows}, {row.hub for row in rows} - faulty
        if there >= regions and sound and (shown or not faulty_make):
            return tried
    raise Refused(
        f"{devices} devices, must be so many that each region has a home, and one of them a hub of"
        " the faulty make: 10 do",
        where="--devices",
        rule="rehearsal.devices",
    )


def seed_of_weather(settings: Settings, rows: Iterable[InventoryRow], seed: int) -> int:
    """With it at most 2% of these devices are behind hubs that are never reached.

    Where the regions' own figures want more, the first seed is as good as any.
    """
    hubs: dict[Place, int] = {}
    for row in islice(rows, _WEATHERED):
        place = Place(region=row.region, hub=row.hub)
        hubs[place] = hubs.get(place, 0) + 1
    most = _OUT_OF_REACH_PER_THOUSAND * sum(hubs.values())
    for tried in islice(count(seed), 100):
        weather = Weather(settings.line.figures(), tried)
        away = sum(devices for place, devices in hubs.items() if not weather.reached(place))
        if away * 1_000 <= most:
            return tried
    return seed
