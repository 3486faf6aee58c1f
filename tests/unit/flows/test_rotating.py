"""Certificates of devices renewed over a simulated network, with a service that is not always there."""

import base64
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.sql.store import Store
from smki.devices import DeviceKind, DeviceState, process
from smki.devices.kinds import SUPPLIER_DS
from smki.flows.rotating import NotRotated, Outcome, Rotated, RotationWish, Rotator, Step
from smki.headend import HeadEnd, Patience
from smki.messages import KeyUse
from smki.profiles import development
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast
from smki.simulator.catalogue import Catalogue
from smki.simulator.network import SimulatedNetwork
from smki.simulator.weather import RegionFigures
from smki.steps.answers import AdHocAnswer
from smki.terms import EUI64, AdHocStatus, KeyUsage, Refused, RemotePartyRole, Unavailable
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.frame import parse_message
from smki.wire.gbcs.trust_anchors import KeyUsageBits
from smki.wire.pkcs10 import parse_device_request
from smki.wire.requests import DeviceRequest

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
CLEAN = RegionFigures(loss=0, duplicate=0, corrupt=0, overtake=0, power_failure=0, unreachable=0)
ROUGH = replace(
    CLEAN, loss=0.1, duplicate=0.1, corrupt=0.05, overtake=0.1, power_failure=0.1, power_seconds=300
)
DS, KA = KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT
BITS = {DS: KeyUsageBits.DIGITAL_SIGNATURE, KA: KeyUsageBits.KEY_AGREEMENT}
PATIENCE = Patience(attempts=3)

Answers = Callable[[EUI64, bytes, datetime], tuple[bytes, ...]]


@pytest.fixture(scope="module")
def keys() -> ScalarKeys:
    """Keys of a simulation that can be repeated."""
    return ScalarKeys(random.Random(23).randbytes)  # noqa: S311 -- keys that protect nothing


@pytest.fixture(scope="module")
def catalogue(keys: ScalarKeys) -> Catalogue:
    """A hierarchy and parties."""
    return Catalogue(keys, Cast(keys, AT, development()), AT)


@pytest.fixture
def notes(tmp_path: Path) -> Iterator[SqlHeadEnd]:
    """An empty outbox."""
    store = Store(f"sqlite:///{tmp_path / 'head-end.sqlite'}")
    yield SqlHeadEnd(store)
    store.engine.dispose()


@dataclass
class World:
    """Devices, the network to them, and a service that issues certificates for them.

    Attributes:
        answers: what the service says instead, one for each time it is asked.
        spoil: what becomes of a message of a device, if it is not sent as it is.
    """

    catalogue: Catalogue
    keys: ScalarKeys
    notes: SqlHeadEnd
    figures: RegionFigures = CLEAN
    seed: int = 1
    states: dict[EUI64, DeviceState] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    answers: list[AdHocAnswer] = field(default_factory=list)
    steps: list[tuple[EUI64, KeyUsage, Step]] = field(default_factory=list)
    commands: list[tuple[int, int]] = field(default_factory=list)
    spoil: Callable[[int, bytes], Sequence[bytes]] = lambda _, message: (message,)

    def devices(self, count: int, kind: DeviceKind = DeviceKind.ESME) -> list[EUI64]:
        """So many new ones."""
        made = [self.catalogue.device(kind) for _ in range(count)]
        self.states |= {each.device: each for each in made}
        return [each.device for each in made]

    def obey(self, device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        """What the device makes of a message."""
        header = parse_message(message).header
        self.commands.append((header.message_code, header.counter))
        done = process(self.states[device], message, at, self.keys)
        self.states[device] = done.state
        return tuple(each for out in done.out for each in self.spoil(header.message_code, out))

    def service(self, text: str) -> AdHocAnswer:
        """A certificate for each request, or what was said beforehand."""
        octets = base64.b64decode(text)
        self.requests.append(octets)
        if self.answers:
            return self.answers.pop(0)
        request = parse_device_request(octets).request
        assert isinstance(request, DeviceRequest)
        certificate = self.catalogue.cast.device_certificate(
            request.device, request.usage, request.point
        )
        return AdHocAnswer(transaction_id=1, status=AdHocStatus.SUCCESS, certificate=certificate)

    def wish(self, device: EUI64, *usages: KeyUsage) -> RotationWish:
        """The supplier's wish; the broker's where the device knows no supplier."""
        role, state = RemotePartyRole.SUPPLIER, self.states[device]
        if SUPPLIER_DS not in state.anchors:
            role = RemotePartyRole.ACCESS_CONTROL_BROKER
        party = self.catalogue.parties[role]
        signer = party.keys[KeyUse.DIGITAL_SIGNATURE].handle
        return RotationWish(
            device=device,
            kind=state.kind,
            certificates={usage: state.own[bits].certificate for usage, bits in BITS.items()},
            originator=party.entity,
            keys=self.catalogue.senders.keys_of(signer),
            service=self.service,
            usages=usages,
        )

    def rotate(self, wishes: Iterable[RotationWish], together: int = 64) -> list[Outcome]:
        """What became of them."""
        network = SimulatedNetwork(
            self.obey,
            regions={"north": self.figures},
            region_of=lambda _: "north",
            start=AT,
            seed=self.seed,
        )
        chance = random.Random(self.seed).random  # noqa: S311 -- a run that can be repeated
        head_end = HeadEnd(network, self.notes, chance=chance, patience=PATIENCE)
        rotator = Rotator(
            head_end,
            self.notes,
            tell=lambda *step: self.steps.append(step),
            together=together,
        )
        return list(rotator.rotate(wishes))


@pytest.fixture
def world(catalogue: Catalogue, keys: ScalarKeys, notes: SqlHeadEnd) -> World:
    """Nobody there yet, and a clean line."""
    return World(catalogue=catalogue, keys=keys, notes=notes)


@pytest.mark.clause("gbcs:CS02c")
@pytest.mark.parametrize("kind", DeviceKind)
def test_both_certificates_of_a_device_are_renewed_in_four_steps_each(
    kind: DeviceKind, world: World
) -> None:
    """The key agreement one too: from then on the device is commanded by its new key."""
    (device,) = world.devices(1, kind)
    before = world.states[device]
    outcomes = world.rotate([world.wish(device, DS, KA, KA)])
    assert [type(each) for each in outcomes] == [Rotated] * 3
    after = world.states[device]
    newest = {each.usage: each for each in outcomes}
    for usage, bits in BITS.items():
        rotated = newest[usage]
        assert isinstance(rotated, Rotated)
        assert after.own[bits].certificate == rotated.certificate
        assert after.own[bits].handle != before.own[bits].handle
        point = world.keys.point(after.own[bits].handle)
        assert parse_certificate(rotated.certificate).tbs.public_key[-65:] == point
    assert not after.pending
    assert [step for _, _, step in world.steps] == list(Step) * 3
    assert world.notes.waiting((device,)) == ()


@pytest.mark.clause("gbcs:GBT", "gbcs:CS02c")
def test_over_a_line_that_does_everything_wrong_each_is_renewed_or_said_not_to_be(
    world: World,
) -> None:
    """Loss, repetition, noise, disorder, power cuts: no certificate without a device that shows it."""
    world.figures = ROUGH
    devices = world.devices(12)
    outcomes = world.rotate((world.wish(each, DS, KA) for each in devices), together=5)
    rotated = [each for each in outcomes if isinstance(each, Rotated)]
    assert len(rotated) >= 20
    for each in rotated:
        assert world.states[each.device].own[BITS[each.usage]].certificate == each.certificate
    silent = [each for each in outcomes if isinstance(each, NotRotated)]
    assert all(isinstance(each.error, Unavailable) for each in silent)
    world.seed += 1
    rest = [world.wish(each.device, each.usage) for each in silent]
    assert {(one.device, one.usage) for one in world.rotate(rest) if isinstance(one, Rotated)} <= {
        (one.device, one.usage) for one in silent
    }


@pytest.mark.clause("gbcs:CS02c")
@pytest.mark.parametrize("usage", [DS, KA])
def test_the_answer_to_a_new_certificate_is_lost_and_the_device_is_asked(
    usage: KeyUsage, world: World
) -> None:
    """It had obeyed: it shows the new certificate, by the new key, and nothing is done twice."""
    (device,) = world.devices(1)
    world.spoil = lambda code, message: () if code == 0x000B else (message,)
    (outcome,) = world.rotate([world.wish(device, usage)])
    assert isinstance(outcome, Rotated)
    assert world.states[device].own[BITS[usage]].certificate == outcome.certificate
    assert len(world.requests) == 1
    assert len({counter for code, counter in world.commands if code == 0x000B}) == 1
    assert [step for _, _, step in world.steps] == [Step.REQUESTED, Step.CERTIFIED, Step.SHOWN]


@pytest.mark.clause("gbcs:CS02c")
@pytest.mark.parametrize("usage", [DS, KA])
def test_a_certificate_that_never_came_is_sent_anew(usage: KeyUsage, world: World) -> None:
    """The device shows the old one: the new one is sent under another counter, no other is issued."""
    (device,) = world.devices(1)
    dropped: set[int] = set()
    obey = world.obey

    def deaf(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        header = parse_message(message).header
        if header.message_code == 0x000B and (not dropped or header.counter in dropped):
            dropped.add(header.counter)
            return ()
        return obey(device, message, at)

    world.obey = deaf  # type: ignore[method-assign]  # a device that is deaf for a while
    (outcome,) = world.rotate([world.wish(device, usage)])
    assert isinstance(outcome, Rotated)
    assert len(world.requests) == 1
    assert len(dropped) == 1


@pytest.mark.clause("gbcs:CS02c")
def test_a_request_whose_answer_was_lost_is_asked_for_anew(world: World) -> None:
    """The device obeyed and obeys no repetition: under another counter it makes another key."""
    (device,) = world.devices(1)
    lost: list[bytes] = []

    def lose(code: int, message: bytes) -> Sequence[bytes]:
        if code == 0x000A and len(lost) < 2:
            lost.append(message)
            return ()
        return (message,)

    world.spoil = lose
    (outcome,) = world.rotate([world.wish(device, DS)])
    assert isinstance(outcome, Rotated)
    assert len({counter for code, counter in world.commands if code == 0x000A}) == 3
    assert len(world.requests) == 1
    world.spoil = lambda code, message: () if code == 0x000A else (message,)
    (silent,) = world.rotate([world.wish(device, DS)])
    assert isinstance(silent, NotRotated)
    assert len({counter for code, counter in world.commands if code == 0x000A}) == 6


@pytest.mark.clause("sec-app-m:2.4")
def test_who_is_cut_off_goes_on_and_is_issued_one_certificate(world: World) -> None:
    """After the request and after the certificate: what was done is not done again."""
    (device,) = world.devices(1)
    away = AdHocAnswer(transaction_id=1, status=AdHocStatus.CA_ERROR, code="CA:1", text="away")
    world.answers = [away]
    (first,) = world.rotate([world.wish(device, DS)])
    assert isinstance(first, NotRotated)
    assert isinstance(first.error, Unavailable)
    assert (first.step, first.status) == (Step.CERTIFIED, AdHocStatus.CA_ERROR)
    world.spoil = lambda code, message: () if code in (0x000B, 0x000C) else (message,)
    (second,) = world.rotate([world.wish(device, DS)])
    assert isinstance(second, NotRotated)
    assert (second.step, type(second.error)) == (Step.SHOWN, Unavailable)
    assert world.requests[0] == world.requests[1]
    world.spoil = lambda _, message: (message,)
    (third,) = world.rotate([world.wish(device, DS)])
    assert isinstance(third, Rotated)
    assert len(world.requests) == 2
    assert [code for code, _ in world.commands].count(0x000A) == 1


@pytest.mark.clause("sec-app-m:2.3.1.8")
def test_what_the_service_refuses_is_told_and_begins_anew_next_time(world: World) -> None:
    """An anomaly ends the rotation of this device, not of others; the device keeps its key."""
    first, other = world.devices(2)
    before = world.states[first].own
    world.answers = [
        AdHocAnswer(
            transaction_id=1,
            status=AdHocStatus.ISSUANCE_ANOMALY,
            code="CA:DD1",
            text="100 certificates were issued",
        )
    ]
    outcomes = world.rotate([world.wish(first, DS, KA), world.wish(other, DS)], together=1)
    refused, rotated = outcomes
    assert isinstance(refused, NotRotated)
    assert isinstance(refused.error, Refused)
    assert refused.status is AdHocStatus.ISSUANCE_ANOMALY
    assert "ISSUANCE_ANOMALY CA:DD1 100 certificates" in refused.error.message
    assert world.states[first].own == before
    assert isinstance(rotated, Rotated)
    (again,) = world.rotate([world.wish(first, DS)])
    assert isinstance(again, Rotated)
    assert world.requests[0] != world.requests[2]


@pytest.mark.clause("gbcs:CS02c")
def test_a_device_whose_key_waits_no_more_makes_another(world: World) -> None:
    """Somebody asked it for a new key meanwhile: the certificate for the former is of no use."""
    (device,) = world.devices(1)
    service = world.service

    def meddled(text: str) -> AdHocAnswer:
        answer = service(text)
        if len(world.requests) == 1:
            world.states[device] = replace(world.states[device], pending={})
        return answer

    world.service = meddled  # type: ignore[method-assign]  # somebody does so while it is issued
    (outcome,) = world.rotate([world.wish(device, DS)])
    assert isinstance(outcome, Rotated)
    assert len(world.requests) == 2


@pytest.mark.clause("gbcs:CS02c")
def test_a_certificate_that_the_device_does_not_take_is_refused_with_its_code(world: World) -> None:
    """That of another device: wrongDeviceIdentity."""
    device, other = world.devices(2)
    alien = world.states[other].own[BITS[DS]].certificate
    world.answers = [AdHocAnswer(transaction_id=1, status=AdHocStatus.SUCCESS, certificate=alien)]
    (outcome,) = world.rotate([world.wish(device, DS)])
    assert isinstance(outcome, NotRotated)
    assert outcome.step is Step.DELIVERED
    assert "answers CS02d with wrong_device_identity" in str(outcome.error)


def test_a_device_that_is_never_reached_is_given_up(world: World) -> None:
    """After so many attempts, with what to do; nothing was asked of the service."""
    world.figures = replace(CLEAN, unreachable=1.0)
    (device,) = world.devices(1)
    (outcome,) = world.rotate([world.wish(device, DS, KA)])
    assert isinstance(outcome, NotRotated)
    assert outcome.step is Step.REQUESTED
    assert "does not answer CS02c, try again" in str(outcome.error)
    assert not world.requests


@pytest.mark.clause("gbcs:7.2.7")
def test_what_a_killed_head_end_left_waiting_is_settled_by_the_next(world: World) -> None:
    """Its counters stay used, and nobody waits for them."""
    (device,) = world.devices(1)

    def killed(_: int, __: bytes) -> Sequence[bytes]:
        raise KeyboardInterrupt

    world.spoil = killed
    with pytest.raises(KeyboardInterrupt):
        world.rotate([world.wish(device, DS)])
    (left,) = world.notes.waiting((device,))
    world.spoil = lambda _, message: (message,)
    (outcome,) = world.rotate([world.wish(device, DS)])
    assert isinstance(outcome, Rotated)
    assert world.notes.waiting((device,)) == ()
    assert [counter for _, counter in world.commands].count(left.counter) == 1


def test_the_same_seed_tells_the_same_story(
    catalogue: Catalogue, keys: ScalarKeys, tmp_path: Path
) -> None:
    """Steps, in order, and how often each was sent; keys and certificates are others."""
    stories = []
    states: dict[EUI64, DeviceState] = {}
    for run in range(2):
        store = Store(f"sqlite:///{tmp_path / f'{run}.sqlite'}")
        world = World(
            catalogue=catalogue, keys=keys, notes=SqlHeadEnd(store), figures=ROUGH, seed=4
        )
        if not states:
            world.devices(4)
            states = dict(world.states)
        world.states = dict(states)
        outcomes = world.rotate(world.wish(each, DS) for each in states)
        codes = [code for code, _ in world.commands]
        stories.append((world.steps, codes, [(type(each), each.device) for each in outcomes]))
        store.engine.dispose()
    assert stories[0] == stories[1]
