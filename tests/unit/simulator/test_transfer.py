import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.simulator.transfer import TransferEnd, TransferFigures
from smki.terms import EUI64, Malformed
from smki.wire.gbcs.frame import GroupingHeader, MessageCategory, grouped, with_signature

FIGURES = TransferFigures(block_octets=40, window=3, retry_seconds=10, attempts=50)


def _message(octets: int, counter: int = 7) -> bytes:
    header = GroupingHeader(
        category=MessageCategory.RESPONSE,
        counter=counter,
        originator=EUI64(bytes(8)),
        recipient=EUI64(bytes(range(8))),
        message_code=0x0102,
    )
    return with_signature(grouped(header, bytes(octets)), bytes(64))


@pytest.mark.clause("gbcs:GBT")
@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(0, 2_000),
    seed=st.integers(0, 10_000),
    trouble=st.floats(0, 0.4),
)
def test_a_message_arrives_once_over_a_line_that_loses_repeats_mixes_and_spoils(
    size: int, seed: int, trouble: float
) -> None:
    """Whatever the line does to frames, the message comes whole, once, and the sender knows."""
    chance = random.Random(seed)  # noqa: S311 -- a line that can be repeated
    near, far, message = TransferEnd(FIGURES), TransferEnd(FIGURES), _message(size)
    came: list[bytes] = []
    line = [(far, frame) for frame in near.send(message, 0)]
    now = 0.0
    while line or not near.idle:
        if not line:
            assert near.next_retry is not None
            now = near.next_retry
            frames, lost = near.retry(now)
            assert not lost
            line = [(far, frame) for frame in frames]
            continue
        end, frame = line.pop(chance.randrange(len(line)))
        if chance.random() < trouble:
            match chance.randrange(3):
                case 0:
                    continue
                case 1:
                    line.append((end, frame))
                case _:
                    at = chance.randrange(8 * len(frame))
                    spoilt = bytearray(frame)
                    spoilt[at // 8] ^= 1 << at % 8
                    frame = bytes(spoilt)
        arrived = end.arrive(frame, now)
        if arrived.message is not None:
            came.append(arrived.message)
        other = near if end is far else far
        line += [(other, each) for each in arrived.frames]
    assert came == [message]


@pytest.mark.clause("gbcs:GBT")
def test_no_more_than_a_window_is_on_its_way() -> None:
    """Three blocks at first; one more for each that is acknowledged."""
    near, far = TransferEnd(FIGURES), TransferEnd(FIGURES)
    first = near.send(_message(1_000), 0)
    assert len(first) == 3
    receipt = far.arrive(first[0], 1).frames
    assert len(near.arrive(receipt[0], 2).frames) == 1


@pytest.mark.clause("gbcs:GBT")
def test_a_line_that_is_dead_is_given_up() -> None:
    """After so many attempts the route is said to be lost, and nothing waits any more."""
    figures = TransferFigures(attempts=3, retry_seconds=5)
    end = TransferEnd(figures)
    assert end.send(_message(10), 0)
    assert end.retry(4.9) == ((), ())
    assert [len(end.retry(at)[0]) for at in (5, 10)] == [1, 1]
    frames, lost = end.retry(15)
    assert not frames
    assert [route.counter for route in lost] == [7]
    assert end.idle
    assert end.next_retry is None


@pytest.mark.clause("gbcs:GBT")
def test_a_power_failure_forgets_what_was_half_there() -> None:
    """The other end begins again, and the message comes after all."""
    near, far, message = TransferEnd(FIGURES), TransferEnd(FIGURES), _message(100)
    first, *rest = near.send(message, 0)
    far.arrive(first, 1)  # its receipt does not get through
    far.forget()
    for frame in rest:
        assert far.arrive(frame, 2).message is None
    frames, came = list(near.retry(10)[0]), []
    while frames:
        arrived = far.arrive(frames.pop(0), 11)
        came.append(arrived.message)
        for receipt in arrived.frames:
            frames += near.arrive(receipt, 12).frames
    assert came.count(message) == 1
    assert near.idle


@pytest.mark.parametrize("wrong", [{"window": 0}, {"window": 64}, {"attempts": 0}])
def test_figures_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    """A window of none or of more than 63, and no attempt at all."""
    with pytest.raises(Malformed, match="must be 1 to 63"):
        TransferFigures(**wrong)


@given(st.binary(max_size=100))
def test_noise_is_no_frame(noise: bytes) -> None:
    """Any octets at all are dropped without an answer."""
    end = TransferEnd(FIGURES)
    assert end.arrive(noise, 0).message is None


@pytest.mark.clause("gbcs:GBT")
def test_an_end_that_forgot_what_was_half_there_gets_all_of_it_again() -> None:
    """Its power failed after it had acknowledged some blocks: the message still comes whole."""
    near, far, message = TransferEnd(FIGURES), TransferEnd(FIGURES), _message(400)
    for frame in near.send(message, 0):
        (receipt,) = far.arrive(frame, 0).frames
        near.arrive(receipt, 0)
    far.forget()
    came: list[bytes] = []
    for _ in range(10):
        if near.next_retry is None:
            break
        now = near.next_retry
        line = list(near.retry(now)[0])
        while line:
            arrived = far.arrive(line.pop(0), now)
            came += [arrived.message] if arrived.message else []
            line += [
                more for receipt in arrived.frames for more in near.arrive(receipt, now).frames
            ]
    assert came == [message]
    assert near.idle
