"""A head end on a line that does what the test says."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smki.headend import Alerted, Answered, Given, GivenUp, HeadEnd, Order, Patience
from smki.headend.driving import ABANDONED, PassedOver
from smki.headend.waiting import CommandKey
from smki.ports.links import FromDevice, NotDelivered
from smki.ports.outbox import Outgoing, OutgoingCommand, Settled
from smki.terms import EUI64, Inconsistent, Unavailable
from smki.wire.gbcs.frame import (
    GbcsMessage,
    GroupingHeader,
    MessageCategory,
    grouped,
    parse_message,
    response_header,
    with_signature,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PATIENCE = Patience(answer_seconds=100, growth=2, longest_seconds=400, attempts=3, spread=0)
PARTY, METER, OTHER = (EUI64.parse(f"90B3D51F3000000{n}") for n in (1, 2, 3))
GOOD, BAD = bytes([1]) * 64, bytes([2]) * 64

Happening = tuple[float, FromDevice | NotDelivered]
Behaviour = Callable[[int, bytes], Sequence[Happening]]


@dataclass
class ToyLine:
    """`ports.DeviceLink`: for each sending, what happens so many seconds later."""

    behaves: Behaviour
    sent: list[bytes] = field(default_factory=list)
    _now: datetime = AT
    _coming: list[tuple[datetime, int, FromDevice | NotDelivered]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The line's time."""
        return self._now

    def send(self, device: EUI64, message: bytes) -> None:
        """The message is on its way."""
        assert parse_message(message).header.recipient == device
        self.sent.append(message)
        for seconds, event in self.behaves(len(self.sent), message):
            at = self._now + timedelta(seconds=seconds)
            self._coming.append((at, len(self.sent), event))

    def events(self, until: datetime) -> Iterator[FromDevice | NotDelivered]:
        """What happens until then."""
        while due := [each for each in self._coming if each[0] <= until]:
            event = min(due, key=lambda each: each[:2])
            self._coming.remove(event)
            self._now = max(self._now, event[0])
            yield event[2]
        self._now = max(self._now, until)


@dataclass
class ToyOutbox:
    """`ports.Outbox` that knows the order of things."""

    kept: list[OutgoingCommand] = field(default_factory=list)
    outcomes: dict[int, str] = field(default_factory=dict)
    full: bool = False
    given: int = 0

    def counters(self, originator: EUI64, count: int, at: datetime) -> range:
        """The next counters."""
        del originator, at
        self.given += count
        return range(self.given - count + 1, self.given + 1)

    def keep(self, commands: Outgoing, settled: Sequence[Settled] = ()) -> None:
        """They are kept."""
        if self.full:
            raise Unavailable("disk: full")
        self.settle(settled)
        self.kept += [
            OutgoingCommand(
                originator=commands.originator,
                counter=counter,
                device=device,
                message_code=commands.message_code,
                message=message,
                at=commands.at,
            )
            for device, counter, message in zip(
                commands.devices, commands.counters, commands.messages, strict=True
            )
        ]

    def settle(self, settled: Sequence[Settled]) -> None:
        """They are settled."""
        self.outcomes |= {counter: each.outcome for each in settled for counter in each.counters}

    def waiting(self, devices: Sequence[EUI64]) -> tuple[OutgoingCommand, ...]:
        """What is not settled."""
        return tuple(
            each
            for each in self.kept
            if each.device in devices and each.counter not in self.outcomes
        )


def _message(counter: int, device: EUI64 = METER, code: int = 0x000C) -> bytes:
    header = GroupingHeader(
        category=MessageCategory.COMMAND,
        counter=counter,
        originator=PARTY,
        recipient=device,
        message_code=code,
    )
    return with_signature(grouped(header, b"\x05\x00"), GOOD)


def _order(*devices: EUI64, code: int = 0x000C, make_code: int | None = None) -> Order:
    devices = devices or (METER,)

    def make(counters: range) -> list[bytes]:
        made = code if make_code is None else make_code
        pairs = zip(counters, devices, strict=True)
        return [_message(counter, device, made) for counter, device in pairs]

    def holds(_: CommandKey, message: GbcsMessage) -> bool:
        return message.signature == GOOD

    return Order(originator=PARTY, devices=devices, message_code=code, make=make, holds=holds)


def _response(command: bytes, signature: bytes = GOOD) -> FromDevice:
    header = response_header(parse_message(command).header)
    message = with_signature(grouped(header, b"\x05\x00"), signature)
    return FromDevice(device=header.originator, message=message, at=AT)


def _lost(command: bytes) -> NotDelivered:
    header = parse_message(command).header
    return NotDelivered(
        device=header.recipient, originator=header.originator, counter=header.counter, at=AT
    )


def _head_end(behaves: Behaviour) -> tuple[HeadEnd, ToyLine, ToyOutbox]:
    line, outbox = ToyLine(behaves), ToyOutbox()
    return HeadEnd(line, outbox, chance=lambda: 0.0, patience=PATIENCE), line, outbox


def _key(counter: int, device: EUI64 = METER) -> CommandKey:
    return CommandKey(originator=PARTY, counter=counter, device=device, message_code=0x000C)


@pytest.mark.clause("gbcs:7.2.7")
def test_a_command_is_answered_once_however_often_the_answer_comes() -> None:
    """The second and the third are passed over; the outbox knows that it was answered."""
    head_end, line, outbox = _head_end(
        lambda number, message: [(10 * number, _response(message))] * 3
    )
    head_end.command(_order())
    head_end.command(_order(OTHER))
    answered = list(head_end.events())
    assert [each.key for each in answered if isinstance(each, Answered)] == [
        _key(1),
        _key(2, OTHER),
    ]
    assert head_end.passed_over[PassedOver.NOT_ASKED] == 2  # the others come when nobody listens
    assert outbox.outcomes == {1: "answered", 2: "answered"}
    assert len(line.sent) == head_end.sent == 2


@pytest.mark.clause("gbcs:7.2.7")
def test_the_same_octets_are_sent_again_until_they_are_answered() -> None:
    """One counter, kept once; the answer comes to the third sending, after 100 and 200 seconds."""
    head_end, line, outbox = _head_end(
        lambda number, message: [(1, _response(message))] if number == 3 else []
    )
    head_end.command(_order())
    (answered,) = head_end.events()
    assert isinstance(answered, Answered)
    assert answered.attempts == 3
    assert head_end.now == AT + timedelta(seconds=301)
    assert len(set(line.sent)) == 1
    assert len(outbox.kept) == 1


@pytest.mark.parametrize(
    ("behaves", "why", "seconds"),
    [
        (lambda _, __: [], Given.NO_ANSWER, 700),
        (lambda _, message: [(5, _lost(message))], Given.NOT_DELIVERED, 305),
    ],
    ids=["silence", "lost"],
)
def test_a_device_that_says_nothing_is_given_up_with_the_reason(
    behaves: Behaviour, why: Given, seconds: int
) -> None:
    """At once if the line lost the last sending, else when the last wait is over."""
    head_end, line, outbox = _head_end(behaves)
    head_end.command(_order())
    (given_up,) = head_end.events()
    after = AT + timedelta(seconds=seconds)
    assert given_up == GivenUp(key=_key(1), why=why, attempts=3, at=after)
    assert len(line.sent) == 3
    assert outbox.outcomes == {1: why.value}


@pytest.mark.clause("gbcs:7.2.7")
def test_an_answer_after_it_was_given_up_is_stale() -> None:
    """It comes while another command waits, and answers nothing."""

    def behaves(number: int, message: bytes) -> Sequence[Happening]:
        late = [(705.0, _response(message))] if number == 1 else []
        return late if number <= 3 else [(50.0, _response(message))]

    head_end, _, _ = _head_end(behaves)
    head_end.command(_order())
    heard: list[Answered | GivenUp | Alerted] = []
    for event in head_end.events():
        heard.append(event)
        if isinstance(event, GivenUp):
            head_end.command(_order())
    assert [type(each) for each in heard] == [GivenUp, Answered]
    assert heard[1].key == _key(2)  # type: ignore[union-attr]  # seen to be an answer
    assert head_end.passed_over == {PassedOver.NOT_ASKED: 1}


@pytest.mark.clause("gbcs:7.2.7")
def test_what_is_not_the_devices_answer_is_no_answer() -> None:
    """Octets of any kind, another device's line, another code, a bad signature, our own command."""

    def behaves(number: int, message: bytes) -> Sequence[Happening]:
        if number > 1:
            return [(1, _response(message))]
        good = _response(message)
        elsewhere = FromDevice(device=OTHER, message=good.message, at=AT)
        code = _response(_message(1, code=0x000A))
        noise = FromDevice(device=METER, message=b"\xdf\x09", at=AT)
        echo = FromDevice(device=METER, message=message, at=AT)
        return [
            (n, each)
            for n, each in enumerate([elsewhere, code, noise, echo, _response(message, BAD)])
        ]

    head_end, _, _ = _head_end(behaves)
    head_end.command(_order())
    (answered,) = head_end.events()
    assert isinstance(answered, Answered)
    assert answered.attempts == 2
    assert head_end.passed_over == {
        PassedOver.NOT_ASKED: 3,
        PassedOver.MALFORMED: 1,
        PassedOver.NOT_PROVEN: 1,
    }


def test_alerts_are_told_beside_the_answers() -> None:
    """What a device says unasked answers no command."""

    def behaves(_: int, message: bytes) -> Sequence[Happening]:
        header = GroupingHeader(
            category=MessageCategory.ALERT,
            counter=1,
            originator=METER,
            recipient=PARTY,
            message_code=0x000C,
        )
        alert = with_signature(grouped(header, b"\x05\x00"), GOOD)
        return [(1, FromDevice(device=METER, message=alert, at=AT)), (2, _response(message))]

    head_end, _, _ = _head_end(behaves)
    head_end.command(_order())
    assert [type(each) for each in head_end.events()] == [Alerted, Answered]


def test_nothing_is_sent_that_could_not_be_kept() -> None:
    """The intent comes before the effect: with a full disk nothing leaves."""
    head_end, line, outbox = _head_end(lambda _, __: [])
    outbox.full = True
    with pytest.raises(Unavailable, match="full"):
        head_end.command(_order())
    assert not line.sent
    assert not list(head_end.events())


def test_several_commands_are_kept_together_or_none_is_sent() -> None:
    """The disk is full when they are to be kept: the first is not sent either."""
    head_end, line, outbox = _head_end(lambda _, message: [(1, _response(message))])
    outbox.full = True
    with pytest.raises(Unavailable, match="full"):
        head_end.command(_order(METER, OTHER))
    assert not line.sent
    outbox.full = False
    assert head_end.command(_order(METER, OTHER)) == (_key(3), _key(4, OTHER))
    assert len(list(head_end.events())) == 2
    assert outbox.outcomes == {3: "answered", 4: "answered"}


def test_what_was_left_waiting_for_a_device_is_taken_over() -> None:
    """Not what this head end has heard of meanwhile."""
    head_end, _, outbox = _head_end(lambda _, message: [(1, _response(message))])
    (counter,) = outbox.counters(PARTY, 1, AT)
    left = Outgoing(
        originator=PARTY,
        counters=(counter,),
        devices=(METER,),
        message_code=1,
        messages=(b"",),
        at=AT,
    )
    outbox.keep(left)
    head_end.command(_order())
    for event in head_end.events():
        assert isinstance(event, Answered)
        head_end.take_over((METER,))
    assert outbox.outcomes == {1: ABANDONED, 2: "answered"}


def test_a_command_that_is_not_the_one_ordered_is_not_sent() -> None:
    """Its header must have the counter, the parties and the code of the order."""
    head_end, line, outbox = _head_end(lambda _, __: [])
    with pytest.raises(Inconsistent, match="not the one ordered"):
        head_end.command(_order(make_code=0x000A))
    assert not line.sent
    assert not outbox.kept


def test_a_thousand_commands_are_told_apart() -> None:
    """Answers in any order find their commands; who follows may ask for more meanwhile."""
    head_end, _, outbox = _head_end(
        lambda number, message: [(1 + number * 7 % 50, _response(message))]
    )
    for number in range(500):
        device = EUI64(number.to_bytes(8, "big"))
        head_end.command(_order(device))
    answered = 0
    for event in head_end.events():
        assert isinstance(event, Answered)
        assert event.response.header.originator == event.key.device
        answered += 1
        if answered <= 500:
            head_end.command(_order(event.key.device))
    assert answered == 1_000
    assert set(outbox.outcomes.values()) == {"answered"}


_FATES = st.lists(
    st.lists(
        st.tuples(st.floats(0, 900), st.sampled_from(["answer", "forged", "lost", "noise", "late"]))
    ),
    max_size=40,
)


@pytest.mark.clause("gbcs:7.2.7")
@settings(max_examples=100, deadline=None)
@given(fates=_FATES, count=st.integers(1, 8))
def test_whatever_the_line_does_each_command_ends_once(
    fates: list[list[tuple[float, str]]], count: int
) -> None:
    """Answered by its own device's answer or given up, in time's order; sent three times at most."""
    first: list[bytes] = []

    def behaves(number: int, message: bytes) -> Sequence[Happening]:
        first.append(message)
        told: dict[str, FromDevice | NotDelivered] = {
            "answer": _response(message),
            "forged": _response(message, BAD),
            "lost": _lost(message),
            "noise": FromDevice(device=METER, message=b"\xdf", at=AT),
            "late": _response(first[0]),
        }
        happening = fates[number - 1] if number <= len(fates) else []
        return [(seconds, told[what]) for seconds, what in happening]

    head_end, line, outbox = _head_end(behaves)
    devices = [EUI64(bytes(7) + bytes((n,))) for n in range(count)]
    keys = [*head_end.command(_order(*devices))]
    ended, instants = [], []
    for event in head_end.events():
        assert not isinstance(event, Alerted)
        ended.append(event.key)
        instants.append(head_end.now)
        if isinstance(event, Answered):
            assert event.response.signature == GOOD
            assert event.response.header.originator == event.key.device
    assert sorted(ended, key=lambda key: key.counter) == keys
    assert instants == sorted(instants)
    assert set(outbox.outcomes) == {key.counter for key in keys}
    assert all(line.sent.count(message) <= 3 for message in line.sent)
    assert len(set(line.sent)) == count
