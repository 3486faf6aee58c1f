"""The process that serves simulated hubs and the devices of the estate behind them, over TCP.

It has the devices' private keys in its hands, as their makers' firmware would; it holds no key of
the house and lodges nothing. Whatever ends it, a device is as it was when it last answered.
"""

import asyncio
import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from smki.adapters.files import write_durably
from smki.adapters.world import SystemClock, SystemEntropy
from smki.bootstrap import Settings
from smki.bootstrap.estates import open_estate
from smki.bootstrap.line_settings import LineSettings
from smki.interfaces.web import new_event_loop
from smki.ports.estate import Estate, InventoryQuery
from smki.simulator import ScalarKeys
from smki.simulator.obeying import EstateDevices
from smki.simulator.pace import Pace
from smki.simulator.tcp_hubs import TcpHubs
from smki.simulator.weather import RegionFigures
from smki.terms import Refused, Unavailable

ADDRESS_FILE: Final = "line.json"  # where the hubs are served; believed while the lock is held
LOCK_FILE: Final = "line.lock"
_LOCK_SECONDS: Final = 1.0  # whoever asks for the address holds the lock for an instant


@dataclass(frozen=True, slots=True, kw_only=True)
class LineServed:
    """What was served until it ended.

    Attributes:
        frames: that went over the line, each way.
        messages: that came for devices, by what they made of them: `obeyed`, or the check that
            one failed.
    """

    frames: int
    messages: Mapping[str, int]


def serve_line(
    settings: Settings, line: LineSettings, ready: Callable[[str, int], None]
) -> LineServed:
    """Served in the foreground until interrupted; `ready` is told host and port.

    Raises:
        Refused: devices are in a region that has no figures.
        Unavailable: there is no estate, it is away, another serves it, or the address cannot be had.
        Inconsistent: the estate disagrees with itself.
    """
    with (
        open_estate(settings) as estate,
        _alone(settings),
        asyncio.Runner(loop_factory=new_event_loop) as runner,
    ):
        _all_regions(estate, line.figures())
        return runner.run(_serve(settings, line, estate, ready))


def line_address(settings: Settings) -> tuple[str, int]:
    """Host and port of the hubs that are served for this state directory, or would be."""
    with suppress(OSError, ValueError, KeyError), settings.path(LOCK_FILE).open("rb") as file:
        if not _locked(file.fileno(), fcntl.LOCK_SH):
            said = json.loads(settings.path(ADDRESS_FILE).read_text(encoding="utf-8"))
            return str(said["host"]), int(said["port"])
    return settings.line.host, settings.line.port


async def _serve(
    settings: Settings, line: LineSettings, estate: Estate, ready: Callable[[str, int], None]
) -> LineServed:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    devices = EstateDevices(estate, ScalarKeys(SystemEntropy().octets))
    hubs = TcpHubs(
        devices,
        regions=line.figures(),
        seed=line.seed,
        pace=Pace(start=SystemClock().now(), times=line.pace),
        transfer=line.transfer(),
    )
    async with hubs.serving(line.host, line.port) as port:
        address = {"host": line.host, "port": port, "pid": os.getpid()}
        write_durably(settings.path(ADDRESS_FILE), json.dumps(address).encode())
        ready(line.host, port)
        hubs.failed.add_done_callback(lambda _: stop.set())
        await stop.wait()
        if hubs.failed.done():
            hubs.failed.result()
    return LineServed(frames=hubs.frames, messages=dict(devices.outcomes))


def _all_regions(estate: Estate, figures: Mapping[str, RegionFigures]) -> None:
    without = {total.region for total in estate.totals(InventoryQuery())} - set(figures)
    if without:
        raise Refused(
            f"line: devices are in {', '.join(sorted(without))}, must be in regions that have"
            f" figures: {', '.join(sorted(figures))}; name others as [line.regions.<name>]",
            where="smki.toml",
            rule="line.region",
        )


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Nobody else serves this estate: a device has one hub.

    Raises:
        Unavailable: another does.
    """
    with settings.path(LOCK_FILE).open("ab") as file:
        until = time.monotonic() + _LOCK_SECONDS
        while not _locked(file.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > until:
                raise Unavailable(
                    "another 'smki estate serve' is at work in this state directory, only one can"
                    " be",
                    where=str(settings.path(LOCK_FILE)),
                    rule="line.served",
                )
            time.sleep(0.02)
        try:
            yield
        finally:
            settings.path(ADDRESS_FILE).unlink(missing_ok=True)


def _locked(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
