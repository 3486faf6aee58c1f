"""Makes the estate of a house: whom its devices trust, who certifies them, one maker at a time."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Final

from smki.adapters.device_keys import KeyMakers
from smki.adapters.files import alone
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import Settings, open_front
from smki.bootstrap.estates import anchors_of, home_figures, open_estate, trusted_certificates
from smki.bootstrap.opening import load_hierarchy
from smki.devices import DeviceKind
from smki.interfaces.estate_issuing import open_issuer
from smki.interfaces.estate_making import Made, Making, Progress, is_made, make_estate
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.wire import der

_LOCK: Final = "estate.lock"
_BUSY: Final = "another 'smki estate make' is at work, try again when it has finished"
_FOLDER: Final = "estate-lots"
NOBODY: Final = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeInHouse:
    """What was made, and by what.

    Attributes:
        made: how many.
        through: who issued their certificates.
        octets: on the disk, for each device.
    """

    made: Made
    through: str
    octets: int


def make_in_house(
    settings: Settings,
    environment: Mapping[str, str],
    devices: int,
    *,
    processes: int,
    seed: int,
    progress: Callable[[], AbstractContextManager[Progress]],
) -> MadeInHouse:
    """The house's estate has so many devices at least.

    Args:
        settings: of the house.
        environment: with what opens its keys.
        devices: how many there are to be.
        processes: that make keys, and issue where no server does.
        seed: of kinds, makes, models and regions.
        progress: a bar; entered only if there is something to be made.

    Raises:
        Refused: a certificate was refused.
        Unavailable: another process makes devices here, or something that is needed is away.
    """
    with open_front(settings) as front:
        certificates = trusted_certificates(settings, load_hierarchy(front))
    anchors = {kind: anchors_of(kind, certificates) for kind in DeviceKind}
    with alone(settings.path(_LOCK), _BUSY), open_estate(settings, new=True) as opened:
        made, through = Made.nothing(opened), NOBODY
        if not is_made(opened, devices):
            with (
                open_issuer(settings, environment, processes) as issuer,
                closing(KeyMakers(processes if processes > 1 else 0)) as makers,
                progress() as told,
            ):
                through = issuer.through
                making = Making(
                    estate=opened,
                    issuer=issuer,
                    makers=makers,
                    anchors=anchors,
                    profiles=settings.profiles(),
                    figures=home_figures(settings),
                    hw_type=der.oid((*settings.hw_types, DEVELOPMENT_HARDWARE)[0])[2:],
                    seed=seed,
                    folder=settings.path(_FOLDER),
                    clock=SystemClock(),
                    entropy=SystemEntropy(),
                    progress=told,
                )
                made = make_estate(making, devices)
        octets = opened.octets() // max(1, made.devices)
    return MadeInHouse(made=made, through=through, octets=octets)
