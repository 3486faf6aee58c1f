"""Hubs on a socket of their own, in a thread."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import pytest

from smki.simulator.pace import Pace
from smki.simulator.tcp_hubs import ObeyingDevices, TcpHubs
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import RegionFigures

Hubs = tuple[TcpHubs, int]
Serving = Callable[..., AbstractContextManager[Hubs]]


@contextmanager
def _serving(
    devices: ObeyingDevices,
    figures: RegionFigures,
    *,
    seed: int = 1,
    times: float = 1_000,
    transfer: TransferFigures | None = None,
    port: int = 0,
    elsewhere: RegionFigures | None = None,
) -> Iterator[Hubs]:
    loop = asyncio.new_event_loop()
    up = threading.Event()
    stop = asyncio.Event()
    made: list[Hubs] = []

    async def main() -> None:
        hubs = TcpHubs(
            devices,
            regions={"north": figures, "south": elsewhere or figures},
            seed=seed,
            pace=Pace(start=datetime.now(UTC), times=times),
            transfer=transfer,
        )
        async with hubs.serving("127.0.0.1", port) as bound:
            made.append((hubs, bound))
            up.set()
            await stop.wait()

    def run() -> None:
        try:
            loop.run_until_complete(main())
        finally:
            up.set()
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    up.wait()
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture(scope="session")
def serving() -> Serving:
    """Serves devices over TCP: the hubs and their port."""
    return _serving
