"""How fast `smki repository audit` is, beside the bare hashing of the same leaves.

Device certificates are filled in from the template of a scratch SMKI, lodged, indexed and covered by
index roots first; nobody signed them. Then all is audited as the command does it.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from smki.adapters.helpers import rare_garbage_collection
from smki.adapters.identity_map import SqliteIdentityMap
from smki.adapters.record import Problem
from smki.adapters.record import audit as audit_record
from smki.bootstrap import Settings, initialise, load_settings, open_record
from smki.bootstrap.auditing import open_auditing
from smki.flows.office import FrontOffice
from smki.interfaces.benching import Progress
from smki.merkle.hashing import leaf_row
from smki.merkle.leaf import NO_REQUEST, CertificateBody, certificate_of, encode_certificate
from smki.ports import Record
from smki.profiles import DEVELOPMENT_HARDWARE, DeviceTemplate, issuer_from_certificate
from smki.repository import (
    MapKeeper,
    audit_roots,
    catch_up,
    compare_index,
    lodge_root,
    milliseconds,
)
from smki.steps import Channel
from smki.terms import CertificateKind, Inconsistent, KeyUsage
from smki.wire import der

TOGETHER: Final = 8_192  # entries of one append
_ROOT_EVERY: Final = 98_304  # entries: as often as a root is lodged at full speed
_MAKER: Final = 0x0A534D0000000000
_SIGNATURE_OCTETS: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: entries in the record, about.
        processes: that audit.
        seconds: for the whole audit.
        per_second: entries a second by that.
        limit_per_second: leaves hashed a second by one thread and nothing else.
        ratio: of the two.
        record_per_second: entries re-read a second.
        index_per_second: entries a second compared with the index.
        roots_per_second: entries a second into the verifiable index, made anew.
        record_ratio: of the re-reading to the limit.
        octets_per_second: of the record's bundles, by the whole audit.
        peak_rss_mib: memory of the largest process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    record_per_second: float
    index_per_second: float
    roots_per_second: float
    record_ratio: float
    octets_per_second: float
    peak_rss_mib: float


def bench_audit(state: Path, count: int, processes: int | None, progress: Progress) -> AuditFigures:
    """A record of `count` certificates in a new SMKI in `state`, audited.

    Raises:
        SmkiError: the scratch SMKI cannot be made.
        Inconsistent: the audit finds a problem.
    """
    environment = {"SMKI_STATE": str(state)}
    settings = initialise(load_settings(environment), environment, bare=True, tell=lambda _: None)
    with open_record(settings, environment) as (front, record), rare_garbage_collection():
        limit, octets = _Limit(), _fill(front, record, state, count, progress)
        seconds = _audit(settings, front, processes, limit, progress)
    whole = sum(seconds)
    return AuditFigures(
        count=count,
        processes=processes or os.cpu_count() or 1,
        seconds=round(whole, 3),
        per_second=round(count / whole, 1),
        limit_per_second=round(limit.per_second, 1),
        ratio=round(count / whole / limit.per_second, 3),
        record_per_second=round(count / seconds[0], 1),
        index_per_second=round(count / seconds[1], 1),
        roots_per_second=round(count / seconds[2], 1),
        record_ratio=round(count / seconds[0] / limit.per_second, 3),
        octets_per_second=round(octets / whole, 1),
        peak_rss_mib=round(_peak() / 1024, 1),
    )


def _audit(
    settings: Settings,
    front: FrontOffice,
    processes: int | None,
    limit: "_Limit",
    progress: Progress,
) -> tuple[float, float, float]:
    """Seconds for record, index and roots."""
    with open_auditing(settings, processes) as auditing:
        limit.look(front)
        with _timed() as record:
            for found in audit_record(settings.path("record"), settings.log_vkey, auditing.record):
                if isinstance(found, Problem):
                    raise Inconsistent(f"benchmark: {found.file}: {found.message}")
                progress("re-reading the record", found.done, found.total)
        limit.look(front)
        with _timed() as index:
            _none(
                compare_index(
                    front.reader,
                    front.index,
                    front.describe,
                    lambda one: progress("comparing the index", one.done, one.total),
                    auditing.index,
                )
            )
        limit.look(front)
        with _timed() as roots:
            _none(
                audit_roots(
                    front.reader,
                    auditing.shelves,
                    auditing.roots,
                    lambda one: progress("making the verifiable index", one.done, one.total),
                )
            )
        limit.look(front)
    return record[0], index[0], roots[0]


class _Limit:
    """Looks at the bare hashing of leaves, in between."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._leaves = 0

    def look(self, front: FrontOffice) -> None:
        """One sample: some milliseconds."""
        size = front.reader.checkpoint().size
        leaves = list(front.reader.leaves(max(0, size - TOGETHER), size))
        started = time.perf_counter()
        leaf_row(leaves)
        self._seconds += time.perf_counter() - started
        self._leaves += len(leaves)

    @property
    def per_second(self) -> float:
        """Leaves a second."""
        return self._leaves / self._seconds


def _none(found: Iterator[str]) -> None:
    for problem in found:
        raise Inconsistent(f"benchmark: {problem}")


@contextmanager
def _timed() -> Iterator[list[float]]:
    spent: list[float] = []
    started = time.perf_counter()
    yield spent
    spent.append(time.perf_counter() - started)


def _peak() -> int:
    """Kibibytes of the largest of us."""
    return max(
        resource.getrusage(whose).ru_maxrss
        for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def _fill(front: FrontOffice, record: Record, state: Path, count: int, progress: Progress) -> int:
    """All is lodged, indexed and under a root; octets of the leaves."""
    make = _maker(front)
    catch_up(record, front.index, front.describe)
    keeper = MapKeeper(
        record=record,
        index=front.index,
        describe=front.describe,
        identity_map=SqliteIdentityMap(state / "scratch-map.sqlite"),
        lodge=lambda body: lodge_root(record, body, front.clock.now()),
        entries=_ROOT_EVERY,
    )
    octets = 0
    for start in range(0, count, TOGETHER):
        numbers = range(start, min(count, start + TOGETHER))
        now = front.clock.now()
        leaves = [make(number, now) for number in numbers]
        octets += sum(map(len, leaves))
        record.append(leaves)
        catch_up(record, front.index, front.describe)
        if numbers.stop % _ROOT_EVERY == 0 or numbers.stop == count:
            while keeper.keep(now):
                pass
        progress("lodging", numbers.stop, count)
    return octets


def _maker(front: FrontOffice) -> Callable[[int, datetime], bytes]:
    """Makes the leaf of certificate `number`: two usages in turn for each device."""
    [row] = front.index.rows(CertificateKind.ISSUING_DCA)
    authority = certificate_of(front.reader.leaf(row.entry))
    issuer = issuer_from_certificate(authority, front.settings)
    hardware = der.oid(DEVELOPMENT_HARDWARE)[2:]
    templates = [
        DeviceTemplate(issuer, front.settings, usage, hardware)
        for usage in (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)
    ]

    def make(number: int, now: datetime) -> bytes:
        template = templates[number % 2]
        device = (_MAKER + number // 2).to_bytes(8, "big")
        serial = b"\x40" + os.urandom(15)
        tbs = template.fill(serial, now.replace(microsecond=0), device, b"\x04" + os.urandom(64))
        body = CertificateBody(
            channel=Channel.BATCH.value,
            manufacturing=True,
            subscriber=bytes(8),
            request=NO_REQUEST,
            certificate=template.assemble(tbs, os.urandom(_SIGNATURE_OCTETS)),
        )
        return encode_certificate(body, milliseconds(now))

    return make
