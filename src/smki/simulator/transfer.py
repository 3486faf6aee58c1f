"""One end of block transfers: cuts messages into blocks, repeats what is not acknowledged.

    sending    blocks 1..last, at most a window ahead of what was acknowledged
               acknowledged further: the next ones; nothing for `retry_seconds`: again from there
               `attempts` times nothing: given up, the route is lost
               acknowledged less than before: the other end forgot; again from there, if nothing
               more is acknowledged until it is time
    receiving  blocks in any order, each acknowledged by the highest number without a gap
               all there: the message, once; blocks of it that still come are acknowledged again

What a line spoils its frames' checksum tells (CRC-32 of the layer below): such a frame is dropped,
as one that never came. A power failure forgets everything here.

Clause: gbcs:GBT
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from smki.terms import Malformed
from smki.wire.gbcs.blocks import (
    WINDOW_MAX,
    Assembly,
    Block,
    Route,
    blocks_of,
    encode_block,
    parse_block,
)
from smki.wire.gbcs.frame import parse_message

CHECKSUM_OCTETS: Final = 4
_REMEMBERED: Final = 64  # finished routes whose late blocks are still acknowledged
_COLLECTED: Final = 64  # messages that are half there at once; the oldest is forgotten for one more


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFigures:
    """How an end transfers.

    Attributes:
        block_octets: most octets of data in a block.
        window: blocks on their way at once, 1 to 63.
        retry_seconds: how long an acknowledgement is waited for.
        attempts: how often it is tried before a message is given up.
    """

    block_octets: int = 1_024
    window: int = 4
    retry_seconds: float = 30.0
    attempts: int = 6

    def __post_init__(self) -> None:
        if not (1 <= self.window <= WINDOW_MAX and self.block_octets >= 1 and self.attempts >= 1):
            raise Malformed(
                f"transfer: window {self.window}, blocks of {self.block_octets},"
                f" {self.attempts} attempts, must be 1 to {WINDOW_MAX}, and 1 or more",
                clause="gbcs:GBT",
            )


@dataclass(slots=True)
class _Sending:
    blocks: tuple[Block, ...]
    retry_at: float
    acknowledged: int = 0
    sent: int = 0
    attempts: int = 0
    forgotten: int | None = None  # from where on the other end says that it has nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What a frame brought.

    Attributes:
        message: a whole message, if this was the last block that it needed.
        frames: to be sent now.
    """

    message: bytes | None = None
    frames: tuple[bytes, ...] = ()


class TransferEnd:
    """One end of a line; time is given in seconds, and only grows."""

    def __init__(self, figures: TransferFigures) -> None:
        self._figures = figures
        self.forget()

    def forget(self) -> None:
        """The power failed: nothing is known of what was on its way."""
        self._sending: dict[Route, _Sending] = {}
        self._assemblies: dict[Route, Assembly] = {}
        self._finished: OrderedDict[Route, int] = OrderedDict()

    @property
    def idle(self) -> bool:
        """Nothing waits for an acknowledgement."""
        return not self._sending

    @property
    def next_retry(self) -> float | None:
        """When `retry` is to be called; None if nothing waits."""
        return min((each.retry_at for each in self._sending.values()), default=None)

    def send(self, message: bytes, at: float) -> tuple[bytes, ...]:
        """The message is on its way; these are its first frames.

        Raises:
            Malformed: it is not a GBCS message.

        Clause: gbcs:GBT
        """
        header = parse_message(message).header
        blocks = blocks_of(header, message, self._figures.block_octets, window=self._figures.window)
        sending = _Sending(blocks=blocks, retry_at=at + self._figures.retry_seconds)
        self._sending[Route.of(header)] = sending
        return self._more(sending)

    def arrive(self, frame: bytes, at: float) -> Arrived:
        """A frame came over the line, whatever it is.

        Clause: gbcs:GBT
        """
        block = _opened(frame)
        if block is None:
            return Arrived()
        if not block.data:
            return Arrived(frames=self._acknowledged(block, at))
        return self._collected(block)

    def retry(self, at: float) -> tuple[tuple[bytes, ...], tuple[Route, ...]]:
        """Frames to be sent again at that time, and the routes that were given up.

        Clause: gbcs:GBT
        """
        frames: list[bytes] = []
        lost: list[Route] = []
        for route, sending in tuple(self._sending.items()):
            if sending.retry_at > at:
                continue
            sending.attempts += 1
            if sending.attempts >= self._figures.attempts:
                del self._sending[route]
                lost.append(route)
                continue
            if sending.forgotten is not None:
                sending.acknowledged, sending.forgotten = sending.forgotten, None
            sending.sent = sending.acknowledged
            sending.retry_at = at + self._figures.retry_seconds
            frames += self._more(sending)
        return tuple(frames), tuple(lost)

    def give_up(self) -> tuple[Route, ...]:
        """Nothing is sent any more; the routes of what was."""
        routes = tuple(self._sending)
        self._sending.clear()
        return routes

    def _more(self, sending: _Sending) -> tuple[bytes, ...]:
        end = min(len(sending.blocks), sending.acknowledged + self._figures.window)
        frames = tuple(_framed(block) for block in sending.blocks[sending.sent : end])
        sending.sent = max(sending.sent, end)
        return frames

    def _acknowledged(self, block: Block, at: float) -> tuple[bytes, ...]:
        sending = self._sending.get(block.route)
        if sending is None or block.acknowledged > len(sending.blocks):
            return ()
        if block.acknowledged <= sending.acknowledged:
            if block.acknowledged < sending.acknowledged:
                sending.forgotten = block.acknowledged
            return ()
        sending.acknowledged, sending.forgotten = block.acknowledged, None
        sending.attempts = 0
        sending.retry_at = at + self._figures.retry_seconds
        if sending.acknowledged == len(sending.blocks):
            del self._sending[block.route]
            return ()
        return self._more(sending)

    def _collected(self, block: Block) -> Arrived:
        route = block.route
        if route in self._finished:
            return Arrived(frames=(_receipt(route, self._finished[route]),))
        try:
            assembly = self._assemblies.get(route, Assembly()).with_block(block)
        except Malformed:
            return Arrived()
        receipt = (_receipt(route, assembly.acknowledged),)
        message = assembly.message
        if message is None:
            self._assemblies[route] = assembly
            if len(self._assemblies) > _COLLECTED:
                del self._assemblies[next(iter(self._assemblies))]
            return Arrived(frames=receipt)
        self._assemblies.pop(route, None)
        self._finished[route] = assembly.acknowledged
        if len(self._finished) > _REMEMBERED:
            self._finished.popitem(last=False)
        return Arrived(message=message, frames=receipt)


def _framed(block: Block) -> bytes:
    octets = encode_block(block)
    return octets + crc32(octets).to_bytes(CHECKSUM_OCTETS, "big")


def _opened(frame: bytes) -> Block | None:
    octets, checksum = frame[:-CHECKSUM_OCTETS], frame[-CHECKSUM_OCTETS:]
    if crc32(octets).to_bytes(CHECKSUM_OCTETS, "big") != checksum:
        return None
    try:
        return parse_block(octets)
    except Malformed:
        return None


def _receipt(route: Route, number: int) -> bytes:
    """An acknowledgement: a block without data."""
    return _framed(Block(route=route, number=0, acknowledged=number, data=b""))
