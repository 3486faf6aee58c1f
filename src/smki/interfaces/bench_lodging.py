"""How fast the record grows: the tree in memory, and tree, bundles and tiles durable on disk.

The limit is the bare hashing of the same leaves by one thread, measured in between; beside it
stands what the disk takes, the same octets in one file for each append. The leaves are
certificates' in length and form, but nobody signed them. No index: it may lag, and has figures of
its own.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from smki.adapters.helpers import relax_garbage_collection
from smki.adapters.keys import SoftwareSigningKey
from smki.adapters.record import FileRecord
from smki.merkle.hashing import EMPTY_ROOT, leaf_row
from smki.merkle.leaf import CertificateBody, encode_certificate
from smki.merkle.tiles import TreeState, grow
from smki.steps import Channel
from smki.terms import Inconsistent

TOGETHER: Final = 16_384  # leaves of one append: as many as a chunk of a batch may be set to
_CERTIFICATE_OCTETS: Final = 560  # a device certificate's
_ONE_FILE: Final = "one-file"
_INSTANT: Final = 1_800_000_000_000  # milliseconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class LodgingFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: leaves appended.
        processes: always one: the record has one writer.
        seconds: in appends that made everything durable.
        per_second: leaves a second by that.
        limit_per_second: leaves hashed a second and nothing else.
        ratio: of the two.
        tree_per_second: leaves a second into tree, tiles and bundles in memory.
        tree_ratio: of that to the limit.
        disk_per_second: leaves a second if all octets of an append went into one file, synced.
        first_per_second: durable, in the first tenth.
        last_per_second: durable, in the last tenth.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    tree_per_second: float
    tree_ratio: float
    disk_per_second: float
    first_per_second: float
    last_per_second: float
    peak_rss_mib: float


def bench_lodge(
    state: Path, count: int, progress: Callable[[str, int, int], None]
) -> LodgingFigures:
    """`count` leaves in a new record below `state`, the same in a tree in memory, and the limit.

    Raises:
        Unavailable: the disk fails.
        Inconsistent: tree and record do not agree.
    """
    key = SoftwareSigningKey(Ed25519PrivateKey.generate(), deterministic=True)
    record = FileRecord(state, "benchmark.invalid", key)
    relax_garbage_collection()
    tree, root, durable = TreeState(), EMPTY_ROOT, list[tuple[int, float]]()
    bare = grown = written = 0.0
    try:
        done = 0
        for leaves in _leaves(count):
            bare += _seconds(partial(leaf_row, leaves))
            written += _seconds(partial(_write, state / _ONE_FILE, b"".join(leaves)))
            started = time.perf_counter()
            growth = grow(tree, leaves)
            grown += time.perf_counter() - started
            tree, root = growth.state, growth.root
            durable.append((len(leaves), _seconds(partial(record.append, leaves))))
            done += len(leaves)
            progress("lodging", done, count)
        if record.checkpoint().root != root:
            raise Inconsistent("benchmark: the record's root is not that of the tree in memory")
    finally:
        record.close()
        (state / _ONE_FILE).unlink(missing_ok=True)
    tenth = max(1, len(durable) // 10)
    seconds = sum(spent for _, spent in durable)
    return LodgingFigures(
        count=count,
        processes=1,
        seconds=round(seconds, 3),
        per_second=round(count / seconds, 1),
        limit_per_second=round(count / bare, 1),
        ratio=round(bare / seconds, 3),
        tree_per_second=round(count / grown, 1),
        tree_ratio=round(bare / grown, 3),
        disk_per_second=round(count / written, 1),
        first_per_second=round(_rate(durable[:tenth]), 1),
        last_per_second=round(_rate(durable[-tenth:]), 1),
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _leaves(count: int) -> Iterator[list[bytes]]:
    for start in range(0, count, TOGETHER):
        yield [_leaf() for _ in range(min(TOGETHER, count - start))]


def _leaf() -> bytes:
    random = os.urandom(_CERTIFICATE_OCTETS + 40)
    body = CertificateBody(
        channel=Channel.BATCH.value,
        manufacturing=True,
        subscriber=random[:8],
        request=random[8:40],
        certificate=random[40:],
    )
    return encode_certificate(body, _INSTANT)


def _write(path: Path, octets: bytes) -> None:
    with path.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _rate(appends: list[tuple[int, float]]) -> float:
    return sum(leaves for leaves, _ in appends) / sum(spent for _, spent in appends)
