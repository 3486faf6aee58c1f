"""How fast the repository's web service answers, beside a route that does nothing.

Entries are made, lodged and indexed first; nobody signed them. A server in a thread then answers
one client, over a socket: a search by EUI-64, a retrieval by serial number, and the empty route, in
turn. So server and client share the machine in the same way for all three.
"""

import asyncio
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from smki.bootstrap import initialise, load_settings, open_record
from smki.bootstrap.samples import API_KEY, SAMPLES
from smki.flows.apikeys import give_fixed_apikey
from smki.flows.office import FrontOffice
from smki.flows.registering import register_party
from smki.flows.services import HouseServices
from smki.interfaces.counting import counting_uses
from smki.interfaces.web.app import local_app
from smki.interfaces.web.repository import RETRIEVE_PATH, SEARCH_PATH
from smki.interfaces.web.server import Listener, new_event_loop, serving
from smki.merkle.leaf import NO_REQUEST, CertificateBody, encode_certificate
from smki.ports import CertificateRow, Record
from smki.repository import milliseconds
from smki.steps import Channel, Requester
from smki.steps.answers import AdHocAnswer
from smki.terms import (
    EUI64,
    CertificateKind,
    CertificateStatus,
    Inconsistent,
    KeyUsage,
    SerialNumber,
    Unavailable,
)
from smki.wire.xml import SearchQuery, write_data_request, write_search_request

TOGETHER: Final = 8_192  # entries of one append
_ROUNDS: Final = 1_000  # of a search, a retrieval and the empty route
_WARM: Final = 50  # rounds before, not counted
_CERTIFICATE_OCTETS: Final = 560  # a device certificate's
_MAKER: Final = 0x0A534D0000000000
_NO_END: Final = 253402300799  # seconds: the last of the year 9999
_EMPTY: Final = "/empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: entries in the index.
        processes: always one.
        seconds: in all lookups together.
        per_second: lookups a second by that, one after the other.
        limit_per_second: answers of the empty route a second, in the same run.
        ratio: of the two.
        p99_milliseconds: of a hundred lookups, one takes longer.
        limit_p99_milliseconds: the same of the empty route.
        indexed_per_second: entries a second into the index.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    p99_milliseconds: float
    limit_p99_milliseconds: float
    indexed_per_second: float
    peak_rss_mib: float


def bench_lookup(
    state: Path, count: int, progress: Callable[[str, int, int], None]
) -> LookupFigures:
    """`count` entries in a new SMKI in `state`, and questions about them over HTTP.

    Raises:
        SmkiError: the scratch SMKI cannot be made.
        Inconsistent: an answer is not the one that was asked for.
    """
    environment = {"SMKI_STATE": str(state)}
    settings = initialise(load_settings(environment), environment, bare=True, tell=lambda _: None)
    with open_record(settings, environment) as (front, record):
        register_party(front, SAMPLES[0].party)
        give_fixed_apikey(front, SAMPLES[0].party.party, API_KEY)
        indexing = _fill(front, record, count, progress)
        with _served(front, settings.path("record")) as ports:
            lookups, empties = _ask(ports, count)
    spent, bare = sum(lookups), sum(empties)
    rate, limit = len(lookups) / spent, len(empties) / bare
    return LookupFigures(
        count=count,
        processes=1,
        seconds=round(spent, 3),
        per_second=round(rate, 1),
        limit_per_second=round(limit, 1),
        ratio=round(rate / limit, 3),
        p99_milliseconds=_p99(lookups),
        limit_p99_milliseconds=_p99(empties),
        indexed_per_second=round(count / indexing, 1),
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _fill(
    front: FrontOffice, record: Record, count: int, progress: Callable[[str, int, int], None]
) -> float:
    """The entries are lodged and indexed; seconds in the index."""
    spent = 0.0
    for start in range(0, count, TOGETHER):
        numbers = range(start, min(count, start + TOGETHER))
        instant = milliseconds(front.clock.now())
        size = record.append([_leaf(instant) for _ in numbers]).size
        rows = [_row(entry, one, instant) for entry, one in enumerate(numbers, size - len(numbers))]
        started = time.perf_counter()
        front.index.extend(rows, (), size)
        spent += time.perf_counter() - started
        progress("lodging", numbers.stop, count)
    return spent


def _leaf(instant: int) -> bytes:
    body = CertificateBody(
        channel=Channel.BATCH.value,
        manufacturing=True,
        subscriber=bytes(8),
        request=NO_REQUEST,
        certificate=os.urandom(_CERTIFICATE_OCTETS),
    )
    return encode_certificate(body, instant)


def _row(entry: int, number: int, instant: int) -> CertificateRow:
    return CertificateRow(
        entry=entry,
        serial=_serial(number),
        kind=CertificateKind.DEVICE,
        identity=_device(number),
        role=None,
        usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)[number % 2],
        key=_serial(number).value & ((1 << 64) - 1),
        status=CertificateStatus.IN_USE,
        not_after=_NO_END,
        lodged_at=instant,
        manufacturing=True,
        subscriber=EUI64(bytes(8)),
    )


def _serial(number: int) -> SerialNumber:
    octets = sha256(number.to_bytes(8, "big")).digest()[1:16]
    return SerialNumber(int.from_bytes(b"\x40" + octets, "big"))


def _device(number: int) -> EUI64:
    return EUI64((_MAKER + number // 2).to_bytes(8, "big"))


@contextmanager
def _served(front: FrontOffice, record: Path) -> Iterator[tuple[int, ...]]:
    """Repository and empty route are served inside, from a thread; their ports."""
    services = HouseServices(front, _no_authority, lambda: None, _no_state)
    empty = Starlette(routes=[Route(_EMPTY, _nothing, methods=["POST"])])
    listeners = [
        Listener(app=app, host="127.0.0.1", port=0)
        for app in (local_app(services, record=record), empty)
    ]
    ports: list[int] = []
    loop, up, stop = new_event_loop(), threading.Event(), asyncio.Event()

    async def run() -> None:
        async with counting_uses(front), serving(listeners) as found:
            ports.extend(found)
            up.set()
            await stop.wait()

    def serve() -> None:
        try:
            loop.run_until_complete(run())
        finally:
            up.set()
            loop.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        up.wait()
        yield tuple(ports)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


async def _no_authority(_: Requester, __: str) -> AdHocAnswer:
    raise Unavailable("benchmark: nothing is issued")


def _no_state() -> Mapping[str, object]:
    return {}


async def _nothing(request: Request) -> Response:
    await request.body()
    return Response(status_code=200)


def _ask(ports: tuple[int, ...], count: int) -> tuple[list[float], list[float]]:
    """Seconds of each lookup, and of each answer of the empty route."""
    lookups, empties = list[float](), list[float]()
    with (
        closing(HTTPConnection("127.0.0.1", ports[0])) as repository,
        closing(HTTPConnection("127.0.0.1", ports[1])) as empty,
    ):
        for turn in range(-_WARM, _ROUNDS):
            number = int.from_bytes(os.urandom(8), "big") % count
            search = write_search_request(SearchQuery(identity=_device(number), device=True))
            serial = _serial(number)
            spent = [
                _answered(repository, SEARCH_PATH, search, str(serial)),
                _answered(repository, RETRIEVE_PATH, write_data_request(serial), str(serial)),
            ]
            bare = _answered(empty, _EMPTY, search, "")
            if turn >= 0:
                lookups += spent
                empties.append(bare)
    return lookups, empties


def _answered(connection: HTTPConnection, path: str, body: bytes, shown: str) -> float:
    """Seconds until the answer is here; `shown` stands in it."""
    started = time.perf_counter()
    connection.request(
        "POST", f"{path}?apikey={API_KEY}", body=body, headers={"Content-Type": "application/xml"}
    )
    answer = connection.getresponse()
    text = answer.read()
    took = time.perf_counter() - started
    if answer.status != 200 or shown.encode().lower() not in text.lower():
        raise Inconsistent(f"benchmark: {path} answered {answer.status} {text[:200]!r}")
    return took


def _p99(seconds: list[float]) -> float:
    return round(sorted(seconds)[len(seconds) * 99 // 100] * 1000, 3)
