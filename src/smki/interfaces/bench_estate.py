"""How fast an estate is made, beside bare issuing in the same SMKI, in turn.

A device costs two keys, two requests signed by them, a batch that carries them, two certificates,
and its state in the estate's database. The limit is the issuing pipeline alone, from XML to XML,
of requests that are there already.
"""

import resource
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smki.adapters.device_keys import KeyMakers
from smki.adapters.helpers import Helpers, rare_garbage_collection
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import Settings, initialise, load_settings, open_office, with_helpers
from smki.bootstrap.estates import anchors_of, home_figures, open_estate, trusted_certificates
from smki.devices import DeviceKind
from smki.flows.office import Office
from smki.interfaces.benching import made_documents, meet, one_batch
from smki.interfaces.estate_issuing import InProcess, requester_of
from smki.interfaces.estate_making import LOT, Making, make_estate
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.wire import der

_ROUND: Final = 5 * LOT  # devices made between two looks at the limit
_LOOK: Final = 50_000  # certificates in such a look: one batch


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: devices made, of two certificates each.
        processes: that issue, and that make keys beside them.
        seconds: for all of them.
        per_second: certificates a second by that.
        limit_per_second: certificates a second with issuing alone, between.
        ratio: of the two.
        octets_per_device: of the estate's database, indexes and all.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    octets_per_device: int
    peak_rss_mib: float


def bench_estate(
    state: Path, count: int, processes: int, progress: Callable[[str, int, int], None]
) -> EstateFigures:
    """So many devices were made in a state directory made for it.

    Raises:
        SmkiError: the scratch SMKI cannot be made, or a request was refused.
    """
    environment = {"SMKI_STATE": str(state)}
    settings = initialise(load_settings(environment), environment, bare=False, tell=lambda _: None)
    rounds = -(-count // _ROUND)
    looks = made_documents(state, min(_LOOK, 2 * count) * rounds, progress)
    making_seconds = issuing_seconds = 0.0
    issued = 0
    with _yard(settings, environment, processes) as (office, examine, making):
        for path, items in looks:
            begun = time.perf_counter()
            for done in one_batch(office, requester_of(office), path, examine):
                progress("issuing", issued + done, 2 * count)
            middle = time.perf_counter()
            made = make_estate(making, min(count, making.estate.count() + _ROUND))
            making_seconds += time.perf_counter() - middle
            issuing_seconds += middle - begun
            issued += items
            progress("making devices", made.devices, count)
        octets = making.estate.octets()
    rate, limit = 2 * (count - 1) / making_seconds, issued / issuing_seconds
    return EstateFigures(
        count=count,
        processes=processes,
        seconds=round(making_seconds, 3),
        per_second=round(rate, 1),
        limit_per_second=round(limit, 1),
        ratio=round(rate / limit, 3),
        octets_per_device=octets // count,
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


@contextmanager
def _yard(
    settings: Settings, environment: Mapping[str, str], processes: int
) -> Iterator[tuple[Office, Helpers, Making]]:
    """The office with its helpers, and an estate of one device: every process has started."""
    with (
        open_office(settings, environment) as opened,
        with_helpers(opened, settings, environment, processes) as (office, examine),
        open_estate(settings, new=True) as estate,
        closing(KeyMakers(processes if processes > 1 else 0)) as makers,
        rare_garbage_collection(),
    ):
        meet(examine, processes)
        certificates = trusted_certificates(settings, office.hierarchy)
        making = Making(
            estate=estate,
            issuer=InProcess(settings, office, examine),
            makers=makers,
            anchors={kind: anchors_of(kind, certificates) for kind in DeviceKind},
            profiles=office.front.settings,
            figures=home_figures(settings),
            hw_type=der.oid(DEVELOPMENT_HARDWARE)[2:],
            seed=1,
            folder=settings.path("estate-lots"),
            clock=SystemClock(),
            entropy=SystemEntropy(),
            progress=lambda _done, _total: None,
        )
        make_estate(making, 1)
        yield office, examine, making
