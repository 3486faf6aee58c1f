"""Keys and certification requests of new devices by the thousand, in several processes.

A request is signed deterministically (RFC 6979): made again for the same keys it is the same to
the octet, so that keys alone need to be kept to ask again for what was asked. For simulated
devices and tests: a real device makes its own keys and never shows them.
"""

import base64
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from smki.terms import EUI64, KeyUsage
from smki.terms.identifiers import EUI64_OCTETS
from smki.wire.pkcs10 import assemble_request, device_request_info

PART: Final = 256  # devices made together: some 25 ms, 250 kB
AHEAD: Final = 2  # parts a process is given at most: what was asked always fits into its pipe
SCALAR_OCTETS: Final = 32
_POINT_OCTETS: Final = 65
_CURVE: Final = SECP256R1()
_SIGNING: Final = ECDSA(SHA256(), deterministic_signing=True)
_USAGES: Final = (KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT)


class Asked(NamedTuple):
    """A device, and the scalars of its keys if they were made before; else empty."""

    device: bytes
    signing: bytes = b""
    agreement: bytes = b""


class KeyOfDevice(NamedTuple):
    """A key: its scalar, its public point (65 octets), its certification request (base64)."""

    scalar: bytes
    point: bytes
    request: str


class KeysOfDevice(NamedTuple):
    """Both keys of a device. Tuples, because millions of them go through pipes."""

    device: bytes
    signing: KeyOfDevice
    agreement: KeyOfDevice


def make_keys(hw_type: bytes, asked: Sequence[Asked]) -> list[KeysOfDevice]:
    """Keys and requests of these devices; `hw_type` is the content of the hwType OID.

    Clause: sec-app-m:F, rfc6979:3.2
    """
    return [
        KeysOfDevice(
            one.device,
            *(
                _key(one.device, hw_type, usage, scalar)
                for usage, scalar in zip(_USAGES, (one.signing, one.agreement), strict=True)
            ),
        )
        for one in asked
    ]


def _key(device: bytes, hw_type: bytes, usage: KeyUsage, scalar: bytes) -> KeyOfDevice:
    key = _loaded(scalar)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    before, between, after = _around(hw_type, usage)
    info = before + point + between + device + after
    request = assemble_request(info, key.sign(info, _SIGNING))
    private = scalar or key.private_numbers().private_value.to_bytes(SCALAR_OCTETS, "big")
    return KeyOfDevice(private, point, base64.b64encode(request).decode())


@lru_cache
def _around(hw_type: bytes, usage: KeyUsage) -> tuple[bytes, bytes, bytes]:
    """What stands in every such request before the public key, after it, and after the device."""
    device, point = EUI64(b"\xa5" * EUI64_OCTETS), b"\x5a" * _POINT_OCTETS
    sample = device_request_info(device=device, hw_type=hw_type, usage=usage, point=point)
    before, _, rest = sample.partition(point)
    between, _, after = rest.partition(device.octets)
    return before, between, after


def _loaded(scalar: bytes) -> EllipticCurvePrivateKey:
    if not scalar:
        return generate_private_key(_CURVE)
    return derive_private_key(int.from_bytes(scalar, "big"), _CURVE)


class KeyMakers:
    """Makes keys with so many processes beside this one; with none, here. For one thread.

    They end when this process does, however that ends.
    """

    def __init__(self, processes: int) -> None:
        self._makers = [_Maker() for _ in range(processes)]

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes."""
        return tuple(maker.pid for maker in self._makers)

    def make(self, hw_type: bytes, asked: Iterable[Asked]) -> Iterator[list[KeysOfDevice]]:
        """The keys of these devices, in order and in parts."""
        waiting: deque[tuple[_Maker | None, tuple[Asked, ...]]] = deque()
        parts = iter(asked)
        while True:
            while len(waiting) <= AHEAD * len(self._makers) and (
                part := tuple(islice(parts, PART))
            ):
                maker = min(self._makers, key=lambda one: one.asked, default=None)
                waiting.append((maker if maker and maker.ask(hw_type, part) else None, part))
            if not waiting:
                return
            maker, part = waiting.popleft()
            made = None if maker is None else maker.answer()
            yield make_keys(hw_type, part) if made is None else made

    def close(self) -> None:
        """The processes are gone."""
        for maker in self._makers:
            maker.close()


class _Maker:
    """A process that makes keys; one that died is asked nothing more."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_live, args=(there,), daemon=True)
        self._process.start()
        there.close()
        self.pid = self._process.pid or 0
        self.asked = 0

    def ask(self, hw_type: bytes, part: Sequence[Asked]) -> bool:
        """Whether it was asked for this part."""
        with suppress(OSError):
            self._pipe.send((hw_type, part))
            self.asked += 1
            return True
        return False

    def answer(self) -> list[KeysOfDevice] | None:
        """The part that it was asked for first; None if it died."""
        self.asked -= 1
        with suppress(OSError, EOFError):
            made: list[KeysOfDevice] = self._pipe.recv()
            return made
        return None

    def close(self) -> None:
        self._pipe.close()
        self._process.join()


def _live(pipe: Connection) -> None:
    """The life of a process that makes keys."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it heeds it, and closes the pipe
    with suppress(EOFError, OSError):
        while True:
            hw_type, part = pipe.recv()
            pipe.send(make_keys(hw_type, part))
    os._exit(0)
