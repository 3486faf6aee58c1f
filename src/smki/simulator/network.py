"""A wide area network and its communications hubs, in memory: `ports.DeviceLink` in its own time.

Each frame is lost, delayed, repeated, overtaken or spoilt with the figures of the device's region;
hubs are without power for a while, and forget what was half there; some hubs are of a make that
mishandles block transfers. All chance comes from one seed, so a run can be repeated exactly. Time
passes as fast as events are worked off.

Clause: gbcs:GBT
"""

import heapq
import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from smki.ports.links import FromDevice, NotDelivered
from smki.simulator.transfer import TransferEnd, TransferFigures
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.blocks import parse_block

FAULTY_HUB_BLOCKS: Final = 8  # a hub of the faulty make loses every block after these
_CHECKSUM_OCTETS: Final = 4
_SPREAD: Final = 0.5  # of delays: standard deviation of their logarithm

DeviceAnswers = Callable[[EUI64, bytes, datetime], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFigures:
    """What a region's network does to frames; shares are from 0 to 1.

    Attributes:
        loss: share of frames that never come.
        duplicate: share that come twice.
        corrupt: share that come with a bit changed.
        overtake: share that are held back by up to ten delays.
        delay_seconds: the middle of the time a frame takes.
        power_failure: share of messages on whose arrival the hub's power fails before it answers.
        power_seconds: how long it stays away.
        unreachable: share of hubs that are never reached.
        faulty: share of hubs that are of the faulty make.
    """

    loss: float = 0.01
    duplicate: float = 0.005
    corrupt: float = 0.002
    overtake: float = 0.01
    delay_seconds: float = 2.0
    power_failure: float = 0.001
    power_seconds: float = 600.0
    unreachable: float = 0.005
    faulty: float = 0.0

    def __post_init__(self) -> None:
        shares = (
            self.loss,
            self.duplicate,
            self.corrupt,
            self.overtake,
            self.power_failure,
            self.unreachable,
            self.faulty,
        )
        if not all(0 <= share <= 1 for share in shares) or self.delay_seconds <= 0:
            raise Malformed(
                "region: a share is not from 0 to 1, or its delay not above 0, must be so",
                clause="gbcs:GBT",
            )


@dataclass(slots=True)
class _Line:
    """A device's line: both ends, and what its hub is like."""

    device: EUI64
    figures: RegionFigures
    near: TransferEnd
    far: TransferEnd
    reachable: bool
    faulty: bool
    away_until: float = 0.0
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
        region_of: the region of a device.
        regions: the figures of each.
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
        start: datetime,
        seed: int,
        transfer: TransferFigures | None = None,
    ) -> None:
        self._answers = answers
        self._regions = regions
        self._region_of = region_of
        self._start = start
        self._seed = seed
        self._transfer = transfer or TransferFigures()
        self._chance = random.Random(seed)  # noqa: S311 -- a network that can be repeated
        self._time = 0.0
        self._number = 0
        self._events: list[_Event] = []
        self._lines: dict[EUI64, _Line] = {}
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
        while self._events and self._events[0].at <= end:
            event = heapq.heappop(self._events)
            self._time = max(self._time, event.at)
            yield from self._happen(event)
        self._time = max(self._time, end)

    def _happen(self, event: _Event) -> Iterator[FromDevice | NotDelivered]:
        line = event.line
        line.on_their_way -= 1
        if event.frame is None:
            line.waking = False
            yield from self._retries(line)
        elif event.outward:
            self._outward(line, event.frame)
        else:
            arrived = line.near.arrive(event.frame, self._time)
            self._carry(line, arrived.frames, outward=True)
            if arrived.message is not None:
                yield FromDevice(device=line.device, message=arrived.message, at=self.now)
        self._wake(line)
        if not line.on_their_way and line.near.idle and line.far.idle:
            self._lines.pop(line.device, None)

    def _retries(self, line: _Line) -> Iterator[NotDelivered]:
        frames, lost = line.near.retry(self._time)
        self._carry(line, frames, outward=True)
        for route in lost:
            yield NotDelivered(
                device=line.device,
                originator=route.originator,
                counter=route.counter,
                at=self.now,
            )
        if self._time >= line.away_until:
            frames, _ = line.far.retry(self._time)
            self._carry(line, frames, outward=False)

    def _outward(self, line: _Line, frame: bytes) -> None:
        """A frame comes to the hub."""
        if self._time < line.away_until or (line.faulty and _mishandled(frame)):
            return
        arrived = line.far.arrive(frame, self._time)
        self._carry(line, arrived.frames, outward=False)
        if arrived.message is None:
            return
        out = self._answers(line.device, arrived.message, self.now)
        if self._chance.random() < line.figures.power_failure:
            line.far.forget()
            line.away_until = self._time + line.figures.power_seconds
            return
        for message in out:
            self._carry(line, line.far.send(message, self._time), outward=False)

    def _carry(self, line: _Line, frames: tuple[bytes, ...], *, outward: bool) -> None:
        """Frames go over the line, each to its fate."""
        chance, figures = self._chance, line.figures
        for frame in frames:
            self.frames += 1
            if not line.reachable or chance.random() < figures.loss:
                continue
            self._arrive_later(line, self._perhaps_spoilt(frame, figures), outward=outward)
            if chance.random() < figures.duplicate:
                self._arrive_later(line, frame, outward=outward)

    def _perhaps_spoilt(self, frame: bytes, figures: RegionFigures) -> bytes:
        if self._chance.random() >= figures.corrupt:
            return frame
        bit = int(self._chance.random() * 8 * len(frame))  # one draw, however long the frame is
        spoilt = bytearray(frame)
        spoilt[bit // 8] ^= 1 << bit % 8
        return bytes(spoilt)

    def _arrive_later(self, line: _Line, frame: bytes, *, outward: bool) -> None:
        figures = line.figures
        delay = figures.delay_seconds * math.exp(self._chance.gauss(0, _SPREAD))
        if self._chance.random() < figures.overtake:
            delay += self._chance.uniform(0, 10) * figures.delay_seconds
        self._at(self._time + delay, line, frame, outward=outward)

    def _wake(self, line: _Line) -> None:
        """Somebody looks for retries when the first of both ends is due."""
        due = [at for at in (line.near.next_retry, line.far.next_retry) if at is not None]
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
            figures = self._regions[self._region_of(device)]
            fate = random.Random(f"{self._seed} {device}")  # noqa: S311 -- the same in each run
            line = self._lines[device] = _Line(
                device=device,
                figures=figures,
                near=TransferEnd(self._transfer),
                far=TransferEnd(self._transfer),
                reachable=fate.random() >= figures.unreachable,
                faulty=fate.random() < figures.faulty,
            )
        return line


def _mishandled(frame: bytes) -> bool:
    """Whether a hub of the faulty make loses this frame."""
    try:
        return parse_block(frame[:-_CHECKSUM_OCTETS]).number > FAULTY_HUB_BLOCKS
    except Malformed:
        return False
