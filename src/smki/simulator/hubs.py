"""Communications hubs: the far end of each device's line, and what power and make do to it.

A hub collects the blocks that come for a device, and sends in blocks what the device answers. When
its power fails it forgets what was half there, of all devices behind it, and is away for a while.
Nothing is carried here, and no device obeys here: whoever runs the hubs does both.

Clause: gbcs:GBT
"""

from dataclasses import dataclass
from typing import Final

from smki.simulator.transfer import CHECKSUM_OCTETS, Arrived, TransferEnd, TransferFigures
from smki.simulator.weather import Place, Weather
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.blocks import parse_block

FAULTY_HUB_BLOCKS: Final = 8  # a hub of the faulty make loses every block after these
_NOTHING: Final = Arrived()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HubLine:
    """The far end of a device's line.

    Attributes:
        device: whose it is.
        place: where that is.
        far: collects and cuts blocks.
        reached: whether its hub ever is.
        faulty: whether its hub loses blocks.
    """

    device: EUI64
    place: Place
    far: TransferEnd
    reached: bool
    faulty: bool


class Hubs:
    """All hubs of a network; time is given in seconds, and only grows.

    Args:
        weather: decides when power fails.
        transfer: how they transfer blocks.
    """

    def __init__(self, weather: Weather, transfer: TransferFigures) -> None:
        self._weather = weather
        self._transfer = transfer
        self._away: dict[EUI64, float] = {}
        self._behind: dict[EUI64, list[HubLine]] = {}

    def open(self, device: EUI64, place: Place) -> HubLine:
        """A line to the device, until it is closed.

        Raises:
            Refused: its region has no figures.
        """
        line = HubLine(
            device=device,
            place=place,
            far=TransferEnd(self._transfer),
            reached=self._weather.reached(place),
            faulty=self._weather.faulty(place),
        )
        self._behind.setdefault(place.hub, []).append(line)
        return line

    def close(self, line: HubLine) -> None:
        """Nothing of the line is kept."""
        behind = self._behind[line.place.hub]
        behind.remove(line)
        if not behind:
            del self._behind[line.place.hub]

    def away(self, line: HubLine, at: float) -> bool:
        """Whether its hub is without power at that time."""
        until = self._away.get(line.place.hub)
        if until is None:
            return False
        if at >= until:
            del self._away[line.place.hub]
            return False
        return True

    def arrive(self, line: HubLine, frame: bytes, at: float) -> Arrived:
        """A frame came over the line to the hub.

        Clause: gbcs:GBT
        """
        if self.away(line, at) or (line.faulty and _mishandled(frame)):
            return _NOTHING
        return line.far.arrive(frame, at)

    def answer(self, line: HubLine, messages: tuple[bytes, ...], at: float) -> tuple[bytes, ...]:
        """The first frames of what the device says to the message that came, unless power fails.

        Raises:
            Malformed: one is not a GBCS message.

        Clause: gbcs:GBT
        """
        if self.away(line, at):  # another device's message took its power
            return ()
        if self._weather.power_fails(line.device, line.place.region):
            seconds = self._weather.figures(line.place.region).power_seconds
            self._away[line.place.hub] = at + seconds
            for each in self._behind[line.place.hub]:
                each.far.forget()
            return ()
        return self.say(line, messages, at)

    def say(self, line: HubLine, messages: tuple[bytes, ...], at: float) -> tuple[bytes, ...]:
        """The first frames of what the device says; none while its hub is without power.

        Raises:
            Malformed: one is not a GBCS message.

        Clause: gbcs:GBT
        """
        if self.away(line, at):
            return ()
        return tuple(frame for message in messages for frame in line.far.send(message, at))


def _mishandled(frame: bytes) -> bool:
    """Whether a hub of the faulty make loses this frame."""
    try:
        return parse_block(frame[:-CHECKSUM_OCTETS]).number > FAULTY_HUB_BLOCKS
    except Malformed:
        return False
