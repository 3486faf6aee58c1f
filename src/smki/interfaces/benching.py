"""Benchmarks: figures for people and for comparison, never tests.

Machines differ and are noisy, so every figure comes with a limit measured in the same run, in
between, and their ratio. For issuing the limit L is the bare cryptography of one thread: load a
public point and verify, and sign; P-256 with SHA-256, with `cryptography`.
"""

import base64
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.adapters.helpers import (
    PART,
    Helpers,
    relax_garbage_collection,
)
from smki.adapters.requesters import request_for_device
from smki.bootstrap import Settings, initialise, load_settings, open_office, with_helpers
from smki.bootstrap.samples import SAMPLES
from smki.flows.batch import batch_result, process_batch, receive_batch
from smki.flows.office import Office
from smki.flows.registering import register_party
from smki.policy import MAXIMUM_CSRS_PER_BATCH
from smki.ports import Party
from smki.profiles import DEVELOPMENT_HARDWARE
from smki.registration import requester_for
from smki.steps import Requester
from smki.terms import EUI64, BatchStatus, Inconsistent, Interface, ItemStatus, KeyUsage
from smki.wire import der
from smki.wire.xml import BatchItem, BatchResult, stream_batch_result, write_batch_request

Progress = Callable[[str, int, int], None]

_SAMPLE: Final = 150  # verifications and signatures in one sample of the limit: some 10 ms
_SAMPLES: Final = 12  # in one look at it, before, between and after batches
_EVERY: Final = 8  # chunks of a batch between two single samples: they cost it one in a hundred
_PART: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a benchmark found; the keys of its JSON."""

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    peak_rss_mib: float


@dataclass(slots=True)
class _Limit:
    """Looks at the bare cryptography, in between."""

    seconds: list[float] = field(default_factory=list)
    _key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def look(self) -> None:
        """Many samples, when nobody works; their time is not counted."""
        for _ in range(_SAMPLES):
            self.sample()

    def sample(self) -> None:
        """One sample; within a batch the helpers go on beside it, so its time is counted."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        algorithm, curve = ec.ECDSA(hashes.SHA256()), ec.SECP256R1()
        message = os.urandom(400)
        signature = self._key.sign(message, algorithm)
        started = time.perf_counter()
        for _ in range(_SAMPLE):
            ec.EllipticCurvePublicKey.from_encoded_point(curve, point).verify(
                signature, message, algorithm
            )
        for _ in range(_SAMPLE):
            self._key.sign(message, algorithm)
        self.seconds.append((time.perf_counter() - started) / _SAMPLE)

    @property
    def per_second(self) -> float:
        """L: certificates a second if there were nothing but the cryptography."""
        return 1 / statistics.median(self.seconds)


def bench_issue(
    scratch: Path, count: int, processes: int, progress: Progress, into: Settings | None = None
) -> Figures:
    """The whole pipeline from XML to XML, in an SMKI made for it in `scratch`, or in the one of `into`.

    Documents of at most 50,000 fresh CSRs are made first, uncounted. Then each is received
    (streamed, schema, spool, hash), processed (checks, possession, composition, lint, journal,
    signature, record, index) and its result written out.

    Raises:
        SmkiError: the scratch SMKI cannot be made, or a request was refused.
        Unavailable: a server has the SMKI of `into`.
    """
    environment: Mapping[str, str] = os.environ
    if into is None:
        environment = {"SMKI_STATE": str(scratch)}
        into = initialise(load_settings(environment), environment, bare=True, tell=lambda _: None)
    scratch.mkdir(parents=True, exist_ok=True)
    settings, documents = into, list(made_documents(scratch, count, progress))
    with ExitStack() as stack:
        opened = stack.enter_context(open_office(settings, environment))
        helped = with_helpers(opened, settings, environment, processes)
        office, examine = stack.enter_context(helped)
        relax_garbage_collection()
        meet(examine, processes)
        requester = _requester(office)
        limit = _Limit()
        limit.look()
        done, spent = 0, 0.0
        for path, items in documents:
            started = time.perf_counter()
            for chunk, made in enumerate(one_batch(office, requester, path, examine), 1):
                progress("issuing", done + made, count)
                if chunk % _EVERY == 0:
                    limit.sample()
            spent += time.perf_counter() - started
            done += items
            limit.look()
    return _figures(count, processes, spent, limit.per_second)


def meet(examine: Helpers, processes: int) -> None:
    """Every helper has started: it has given back a part of work that comes to nothing."""
    nothing = ("",) * (PART * max(1, processes - 1))
    for _, outcomes in examine(iter([(nothing, nothing)])):
        if len(outcomes) != len(nothing):
            raise Inconsistent(f"benchmark: {len(outcomes)} outcomes of {len(nothing)} texts")


def one_batch(office: Office, requester: Requester, path: Path, examine: Helpers) -> Iterator[int]:
    """A batch is received, worked off and its result written; yields the number done so far.

    Raises:
        Inconsistent: a request was refused.
    """
    front = office.front
    with path.open("rb") as file:
        receipt = receive_batch(front, requester, iter(lambda: file.read(_PART), b""))
    batch = front.workbook.batch(receipt.number or 0)
    if batch is None:
        raise Inconsistent("benchmark: the batch that was received is not there")
    yield from process_batch(office, batch, examine)
    view = batch_result(front, requester, batch.number)
    if view.status is not BatchStatus.COMPLETED:
        raise Inconsistent(f"benchmark: the batch ended {view.status.value} {view.text}")
    header = BatchResult(
        document_id=view.document_id,
        build=front.build,
        status=view.status,
        number=view.number,
    )
    issued = 0

    def counted() -> Iterator[BatchItem]:
        nonlocal issued
        for item in view.items:
            issued += item.status is ItemStatus.SUCCESS
            yield item

    with Path(os.devnull).open("wb") as sink:
        sink.writelines(stream_batch_result(header, counted()))
    if issued != batch.items:
        raise Inconsistent(f"benchmark: {issued} certificates for {batch.items} requests")


def made_documents(scratch: Path, count: int, progress: Progress) -> Iterator[tuple[Path, int]]:
    """Batches of fresh requests, so many in all: each one's file and how many it has."""
    run = os.urandom(8).hex()  # no document of an SMKI has the name of another
    for start in range(0, count, MAXIMUM_CSRS_PER_BATCH):
        items = min(MAXIMUM_CSRS_PER_BATCH, count - start)
        path = scratch / f"bench-{start}.xml"
        with path.open("wb") as file:
            for part in write_batch_request(f"bench-{run}-{start}", _items(start, items)):
                file.write(part)
                progress("making requests", min(count, start + items), count)
        yield path, items


def _items(start: int, count: int) -> Iterator[tuple[str, str]]:
    hardware = der.oid(DEVELOPMENT_HARDWARE)[2:]
    device = b""
    for number in range(count):
        if number % 2 == 0:
            device = bytes.fromhex("0A534D") + os.urandom(5)
        usage = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)[number % 2]
        made = request_for_device(EUI64(device), usage, hardware)
        yield f"csr-{start + number}", base64.b64encode(made.request).decode()


def _requester(office: Office) -> Requester:
    """A sample party, registered if it was not."""
    party: Party = SAMPLES[0].party
    register_party(office.front, party)
    return requester_for(party, Interface.BATCH, None)


def _figures(count: int, processes: int, seconds: float, limit: float) -> Figures:
    rate = count / seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(
        count=count,
        processes=processes,
        seconds=round(seconds, 3),
        per_second=round(rate, 1),
        limit_per_second=round(limit, 1),
        ratio=round(rate / limit, 3),
        peak_rss_mib=round(peak, 1),
    )
