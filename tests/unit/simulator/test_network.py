"""Commands over a simulated network, to devices that obey them."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from smki.devices import DeviceState, process
from smki.ports.links import FromDevice, NotDelivered
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue, Example
from smki.simulator.network import SimulatedNetwork
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import RegionFigures
from smki.terms import EUI64
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.update_credentials import CredentialsReplacementMode

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLEAN = RegionFigures(loss=0, duplicate=0, corrupt=0, overtake=0, power_failure=0, unreachable=0)
ROUGH = replace(CLEAN, loss=0.15, duplicate=0.1, corrupt=0.1, overtake=0.2)
TRANSFER = TransferFigures(block_octets=256, retry_seconds=30, attempts=20)


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(11).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def examples(keys: ScalarKeys) -> tuple[Example, ...]:
    """Twenty devices, and an update of the supplier's credentials for each."""
    catalogue = Catalogue(keys, Cast(keys, AT, development()), AT)
    return tuple(
        catalogue.update(CredentialsReplacementMode.SUPPLIER_BY_SUPPLIER) for _ in range(20)
    )


class Estate:
    """Devices behind the network, and how often each obeyed."""

    def __init__(self, examples: tuple[Example, ...], keys: ScalarKeys) -> None:
        self.states: dict[EUI64, DeviceState] = {
            each.device.device: each.device for each in examples
        }
        self.obeyed: list[EUI64] = []
        self._keys = keys

    def answers(self, device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        """What the device makes of a message."""
        done = process(self.states[device], message, at, self._keys)
        if done.dropped is None:
            self.obeyed.append(device)
        self.states[device] = done.state
        return done.out


def _run(
    examples: tuple[Example, ...], keys: ScalarKeys, figures: RegionFigures, seed: int = 1
) -> tuple[Estate, list[FromDevice | NotDelivered], SimulatedNetwork]:
    estate = Estate(examples, keys)
    network = SimulatedNetwork(
        estate.answers,
        regions={"north": figures},
        region_of=lambda _: "north",
        start=AT,
        seed=seed,
        transfer=TRANSFER,
    )
    for each in examples:
        network.send(each.device.device, each.sent.command)
    return estate, list(network.events(AT + timedelta(days=1))), network


def _answered(events: list[FromDevice | NotDelivered]) -> Iterator[EUI64]:
    for event in events:
        if isinstance(event, FromDevice):
            header = parse_message(event.message).header
            assert header.originator == event.device
            yield event.device


@pytest.mark.clause("gbcs:GBT")
@pytest.mark.parametrize("figures", [CLEAN, ROUGH], ids=["clean", "rough"])
def test_every_command_is_obeyed_once_and_answered(
    figures: RegionFigures, examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """Also over a line that loses, repeats, spoils and mixes: nothing twice, nothing half."""
    estate, events, _ = _run(examples, keys, figures)
    everybody = sorted(estate.states)
    assert sorted(estate.obeyed) == everybody
    assert sorted(_answered(events)) == everybody
    assert [event.at for event in events] == sorted(event.at for event in events)


@pytest.mark.clause("gbcs:GBT")
def test_a_run_can_be_repeated_to_the_octet(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """The same seed gives the same events at the same times; another seed gives others."""
    first, again, other = (_run(examples, keys, ROUGH, seed)[1] for seed in (5, 5, 6))
    assert first == again
    assert first != other


@pytest.mark.clause("gbcs:GBT")
def test_hubs_that_are_not_reached_are_given_up(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """Each message to them is told as not delivered, once; the others go on."""
    estate, events, _ = _run(examples, keys, replace(CLEAN, unreachable=0.3))
    lost = [event for event in events if isinstance(event, NotDelivered)]
    assert {event.device for event in lost} == set(estate.states) - set(estate.obeyed)
    assert 0 < len(lost) < len(examples)
    assert len({event.device for event in lost}) == len(lost)
    assert all(event.at > AT + timedelta(seconds=30 * 19) for event in lost)


@pytest.mark.clause("gbcs:GBT")
def test_a_power_failure_may_lose_the_answer_of_what_was_obeyed(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """The device did as it was told, and nobody hears of it: the residue of a recovery."""
    estate, events, _ = _run(examples, keys, replace(CLEAN, power_failure=1.0))
    assert sorted(estate.obeyed) == sorted(estate.states)
    assert not list(_answered(events))


@pytest.mark.clause("gbcs:GBT")
def test_the_faulty_make_of_hub_fails_large_messages_alone(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """What fits into eight blocks comes through it; what does not is given up."""
    estate, events, _ = _run(examples, keys, replace(CLEAN, faulty=1.0))
    assert sorted(estate.obeyed) == sorted(estate.states)
    small = TransferFigures(block_octets=64, retry_seconds=30, attempts=3)
    estate = Estate(examples, keys)
    network = SimulatedNetwork(
        estate.answers,
        regions={"north": replace(CLEAN, faulty=1.0)},
        region_of=lambda _: "north",
        start=AT,
        seed=1,
        transfer=small,
    )
    network.send(examples[0].device.device, examples[0].sent.command)
    events = list(network.events(AT + timedelta(days=1)))
    assert [type(event) for event in events] == [NotDelivered]
    assert not estate.obeyed


def test_nothing_of_a_line_is_kept_when_it_is_quiet(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """Memory does not grow with the devices that were talked to."""
    _, _, network = _run(examples, keys, ROUGH)
    assert not network._lines
    assert not network._events


def test_time_passes_at_once_where_nothing_happens(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """Who waits for an instant is at that instant, and sends from there on."""
    estate = Estate(examples, keys)
    network = SimulatedNetwork(
        estate.answers, regions={"north": CLEAN}, region_of=lambda _: "north", start=AT, seed=1
    )
    later = AT + timedelta(seconds=1_000_000)
    assert not list(network.events(later))
    assert network.now == later
    network.send(examples[0].device.device, examples[0].sent.command)
    answered = list(network.events(later + timedelta(hours=1)))
    assert [type(event) for event in answered] == [FromDevice]
    assert answered[0].at > later


def test_who_leaves_off_hears_the_rest_later(
    examples: tuple[Example, ...], keys: ScalarKeys
) -> None:
    """One event at a time, each with a call of its own: nothing is lost, also what was given up."""
    estate = Estate(examples, keys)
    figures = replace(ROUGH, unreachable=0.3)
    network = SimulatedNetwork(
        estate.answers, regions={"north": figures}, region_of=lambda _: "north", start=AT, seed=3
    )
    for each in examples:
        network.send(each.device.device, each.sent.command)
    heard = []
    while (event := next(network.events(AT + timedelta(days=1)), None)) is not None:
        heard.append(event.device)
    assert sorted(heard) == sorted(each.device.device for each in examples)
    assert not network._lines
