"""How fast commands go over a TCP line to devices that obey them, beside an echo of the same octets.

A command asks a device to make a new key pair and to send its certification request (CS02c): the
device checks MAC and signature, makes the key, signs twice, and is kept before it answers. Hubs and
devices are a process of their own, as `smki estate serve` is, in a network without delay or loss.
In between the same octets go to a process that sends them back, and the same commands to other
devices without a line.
"""

import itertools
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from smki.adapters.sql.estate import SqlEstate
from smki.bootstrap import Settings, load_settings
from smki.devices import DeviceKind, DeviceState
from smki.interfaces.line_serving import line_address
from smki.messages import KeyUse
from smki.ports.estate import EstateDevice, InventoryRow
from smki.ports.links import FromDevice
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, recipient_of
from smki.simulator.obeying import OBEYED, EstateDevices, ForDevice
from smki.simulator.tcp_link import TcpLink
from smki.terms import Inconsistent, RemotePartyRole, Unavailable
from smki.wire.gbcs.device_credentials import KeyUsageCommand
from smki.wire.gbcs.trust_anchors import KeyUsageBits

_TOGETHER: Final = 256  # commands under way at once, each to a device of its own
_CODE: Final = 0x000A
_START_SECONDS: Final = 30.0
_ANSWER_SECONDS: Final = 60.0
_REGION: Final = "bench"
_CONFIGURATION: Final = f"""
[line]
port = 0
retry_seconds = {_ANSWER_SECONDS}
[line.regions.{_REGION}]
loss = 0
duplicate = 0
corrupt = 0
overtake = 0
delay_seconds = 0.000001
power_failure = 0
unreachable = 0
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFigures:
    """What was found; the keys of its JSON.

    Attributes:
        count: commands sent, obeyed and answered.
        processes: the head end's and the hubs'.
        seconds: for all of them.
        per_second: commands a second by that.
        limit_per_second: octets of as many commands sent and sent back, barely.
        ratio: of the two.
        without_line_per_second: the same commands, obeyed and kept without a line.
        octets: of a command.
        peak_rss_mib: memory of the head end's process, MiB.
    """

    count: int
    processes: int
    seconds: float
    per_second: float
    limit_per_second: float
    ratio: float
    without_line_per_second: float
    octets: int
    peak_rss_mib: float


class _Yard:
    """Devices, of which half are behind the line, and who commands them."""

    def __init__(self, estate: SqlEstate, devices: int) -> None:
        at = datetime.now(UTC)
        self._keys = ScalarKeys(os.urandom)
        self._catalogue = Catalogue(self._keys, Cast(self._keys, at, development()), at)
        self._supplier = self._catalogue.parties[RemotePartyRole.SUPPLIER]
        self._counters = itertools.count(1_000_000)
        states = [self._catalogue.device(DeviceKind.ESME) for _ in range(2 * devices)]
        estate.add([_commissioned(state) for state in states], at)
        self.served, self.beside = states[:devices], states[devices:]
        self._obeying = EstateDevices(estate, self._keys)

    def commands(self, devices: list[DeviceState]) -> list[ForDevice]:
        """A new command for each."""
        return [
            ForDevice(device=device.device, message=self._command(device)) for device in devices
        ]

    def obey(self, commands: list[ForDevice]) -> None:
        """They are obeyed without a line.

        Raises:
            Inconsistent: one was not.
        """
        before = self._obeying.outcomes[OBEYED]
        for start in range(0, len(commands), _TOGETHER // 4):  # as hubs do under load
            self._obeying.obey(commands[start : start + _TOGETHER // 4], datetime.now(UTC))
        if self._obeying.outcomes[OBEYED] - before != len(commands):
            raise Inconsistent(f"benchmark: not all were obeyed, {dict(self._obeying.outcomes)}")

    def _command(self, device: DeviceState) -> bytes:
        return self._catalogue.senders.send(
            self._supplier.entity,
            self._supplier.keys[KeyUse.DIGITAL_SIGNATURE].handle,
            recipient_of(device),
            message_code=_CODE,
            counter=next(self._counters),
            value=KeyUsageCommand(key_usage=KeyUsageBits.DIGITAL_SIGNATURE),
        ).command


def bench_line(state: Path, count: int, progress: Callable[[str, int, int], None]) -> LineFigures:
    """So many commands went over a line, to devices whose estate is in that directory.

    Raises:
        Inconsistent: one was not answered.
        Unavailable: hubs, echo or estate cannot be had.
    """
    state.mkdir(parents=True)
    (state / "smki.toml").write_text(_CONFIGURATION, encoding="utf-8")
    settings = load_settings({"SMKI_STATE": str(state)})
    over_line = without = bare = 0.0
    done = octets = 0
    with (
        closing(SqlEstate(f"sqlite:///{state.absolute() / 'estate.sqlite'}")) as estate,
        _echo() as echo,
    ):
        yard = _Yard(estate, min(_TOGETHER, count))
        with _served(settings) as (host, port), closing(_link(settings, host, port)) as link:
            while done < count:
                some = min(_TOGETHER, count - done)
                commands = yard.commands(yard.served[:some])
                beside = yard.commands(yard.beside[:some])
                begin = time.perf_counter()
                _over(link, commands)
                answered = time.perf_counter()
                octets = _sent_back(echo, commands)
                echoed = time.perf_counter()
                yard.obey(beside)
                without += time.perf_counter() - echoed
                over_line, bare = over_line + answered - begin, bare + echoed - answered
                done += some
                progress("commands", done, count)
    return LineFigures(
        count=count,
        processes=2,
        seconds=round(over_line, 3),
        per_second=round(count / over_line, 1),
        limit_per_second=round(count / bare, 1),
        ratio=round(bare / over_line, 6),
        without_line_per_second=round(count / without, 1),
        octets=octets,
        peak_rss_mib=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    )


def _commissioned(state: DeviceState) -> EstateDevice:
    row = InventoryRow(
        device=state.device,
        kind=state.kind,
        make="Benchmark",
        model="B1",
        hub=state.device,
        region=_REGION,
    )
    return EstateDevice(state=replace(state, log=()), row=row)


def _over(link: TcpLink, commands: list[ForDevice]) -> None:
    """The commands are answered.

    Raises:
        Inconsistent: one was not, in time.
    """
    waiting = {each.device for each in commands}
    for each in commands:
        link.send(each.device, each.message)
    for event in link.events(link.now + timedelta(seconds=_ANSWER_SECONDS)):
        if isinstance(event, FromDevice):
            waiting.discard(event.device)
        if not waiting:
            return
    raise Inconsistent(f"benchmark: {len(waiting)} command(s) were not answered, must all be")


def _sent_back(echo: socket.socket, commands: list[ForDevice]) -> int:
    """The octets of the commands came back; those of one.

    Raises:
        Unavailable: the echo has ended.
    """
    for each in commands:
        echo.sendall(each.message)
    left = sum(len(each.message) for each in commands)
    while left:
        came = echo.recv(min(left, 1 << 16))
        if not came:
            raise Unavailable("benchmark: the echo ended")
        left -= len(came)
    return len(commands[0].message)


@contextmanager
def _echo() -> Iterator[socket.socket]:
    """Connected to a process that sends back what it gets."""
    spawning = get_context("spawn")
    here, there = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_send_back, args=(there,), daemon=True)
    process.start()
    try:
        with socket.create_connection(("127.0.0.1", here.recv())) as connection:
            yield connection
    finally:
        process.kill()
        process.join()


def _send_back(told: Connection) -> None:
    """What one connection brings goes back over it; the port is told first."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        told.send(server.getsockname()[1])
        with server.accept()[0] as connection:
            while octets := connection.recv(1 << 16):
                connection.sendall(octets)


@contextmanager
def _served(settings: Settings) -> Iterator[tuple[str, int]]:
    """Hubs are served inside, by a process of their own; host and port.

    Raises:
        Unavailable: they are not there in time.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "smki", "estate", "serve"],
        env={**os.environ, "SMKI_STATE": str(settings.state)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            end = time.monotonic() + _START_SECONDS
            while not (address := line_address(settings))[1]:
                if time.monotonic() > end or process.poll() is not None:
                    raise Unavailable("benchmark: the hubs cannot be served")
                time.sleep(0.02)
            yield address
        finally:
            process.terminate()


def _link(settings: Settings, host: str, port: int) -> TcpLink:
    return TcpLink(host, port, transfer=settings.line.transfer())
