"""Commands over TCP, to devices that obey them: what the network in memory promises holds here too."""

import asyncio
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import cast

import pytest

from smki.adapters.sql.estate import SqlEstate
from smki.devices import DeviceState, process
from smki.ports.estate import EstateDevice, HeldState, InventoryRow
from smki.ports.links import FromDevice, NotDelivered
from smki.profiles import development
from smki.simulator import ScalarKeys, tcp_connection, tcp_hubs
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example
from smki.simulator.line_records import Hello, LineFrame, Records, RefusedLine, encode_record
from smki.simulator.obeying import OBEYED, EstateDevices, ForDevice
from smki.simulator.pace import Pace
from smki.simulator.tcp_connection import HeadEndConnection
from smki.simulator.tcp_hubs import TcpHubs
from smki.simulator.tcp_link import TcpLink
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import RegionFigures
from smki.terms import EUI64, Inconsistent, Refused, SmkiError, Unavailable
from smki.wire.gbcs.frame import MessageCategory, parse_message
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLEAN = RegionFigures(loss=0, duplicate=0, corrupt=0, overtake=0, power_failure=0, unreachable=0)
ROUGH = replace(CLEAN, loss=0.15, duplicate=0.1, corrupt=0.1, overtake=0.2)
TRANSFER = TransferFigures(block_octets=256, retry_seconds=60, attempts=20)
DAY = timedelta(days=1)

Serving = Callable[..., AbstractContextManager[tuple[TcpHubs, int]]]


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(19).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def examples(keys: ScalarKeys) -> tuple[Example, ...]:
    """Twenty devices, and an update of the supplier's credentials for each."""
    catalogue = Catalogue(keys, Cast(keys, AT, development()), AT)
    return tuple(
        catalogue.update(CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER) for _ in range(20)
    )


def _in_estate(
    state: DeviceState, hub: EUI64, make: str = "Sample Meter Maker", region: str = "north"
) -> EstateDevice:
    row = InventoryRow(
        device=state.device,
        kind=state.kind,
        make=make,
        model="E1",
        hub=hub,
        region=region,
    )
    return EstateDevice(state=state, row=row)


@pytest.fixture
def estate(tmp_path: Path, examples: tuple[Example, ...]) -> Iterator[SqlEstate]:
    """An estate of those devices, two behind each hub."""
    with closing(SqlEstate(f"sqlite:///{tmp_path / 'estate.sqlite'}")) as made:
        made.add(
            [
                _in_estate(each.device, examples[number - number % 2].device.device)
                for number, each in enumerate(examples)
            ],
            AT,
        )
        yield made


class Silent(EstateDevices):
    """Devices that say nothing to whatever comes."""

    def obey(self, messages: Sequence[ForDevice], at: datetime) -> tuple[tuple[bytes, ...], ...]:
        """No answers."""
        del at
        return ((),) * len(messages)


def _send(link: TcpLink, examples: tuple[Example, ...]) -> None:
    for each in examples:
        link.send(each.device.device, each.sent.command)


def _events(
    link: TcpLink, count: int, *, until: timedelta = DAY
) -> list[FromDevice | NotDelivered]:
    """So many events, or those until then."""
    found = []
    for event in link.events(link.now + until):
        found.append(event)
        if len(found) == count:
            break
    return found


@pytest.mark.clause("gbcs:GBT")
@pytest.mark.parametrize("figures", [CLEAN, ROUGH], ids=["clean", "rough"])
def test_every_command_is_obeyed_once_and_answered_once(
    figures: RegionFigures,
    examples: tuple[Example, ...],
    keys: ScalarKeys,
    estate: SqlEstate,
    serving: Serving,
) -> None:
    """Over real sockets that lose, repeat, spoil and mix; all over one connection; and it is kept."""
    devices = EstateDevices(estate, keys)
    with (
        serving(devices, figures, transfer=TRANSFER) as (hubs, port),
        closing(TcpLink("127.0.0.1", port, transfer=TRANSFER)) as link,
    ):
        _send(link, examples)
        answered = _events(link, len(examples))
        later = _events(link, 1, until=timedelta(seconds=600))
    everybody = sorted(each.device.device for each in examples)
    assert sorted(event.device for event in answered) == everybody
    assert all(isinstance(event, FromDevice) for event in answered)
    assert not later
    assert devices.outcomes == {OBEYED: len(examples)}
    for each in examples:
        held = estate.held(each.device.device)
        assert held is not None
        assert held.revision == 1
        assert held.state.anchors != each.device.anchors
    assert not link._lines
    assert not hubs._connections


@pytest.mark.clause("gbcs:GBT")
def test_the_same_seed_loses_the_same_frames(
    examples: tuple[Example, ...], keys: ScalarKeys, estate: SqlEstate, serving: Serving
) -> None:
    """What cannot get through does not, each time the same; another seed loses others.

    A message is one frame, devices take no time, and there is much of it: what is lost is not the
    machine's doing.
    """

    def reached(seed: int) -> set[EUI64]:
        once = replace(TRANSFER, attempts=1, retry_seconds=900, block_octets=8_192)
        events = []
        with (
            serving(Silent(estate, keys), replace(CLEAN, loss=0.3), seed=seed, transfer=once) as (
                _,
                port,
            ),
            closing(TcpLink("127.0.0.1", port, transfer=once)) as link,
        ):
            _send(link, examples)
            while link._lines:
                events += _events(link, len(examples), until=timedelta(seconds=100))
            events += _events(link, len(examples), until=timedelta())
        return {event.device for event in events if isinstance(event, NotDelivered)}

    first, again, other = reached(5), reached(5), reached(6)
    assert 0 < len(first) < len(examples)
    assert first == again
    assert first != other


def test_a_device_that_there_is_not_is_given_up_at_once(
    examples: tuple[Example, ...], keys: ScalarKeys, tmp_path: Path, serving: Serving
) -> None:
    """It is told by the hubs; nothing is tried again."""
    with (
        closing(SqlEstate(f"sqlite:///{tmp_path / 'empty.sqlite'}")) as empty,
        serving(EstateDevices(empty, keys), CLEAN) as (_, port),
        closing(TcpLink("127.0.0.1", port)) as link,
    ):
        _send(link, examples[:1])
        (event,) = _events(link, 1)
        assert isinstance(event, NotDelivered)
        header = parse_message(examples[0].sent.command).header
        assert (event.device, event.originator, event.counter) == (
            header.recipient,
            header.originator,
            header.counter,
        )
        assert link.frames == 2
        assert not link._lines


def test_hubs_that_end_and_begin_again_lose_what_was_on_its_way_and_no_more(
    examples: tuple[Example, ...], keys: ScalarKeys, estate: SqlEstate, serving: Serving
) -> None:
    """The head end connects again by itself, its retries bring the rest over; time goes on."""
    devices = EstateDevices(estate, keys)
    with serving(devices, replace(CLEAN, delay_seconds=500.0), transfer=TRANSFER) as (_, port):
        link = TcpLink("127.0.0.1", port, transfer=TRANSFER)
        _send(link, examples[:5])
        assert not _events(link, 1, until=timedelta(seconds=20))
        then = link.now
    assert not _events(link, 1, until=timedelta(seconds=20))
    assert "ended" in link.trouble or "no hubs" in link.trouble
    with closing(link), serving(devices, CLEAN, transfer=TRANSFER, port=port):
        answered = _events(link, 5)
    assert link.reconnected == 1
    assert link.now > then
    assert {event.device for event in answered} == {each.device.device for each in examples[:5]}
    assert devices.outcomes == {OBEYED: 5}


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"\x00\x00\x40\x01\x03", "record of 16385 octets, must be 1 to 16384"),
        (b"\x00\x00\x00\x00", "record of 0 octets"),
        (b"\x00\x00\x00\x01\x09", "record of kind 09 with 0 octets more"),
        (b"GET / HTTP/1.1\r\n", "must be 1 to 16384"),
        (encode_record(LineFrame(device=EUI64(bytes(8)), frame=b"x")), "must be a hello first"),
        (encode_record(Hello(version=2)), "version 2 of the records, must be 1"),
        (encode_record(Hello()) * 2, "hello came"),
    ],
)
def test_what_is_no_record_is_refused_by_name(
    octets: bytes, told: str, keys: ScalarKeys, estate: SqlEstate, serving: Serving
) -> None:
    """The sender is told what was wrong, and the connection ends; others are served on."""
    with (
        serving(EstateDevices(estate, keys), CLEAN) as (_, port),
        closing(TcpLink("127.0.0.1", port)) as other,
    ):
        reason = _told(port, octets)
        assert told in reason
        assert not _events(other, 1, until=timedelta(seconds=10))
        assert not other.trouble


def _told(port: int, octets: bytes, *, end: bool = False) -> str:
    """Why the hubs end the connection after these octets."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(octets)
        if end:
            connection.shutdown(socket.SHUT_WR)
        heard = b"".join(iter(lambda: connection.recv(4_096), b""))
    records = list(Records().feed(heard))
    assert isinstance(records[-1], RefusedLine)
    return records[-1].reason


def test_half_a_record_is_told_when_the_connection_ends(
    keys: ScalarKeys, estate: SqlEstate, serving: Serving
) -> None:
    """How much of it came is told too."""
    with serving(EstateDevices(estate, keys), CLEAN) as (_, port):
        reason = _told(port, encode_record(Hello()) + b"\x00\x00\x00\x20\x03", end=True)
    assert "ended after 5 octets of a record" in reason


@pytest.mark.parametrize("begun", [b"", encode_record(Hello()) + b"\x00\x00\x00"])
def test_who_is_slow_is_refused(
    begun: bytes,
    keys: ScalarKeys,
    estate: SqlEstate,
    serving: Serving,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record that has begun must be whole in time, and so must the first."""
    monkeypatch.setattr(tcp_connection, "RECORD_SECONDS", 0.2)
    with serving(EstateDevices(estate, keys), CLEAN) as (_, port):
        assert "a record is not whole after 0.2 s" in _told(port, begun)


def test_there_are_so_many_connections_and_no_more(
    keys: ScalarKeys, estate: SqlEstate, serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One too many is told so; when one has gone there is room again."""
    monkeypatch.setattr(tcp_hubs, "CONNECTIONS_MAX", 1)
    with serving(EstateDevices(estate, keys), CLEAN) as (hubs, port):
        with (
            closing(TcpLink("127.0.0.1", port)),
            pytest.raises(Refused, match="1 connections are open, must be at most 1"),
        ):
            TcpLink("127.0.0.1", port)
        end = time.monotonic() + 60
        while hubs._connections and time.monotonic() < end:
            time.sleep(0.01)
        TcpLink("127.0.0.1", port).close()


def test_nobody_there_is_told(serving: Serving, keys: ScalarKeys, estate: SqlEstate) -> None:
    """With the command that would help."""
    with serving(EstateDevices(estate, keys), CLEAN) as (_, port):
        pass
    with pytest.raises(Unavailable, match=r"no hubs are there .* run 'smki estate serve'"):
        TcpLink("127.0.0.1", port)


def test_octets_that_are_no_block_are_lost_like_any_that_are_spoilt(
    keys: ScalarKeys, estate: SqlEstate, examples: tuple[Example, ...], serving: Serving
) -> None:
    """A frame of any octets to a device that there is: nothing happens, and the line goes on."""
    devices = EstateDevices(estate, keys)
    device = examples[0].device.device
    chance = random.Random(3)  # noqa: S311 -- octets that protect nothing
    with (
        serving(devices, CLEAN, transfer=TRANSFER) as (_, port),
        closing(TcpLink("127.0.0.1", port, transfer=TRANSFER)) as link,
    ):
        with socket.create_connection(("127.0.0.1", port)) as other:
            other.sendall(encode_record(Hello()))
            for _ in range(200):
                frame = LineFrame(device=device, frame=chance.randbytes(chance.randrange(1, 300)))
                other.sendall(encode_record(frame))
        _send(link, examples[:1])
        (event,) = _events(link, 1)
    assert isinstance(event, FromDevice)
    assert devices.outcomes == {OBEYED: 1}


class _Busy(SqlEstate):
    """An estate in which somebody else changes each device that is read, so many times."""

    def __init__(self, url: str, times: int) -> None:
        super().__init__(url)
        self._times = times

    def held_by(self, devices: Sequence[EUI64]) -> dict[EUI64, HeldState]:
        found = super().held_by(devices)
        if self._times:
            self._times -= 1
            for each in found.values():
                other = replace(each.state, own_counter=each.state.own_counter + 1)
                self.keep([replace(each, state=other)])
        return found


@pytest.mark.parametrize(("times", "obeyed"), [(1, True), (4, True), (5, False)])
def test_a_device_that_another_changes_meanwhile_is_read_again(
    times: int,
    keys: ScalarKeys,
    examples: tuple[Example, ...],
    estate: SqlEstate,
    tmp_path: Path,
    *,
    obeyed: bool,
) -> None:
    """Neither change is lost; one that is changed again and again has obeyed nothing."""
    example = examples[0]
    message = ForDevice(device=example.device.device, message=example.sent.command)
    with closing(_Busy(f"sqlite:///{tmp_path / 'estate.sqlite'}", times)) as busy:
        devices = EstateDevices(busy, keys)
        if obeyed:
            ((response,),) = devices.obey((message,), AT)
            assert parse_message(response).header.originator == message.device
        else:
            with pytest.raises(Unavailable, match="were changed by another 5 times"):
                devices.obey((message,), AT)
    held = estate.held(message.device)
    assert held is not None
    assert held.state.own_counter == times
    assert (held.state.anchors != example.device.anchors) is obeyed
    assert devices.outcomes == ({OBEYED: 1} if obeyed else {})


def test_messages_to_one_device_are_obeyed_in_order(
    keys: ScalarKeys, examples: tuple[Example, ...], estate: SqlEstate
) -> None:
    """Together they do what they would one after the other: the same again is refused."""
    example = examples[0]
    message = ForDevice(device=example.device.device, message=example.sent.command)
    devices = EstateDevices(estate, keys)
    first, second = devices.obey((message, message), AT)
    assert len(first) == 1
    assert second == ()
    assert devices.outcomes == {OBEYED: 1, "signature": 1}  # by a key that was just replaced
    held = estate.held(message.device)
    assert held is not None
    assert held.revision == 1
    assert held.state.anchors != example.device.anchors


class _Unread:
    """A transport whose other end reads nothing."""

    def __init__(self) -> None:
        self.waiting = 0
        self.aborted = False

    def write(self, octets: bytes) -> None:
        """Waits with the rest."""
        self.waiting += len(octets)

    def get_write_buffer_size(self) -> int:
        """All of it."""
        return self.waiting

    def is_closing(self) -> bool:
        """Once it was cut off."""
        return self.aborted

    def abort(self) -> None:
        """Cut off."""
        self.aborted = True


def test_who_does_not_read_is_cut_off(keys: ScalarKeys, estate: SqlEstate) -> None:
    """What waits for it is bounded."""

    async def main() -> _Unread:
        hubs = TcpHubs(
            EstateDevices(estate, keys), regions={"north": CLEAN}, seed=1, pace=Pace(start=AT)
        )
        unread = _Unread()
        deaf = HeadEndConnection(hubs)
        deaf.connection_made(cast("asyncio.Transport", unread))
        record = RefusedLine(reason="x" * 400)
        while not unread.aborted:
            deaf.write(record)
        deaf.write(record)
        deaf.connection_lost(None)
        return unread

    assert 0 <= asyncio.run(main()).waiting - tcp_connection.UNREAD_OCTETS_MAX < 500


def test_frames_to_more_devices_than_there_is_room_for_are_lost(
    keys: ScalarKeys,
    estate: SqlEstate,
    examples: tuple[Example, ...],
    serving: Serving,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They come over when there is room again: the line repeats them."""
    monkeypatch.setattr(tcp_hubs, "LINES_MAX", 3)
    with (
        serving(EstateDevices(estate, keys), CLEAN, transfer=TRANSFER) as (hubs, port),
        closing(TcpLink("127.0.0.1", port, transfer=TRANSFER)) as link,
    ):
        _send(link, examples[:8])
        answered = _events(link, 8)
        assert {type(event) for event in answered} == {FromDevice}
        assert not _events(link, 1, until=timedelta(seconds=100))
        assert hubs._lines == 0


@pytest.mark.clause("gbcs:CS02b")
def test_what_is_dated_for_the_future_runs_then_and_an_alert_says_so(
    keys: ScalarKeys, tmp_path: Path, serving: Serving
) -> None:
    """Also of a device that nobody has talked to since the hubs were begun; and it is kept."""
    catalogue = Catalogue(keys, Cast(keys, AT, development()), AT)
    mode = CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER
    now = datetime.now(UTC).replace(microsecond=0)
    soon = catalogue.update(mode, execution=now + timedelta(seconds=300))
    waiting = catalogue.update(mode, execution=now + timedelta(seconds=400))
    later = catalogue.update(mode, execution=now + timedelta(days=300))
    waits = process(waiting.device, waiting.sent.command, now, keys).state
    states = {each.device: each for each in (soon.device, waits, later.device)}
    with closing(SqlEstate(f"sqlite:///{tmp_path / 'dated.sqlite'}")) as dated:
        dated.add([_in_estate(each, each.device) for each in states.values()], AT)
        devices = EstateDevices(dated, keys)
        with (
            serving(devices, CLEAN, transfer=TRANSFER) as (hubs, port),
            closing(TcpLink("127.0.0.1", port, transfer=TRANSFER)) as link,
        ):
            _send(link, (soon, later))
            events = _events(link, 4, until=timedelta(seconds=5_000))
            assert not _events(link, 1, until=timedelta(seconds=100))
            assert hubs._lines == 0
        said = sorted(
            (parse_message(event.message).header.category, event.device)
            for event in events
            if isinstance(event, FromDevice)
        )
        answered = sorted((soon.device.device, later.device.device))
        alerted = sorted((soon.device.device, waits.device))
        assert said == [
            *((MessageCategory.RESPONSE, device) for device in answered),
            *((MessageCategory.ALERT, device) for device in alerted),
        ]
        for before in states.values():
            held = dated.held(before.device)
            assert held is not None
            assert bool(held.state.scheduled) is (before.device == later.device.device)
            assert (held.state.anchors != before.anchors) is (before.device in alerted)


@pytest.mark.clause("gbcs:GBT")
def test_the_faulty_make_of_hub_loses_long_messages_where_it_is_faulty(
    keys: ScalarKeys, tmp_path: Path, examples: tuple[Example, ...], serving: Serving
) -> None:
    """By make and by region, as the first real test found it; a short message comes through it."""
    places = {
        (make, region): example
        for (make, region), example in zip(
            product(("Maker A", "Maker B"), ("north", "south")), examples, strict=False
        )
    }
    figures = replace(CLEAN, faulty_makes=frozenset({"Maker B"}))
    small = TransferFigures(block_octets=64, retry_seconds=60, attempts=3)
    with closing(SqlEstate(f"sqlite:///{tmp_path / 'makes.sqlite'}")) as makes:
        makes.add(
            [_in_estate(each.device, each.device.device, *place) for place, each in places.items()],
            AT,
        )
        devices = EstateDevices(makes, keys)
        found = []
        for transfer in (small, TRANSFER):
            with (
                serving(devices, figures, elsewhere=CLEAN, transfer=transfer) as (_, port),
                closing(TcpLink("127.0.0.1", port, transfer=transfer)) as link,
            ):
                sent = (
                    tuple(places.values()) if transfer is small else (places["Maker B", "north"],)
                )
                _send(link, sent)
                found.append({event.device: type(event) for event in _events(link, len(sent))})
    assert found[0] == {
        each.device.device: NotDelivered if place == ("Maker B", "north") else FromDevice
        for place, each in places.items()
    }
    assert found[1] == {places["Maker B", "north"].device.device: FromDevice}


class _Away(EstateDevices):
    """Devices whose estate fails as told, each time that messages come."""

    def __init__(self, estate: SqlEstate, keys: ScalarKeys, *errors: SmkiError) -> None:
        super().__init__(estate, keys)
        self._errors = list(errors)

    def obey(self, messages: Sequence[ForDevice], at: datetime) -> tuple[tuple[bytes, ...], ...]:
        """Fails, until all failures are used up."""
        if self._errors:
            raise self._errors.pop(0)
        return super().obey(messages, at)


def test_an_estate_that_is_away_loses_messages_and_nothing_else(
    keys: ScalarKeys, estate: SqlEstate, examples: tuple[Example, ...], serving: Serving
) -> None:
    """No device obeyed and none answers; what is sent again later is obeyed."""
    devices = _Away(estate, keys, Unavailable("database: locked"))
    with (
        serving(devices, CLEAN, transfer=TRANSFER) as (_, port),
        closing(TcpLink("127.0.0.1", port, transfer=TRANSFER)) as link,
    ):
        _send(link, examples[:1])
        assert not _events(link, 1, until=timedelta(seconds=300))
        assert not devices.outcomes
        _send(link, examples[:1])
        (event,) = _events(link, 1)
        assert isinstance(event, FromDevice)


def test_an_estate_that_disagrees_with_itself_ends_the_serving(
    keys: ScalarKeys, estate: SqlEstate, examples: tuple[Example, ...], serving: Serving
) -> None:
    """Nothing is done any more; whoever serves is told why."""
    devices = _Away(estate, keys, Inconsistent("estate: wrong"))
    with (
        serving(devices, CLEAN, transfer=TRANSFER) as (hubs, port),
        closing(TcpLink("127.0.0.1", port, transfer=TRANSFER)) as link,
    ):
        _send(link, examples[:1])
        _events(link, 1, until=timedelta(seconds=100))
        assert hubs.failed.done()
        assert isinstance(hubs.failed.exception(), Inconsistent)
