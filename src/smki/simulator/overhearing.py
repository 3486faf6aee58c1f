"""What a thief on the line hears, and sends again: the same octets, altered, or to another device.

He remembers the last messages of the devices that he heard of last, and forgets the others. A
command by the contingency key tells the symmetric key to whoever listens.

Clause: sec:L10, gbcs:7.2.7
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from smki.recovery.attacks import Abuse
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.payloads import SecurityPayload, read_payload
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode, UpdateCredentialsCommand

_OF_ONE_DEVICE: Final = 4  # messages that are remembered
_DEVICES: Final = 4_096  # of so many: those that were heard of last
_REMEMBERED: Final = 64
_BY_CONTINGENCY: Final = CredentialsReplacementMode.ANY_BY_CONTINGENCY.message_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message of the thief's."""

    abuse: Abuse
    message: bytes


class Overheard:
    """The messages that are remembered. Not for several threads.

    Attributes:
        symmetric_key: the contingency symmetric key, once a command told it; None before.
    """

    def __init__(self) -> None:
        self._heard: dict[EUI64, deque[bytes]] = {}
        self._last: deque[tuple[EUI64, bytes]] = deque(maxlen=_REMEMBERED)
        self.symmetric_key: bytes | None = None

    def hear(self, device: EUI64, message: bytes) -> None:
        """A message to or from the device is heard."""
        heard = self._heard.pop(device, None) or deque(maxlen=_OF_ONE_DEVICE)
        heard.append(message)
        self._heard[device] = heard  # the last one now
        if len(self._heard) > _DEVICES:
            del self._heard[next(iter(self._heard))]
        self._last.append((device, message))
        self.symmetric_key = self.symmetric_key or _told_symmetric_key(message)

    def again(self, device: EUI64, chance: Callable[[], float]) -> Iterator[Sending]:
        """What he heard, sent again: to whom it was, altered, and to another."""
        own = self._heard.get(device, ())
        if own:
            message = own[int(chance() * len(own))]
            yield Sending(abuse=Abuse.REPEATS, message=message)
            yield Sending(abuse=Abuse.ALTERS, message=_altered(message, chance))
        others = [message for to, message in self._last if to != device]
        if others:
            message = others[int(chance() * len(others))]
            yield Sending(abuse=Abuse.DIVERTS, message=message)


def _told_symmetric_key(message: bytes) -> bytes | None:
    """What a command by the contingency key tells to whoever hears it."""
    try:
        parsed = parse_message(message)
        if parsed.header.message_code != _BY_CONTINGENCY:
            return None
        payload = read_payload(parsed)
    except Malformed:
        return None
    value = payload.value if isinstance(payload, SecurityPayload) else None
    return value.control.symmetric_key if isinstance(value, UpdateCredentialsCommand) else None


def _altered(message: bytes, chance: Callable[[], float]) -> bytes:
    bit = int(chance() * len(message) * 8)
    altered = bytearray(message)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)
