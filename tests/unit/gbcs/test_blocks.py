import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.terms import EUI64, Malformed
from smki.wire.gbcs.blocks import (
    BLOCKS_MAX,
    Assembly,
    Block,
    Route,
    blocks_of,
    encode_block,
    is_block,
    parse_block,
    whole_message,
)
from smki.wire.gbcs.frame import (
    MESSAGE_OCTETS_MAX,
    GroupingHeader,
    MessageCategory,
    grouped,
    parse_message,
)

HEADER = GroupingHeader(
    category=MessageCategory.RESPONSE,
    counter=7,
    originator=EUI64(bytes(range(8))),
    recipient=EUI64(bytes(range(8, 16))),
    message_code=0x0102,
)
ROUTE = Route.of(HEADER)


@pytest.mark.clause("gbcs:GBT")
@given(
    st.builds(
        Block,
        route=st.just(ROUTE),
        number=st.integers(0, 0xFFFF),
        acknowledged=st.integers(0, 0xFFFF),
        data=st.binary(max_size=1_500),
        last=st.booleans(),
        streaming=st.booleans(),
        window=st.integers(0, 63),
    )
)
def test_a_block_is_read_as_it_was_written(block: Block) -> None:
    """Every field comes back, and the block cannot be taken for a whole message."""
    octets = encode_block(block)
    assert parse_block(octets) == block
    assert is_block(octets)
    with pytest.raises(Malformed):
        parse_message(octets)


@pytest.mark.clause("gbcs:GBT")
@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=400), st.integers(1, 64), st.randoms(use_true_random=False))
def test_blocks_in_any_order_make_the_message(message: bytes, octets: int, chance: Any) -> None:
    """However they are mixed and repeated, the message is whole when all have come, not before."""
    blocks = list(blocks_of(HEADER, message, octets, window=4))
    mixed = blocks + blocks[: len(blocks) // 2]
    chance.shuffle(mixed)
    assembly, came = Assembly(), set[int]()
    for block in mixed:
        assert (assembly.message is None) == (len(came) < len(blocks))
        assembly = assembly.with_block(block)
        came.add(block.number)
        assert assembly.acknowledged == next(
            number - 1 for number in itertools.count(1) if number not in came
        )
    assert assembly.message == message


CONTRADICTIONS = {
    "number 0": Block(route=ROUTE, number=0, data=b"x"),
    "too high": Block(route=ROUTE, number=BLOCKS_MAX + 1, data=b"x"),
    "other data": Block(route=ROUTE, number=1, data=b"y"),
    "after the last": Block(route=ROUTE, number=4, data=b"x"),
    "another last": Block(route=ROUTE, number=2, data=b"x", last=True),
    "too long": Block(route=ROUTE, number=2, data=bytes(150_000)),
}


@pytest.mark.clause("gbcs:GBT")
@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_a_block_that_contradicts_those_before_is_refused(case: str) -> None:
    """Other octets for the same number, a number past the last, two ends: none is taken."""
    assembly = (
        Assembly()
        .with_block(Block(route=ROUTE, number=1, data=b"x"))
        .with_block(Block(route=ROUTE, number=3, data=b"z", last=True))
    )
    with pytest.raises(Malformed, match=r"GBT block .* must be"):
        assembly.with_block(CONTRADICTIONS[case])
    assert assembly.with_block(Block(route=ROUTE, number=9, data=b"")) == assembly


@pytest.mark.clause("gbcs:GBT")
def test_a_message_has_no_more_blocks_than_can_be_collected() -> None:
    """Of the longest message in the smallest blocks, each is a little larger than was asked."""
    blocks = blocks_of(HEADER, bytes(MESSAGE_OCTETS_MAX), 1, window=1)
    assert 0.9 * BLOCKS_MAX < len(blocks) <= BLOCKS_MAX
    assert sum(len(each.data) for each in blocks) == MESSAGE_OCTETS_MAX


@pytest.mark.clause("gbcs:GBT")
@given(st.binary(max_size=80))
def test_any_octets_are_a_block_or_malformed(octets: bytes) -> None:
    """Nothing else is raised, and what is read is written so again to the octet."""
    for start in (b"", encode_block(Block(route=ROUTE, number=1, data=b"abc"))[:40]):
        try:
            block = parse_block(start + octets)
        except Malformed:
            continue
        assert encode_block(block) == start + octets


_MESSAGE = grouped(HEADER, bytes(100)) + b"\x40" + bytes(64)
_BLOCKS = tuple(map(encode_block, blocks_of(HEADER, _MESSAGE, 60, window=2)))
_RECEIPT = encode_block(Block(route=ROUTE, number=0, acknowledged=2, data=b""))


@pytest.mark.clause("gbcs:GBT")
def test_all_blocks_of_a_message_are_the_message() -> None:
    """One after another in any order, repeated, among acknowledgements; a message is itself."""
    for order in itertools.permutations(_BLOCKS):
        assert whole_message(b"".join(order)) == _MESSAGE
    assert whole_message(b"".join((*_BLOCKS, _RECEIPT, *_BLOCKS[:2]))) == _MESSAGE
    assert whole_message(_MESSAGE) == _MESSAGE


@pytest.mark.clause("gbcs:GBT")
@pytest.mark.parametrize(
    ("octets", "said", "where"),
    [
        (b"".join(_BLOCKS[:-1]), f"{len(_BLOCKS) - 1} without the last one", "block 4"),
        (b"".join(_BLOCKS[:1] + _BLOCKS[2:]), "without number 2", "block 2"),
        (_RECEIPT, "0 without the last one", "block 1"),
        (_BLOCKS[0] + _MESSAGE, "tag and transaction-id length", f"offset {len(_BLOCKS[0])}"),
        (_BLOCKS[0][:-1], "announced", "offset 35"),
        (
            _BLOCKS[0] + _BLOCKS[1].replace(HEADER.originator.octets, bytes(8)),
            "routing header: that of another message",
            f"offset {len(_BLOCKS[0])}",
        ),
        (
            b"".join(_BLOCKS).replace(b"\x00\x02\x01\x02\x00", b"\x00\x02\x01\x03\x00"),
            "not that of the message",
            "offset 0",
        ),
        (_BLOCKS[0] + _BLOCKS[0].replace(bytes(20), b"\x01" * 20), "agrees with those", "block 1"),
    ],
)
def test_blocks_that_make_no_message_are_refused(octets: bytes, said: str, where: str) -> None:
    """Missing, mixed with others, cut short, or in contradiction: which block, and where."""
    with pytest.raises(Malformed, match=said) as error:
        whole_message(octets)
    assert error.value.where == where
