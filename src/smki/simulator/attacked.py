"""A line on which a thief listens and speaks: `ports.DeviceLink` around another one.

Before a message of the head end's is on its way, and after each that comes back, the thief may have
a turn with that device: so he races every command, and hears every answer. What he says does not go
over the line, but straight to the device, and is obeyed by the same rules. What came of it is seen
by looking into the device, before and after.

Clause: sec:L10
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Final

from smki.devices import DeviceState
from smki.headend import Recipient
from smki.headend.waiting import CommandKey
from smki.ports.links import DeviceLink, FromDevice, NotDelivered
from smki.recovery.attacks import Abuse, Tally
from smki.simulator.attacker import Attacker
from smki.simulator.catalogue import recipient_of
from smki.simulator.overhearing import Sending
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.frame import parse_message

Deliver = Callable[[EUI64, bytes, datetime], tuple[bytes, ...]]
Look = Callable[[EUI64], DeviceState]
_ASKED: Final = frozenset({Abuse.READS})  # to have an answer is what was wanted


class Watched:
    """Devices that are watched: what changed one, how often. For a network, and for a thief.

    Args:
        deliver: what a device makes of a message at an instant, and says.
        look: what a device is, as an inspection finds it.

    Attributes:
        changed: how often a message, by its SHA-256, changed a device.
    """

    def __init__(self, deliver: Deliver, look: Look) -> None:
        self._deliver = deliver
        self.look = look
        self.changed: Counter[tuple[EUI64, bytes]] = Counter()

    def __call__(self, device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        """What the device says."""
        before = self.look(device)
        said = self._deliver(device, message, at)
        if self.look(device) != before:
            self.changed[device, sha256(message).digest()] += 1
        return said

    def obeyed_elsewhere(self, device: EUI64, digest: bytes) -> None:
        """The message with this SHA-256 came to the device by another way, and was answered."""
        self.changed[device, digest] |= 1

    def times(self, device: EUI64, message: bytes) -> int:
        """How often the message changed the device."""
        return self.changed[device, sha256(message).digest()]


class AttackedLink:
    """A line with a thief on it.

    Args:
        link: the line.
        attacker: the thief.
        devices: as both have them before them.
        chance: numbers from 0 to 1.
        often: share of occasions on which he has a turn, from 0 to 1.
        tally: to be gone on with.

    Attributes:
        tally: what he did so far.
    """

    def __init__(
        self,
        link: DeviceLink,
        attacker: Attacker,
        devices: Watched,
        *,
        chance: Callable[[], float],
        often: float,
        tally: Tally | None = None,
    ) -> None:
        self._link = link
        self._attacker = attacker
        self._devices = devices
        self._chance = chance
        self._often = often
        self._sent: dict[CommandKey, bytes] = {}
        self.tally = tally or Tally()

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._link.now

    def send(self, device: EUI64, message: bytes) -> None:
        """The message was heard, and is on its way; somebody may have been faster."""
        self._attacker.heard.hear(device, message)
        key = CommandKey.of_command(parse_message(message).header)
        self._sent[key] = sha256(message).digest()
        self._occasion(device)
        self._link.send(device, message)

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then, heard by one more."""
        for event in self._link.events(until):
            if isinstance(event, FromDevice):
                self._attacker.heard.hear(event.device, event.message)
                self._answered(event)
                self._occasion(event.device)
            yield event

    def strike(self, device: EUI64, which: int | None = None) -> bool:
        """The thief does one of the things to the device that he can, and sends what he heard.

        Args:
            device: which.
            which: of what he can do, the harmless first; chance decides without it.

        Returns:
            Whether there was anything that he could do by himself.
        """
        recipient: Recipient = recipient_of(self._devices.look(device))
        possible = tuple(self._attacker.sendings(recipient, self.now))
        if possible:
            number = int(self._chance() * len(possible)) if which is None else which
            self._give(device, possible[number % len(possible)])
        for sending in self._attacker.heard.again(device, self._chance):
            self._give(device, sending)
        return bool(possible)

    def _answered(self, event: FromDevice) -> None:
        """What was answered was obeyed once: once more would be twice."""
        try:
            header = parse_message(event.message).header
        except Malformed:
            return
        digest = self._sent.pop(CommandKey.of_response(header), None)
        if digest is not None:
            self._devices.obeyed_elsewhere(event.device, digest)

    def _occasion(self, device: EUI64) -> None:
        if self._chance() < self._often:
            self.strike(device)

    def _give(self, device: EUI64, sending: Sending) -> None:
        abuse, message, devices = sending.abuse, sending.message, self._devices
        before = devices.times(device, message)
        said = devices(device, message, self.now)
        obeyed = devices.times(device, message) > before
        if abuse is Abuse.REPEATS and obeyed and not before:
            abuse = Abuse.FORESTALLS
        self.tally.note(
            abuse,
            device,
            obeyed=obeyed or (bool(said) and abuse in _ASKED),
            effects=self._attacker.effects(devices.look(device), self.now),
        )
