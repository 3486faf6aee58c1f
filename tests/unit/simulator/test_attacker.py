"""What a thief can do with each key, and what of it outlasts each method; by real octets."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

import pytest
from tests.support.recovered_house import ORGANISATION, ROLE, House, new_house
from tests.support.recovering import AT, in_cells

from smki.devices import DeviceKind, DeviceRules, DeviceState, advance, kinds, process
from smki.devices.rules import FloorRule
from smki.flows.recovering import Lost
from smki.merkle.canonical import JSON
from smki.messages import KeyUse
from smki.profiles import development
from smki.recovery import Compromised, Method
from smki.recovery.attacks import Abuse, Effect, Tally, attack_kept, lasting, tally_of, tally_said
from smki.simulator.attacked import AttackedLink, Watched
from smki.simulator.attacker import LATER, Attacker, Loot
from smki.simulator.cast import cells_of
from smki.simulator.catalogue import recipient_of
from smki.simulator.forging import Sign, StolenAuthority
from smki.simulator.network import SimulatedNetwork
from smki.simulator.overhearing import Overheard
from smki.simulator.weather import RegionFigures
from smki.terms import EUI64, Malformed, RemotePartyRole

DS: Final = KeyUse.DIGITAL_SIGNATURE
KA: Final = KeyUse.KEY_AGREEMENT
ANCHOR, WAITING, SILENCED = Effect.ANCHOR, Effect.WAITING, Effect.SILENCED
ADMITTED: Final = Effect.ADMITTED


@dataclass(frozen=True, kw_only=True)
class Theft:
    """What was stolen, and how it is recovered from.

    Attributes:
        signers: roles whose signing keys are.
        broker: the broker's key for key agreement is.
        served: the broker serves the thief, since nobody told it.
        helped: a supplier gives its certificates.
        authorities: of `issuing`, `root`, `contingency`, `symmetric_key`.
        lost: as the recovery has it.
    """

    signers: tuple[RemotePartyRole, ...] = ()
    broker: bool = False
    served: bool = False
    helped: bool = False
    authorities: tuple[str, ...] = ()
    lost: Lost


def _organisation(role: RemotePartyRole) -> Lost:
    return Lost(compromised=ORGANISATION, role=role)


THEFTS: Final[Mapping[str, Theft]] = {
    "supplier": Theft(signers=(ROLE.SUPPLIER,), lost=_organisation(ROLE.SUPPLIER)),
    "supplier, served": Theft(
        signers=(ROLE.SUPPLIER,), served=True, helped=True, lost=_organisation(ROLE.SUPPLIER)
    ),
    "network operator, served": Theft(
        signers=(ROLE.NETWORK_OPERATOR,), served=True, lost=_organisation(ROLE.NETWORK_OPERATOR)
    ),
    "change of supplier, served": Theft(
        signers=(ROLE.TRANSITIONAL_COS,),
        served=True,
        helped=True,
        lost=_organisation(ROLE.TRANSITIONAL_COS),
    ),
    "broker": Theft(broker=True, lost=_organisation(ROLE.ACCESS_CONTROL_BROKER)),
    "recovery": Theft(
        signers=(ROLE.RECOVERY,), helped=True, lost=Lost(compromised=Compromised.RECOVERY)
    ),
    "issuing": Theft(authorities=("issuing",), lost=Lost(compromised=Compromised.ISSUING_OCA)),
    "issuing and supplier": Theft(
        signers=(ROLE.SUPPLIER,),
        served=True,
        authorities=("issuing",),
        lost=Lost(compromised=Compromised.ISSUING_OCA),
    ),
    "issuing and recovery": Theft(
        signers=(ROLE.RECOVERY,),
        authorities=("issuing",),
        lost=Lost(compromised=Compromised.ISSUING_OCA),
    ),
    "root": Theft(authorities=("root",), lost=Lost(compromised=Compromised.ROOT_OCA)),
    "root and supplier": Theft(
        signers=(ROLE.SUPPLIER,),
        served=True,
        authorities=("root",),
        lost=Lost(compromised=Compromised.ROOT_OCA),
    ),
    "contingency": Theft(
        authorities=("contingency",), lost=Lost(compromised=Compromised.CONTINGENCY)
    ),
    "symmetric": Theft(
        authorities=("symmetric_key",), lost=Lost(compromised=Compromised.CONTINGENCY_SYMMETRIC)
    ),
    "both contingency keys": Theft(
        authorities=("contingency", "symmetric_key"),
        lost=Lost(compromised=Compromised.CONTINGENCY),
    ),
}


@pytest.fixture(scope="module")
def house() -> House:
    """One hierarchy, its parties, and what follows both."""
    return new_house()


def signs(house: House, handle: bytes) -> Sign:
    """A key that signs, as the thief has it."""
    return lambda message: house.world.keys.sign(handle, message)


def agrees(house: House) -> Callable[[bytes], bytes]:
    """The broker's key agreement."""
    broker = house.world.catalogue.parties[ROLE.ACCESS_CONTROL_BROKER].keys[KA].handle
    return lambda point: house.world.keys.agree(broker, point)


def attacker_of(house: House, theft: Theft) -> Attacker:
    """The thief, with that."""
    world, hierarchy = house.world, house.world.cast.hierarchy
    parties = world.catalogue.parties
    helper = world.cast.party(ROLE.SUPPLIER, 77, DS, KA, KeyUse.PREPAYMENT_KEY_AGREEMENT)
    helped = cells_of(hierarchy, helper)
    del helped[kinds.ROOT]
    stolen = {
        "issuing": StolenAuthority(
            certificate=hierarchy.issuing.certificate, sign=signs(house, hierarchy.issuing.handle)
        ),
        "root": StolenAuthority(
            certificate=hierarchy.root.certificate, sign=signs(house, hierarchy.root.handle)
        ),
        "contingency": signs(house, hierarchy.contingency),
        "symmetric_key": hierarchy.symmetric_key,
    }
    broker = parties[ROLE.ACCESS_CONTROL_BROKER].entity
    loot = Loot(
        public=house.before.certificates,
        path=house.before.path,
        signers={
            role: (parties[role].entity, signs(house, parties[role].keys[DS].handle))
            for role in theft.signers
        },
        broker=(broker, agrees(house)) if theft.broker else None,
        accomplice=helped if theft.helped else {},
        **{name: stolen[name] for name in theft.authorities},  # type: ignore[arg-type]
    )
    chance = Random(5).randbytes  # noqa: S311 -- keys that protect nothing
    attacker = Attacker(loot, chance, AT - timedelta(days=1), development())
    attacker.served_by = agrees(house) if theft.served else None
    return attacker


def recovered(
    house: House,
    method: Method,
    lost: Lost,
    state: DeviceState,
    rules: DeviceRules | None = None,
) -> tuple[bool, DeviceState]:
    """Whether every cell is filled that the method fills on such a device, and the device then."""
    good = True
    for leg in house.legs(method, lost):
        if state.kind in leg.kinds:
            message = house.message(leg, state)
            state = process(
                state, message, AT + timedelta(seconds=5), house.world.keys, rules
            ).state
            cells = in_cells(state)
            good = good and all(cells[one] == leg.placed[one] for one in leg.placed if one in cells)
    return good, state


def outlasting(
    house: House, theft: Theft, method: Method, rules: DeviceRules | None = None
) -> set[tuple[Abuse, bool, Effect | None]]:
    """Of each abuse that lasts: whether devices were recovered all the same, and what is left."""
    found: set[tuple[Abuse, bool, Effect | None]] = set()
    attacker = attacker_of(house, theft)
    for kind in DeviceKind:
        device = house.world.catalogue.device(kind)
        for sending in attacker.sendings(recipient_of(device), AT):
            struck = process(device, sending.message, AT, house.world.keys, rules).state
            good, after = recovered(house, method, theft.lost, struck, rules)
            left = attacker.effects(after, AT)
            found |= {(sending.abuse, good, effect) for effect in left}
            if not good and not left:
                found.add((sending.abuse, good, None))
    return found


def obeyed(house: House, theft: Theft) -> dict[Abuse, set[str]]:
    """The kinds of devices that each abuse works on."""
    found: dict[Abuse, set[str]] = {}
    attacker = attacker_of(house, theft)
    for kind in DeviceKind:
        device = house.world.catalogue.device(kind)
        for sending in attacker.sendings(recipient_of(device), AT):
            done = process(device, sending.message, AT, house.world.keys)
            if done.out:
                found.setdefault(sending.abuse, set()).add(kind.value)
    return found


ALL: Final = {kind.value for kind in DeviceKind}
METERS: Final = {"esme", "gpf", "gsme", "hcalcs", "sapc"}  # of a supplier
NETWORKS: Final = {"esme", "gpf", "sapc"}  # of a network operator
_IN_A_NAME: Final = (Abuse.READS, Abuse.SCHEDULES, Abuse.COUNTS)
_BY_SUPPLIER: Final = dict.fromkeys((*_IN_A_NAME, Abuse.COMMANDS, Abuse.TAKES), METERS)
OBEYED: Final[Mapping[str, Mapping[Abuse, set[str]]]] = {
    "supplier": {Abuse.READS: METERS},
    "supplier, served": _BY_SUPPLIER,
    "network operator, served": dict.fromkeys(_IN_A_NAME, NETWORKS),
    "change of supplier, served": {**dict.fromkeys(_IN_A_NAME, ALL), Abuse.TAKES: METERS},
    "broker": {
        **dict.fromkeys((Abuse.SCHEDULES, Abuse.COUNTS), ALL - {"chf"}),
        Abuse.ADMITS: {"chf", "gpf", "gsme"},
    },
    "recovery": {**dict.fromkeys(_IN_A_NAME, ALL), Abuse.TAKES: METERS},
    "issuing": {},
    "issuing and supplier": _BY_SUPPLIER,
    "issuing and recovery": dict.fromkeys((*_IN_A_NAME, Abuse.TAKES), ALL),
    "root": {},
    "root and supplier": _BY_SUPPLIER,
    "contingency": {},
    "symmetric": {},
    "both contingency keys": dict.fromkeys((Abuse.SCHEDULES, Abuse.COUNTS, Abuse.TAKES), ALL),
}


@pytest.mark.clause("sec:L10", "gbcs:7.2.7")
@pytest.mark.parametrize("name", OBEYED)
def test_what_a_thief_can_have_done(house: House, name: str) -> None:
    """Each key allows what the table says on these kinds; one that signs no command alone nothing."""
    assert obeyed(house, THEFTS[name]) == OBEYED[name]


_WAITS: Final = (Abuse.SCHEDULES, True, WAITING)
_COUNTED: Final = (Abuse.COUNTS, True, SILENCED)
_SHUT_OUT: Final = (Abuse.COUNTS, False, SILENCED)
_HELD: Final = (Abuse.TAKES, False, ANCHOR)
_NOTHING: Final[set[tuple[Abuse, bool, Effect | None]]] = set()
OUTLASTS: Final = {
    ("supplier", Method.ONE): _NOTHING,
    ("supplier", Method.TWO): _NOTHING,
    ("supplier", Method.THREE): _NOTHING,
    ("supplier, served", Method.ONE): {_WAITS, _SHUT_OUT, _HELD, (Abuse.TAKES, True, ANCHOR)},
    ("supplier, served", Method.TWO): _NOTHING,
    ("supplier, served", Method.THREE): {_WAITS, _COUNTED},
    ("network operator, served", Method.ONE): {_WAITS, _SHUT_OUT},
    ("network operator, served", Method.TWO): {_WAITS},
    ("network operator, served", Method.THREE): {_WAITS, _COUNTED},
    ("change of supplier, served", Method.ONE): {_WAITS, _SHUT_OUT, (Abuse.TAKES, True, ANCHOR)},
    ("change of supplier, served", Method.THREE): {_WAITS},
    ("broker", Method.THREE): {_WAITS, (Abuse.ADMITS, True, ADMITTED)},
    ("recovery", Method.BY_RECOVERY): {_WAITS, _SHUT_OUT},
    ("recovery", Method.BY_CONTINGENCY): {_WAITS, _COUNTED},
    ("issuing", Method.BY_RECOVERY): _NOTHING,
    ("issuing", Method.BY_CONTINGENCY): _NOTHING,
    ("issuing and supplier", Method.BY_RECOVERY): {_WAITS, _COUNTED},
    ("issuing and supplier", Method.BY_CONTINGENCY): {_WAITS, _COUNTED},
    ("issuing and recovery", Method.BY_RECOVERY): {_WAITS, _SHUT_OUT, _HELD},
    ("issuing and recovery", Method.BY_CONTINGENCY): {_WAITS, _COUNTED},
    ("root", Method.BY_CONTINGENCY): _NOTHING,
    ("root and supplier", Method.BY_CONTINGENCY): {_WAITS, _COUNTED, _HELD},
    ("contingency", Method.ROOT_UPDATE): _NOTHING,
    ("contingency", Method.BY_CONTINGENCY): _NOTHING,
    ("symmetric", Method.BY_CONTINGENCY): _NOTHING,
    ("symmetric", Method.ROOT_UPDATE): _NOTHING,
    ("both contingency keys", Method.ROOT_UPDATE): {_WAITS, _SHUT_OUT, _HELD},
    ("both contingency keys", Method.BY_CONTINGENCY): {_WAITS, _SHUT_OUT, _HELD},
}


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize(("name", "method"), OUTLASTS, ids=str)
def test_what_outlasts_each_method(house: House, name: str, method: Method) -> None:
    """What was done before a device was recovered is undone by it, but for what the table says."""
    assert outlasting(house, THEFTS[name], method) == OUTLASTS[name, method]


@pytest.mark.clause("sec:L10", "gbcs:7.2.7")
@pytest.mark.parametrize(("name", "method"), OUTLASTS, ids=str)
def test_who_comes_after_the_recovery_is_not_obeyed(
    house: House, name: str, method: Method
) -> None:
    """A device that was recovered first does nothing of what the thief sends then."""
    theft = THEFTS[name]
    attacker = attacker_of(house, theft)
    for kind in (DeviceKind.ESME, DeviceKind.CHF, DeviceKind.PPMID):
        device = house.world.catalogue.device(kind)
        if not any(kind in leg.kinds for leg in house.legs(method, theft.lost)):
            continue
        good, after = recovered(house, method, theft.lost, device)
        assert good
        for sending in attacker.sendings(recipient_of(device), AT + timedelta(minutes=1)):
            done = process(after, sending.message, AT + timedelta(minutes=1), house.world.keys)
            assert (done.out, done.state) == ((), after), sending.abuse


@pytest.mark.clause("gbcs:CS02b")
def test_devices_that_set_floors_are_counted_back(house: House) -> None:
    """Of a make that takes every floor as it is told, no counter outlasts the recovery."""
    for method in (Method.THREE, Method.BY_CONTINGENCY):
        name = "supplier, served" if method is Method.THREE else "recovery"
        assert outlasting(house, THEFTS[name], method, DeviceRules(floors=FloorRule.SET)) == {
            _WAITS
        }


@pytest.mark.clause("gbcs:CS02b")
@pytest.mark.parametrize(
    ("name", "method", "later"),
    [
        ("supplier, served", Method.THREE, {ANCHOR, SILENCED}),
        ("issuing and recovery", Method.BY_CONTINGENCY, {SILENCED}),
        ("both contingency keys", Method.BY_CONTINGENCY, {ANCHOR, SILENCED}),
    ],
)
def test_what_waits_comes(house: House, name: str, method: Method, later: set[Effect]) -> None:
    """A scheduled change runs after the recovery: under the same root it is believed, else it counts."""
    device = house.world.catalogue.device(DeviceKind.ESME)
    attacker = attacker_of(house, THEFTS[name])
    found: set[Effect] = set()
    for sending in attacker.sendings(recipient_of(device), AT):
        if sending.abuse is Abuse.SCHEDULES:
            struck = process(device, sending.message, AT, house.world.keys).state
            _, after = recovered(house, method, THEFTS[name].lost, struck)
            due = AT + LATER + timedelta(days=1)
            found |= attacker.effects(advance(after, due, house.world.keys).state, AT)
    assert found == later


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_who_has_the_contingency_key_learns_the_other_by_listening(house: House) -> None:
    """The symmetric key is in clear in every command by contingency: the next device is the thief's."""
    theft = THEFTS["contingency"]
    attacker = attacker_of(house, theft)
    first, second = (house.world.catalogue.device(DeviceKind.ESME) for _ in range(2))
    assert not list(attacker.sendings(recipient_of(second), AT))
    (leg,) = house.legs(Method.BY_CONTINGENCY, theft.lost)
    attacker.heard.hear(first.device, house.message(leg, first))
    taken = second
    for sending in attacker.sendings(recipient_of(second), AT):
        if sending.abuse is Abuse.TAKES:
            taken = process(taken, sending.message, AT, house.world.keys).state
    assert attacker.effects(taken, AT) == {ANCHOR}
    good, _ = recovered(house, Method.BY_CONTINGENCY, theft.lost, taken)
    assert not good


@pytest.mark.clause("gbcs:7.2.7")
def test_a_thief_on_the_line_repeats_nothing_with_effect(house: House) -> None:
    """Repeated, altered, sent to another: nothing that was heard changes a device once more."""
    theft = THEFTS["symmetric"]
    world = house.world
    states = {one.device: one for one in (world.catalogue.device(kind) for kind in DeviceKind)}

    def deliver(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        done = process(states[device], message, at, world.keys)
        states[device] = done.state
        return done.out

    watched = Watched(deliver, states.__getitem__)
    calm = RegionFigures(loss=0, duplicate=0, corrupt=0, overtake=0, power_failure=0, unreachable=0)
    network = SimulatedNetwork(
        watched, regions={"north": calm}, region_of=lambda _: "north", start=AT, seed=1
    )
    chance = Random(8)  # noqa: S311 -- when he speaks
    attacker = attacker_of(house, theft)
    link = AttackedLink(network, attacker, watched, chance=chance.random, often=1.0)
    (leg,) = house.legs(Method.BY_CONTINGENCY, theft.lost)
    messages = {device: house.message(leg, state) for device, state in states.items()}
    for _ in range(3):
        for device, message in messages.items():
            link.send(device, message)
        for _ in link.events(link.now + timedelta(minutes=10)):
            pass
    assert set(watched.changed.values()) == {1}
    assert {device for device, _ in watched.changed} == set(states)
    assert not any(
        link.tally.obeyed.get(one) for one in (Abuse.REPEATS, Abuse.DIVERTS, Abuse.ALTERS)
    )
    assert link.tally.sent[Abuse.REPEATS] > 10
    left = {device: attacker.effects(state, AT) for device, state in states.items()}
    assert lasting(left) == {}
    kept = attack_kept(theft.lost.compromised, attacker.planted, link.tally, left)
    assert {one.what: one.obeyed for one in kept.tried}[Abuse.REPEATS.value] == 0
    assert kept.planted == attacker.planted


def test_the_report_counts_devices_where_it_is_undone(house: House) -> None:
    """Devices that obeyed, and of these those that have nothing left of it."""
    theft = replace(THEFTS["supplier, served"], helped=True)
    attacker = attacker_of(house, theft)
    states = {
        one.device: one for one in (house.world.catalogue.device(DeviceKind.ESME) for _ in "ab")
    }

    def deliver(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        done = process(states[device], message, at, house.world.keys)
        states[device] = done.state
        return done.out

    watched = Watched(deliver, states.__getitem__)
    network = SimulatedNetwork(
        watched, regions={"north": RegionFigures()}, region_of=lambda _: "north", start=AT, seed=1
    )
    link = AttackedLink(network, attacker, watched, chance=lambda: 0.999, often=0.0)
    for device in states:
        link.strike(device)  # the last of what is possible: its certificates where a supplier's are
    first, second = states
    _, states[first] = recovered(house, Method.THREE, theft.lost, states[first])
    left = {device: attacker.effects(state, AT) for device, state in states.items()}
    assert link.tally.devices_with(ANCHOR) == {first, second}
    assert lasting(left) == {ANCHOR: 1}
    (tried,) = attack_kept(theft.lost.compromised, attacker.planted, link.tally, left).tried
    assert (tried.what, tried.sent, tried.obeyed, tried.undone) == (Abuse.TAKES.value, 2, 2, 1)


def test_a_tally_is_gone_on_with(house: House) -> None:
    """What was counted is the same after it was kept; what is no tally is malformed."""
    device = house.world.catalogue.device(DeviceKind.CHF).device
    tally = Tally()
    tally.note(Abuse.COUNTS, device, obeyed=True, effects=frozenset({SILENCED}))
    tally.note(Abuse.COUNTS, device, obeyed=False, effects=frozenset())
    tally.note(Abuse.REPEATS, device, obeyed=False, effects=frozenset())
    assert tally_of(tally_said(tally)) == tally
    right: dict[str, JSON] = {"had": {}, "obeyed": {}, "sent": {}}
    wrongs: tuple[tuple[JSON, str], ...] = (
        (None, "tally: tally: no object, must be one"),
        ([], "tally: tally: no object, must be one"),
        ({"had": {}, "obeyed": {}}, "tally: tally: keys had, obeyed, must be had, obeyed, sent"),
        ({**right, "had": {"x": []}}, "tally: had: 'x', must be a device"),
        ({**right, "had": {str(device): ["LOVED"]}}, f"had.{device}: 'LOVED', must be one of ANCH"),
        ({**right, "had": {str(device): {}}}, f"tally: had.{device}: no list, must be one"),
        ({**right, "obeyed": {"READS": [7]}}, "tally: obeyed.READS: 7, must be a device"),
        ({**right, "sent": []}, "tally: sent: no object, must be one"),
        ({**right, "sent": {"SINGS": 1}}, "tally: sent: 'SINGS', must be one of READS"),
        ({**right, "sent": {"READS": "many"}}, "tally: sent.READS: 'many', must be a whole number"),
        ({**right, "sent": {"READS": -1}}, "tally: sent.READS: -1, must be a whole number from 0"),
        ({**right, "sent": {"READS": True}}, "tally: sent.READS: True, must be a whole number"),
    )
    for wrong, said in wrongs:
        with pytest.raises(Malformed, match=re.escape(said)):
            tally_of(wrong)


def test_what_a_thief_remembers_is_bounded() -> None:
    """Of a whole fleet the devices that were heard of last are remembered, and no more."""
    heard = Overheard()
    devices = [EUI64(number.to_bytes(8, "big")) for number in range(5_000)]
    for device in devices:
        heard.hear(device, device.octets)
    again = {
        device: {one.abuse for one in heard.again(device, lambda: 0.5)}
        for device in (devices[0], devices[-1])
    }
    assert again[devices[0]] == {Abuse.DIVERTS}
    assert again[devices[-1]] == {Abuse.REPEATS, Abuse.ALTERS, Abuse.DIVERTS}
