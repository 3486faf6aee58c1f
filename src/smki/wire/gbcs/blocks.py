"""General Block Transfer: a message in pieces that a communications hub can carry.

    block          ::= routing header  E0 control(1) number(2) acknowledged(2) length data
    routing header ::= DD 09 CRA(1) counter(8) 08 originator(8) 08 recipient(8) 00 02 code(2) 00
                       length security-control(1) invocation-counter(4)   -- length of all after it
    control        ::= 80 last block | 40 streaming | 3F window

The data of the blocks 1, 2, ... one after the other are a whole message. A block without data
acknowledges. A reader tells a block from a message by its second octet, 09 against 00. What the
security octets of a routing header say was not seen in data: they are written as 0, read as any, and
kept.

Clause: gbcs:GBT
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from smki.terms import EUI64, Malformed
from smki.wire.gbcs.frame import (
    MESSAGE_OCTETS_MAX,
    GroupingHeader,
    MessageCategory,
    parse_message,
)
from smki.wire.gbcs.octets import Cursor, length_octets

WINDOW_MAX: Final = 0x3F
BLOCKS_MAX: Final = 4_096  # of a message: what it takes to collect them grows with the square

_CLAUSE: Final = "gbcs:GBT"
_WHAT: Final = "GBT block"
_ROUTING: Final = b"\xdd\x09"
_SECURITY_OCTETS: Final = 5
_TRANSFER: Final = b"\xe0"
_LAST: Final = 0x80
_STREAMING: Final = 0x40


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which message a block is a piece of: the identity that its grouping header has."""

    category: MessageCategory
    counter: int
    originator: EUI64
    recipient: EUI64
    message_code: int

    @classmethod
    def of(cls, header: GroupingHeader) -> "Route":
        """The route of the message with this header."""
        return cls(
            category=header.category,
            counter=header.counter,
            originator=header.originator,
            recipient=header.recipient,
            message_code=header.message_code,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One piece, or an acknowledgement.

    Attributes:
        route: which message it belongs to.
        number: from 1 on.
        acknowledged: the highest number up to which the sender has everything of the other side.
        data: octets of the message; none in an acknowledgement.
        last: no block has a higher number.
        streaming: more follow without waiting for an acknowledgement.
        window: how many blocks the sender takes at once, 0 to 63.
        security: 5 octets, security-control and invocation-counter; nothing is done with them.
    """

    route: Route
    number: int
    acknowledged: int = 0
    data: bytes
    last: bool = False
    streaming: bool = False
    window: int = 1
    security: bytes = bytes(_SECURITY_OCTETS)


def is_block(octets: bytes) -> bool:
    """Whether `octets` begin like a block, not like a whole message."""
    return octets[:2] == _ROUTING


def parse_block(octets: bytes) -> Block:
    """`octets` are one block and nothing else.

    Raises:
        Malformed: anything else, with field and offset.

    Clause: gbcs:GBT
    """
    cursor = Cursor(octets, _WHAT, _CLAUSE)
    block = _block(cursor)
    cursor.done()
    return block


def whole_message(octets: bytes) -> bytes:
    """The message that `octets` are: as it is, or put together from all its blocks.

    The blocks may come in any order, and more than once; acknowledgements are passed over.

    Raises:
        Malformed: something else is among the blocks, they are of several messages, disagree with
            each other or with what they make, or some are missing.

    Clause: gbcs:GBT
    """
    if not is_block(octets):
        return octets
    cursor, assembly = Cursor(octets, _WHAT, _CLAUSE), Assembly()
    routes = set[Route]()
    while cursor.left:
        at = cursor.position
        block = _block(cursor)
        routes.add(block.route)
        if len(routes) > 1:
            cursor.position = at
            raise cursor.wrong("routing header", "that of another message", "all of one")
        assembly = assembly.with_block(block)
    message = assembly.message
    if message is None:
        raise _missing(assembly)
    if Route.of(parse_message(message).header) not in routes:
        cursor.position = 0
        raise cursor.wrong("routing header", "not that of the message", "its grouping header's")
    return message


def _missing(assembly: "Assembly") -> Malformed:
    count = len(assembly.pieces)
    lacks = "the last one" if assembly.last is None else f"number {assembly.acknowledged + 1}"
    return Malformed(
        f"GBT blocks: {count} without {lacks}, must be all of a message",
        where=f"block {assembly.acknowledged + 1}",
        clause=_CLAUSE,
        rule="gbcs.block",
    )


def _block(cursor: Cursor) -> Block:
    cursor.expect(_ROUTING, "tag and transaction-id length")
    category = cursor.number(1, "CRA")
    if category not in MessageCategory.__members__.values():
        raise cursor.wrong("CRA", f"{category:02X}", "01 command, 02 response or 03 alert")
    counter = cursor.number(8, "counter")
    originator = cursor.system_title("originator")
    recipient = cursor.system_title("recipient")
    cursor.expect(b"\x00\x02", "date-time and other-information length")
    code = cursor.number(2, "message code")
    cursor.expect(b"\x00", "key-info")
    announced = cursor.length("content")
    end = cursor.left - announced
    if end < 0:
        raise cursor.wrong("content", f"{announced} octets announced", f"{cursor.left}")
    security = cursor.take(_SECURITY_OCTETS, "security header")
    cursor.expect(_TRANSFER, "general-block-transfer")
    control = cursor.number(1, "block control")
    number = cursor.number(2, "block number")
    acknowledged = cursor.number(2, "block number acknowledged")
    data = cursor.take(cursor.length("block data"), "block data")
    if cursor.left != end:
        raise cursor.wrong("content", f"ends {cursor.left - end} octets before", "its end")
    return Block(
        route=Route(
            category=MessageCategory(category),
            counter=counter,
            originator=originator,
            recipient=recipient,
            message_code=code,
        ),
        number=number,
        acknowledged=acknowledged,
        data=data,
        last=bool(control & _LAST),
        streaming=bool(control & _STREAMING),
        window=control & WINDOW_MAX,
        security=security,
    )


def encode_block(block: Block) -> bytes:
    """The octets of a block.

    Clause: gbcs:GBT
    """
    control = (_LAST if block.last else 0) | (_STREAMING if block.streaming else 0) | block.window
    transfer = b"".join(
        (
            block.security,
            _TRANSFER,
            bytes((control,)),
            block.number.to_bytes(2, "big"),
            block.acknowledged.to_bytes(2, "big"),
            length_octets(len(block.data)),
            block.data,
        )
    )
    route = block.route
    return b"".join(
        (
            _ROUTING,
            bytes((route.category,)),
            route.counter.to_bytes(8, "big"),
            b"\x08",
            route.originator.octets,
            b"\x08",
            route.recipient.octets,
            b"\x00\x02",
            route.message_code.to_bytes(2, "big"),
            b"\x00",
            length_octets(len(transfer)),
            transfer,
        )
    )


def blocks_of(
    header: GroupingHeader, message: bytes, octets: int, *, window: int
) -> tuple[Block, ...]:
    """`message` in blocks of at most `octets` octets of data, the last one marked.

    Of more octets, if there would be more than `BLOCKS_MAX` blocks.

    Clause: gbcs:GBT
    """
    octets = max(octets, -(-len(message) // BLOCKS_MAX))
    pieces = range(0, len(message), octets)
    return tuple(
        Block(
            route=Route.of(header),
            number=number,
            data=message[start : start + octets],
            last=start + octets >= len(message),
            streaming=number % window != 0 and start + octets < len(message),
            window=window,
        )
        for number, start in enumerate(pieces, 1)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """The blocks of one message that have come so far, in any order, as often as they like.

    Attributes:
        pieces: data by block number.
        last: the number of the last block, once it has come.
    """

    pieces: Mapping[int, bytes] = field(default_factory=lambda: MappingProxyType({}))
    last: int | None = None

    def with_block(self, block: Block) -> "Assembly":
        """The assembly with this block as well.

        Raises:
            Malformed: it contradicts a block that has come, or makes the message too long.

        Clause: gbcs:GBT
        """
        if not block.data:
            return self
        last = block.number if block.last else self.last
        if (
            not 0 < block.number <= BLOCKS_MAX
            or self.pieces.get(block.number, block.data) != block.data
            or (self.last is not None and last != self.last)
            or (last is not None and max((block.number, *self.pieces)) > last)
        ):
            raise _contradiction(block, "a block that agrees with those before")
        if sum(map(len, self.pieces.values())) + len(block.data) > 2 * MESSAGE_OCTETS_MAX:
            raise _contradiction(block, f"a message of at most {MESSAGE_OCTETS_MAX} octets")
        return Assembly(
            pieces=MappingProxyType({**self.pieces, block.number: block.data}), last=last
        )

    @property
    def acknowledged(self) -> int:
        """The highest number up to which every block has come."""
        number = 0
        while number + 1 in self.pieces:
            number += 1
        return number

    @property
    def message(self) -> bytes | None:
        """The whole message, once every block has come."""
        if self.last is None or self.acknowledged != self.last:
            return None
        return _joined(self.pieces, self.last)


def _joined(pieces: Mapping[int, bytes], last: int) -> bytes:
    numbers: Iterable[int] = range(1, last + 1)
    return b"".join(pieces[number] for number in numbers)


def _contradiction(block: Block, expected: str) -> Malformed:
    return Malformed(
        f"GBT block {block.number}: {len(block.data)} octets{', last' if block.last else ''},"
        f" must be {expected}",
        where=f"block {block.number}",
        clause=_CLAUSE,
        rule="gbcs.block",
    )
