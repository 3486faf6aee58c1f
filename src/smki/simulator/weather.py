"""What a region's network does to frames: loses, holds back, repeats and spoils them.

Each frame has a fate of its own, made of the seed, the device, the direction, and how many frames
went over that line before it. So what befalls one line depends neither on others nor on how long
real sockets take, and a run can be repeated. Time is given in seconds, and only grows; nothing is
carried here, only decided.

Clause: gbcs:GBT
"""

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import IntEnum
from hashlib import blake2b
from statistics import NormalDist
from struct import Struct
from typing import Final

from smki.terms import EUI64, Malformed, Refused

_SPREAD: Final = NormalDist(0, 0.5)  # of delays: their logarithm
_OVERTAKEN: Final = 10  # delays, at most, that a frame is held back for others to overtake
_REMEMBERED: Final = 1 << 18  # numbers of frames; devices so far apart share one
_DRAWS: Final = Struct(">8I")
_RANGE: Final = 1 << 32
_MIDNIGHT: Final = time(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFigures:
    """What a region's network does to frames; shares are from 0 to 1.

    Attributes:
        loss: share of frames that never come.
        duplicate: share that come twice.
        corrupt: share that come with a bit changed.
        overtake: share that are held back by up to ten delays.
        delay_seconds: the middle of the time a frame takes.
        frames_per_second: that the region carries each way, others wait; 0: any number.
        opens: time of day, UTC, from which frames are carried.
        closes: time of day until which they are; both the same: the whole day.
        power_failure: share of messages on whose arrival the hub's power fails before it answers.
        power_seconds: how long it stays away.
        unreachable: share of hubs that are never reached.
        faulty: share of hubs that mishandle block transfers, whatever their make.
        faulty_makes: makes of hubs that all do.
    """

    loss: float = 0.01
    duplicate: float = 0.005
    corrupt: float = 0.002
    overtake: float = 0.01
    delay_seconds: float = 2.0
    frames_per_second: float = 0.0
    opens: time = _MIDNIGHT
    closes: time = _MIDNIGHT
    power_failure: float = 0.001
    power_seconds: float = 600.0
    unreachable: float = 0.005
    faulty: float = 0.0
    faulty_makes: frozenset[str] = frozenset()

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
        lengths = (self.frames_per_second, self.power_seconds)
        if (
            not all(0 <= share <= 1 for share in shares)
            or not all(0 <= length < math.inf for length in lengths)
            or not 0 < self.delay_seconds < math.inf
        ):
            raise Malformed(
                "region: a share is not from 0 to 1, a rate or time below 0, or its delay not above"
                " 0, must be so",
                clause="gbcs:GBT",
            )

    def open_at(self, instant: datetime) -> bool:
        """Whether frames are carried at that instant."""
        if self.opens == self.closes:
            return True
        moment = instant.time()
        if self.opens < self.closes:
            return self.opens <= moment < self.closes
        return moment >= self.opens or moment < self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a device is.

    Attributes:
        region: whose network carries its frames.
        hub: that it is behind.
        make: of the hub.
    """

    region: str
    hub: EUI64
    make: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A frame that arrives, so many seconds from now, perhaps spoilt."""

    seconds: float
    frame: bytes


class _What(IntEnum):
    """What is drawn for; each has numbers of its own."""

    INWARD = 0
    OUTWARD = 1
    POWER = 2
    REACHED = 3
    FAULTY = 4


_COUNTED: Final = (_What.INWARD, _What.OUTWARD, _What.POWER)


class Weather:
    """Decides what becomes of frames and hubs.

    Args:
        regions: the figures of each.
        seed: of all chance.
    """

    def __init__(self, regions: Mapping[str, RegionFigures], seed: int) -> None:
        self._regions = regions
        self._key = str(seed).encode()[:64]
        self._gone = {what: array("I", bytes(4 * _REMEMBERED)) for what in _COUNTED}
        self._free: dict[tuple[str, bool], float] = {}

    def figures(self, region: str) -> RegionFigures:
        """Those of the region.

        Raises:
            Refused: there are none.
        """
        found = self._regions.get(region)
        if found is None:
            known = ", ".join(sorted(self._regions))
            raise Refused(
                f"region {region!r}: has no figures, must be among {known}", rule="line.region"
            )
        return found

    def carried(
        self,
        device: EUI64,
        region: str,
        frame: bytes,
        *,
        outward: bool,
        seconds: float,
        at: datetime,
    ) -> tuple[Carried, ...]:
        """What arrives of a frame that a region's network is given now: nothing, one, or two.

        Args:
            device: whose line it goes over.
            region: in which the device is.
            frame: the octets.
            outward: towards the device.
            seconds: the time, as that of other frames is given.
            at: the same as an instant, for the hours.

        Raises:
            Refused: the region has no figures.

        Clause: gbcs:GBT
        """
        figures = self.figures(region)
        what = _What.OUTWARD if outward else _What.INWARD
        loss, twice, spoilt, bit, held, how_long, delay, second = self._next(device, what)
        if loss < figures.loss or not figures.open_at(at):
            return ()
        waiting = self._waits(region, figures, outward=outward, seconds=seconds)
        late = waiting + _delay(figures, delay)
        if held < figures.overtake:
            late += _OVERTAKEN * how_long * figures.delay_seconds
        arrived = _with_bit_changed(frame, bit) if spoilt < figures.corrupt else frame
        first = Carried(seconds=late, frame=arrived)
        if twice >= figures.duplicate:
            return (first,)
        return (first, Carried(seconds=waiting + _delay(figures, second), frame=frame))

    def power_fails(self, device: EUI64, region: str) -> bool:
        """Whether the power of the device's hub fails on the message that is there now."""
        return self._next(device, _What.POWER)[0] < self.figures(region).power_failure

    def reached(self, place: Place) -> bool:
        """Whether the hub is ever reached; always the same."""
        return self._draws(place.hub, _What.REACHED, 0)[0] >= self.figures(place.region).unreachable

    def faulty(self, place: Place) -> bool:
        """Whether the hub mishandles block transfers; always the same."""
        figures = self.figures(place.region)
        by_chance = self._draws(place.hub, _What.FAULTY, 0)[0] < figures.faulty
        return by_chance or place.make in figures.faulty_makes

    def _waits(
        self, region: str, figures: RegionFigures, *, outward: bool, seconds: float
    ) -> float:
        """Seconds until the region has room for one more frame that way; the room is taken."""
        if not figures.frames_per_second:
            return 0.0
        begins = max(seconds, self._free.get((region, outward), seconds))
        self._free[region, outward] = begins + 1 / figures.frames_per_second
        return begins - seconds

    def _next(self, device: EUI64, what: _What) -> tuple[float, ...]:
        gone, place = self._gone[what], int(device) % _REMEMBERED
        number = gone[place] = gone[place] + 1
        return self._draws(device, what, number)

    def _draws(self, device: EUI64, what: _What, number: int) -> tuple[float, ...]:
        """Eight numbers above 0 and below 1."""
        drawn = blake2b(
            device.octets + bytes((what,)) + number.to_bytes(8, "big"),
            digest_size=_DRAWS.size,
            key=self._key,
        ).digest()
        return tuple((each + 0.5) / _RANGE for each in _DRAWS.unpack(drawn))


def _delay(figures: RegionFigures, draw: float) -> float:
    return figures.delay_seconds * math.exp(_SPREAD.inv_cdf(draw))


def _with_bit_changed(frame: bytes, draw: float) -> bytes:
    bit = int(draw * 8 * len(frame))
    spoilt = bytearray(frame)
    spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)
