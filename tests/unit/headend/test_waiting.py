"""When a command is sent again, and when it is given up."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smki.headend.waiting import CommandKey, Due, Given, Patience, Waiting
from smki.terms import EUI64, Inconsistent, Malformed
from smki.wire.gbcs.frame import GbcsMessage, GroupingHeader, MessageCategory

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PATIENCE = Patience(answer_seconds=100, growth=2, longest_seconds=300, attempts=4, spread=0)
PARTY, METER, OTHER = (EUI64.parse(f"90B3D51F3000000{n}") for n in (1, 2, 3))


def _key(counter: int, device: EUI64 = METER) -> CommandKey:
    return CommandKey(originator=PARTY, counter=counter, device=device, message_code=0x000A)


def _answer(
    key: CommandKey, category: MessageCategory = MessageCategory.RESPONSE
) -> GroupingHeader:
    return GroupingHeader(
        category=category,
        counter=key.counter,
        originator=key.device,
        recipient=key.originator,
        message_code=key.message_code,
    )


def _after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def _holds(_key: CommandKey, _response: GbcsMessage) -> bool:
    return True


def _asked(waiting: Waiting) -> CommandKey | None:
    found = waiting.asked(_answer(_key(7)))
    return None if found is None else found.key


def _waiting(counter: int = 7) -> Waiting:
    waiting = Waiting(PATIENCE)
    waiting.begin(_key(counter), b"octets", _holds, AT, 0)
    return waiting


def test_each_wait_is_longer_up_to_the_longest() -> None:
    """100 s, 200 s, 300 s instead of 400; after the fourth time it is given up, 900 s after."""
    waiting = _waiting()
    found = []
    while (at := waiting.next_due) is not None:
        found.append((at, waiting.due(at, 0)))
    again = [Due(key=_key(7), attempts=n, message=b"octets") for n in (2, 3, 4)]
    over = Due(key=_key(7), attempts=4, given_up=Given.NO_ANSWER)
    instants = [_after(seconds) for seconds in (100, 300, 600, 900)]
    assert found == list(zip(instants, [*again, over], strict=True))
    assert waiting.asked(_answer(_key(7))) is None


def test_nothing_is_due_before_its_time() -> None:
    """A microsecond before there is nothing to do."""
    waiting = _waiting()
    assert waiting.due(_after(99.999999), 0) is None
    assert waiting.due(_after(100), 0) is not None


def test_what_was_answered_is_not_sent_again() -> None:
    """It waits no more, how often it was sent is told, and its instant passes."""
    waiting = _waiting()
    waiting.begin(_key(8), b"another", _holds, _after(50), 0)
    waiting.due(_after(100), 0)
    assert _asked(waiting) == _key(7)
    assert waiting.answered(_key(7)) == 2
    assert waiting.asked(_answer(_key(7))) is None
    assert waiting.next_due == _after(150)
    assert waiting.due(_after(150), 0) == Due(key=_key(8), attempts=2, message=b"another")


def test_what_the_line_lost_is_sent_again_in_its_time_and_given_up_at_once_the_last_time() -> None:
    """The reason is that of the last time: an earlier loss is not told."""
    waiting = _waiting()
    assert waiting.lost(METER, PARTY, 7) is None
    for seconds in (100, 300, 600):
        assert waiting.due(_after(seconds), 0) is not None
    over = waiting.lost(METER, PARTY, 7)
    assert over == Due(key=_key(7), attempts=4, given_up=Given.NOT_DELIVERED)
    assert waiting.next_due is None


def test_a_loss_is_that_of_its_own_command() -> None:
    """Of another device, another counter, or what waits no more: nothing happens."""
    waiting = _waiting()
    for _ in range(3):
        waiting.due(waiting.next_due or AT, 0)
    assert waiting.lost(OTHER, PARTY, 7) is None
    assert waiting.lost(METER, PARTY, 8) is None
    assert waiting.lost(METER, OTHER, 7) is None
    waiting.due(waiting.next_due or AT, 0)
    assert waiting.lost(METER, PARTY, 7) is None


@pytest.mark.clause("gbcs:7.2.7")
def test_only_the_very_command_waits() -> None:
    """The same counter with another device or message code is another command."""
    waiting = _waiting()
    assert _asked(waiting) == _key(7)
    assert waiting.asked(_answer(_key(7), MessageCategory.ALERT)) is None
    assert waiting.asked(_answer(_key(7, OTHER))) is None
    other = CommandKey(originator=PARTY, counter=7, device=METER, message_code=0x000B)
    assert waiting.asked(_answer(other)) is None
    with pytest.raises(Inconsistent, match="must be new"):
        waiting.begin(_key(7, OTHER), b"", _holds, AT, 0)


@given(st.lists(st.tuples(st.integers(0, 1_000), st.floats(0, 1)), min_size=1, max_size=30))
def test_due_commands_come_in_the_order_of_time(begun: list[tuple[int, float]]) -> None:
    """However they were begun, each is sent as often as it may be, in order, and then given up."""
    patience = Patience(answer_seconds=10, growth=1.5, longest_seconds=40, attempts=3, spread=1)
    waiting = Waiting(patience)
    for counter, (seconds, chance) in enumerate(begun):
        waiting.begin(_key(counter), b"", _holds, _after(seconds), chance)
    instants, over = [], []
    while (at := waiting.next_due) is not None:
        instants.append(at)
        due = waiting.due(at, 0.5)
        assert due is not None
        if due.given_up:
            over.append(due.key.counter)
    assert instants == sorted(instants)
    assert sorted(over) == list(range(len(begun)))
    assert len(instants) == 3 * len(begun)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"growth": 0.5},
        {"answer_seconds": 0},
        {"spread": 1.5},
        {"longest_seconds": 1},
    ],
)
def test_patience_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    """No attempt, shrinking waits, no wait, a longest that is shorter than the first."""
    with pytest.raises(Malformed, match="must be 1 or more"):
        Patience(**wrong)  # type: ignore[arg-type]  # wrong on purpose: attempts too are floats here
