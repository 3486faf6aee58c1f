"""Sends commands of one sender to devices, and hears what they say: no campaign of its own.

For what is done after a recovery to the few devices that need it.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from smki.adapters.sql.head_end import SqlHeadEnd
from smki.bootstrap import Settings
from smki.bootstrap.recoveries import Kept
from smki.campaigns import Target
from smki.crypto.gbcs_protection import public_point, signature_holds
from smki.headend import Answered, GivenUp, HeadEnd, Order, Patience, commanded
from smki.headend.waiting import CommandKey
from smki.interfaces.estate_network import estate_network
from smki.interfaces.key_serving import Signs
from smki.interfaces.line_time import line_time
from smki.interfaces.recovery_part import EstateTargets
from smki.ports import AgreementKey
from smki.terms import EUI64
from smki.wire.gbcs.frame import GbcsMessage

_TOGETHER: Final = 100  # commands under way at once


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysAtHand:
    """`headend.PartyKeys` of a key that may be open for a while only, and the broker's."""

    signs: Signs
    broker: AgreementKey

    def sign(self, message: bytes) -> bytes:
        """A signature over the message."""
        return self.signs.sign((message,))[0]

    def sign_all(self, messages: Sequence[bytes]) -> Sequence[bytes]:
        """A signature over each message."""
        return self.signs.sign(messages)

    def agree(self, point: bytes) -> bytes:
        """Z of the broker with the holder of the point."""
        return self.broker.agree((point,))[0]

    def agree_all(self, points: Sequence[bytes]) -> Sequence[bytes]:
        """Z of the broker with the holder of each point."""
        return self.broker.agree(points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked of devices.

    Attributes:
        originator: who asks.
        keys: the originator's and the broker's.
        message_code: of the use case.
        value: the payload for a device, by the counter of its grouping header.
    """

    originator: EUI64
    keys: KeysAtHand
    message_code: int
    value: Callable[[Target, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What went to a device, and what came back.

    Attributes:
        device: to which.
        at: when the answer came, or was waited for no longer.
        command: whole.
        response: whole, signed by the device; empty if none came.
    """

    device: EUI64
    at: datetime
    command: bytes
    response: bytes


class Asker:
    """Sends over the network of a house.

    Args:
        house: whose network, and whose estate.
        kept: that estate.
        patience: how often, and how long an answer is waited for.
    """

    def __init__(self, house: Settings, kept: Kept, patience: Patience | None = None) -> None:
        network = estate_network(
            house, kept.estate, seed=house.line.seed, figures={}, start=line_time(kept)
        )
        chance = random.Random(house.line.seed)  # noqa: S311 -- only spreads repeated sendings
        self._head_end = HeadEnd(
            network, SqlHeadEnd(kept.estate.store), chance=chance.random, patience=patience
        )
        self._targets = EstateTargets(kept.estate)

    def ask(self, asking: Asking, devices: Sequence[EUI64]) -> frozenset[EUI64]:
        """Those of the devices that answered, by a signature of their own."""
        said = (one for some in self.asked(asking, devices) for one in some)
        return frozenset(one.device for one in said if one.response)

    def asked(self, asking: Asking, devices: Sequence[EUI64]) -> Iterator[tuple[Said, ...]]:
        """What came of asking these devices, so many at a time."""
        for start in range(0, len(devices), _TOGETHER):
            some = self._targets(devices[start : start + _TOGETHER])
            yield tuple(self._asked(asking, some))

    def _asked(self, asking: Asking, targets: Mapping[EUI64, Target]) -> Iterator[Said]:
        messages: list[bytes] = []

        def make(counters: range) -> list[bytes]:
            messages.extend(
                commanded(
                    asking.originator,
                    target.recipient,
                    asking.keys,
                    message_code=asking.message_code,
                    counter=counter,
                    value=asking.value(target, counter),
                ).command
                for target, counter in zip(targets.values(), counters, strict=True)
            )
            return messages

        def holds(key: CommandKey, said: GbcsMessage) -> bool:
            point = public_point(targets[key.device].signing)
            return signature_holds(point, said.signature, said.signed)

        order = Order(
            originator=asking.originator,
            devices=tuple(targets),
            message_code=asking.message_code,
            make=make,
            holds=holds,
        )
        made = dict(zip(self._head_end.command(order), messages, strict=True))
        for event in self._head_end.events():
            if isinstance(event, Answered | GivenUp):
                yield Said(
                    device=event.key.device,
                    at=event.at,
                    command=made[event.key],
                    response=event.response.octets if isinstance(event, Answered) else b"",
                )
