"""Communications hubs behind a TCP socket: what `SimulatedNetwork` does in memory, in real time.

    frame of the head end -> its fate in the region -> hub -> a whole message
        -> the device obeys, is kept -> frames of its answer -> their fates -> head end

A second of the line is a second, or shorter by the pace. Messages that come close together are
obeyed together and kept at once. Of a line nothing is remembered once both ends are quiet, of a
device nothing at all. No TLS: this is what would be the air between a region's masts and the hubs.

Clause: gbcs:GBT
"""

import asyncio
import heapq
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from smki.simulator.hubs import HubLine, Hubs
from smki.simulator.line_records import Done, LineFrame, Quiet, Unknown, Welcome
from smki.simulator.obeying import ForDevice, FromItself
from smki.simulator.pace import Pace
from smki.simulator.tcp_connection import HeadEndConnection
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import Place, RegionFigures, Weather
from smki.terms import EUI64, Refused, SmkiError, Unavailable

_LOG = logging.getLogger("smki.line")

CONNECTIONS_MAX: Final = 64  # few head ends, each with any number of devices
LINES_MAX: Final = 50_000  # of all connections at once, some 2 kB each; frames to more are lost
_LOOK_DEVICES: Final = 200  # looked through at once for what is scheduled: some 20 ms
_LOOK_SECONDS: Final = 0.1  # between two such looks
_DUE_SECONDS: Final = 1.0  # between two looks whether a device is due
_TOGETHER: Final = 64  # messages obeyed at once: some 50 ms, in which nothing else is done


class ObeyingDevices(Protocol):
    """What hubs need of the devices behind them."""

    def place(self, device: EUI64) -> Place | None:
        """Where the device is; None if there is none such."""
        ...

    def obey(self, messages: Sequence[ForDevice], at: datetime) -> tuple[tuple[bytes, ...], ...]:
        """What each device says; durable before it is returned."""
        ...

    def look_through(self, after: EUI64 | None, limit: int) -> EUI64 | None:
        """It is known of so many more devices when they are due; the last one, None at the end."""
        ...

    @property
    def next_due(self) -> float | None:
        """When a device does something by itself next, in seconds since 1970."""
        ...

    def run_due(self, at: datetime, limit: int) -> tuple[FromItself, ...]:
        """What devices say of what they had scheduled; durable before it is returned."""
        ...


@dataclass(slots=True, eq=False)
class _Line:
    """A device's line over one connection."""

    hub: HubLine
    connection: HeadEndConnection
    on_their_way: int = 0
    frames: int = 0  # came since it was last quiet
    wake: "_Event | None" = None  # when the hub looks for retries
    said_quiet: bool = False

    @property
    def quiet(self) -> bool:
        return not self.on_their_way and self.hub.far.idle


@dataclass(order=True, slots=True)
class _Event:
    at: float
    number: int
    line: _Line | None = field(compare=False)  # none: it was closed meanwhile
    outward: bool = field(compare=False)
    frame: bytes | None = field(compare=False)  # none: it is time to look for retries


class TcpHubs:
    """The hubs, for any number of head ends. Lives in one event loop.

    Args:
        devices: behind the hubs.
        regions: the figures of each.
        seed: of all chance.
        pace: how time passes.
        transfer: how the hubs transfer blocks.
    """

    def __init__(
        self,
        devices: ObeyingDevices,
        *,
        regions: Mapping[str, RegionFigures],
        seed: int,
        pace: Pace,
        transfer: TransferFigures | None = None,
    ) -> None:
        self._devices = devices
        self._weather = Weather(regions, seed)
        self._hubs = Hubs(self._weather, transfer or TransferFigures())
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._events: list[_Event] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None
        self._came: list[tuple[_Line, bytes]] = []
        self._connections: dict[HeadEndConnection, dict[EUI64, _Line]] = {}  # as they came
        self._lines = 0
        self.frames = 0
        self.failed: asyncio.Future[None] = self._loop.create_future()
        """Has an error once nothing more can be done."""

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[int]:
        """Head ends are served inside; the port, also if 0 was given for any.

        Raises:
            Unavailable: the address cannot be had.
        """
        try:
            server = await self._loop.create_server(lambda: HeadEndConnection(self), host, port)
        except OSError as error:
            raise Unavailable(
                f"line: address cannot be had ({error.strerror})", where=f"{host}:{port}"
            ) from error
        by_themselves = asyncio.create_task(self._by_themselves())
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            by_themselves.cancel()
            server.close()
            for connection in tuple(self._connections):
                connection.abort()
            if self._timer is not None:
                self._timer.cancel()

    @property
    def seconds(self) -> float:
        """The line's time since it began."""
        return (self._loop.time() - self._began) * self._pace.times

    @property
    def welcome(self) -> Welcome:
        """What a head end is told first."""
        return Welcome(instant=self._instant(self.seconds), pace=self._pace.times)

    def connected(self, connection: HeadEndConnection) -> None:
        """A head end is there.

        Raises:
            Refused: there are too many.
        """
        if len(self._connections) >= CONNECTIONS_MAX:
            raise Refused(
                f"line: {len(self._connections)} connections are open, must be at most"
                f" {CONNECTIONS_MAX}",
                rule="line.connections",
            )
        self._connections[connection] = {}

    def gone(self, connection: HeadEndConnection) -> None:
        """A head end is there no more: what was on its way over its lines is lost."""
        for line in self._connections.pop(connection, {}).values():
            self._hubs.close(line.hub)
            self._lines -= 1

    def frame(self, connection: HeadEndConnection, record: LineFrame) -> None:
        """A head end sent a frame.

        Raises:
            SmkiError: the estate is away, or a region has no figures.
        """
        lines = self._connections[connection]
        line = lines.get(record.device) or self._open(connection, record.device)
        if line is None:
            return
        line.frames += 1
        line.said_quiet = False
        self._carry(line, (record.frame,), outward=True)
        self._look(line)

    def done(self, connection: HeadEndConnection, record: Done) -> None:
        """A head end waits for nothing of a line: it is closed, unless something began since."""
        lines = self._connections[connection]
        line = lines.get(record.device)
        if line is not None and line.said_quiet and line.quiet:
            del lines[record.device]
            self._hubs.close(line.hub)
            self._lines -= 1
            if line.wake is not None:
                line.wake.line = None  # it is due in a while, and keeps nothing until then

    def _open(self, connection: HeadEndConnection, device: EUI64) -> _Line | None:
        if self._lines >= LINES_MAX:
            connection.write(Quiet(device=device, frames=1))
            return None
        place = self._devices.place(device)
        if place is None:
            connection.write(Unknown(device=device))
            return None
        line = _Line(hub=self._hubs.open(device, place), connection=connection)
        self._connections[connection][device] = line
        self._lines += 1
        return line

    def _carry(self, line: _Line, frames: Sequence[bytes], *, outward: bool) -> None:
        """Frames go over the line, each to its fate."""
        now = self.seconds
        for frame in frames:
            self.frames += 1
            for one in self._weather.carried(
                line.hub.device,
                line.hub.place.region,
                frame,
                outward=outward,
                seconds=now,
                at=self._instant(now),
            ):
                if line.hub.reached:
                    self._at(now + one.seconds, line, one.frame, outward=outward)

    def _at(self, at: float, line: _Line, frame: bytes | None, *, outward: bool) -> _Event:
        self._number += 1
        line.on_their_way += frame is not None
        event = _Event(at=at, number=self._number, line=line, outward=outward, frame=frame)
        heapq.heappush(self._events, event)
        if self._events[0] is event:
            self._set_timer()
        return event

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._events:
            when = self._began + self._events[0].at / self._pace.times
            self._timer = self._loop.call_at(when, self._guarded, self._work)

    def _work(self) -> None:
        """What is due happens; what devices are to obey is obeyed together."""
        now = self.seconds
        while self._events and self._events[0].at <= now and len(self._came) < _TOGETHER:
            self._happen(heapq.heappop(self._events), now)
        self._obey()
        self._set_timer()

    def _happen(self, event: _Event, now: float) -> None:
        line = event.line
        if line is None:
            return
        line.on_their_way -= event.frame is not None
        if not self._is_open(line):
            return  # it was closed, or its head end has gone
        if event.frame is None:
            line.wake = None
            self._carry(line, line.hub.far.retry(now)[0], outward=False)
        elif event.outward:
            arrived = self._hubs.arrive(line.hub, event.frame, now)
            self._carry(line, arrived.frames, outward=False)
            if arrived.message is not None:
                line.on_their_way += 1
                self._came.append((line, arrived.message))
        else:
            line.said_quiet = False
            line.connection.write(LineFrame(device=line.hub.device, frame=event.frame))
        self._look(line)

    def _obey(self) -> None:
        came, self._came = self._came, []
        if not came:
            return
        messages = [ForDevice(device=line.hub.device, message=message) for line, message in came]
        said: Sequence[tuple[bytes, ...]]
        try:
            said = self._devices.obey(messages, self._instant(self.seconds))
        except Unavailable as error:  # nobody obeyed, nobody answers; head ends send again
            _LOG.warning("%d message(s) are lost: %s", len(messages), error)
            said = [()] * len(came)
        for (line, _), out in zip(came, said, strict=True):
            line.on_their_way -= 1
            if self._is_open(line):
                frames = self._hubs.answer(line.hub, out, self.seconds)
                self._carry(line, frames, outward=False)
                self._look(line)

    async def _by_themselves(self) -> None:
        """Devices run what they had scheduled when it is due: first it is looked for, once."""
        after: EUI64 | None = None
        looking = True
        while not self.failed.done():
            try:
                if looking:
                    after = self._devices.look_through(after, _LOOK_DEVICES)
                    looking = after is not None
                self._run_due()
            except Unavailable as error:
                _LOG.warning("what is scheduled waits: %s", error)
            except SmkiError as error:
                self.fail(error)
            await asyncio.sleep(_LOOK_SECONDS if looking else _DUE_SECONDS / self._pace.times)

    def _run_due(self) -> None:
        """Alerts go to a head end that talks to the device, else to the first one there is."""
        at = self._instant(self.seconds)
        due = self._devices.next_due
        if due is None or due > at.timestamp():
            return
        for said in self._devices.run_due(at, _TOGETHER):
            line = self._line_to(said.device)
            if line is not None:
                frames = self._hubs.say(line.hub, said.messages, self.seconds)
                line.said_quiet = False
                self._carry(line, frames, outward=False)
                self._look(line)

    def _line_to(self, device: EUI64) -> _Line | None:
        for lines in self._connections.values():
            if device in lines:
                return lines[device]
        first = next(iter(self._connections), None)
        return None if first is None else self._open(first, device)

    def _look(self, line: _Line) -> None:
        """Somebody looks for the hub's retries when they are due; a quiet line is told, once."""
        due = line.hub.far.next_retry
        if due is not None and line.wake is None:
            line.wake = self._at(due, line, None, outward=True)
        if line.quiet and not line.said_quiet:
            line.connection.write(Quiet(device=line.hub.device, frames=line.frames))
            line.frames = 0
            line.said_quiet = True

    def _is_open(self, line: _Line) -> bool:
        """Whether it was not closed, and its head end is there."""
        return self._connections.get(line.connection, {}).get(line.hub.device) is line

    def _instant(self, seconds: float) -> datetime:
        return self._pace.instant(seconds)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except SmkiError as error:
            self.fail(error)

    def fail(self, error: SmkiError) -> None:
        """Nothing more can be done, for this reason."""
        if not self.failed.done():
            self.failed.set_exception(error)
