"""Every method is carried by campaigns, leg by leg, over a line that loses frames."""

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.support.recovered_house import ORGANISATION, ROLE, House, new_house
from tests.support.recovering import AT, in_cells

from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.campaigns import Carrier, Commanding, Target
from smki.devices import DeviceKind, DeviceState, process
from smki.flows.recovering import Leg, Lost
from smki.headend import HeadEnd, Patience
from smki.messages import KeyUse
from smki.ports.campaigns import CampaignState, Member
from smki.recovery import CampaignPlan, Compromised, Fate, Method, Move
from smki.recovery import Patience as Often
from smki.simulator.catalogue import recipient_of
from smki.simulator.network import SimulatedNetwork
from smki.simulator.sending import HandleKeys
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import RegionFigures
from smki.terms import EUI64
from smki.wire.certificate import parse_certificate
from smki.wire.gbcs.trust_anchors import KeyUsageBits

BAD = RegionFigures(
    loss=0.2, duplicate=0.05, corrupt=0.02, overtake=0.05, power_failure=0.1, unreachable=0
)
ONCE = TransferFigures(attempts=1)  # a block that is lost is not sent again
HASTY = Patience(answer_seconds=600, attempts=1)  # of the head end: the campaign tries again


@pytest.fixture(scope="module")
def house() -> House:
    """One hierarchy, its parties, and what follows both."""
    return new_house()


class Carried:
    """Devices in memory, and the campaigns that are carried to them."""

    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.estate = SqlEstate(f"sqlite:///{folder}/estate.sqlite")
        self.campaigns = SqlCampaigns(self.estate.store)
        devices = [house.world.catalogue.device(kind) for kind in DeviceKind for _ in range(2)]
        self.states: dict[EUI64, DeviceState] = {one.device: one for one in devices}
        self.changed: Counter[EUI64] = Counter()

    def answers(self, device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
        """What a device says."""
        before = self.states[device]
        done = process(before, message, at, self.house.world.keys)
        self.states[device] = done.state
        self.changed[device] += before.anchors != done.state.anchors
        return done.out

    def carry(self, leg: Leg, method: Method, compromised: Compromised) -> Counter[Fate]:
        """What became of the devices of the leg, in a campaign of its own."""
        members = [one for one in self.states.values() if one.kind in leg.kinds]
        plan = CampaignPlan(
            incident="INC-1",
            decision="PMA/21/4",
            compromised=compromised,
            method=method,
            expires=AT + timedelta(days=60),
            per_second={},
            canaries=1,
            patience=Often(tries=16),
        )
        self.campaigns.begin(leg.name, plan, AT)
        self.campaigns.enlist(
            leg.name,
            [
                Member(device=one.device, kind=one.kind.value, make="a", region="north", wave=1)
                for one in members
            ],
        )
        self.campaigns.let(leg.name, CampaignState.RUNNING, 1)
        network = SimulatedNetwork(
            self.answers,
            regions={"north": BAD},
            region_of=lambda _: "north",
            start=AT,
            seed=5,
            transfer=ONCE,
        )
        chance = random.Random(1)  # noqa: S311 -- spreads repeated sendings
        carrier = Carrier(
            self.campaigns,
            leg.name,
            "one",
            head_end=HeadEnd(
                network, SqlHeadEnd(self.estate.store), chance=chance.random, patience=HASTY
            ),
            targets=lambda some: {device: self.target(device) for device in some},
            commanding=self.commanding(leg),
        )
        assert carrier.carry().move is Move.DONE
        found: Counter[Fate] = Counter()
        for counts in self.campaigns.counts(leg.name):
            found.update(counts.fates)
        return found

    def target(self, device: EUI64) -> Target:
        """What is known of the device."""
        state = self.states[device]
        signing = state.own[KeyUsageBits.DIGITAL_SIGNATURE].certificate
        return Target(
            recipient=recipient_of(state),
            cells=state.row.cells,
            signing=parse_certificate(signing).tbs.public_key[-65:],
        )

    def commanding(self, leg: Leg) -> Commanding:
        """By whose keys."""
        world = self.house.world
        broker = world.catalogue.parties[ROLE.ACCESS_CONTROL_BROKER]
        return Commanding(
            originator=leg.originator,
            reader=broker.entity,
            keys=HandleKeys(
                keys=world.keys,
                signer=self.house.handle(leg),
                broker=broker.keys[KeyUse.KEY_AGREEMENT].handle,
            ),
            materials=leg.materials,
            placed=leg.placed,
        )


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
@pytest.mark.parametrize(
    ("method", "lost"),
    [
        (Method.ONE, Lost(compromised=ORGANISATION, role=ROLE.SUPPLIER)),
        (Method.ONE, Lost(compromised=ORGANISATION, role=ROLE.NETWORK_OPERATOR)),
        (Method.TWO, Lost(compromised=ORGANISATION, role=ROLE.SUPPLIER)),
        (Method.THREE, Lost(compromised=ORGANISATION, role=ROLE.SUPPLIER)),
        (Method.ROOT_UPDATE, Lost(compromised=Compromised.CONTINGENCY)),
    ],
    ids=lambda one: one.value if isinstance(one, Method) else str(one.role),
)
def test_a_bad_line_keeps_no_device_from_being_recovered(
    house: House, tmp_path: Path, method: Method, lost: Lost
) -> None:
    """Whose commands or answers were lost is asked and commanded again, though it knows the broker."""
    carried = Carried(house, tmp_path)
    with closing(carried.estate):
        for leg in house.legs(method, lost):
            carried.changed.clear()
            fates = carried.carry(replace(leg, name=f"a-{leg.name}"), method, lost.compromised)
            members = {one for one, state in carried.states.items() if state.kind in leg.kinds}
            assert fates == {Fate.RECOVERED: len(members)}
            assert {device for device, count in carried.changed.items() if count} == members
            assert {carried.changed[one] for one in members} == {1}
            for device in members:
                held = in_cells(carried.states[device])
                cells = [cell for cell in held if cell in leg.placed]
                assert {c: held[c] for c in cells} == {c: leg.placed[c] for c in cells}
