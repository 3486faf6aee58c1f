"""A wide area network and its communications hubs, in memory: `ports.DeviceLink` in its own time.

Frames have the fates that `weather` decides, and end at `hubs`. All chance comes from one seed, so
a run can be repeated exactly. Time passes as fast as events are worked off. The same over sockets
is in `tcp_link` and `tcp_hubs`.

Clause: gbcs:GBT
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from smki.ports.links import FromDevice, NotDelivered
from smki.simulator.hubs import HubLine, Hubs
from smki.simulator.transfer import TransferEnd, TransferFigures
from smki.simulator.weather import Place, RegionFigures, Weather
from smki.terms import EUI64

DeviceAnswers = Callable[[EUI64, bytes, datetime], tuple[bytes, ...]]


@dataclass(slots=True)
class _Line:
    """A device's line: both ends, and what is on its way."""

    hub: HubLine
    near: TransferEnd
    on_their_way: int = 0
    waking: bool = False


@dataclass(order=True, slots=True)
class _Event:
    at: float
    number: int
    line: _Line = field(compare=False)
    outward: bool = field(compare=False)
    frame: bytes | None = field(compare=False)  # none: it is time to look for retries


class SimulatedNetwork:
    """A network of communications hubs, each with the devices behind it.

    Args:
        answers: what a device makes of a message at an instant, and sends back.
        regions: the figures of each.
        region_of: the region of a device.
        hub_of: the hub that a device is behind, and its make; one of its own without it.
        start: when the simulation begins.
        seed: of all chance.
        transfer: how both ends transfer blocks.
    """

    def __init__(
        self,
        answers: DeviceAnswers,
        *,
        regions: Mapping[str, RegionFigures],
        region_of: Callable[[EUI64], str],
        hub_of: Callable[[EUI64], tuple[EUI64, str]] = lambda device: (device, ""),
        start: datetime,
        seed: int,
        transfer: TransferFigures | None = None,
    ) -> None:
        self._answers = answers
        self._region_of = region_of
        self._hub_of = hub_of
        self._start = start
        self._transfer = transfer or TransferFigures()
        self._weather = Weather(regions, seed)
        self._hubs = Hubs(self._weather, self._transfer)
        self._time = 0.0
        self._number = 0
        self._events: list[_Event] = []
        self._lines: dict[EUI64, _Line] = {}
        self._untold: deque[FromDevice | NotDelivered] = deque()
        self.frames = 0

    @property
    def now(self) -> datetime:
        """The simulation's time."""
        return self._start + timedelta(seconds=self._time)

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way to the device.

        Raises:
            Malformed: it is not a GBCS message.
        """
        line = self._line(device)
        self._carry(line, line.near.send(message, self._time), outward=True)
        self._wake(line)

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then, in time's order; then it is that time, at once."""
        end = (until - self._start).total_seconds()
        yield from self._tell()
        while self._events and self._events[0].at <= end:
            event = heapq.heappop(self._events)
            self._time = max(self._time, event.at)
            self._happen(event)
            yield from self._tell()
        self._time = max(self._time, end)

    def _tell(self) -> Iterator[FromDevice | NotDelivered]:
        """What happened and was not told yet; who leaves off hears the rest next time."""
        while self._untold:
            yield self._untold.popleft()

    def _happen(self, event: _Event) -> None:
        line = event.line
        device = line.hub.device
        line.on_their_way -= 1
        if event.frame is None:
            line.waking = False
            self._retries(line)
        elif event.outward:
            self._outward(line, event.frame)
        else:
            arrived = line.near.arrive(event.frame, self._time)
            self._carry(line, arrived.frames, outward=True)
            if arrived.message is not None:
                self._untold.append(FromDevice(device=device, message=arrived.message, at=self.now))
        self._wake(line)
        if not line.on_their_way and line.near.idle and line.hub.far.idle:
            del self._lines[device]
            self._hubs.close(line.hub)

    def _retries(self, line: _Line) -> None:
        frames, lost = line.near.retry(self._time)
        self._carry(line, frames, outward=True)
        self._untold.extend(
            NotDelivered(
                device=line.hub.device,
                originator=route.originator,
                counter=route.counter,
                at=self.now,
            )
            for route in lost
        )
        frames, _ = line.hub.far.retry(self._time)
        self._carry(line, frames, outward=False)

    def _outward(self, line: _Line, frame: bytes) -> None:
        """A frame comes to the hub."""
        arrived = self._hubs.arrive(line.hub, frame, self._time)
        self._carry(line, arrived.frames, outward=False)
        if arrived.message is not None:
            said = self._answers(line.hub.device, arrived.message, self.now)
            self._carry(line, self._hubs.answer(line.hub, said, self._time), outward=False)

    def _carry(self, line: _Line, frames: tuple[bytes, ...], *, outward: bool) -> None:
        """Frames go over the line, each to its fate."""
        hub = line.hub
        for frame in frames:
            self.frames += 1
            for one in self._weather.carried(
                hub.device,
                hub.place.region,
                frame,
                outward=outward,
                seconds=self._time,
                at=self.now,
            ):
                if hub.reached:
                    self._at(self._time + one.seconds, line, one.frame, outward=outward)

    def _wake(self, line: _Line) -> None:
        """Somebody looks for retries when the first of both ends is due."""
        due = [at for at in (line.near.next_retry, line.hub.far.next_retry) if at is not None]
        if due and not line.waking:
            line.waking = True
            self._at(max(min(due), self._time), line, None, outward=True)

    def _at(self, at: float, line: _Line, frame: bytes | None, *, outward: bool) -> None:
        self._number += 1
        line.on_their_way += 1
        heapq.heappush(
            self._events,
            _Event(at=at, number=self._number, line=line, outward=outward, frame=frame),
        )

    def _line(self, device: EUI64) -> _Line:
        line = self._lines.get(device)
        if line is None:
            hub, make = self._hub_of(device)
            place = Place(region=self._region_of(device), hub=hub, make=make)
            line = self._lines[device] = _Line(
                hub=self._hubs.open(device, place), near=TransferEnd(self._transfer)
            )
        return line
