"""How fast it is proven that nothing of an identity is hidden: proofs of the map by EUI-64.

The map is made first, from entries that nobody signed, two for each device: presence and absence
in turn are then proven and verified. The limit is bare hashing of as many octets as a proof has,
its bucket and its nodes, once for making and once for verifying.
"""

import os
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from smki.adapters.identity_map import SqliteIdentityMap
from smki.merkle.identity_map import (
    Entries,
    MapProof,
    extend_map,
    prove_identity,
    value_of,
    verify_identity,
)
from smki.ports import MapState, MapView
from smki.terms import Inconsistent

TOGETHER: Final = 100_000  # entries under one root
_PROOFS: Final = 2_000
_MAKER: Final = 0x0A534D0000000000
_ABSENT: Final = 1 << 39  # added to a device that is there


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvingFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: entries in the map.
        processes: always one.
        seconds: for all proofs, made and verified.
        per_second: proofs a second by that.
        limit_per_second: the same with their hashes alone.
        ratio: of the two.
        p99_milliseconds: of a hundred proofs, made and verified, one takes longer.
        kept_per_second: entries a second into the map, durable.
        proof_octets: octets of bucket and nodes, on average.
        peak_rss_mib: memory of the process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    p99_milliseconds: float
    kept_per_second: float
    proof_octets: int
    peak_rss_mib: float


def bench_prove(
    state: Path, count: int, progress: Callable[[str, int, int], None]
) -> ProvingFigures:
    """A map of `count` entries in a new file beside `state`, and proofs from it.

    Raises:
        Unavailable: the disk fails.
        Inconsistent: a proof does not say what was put in.
    """
    state.mkdir(parents=True)
    identity_map = SqliteIdentityMap(state / "identity-map.sqlite")
    kept = 0.0
    for start in range(0, count, TOGETHER):
        stop = min(count, start + TOGETHER)
        fresh = dict(_fresh(start, stop))
        started = time.perf_counter()
        with identity_map.changing() as view:
            root = extend_map(view, view.state.root, fresh)
            view.conclude(MapState(size=stop, root=root, entry=stop), frozenset())
        kept += time.perf_counter() - started
        progress("making the map", stop, count)
    spent, bare, octets = list[float](), list[float](), 0
    with identity_map.reading() as view:
        for number in _chosen(count):
            for absent in (0, _ABSENT):
                took, proof = _prove(view, number, absent, count)
                spent.append(took)
                bare.append(_hashing(proof))
                octets += len(proof.bucket) + sum(map(len, proof.siblings))
    seconds, limit = sum(spent), sum(bare)
    return ProvingFigures(
        count=count,
        processes=1,
        seconds=round(seconds, 3),
        per_second=round(len(spent) / seconds, 1),
        limit_per_second=round(len(bare) / limit, 1),
        ratio=round(limit / seconds, 3),
        p99_milliseconds=round(sorted(spent)[len(spent) * 99 // 100] * 1000, 3),
        kept_per_second=round(count / kept, 1),
        proof_octets=octets // len(spent),
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _prove(view: MapView, number: int, absent: int, count: int) -> tuple[float, MapProof]:
    identity, root = _identity(number + absent), view.state.root
    started = time.perf_counter()
    proof = prove_identity(view, root, identity)
    value = verify_identity(proof, identity, root)
    took = time.perf_counter() - started
    if value != (None if absent else value_of(_entries(number, count))):
        raise Inconsistent(f"benchmark: {identity.hex()} is not what was put into the map")
    return took, proof


def _hashing(proof: MapProof) -> float:
    """Seconds for the hashes of a proof, made and verified, and nothing else."""
    branches = [b"\x03" + one + one for one in proof.siblings]
    started = time.perf_counter()
    for _ in range(2):
        sha256(proof.bucket).digest()
        for branch in branches:
            sha256(branch).digest()
    return time.perf_counter() - started


def _chosen(count: int) -> Iterator[int]:
    for _ in range(_PROOFS // 2):
        yield int.from_bytes(os.urandom(8), "big") % ((count + 1) // 2)


def _fresh(start: int, stop: int) -> Iterator[tuple[bytes, Entries]]:
    for number in range(start // 2, (stop + 1) // 2):
        yield _identity(number), _entries(number, stop)


def _entries(number: int, size: int) -> Entries:
    """Two entries for each device, one if the log ends before the second."""
    both = range(2 * number, min(size, 2 * number + 2))
    return [(entry, sha256(entry.to_bytes(8, "big")).digest()) for entry in both]


def _identity(number: int) -> bytes:
    return (_MAKER + number).to_bytes(8, "big")
