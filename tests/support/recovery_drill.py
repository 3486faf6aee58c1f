"""A campaign over simulated devices in the house of a rehearsal, carried a piece at a time."""

import random
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from tests.support.recovering import CONTINGENCY, World, targets_of, told_by

from smki.adapters.sql.campaign_parts import Share, SqlCampaignPart
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.adapters.world import SystemClock
from smki.bootstrap import Settings
from smki.bootstrap.estates import open_estate
from smki.bootstrap.recoveries import Kept, open_kept, recovery_of
from smki.campaigns import Carrier, Commanding
from smki.devices import DeviceKind, DeviceState
from smki.headend import HeadEnd
from smki.headend.waiting import Patience as Waits
from smki.ports.campaigns import Became, Member
from smki.ports.estate import EstateDevice, InventoryRow
from smki.recovery import CampaignPlan, Compromised, Method, Patience, StopAt, Waves
from smki.recovery.progress import Point, fates_of
from smki.simulator.network import SimulatedNetwork
from smki.simulator.obeying import EstateDevices, ForDevice
from smki.simulator.sending import HandleKeys
from smki.simulator.transfer import TransferFigures
from smki.simulator.weather import RegionFigures
from smki.terms import EUI64, RemotePartyRole, SmiStatus

WAIT: Final = 60  # seconds
MAKES: Final = ("Amber", "Birch", "Cedar")
REGIONS: Final = {
    "north": RegionFigures(unreachable=0.04, delay_seconds=20, faulty_makes=frozenset({"Cedar"})),
    "central": RegionFigures(unreachable=0.02, delay_seconds=20),
    "south": RegionFigures(unreachable=0, delay_seconds=20),
}
_EACH: Final = 6  # devices between two points


@dataclass
class Drill:
    """A campaign of that name.

    Attributes:
        settings: of the house in which it is a rehearsal.
        world: everybody's keys.
        name: of rehearsal and campaign.
        begun: when, by the network's clock.
    """

    settings: Settings
    world: World
    name: str
    begun: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def populate(self, count: int) -> None:
        """So many devices of all kinds, regions and makes; all of them in the campaign."""
        recovery = self.settings.path("recoveries", self.name, "house")
        recovery.mkdir(parents=True)
        self.materials = self.world.materials(CONTINGENCY)
        kinds = list(DeviceKind)
        states = [self.world.catalogue.device(kinds[n % len(kinds)]) for n in range(count)]
        self.states = {state.device: state for state in states}
        rows = [self._row(number, state) for number, state in enumerate(states)]
        plan = self._plan()
        waves = Waves(plan, count)
        house = recovery_of(self.settings, self.name).house
        with open_estate(house, new=True) as estate:
            pairs = zip(states, rows, strict=True)
            estate.add([EstateDevice(state=state, row=row) for state, row in pairs], self.begun)
        with open_kept(house) as kept:
            kept.campaigns.begin(self.name, plan, self.begun)
            kept.campaigns.enlist(
                self.name,
                [
                    Member(
                        device=row.device,
                        kind=row.kind.value,
                        make=row.make,
                        region=row.region,
                        wave=waves.wave(row.kind.value, row.make, row.region),
                    )
                    for row in rows
                ],
            )

    def carried(self, hold_at: int | None = None) -> "Carrying":
        """Somebody carries it in a thread, and holds still when so many devices have ended."""
        return Carrying(self, hold_at)

    def carrier(self, kept: Kept, told: "Carrying") -> Carrier:
        """A process of its own, in this one."""
        devices = EstateDevices(kept.estate, self.world.keys)
        rows = {device: kept.estate.row(device) for device in self.states}

        def answers(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
            (said,) = devices.obey((ForDevice(device=device, message=message),), at)
            return said

        points = kept.points.points(self.name)
        network = SimulatedNetwork(
            answers,
            regions=REGIONS,
            region_of=lambda device: row.region if (row := rows[device]) else "",
            hub_of=lambda device: (device, row.make if (row := rows[device]) else ""),
            start=max([self.begun, *(point.at for point in points[-1:])]),
            seed=5,
            transfer=TransferFigures(block_octets=512),
        )
        chance = random.Random(1)  # noqa: S311 -- spreads repeated sendings
        outbox = SqlHeadEnd(kept.estate.store)
        waits = Waits(answer_seconds=60, attempts=2)
        head_end = HeadEnd(network, outbox, chance=chance.random, patience=waits)
        catalogue = self.world.catalogue
        part = SqlCampaignPart(
            kept.estate.store,
            Share(campaign=self.name, place="0", worker="0/one", parts=1),
            clock=SystemClock(),
            line=lambda: network.now,
        )
        part.beat()
        return Carrier(
            part,
            self.name,
            part.worker,
            head_end=head_end,
            targets=partial(targets_of, self.states),
            commanding=Commanding(
                originator=catalogue.originator_of_contingency,
                reader=catalogue.parties[RemotePartyRole.ACCESS_CONTROL_BROKER].entity,
                keys=HandleKeys(
                    keys=self.world.keys,
                    signer=catalogue.contingency_handle,
                    broker=self.world.new_broker,
                ),
                materials=self.materials,
                placed=told_by(self.materials.certificates),
            ),
            tell=told.tell,
        )

    def _plan(self) -> CampaignPlan:
        return CampaignPlan(
            incident="INC-7",
            decision="PMA/21/4",
            compromised=Compromised.CONTINGENCY_SYMMETRIC,
            method=Method.BY_CONTINGENCY,
            expires=self.begun + timedelta(days=90),
            waves=(100, 900),
            canaries=1,
            per_second={"north": 1},
            otherwise=2,
            patience=Patience(tries=2, first=timedelta(minutes=1)),
            stop_at=StopAt(failed_per_thousand=200),
        )

    def _row(self, number: int, state: DeviceState) -> InventoryRow:
        return InventoryRow(
            device=state.device,
            kind=state.kind,
            make=MAKES[number // 7 % 3],
            model="m",
            hub=state.device,
            region=tuple(REGIONS)[number // 21 % 3],
            status=SmiStatus.COMMISSIONED,
        )


class Carrying:
    """Somebody carries a campaign until there is nothing to do, or the test says so."""

    def __init__(self, drill: Drill, hold_at: int | None) -> None:
        self._drill = drill
        self._hold_at = hold_at
        self._go_on, self._held = threading.Event(), threading.Event()
        self._told = 0
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def held(self) -> None:
        """It holds still."""
        assert self._held.wait(WAIT)

    def go_on(self) -> None:
        """It goes on to its end."""
        self._go_on.set()
        self._thread.join(WAIT)
        assert not self._thread.is_alive()

    def tell(self, became: Became) -> None:
        """A device came to its end."""
        self._told += 1
        if self._told % _EACH == 0 or self._told == 1:
            self._point(became.at)
        if self._told == self._hold_at:
            self._held.set()
            assert self._go_on.wait(WAIT)

    def _carry(self) -> None:
        with open_kept(recovery_of(self._drill.settings, self._drill.name).house) as kept:
            self._kept = kept
            with closing(kept.estate):
                self._point(self._drill.begun)
                self._drill.carrier(kept, self).carry()

    def _point(self, at: datetime) -> None:
        fates = fates_of(self._kept.campaigns.counts(self._drill.name))
        self._kept.points.note(self._drill.name, Point(at=at, fates=fates), last=True)
