"""Campaigns carried out over a line that behaves badly, by processes that die."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.recovering import (
    AT,
    CONTINGENCY,
    World,
    in_cells,
    new_world,
    targets_of,
    told_by,
)

from smki.adapters.sql.campaigns import SqlCampaigns
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.sql.head_end import SqlHeadEnd
from smki.campaigns import Carrier, Commanding
from smki.campaigns.carrying import LEASE
from smki.devices import DeviceKind, DeviceState
from smki.headend import HeadEnd
from smki.ports.campaigns import CampaignState, Member
from smki.ports.estate import EstateDevice, InventoryRow
from smki.ports.outbox import Outgoing
from smki.recovery import CampaignPlan, Compromised, Fate, Materials, Method, Move, Waves
from smki.simulator.network import SimulatedNetwork
from smki.simulator.obeying import EstateDevices, ForDevice
from smki.simulator.sending import HandleKeys
from smki.simulator.weather import RegionFigures
from smki.terms import EUI64, Refused, RemotePartyRole, SmiStatus
from smki.wire.gbcs.frame import parse_message

HUBS: Final = EUI64(bytes(8))
NAME: Final = "first"
CALM: Final = RegionFigures(
    loss=0, duplicate=0, corrupt=0, overtake=0, power_failure=0, unreachable=0
)
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=AT + timedelta(days=60),
    waves=(300, 700),
    canaries=1,
    per_second={"north": 5},
)


class Field:
    """Devices in an estate, a line to them, and what is kept of a campaign."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.estate = SqlEstate(f"sqlite:///{folder}/estate.sqlite")
        self.campaigns = SqlCampaigns(self.estate.store)
        self.materials: Materials = world.materials(CONTINGENCY)
        self.placed = told_by(self.materials.certificates)
        self.states: dict[EUI64, DeviceState] = {}
        self.obeyed: Counter[EUI64] = Counter()
        self.mute = 0  # message code whose answers are lost
        self.sent: set[tuple[EUI64, bytes]] = set()
        self.said: set[bytes] = set()

    def populate(self, count: int) -> None:
        """So many devices of all kinds, in two regions, of two makes; all of them in the campaign."""
        kinds = list(DeviceKind)
        states = [self.world.catalogue.device(kinds[n % len(kinds)]) for n in range(count)]
        rows = [
            InventoryRow(
                device=state.device,
                kind=state.kind,
                make="ab"[n % 2],
                model="m",
                hub=state.device,
                region=("north", "south")[n // 2 % 2],
                status=SmiStatus.COMMISSIONED,
            )
            for n, state in enumerate(states)
        ]
        self.states = {state.device: state for state in states}
        pairs = zip(states, rows, strict=True)
        self.estate.add([EstateDevice(state=state, row=row) for state, row in pairs], AT)
        self.campaigns.begin(NAME, PLAN, AT)
        waves = Waves(PLAN, count)
        self.campaigns.enlist(
            NAME,
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

    def carrier(
        self,
        worker: str = "one",
        start: timedelta = timedelta(),
        figures: RegionFigures = CALM,
    ) -> Carrier:
        """A process with a line of its own, which begins that long after the campaign."""
        devices = EstateDevices(self.estate, self.world.keys)

        def answers(device: EUI64, message: bytes, at: datetime) -> tuple[bytes, ...]:
            before = self.estate.device(device)
            (said,) = devices.obey((ForDevice(device=device, message=message),), at)
            self.sent.add((device, message))
            self.said.update(said)
            after = self.estate.device(device)
            assert before is not None
            assert after is not None
            self.obeyed[device] += before.state.anchors != after.state.anchors
            lost = parse_message(message).header.message_code == self.mute
            return () if lost else said

        network = SimulatedNetwork(
            answers,
            regions=dict.fromkeys(("north", "south"), figures),
            region_of=lambda device: found.region if (found := self.estate.row(device)) else "",
            start=AT + start,
            seed=3,
        )
        chance = random.Random(1)  # noqa: S311 -- spreads repeated sendings
        head_end = HeadEnd(network, SqlHeadEnd(self.estate.store), chance=chance.random)
        catalogue = self.world.catalogue
        return Carrier(
            self.campaigns,
            NAME,
            worker,
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
                placed=self.placed,
            ),
        )

    def carry(self, figures: RegionFigures = CALM) -> Move:
        """The campaign is carried to its end or stop; the canaries are looked at."""
        carrier = self.carrier(figures=figures)
        decided = carrier.carry()
        if decided.move is Move.LOOK:
            self.campaigns.let(NAME, CampaignState.RUNNING, 0)
            decided = carrier.carry()
        return decided.move

    def fates(self) -> Counter[Fate]:
        """How many devices have each fate."""
        found: Counter[Fate] = Counter()
        for counts in self.campaigns.counts(NAME):
            found.update(counts.fates)
        return found

    def replaced(self) -> int:
        """How many devices hold in every cell what was to be placed, as an inspection finds."""
        count = 0
        for device in self.states:
            found = self.estate.device(device)
            assert found is not None
            held = in_cells(found.state)
            count += all(held[cell] == self.placed[cell] for cell in held)
        return count


@pytest.fixture(scope="module")
def world() -> World:
    """One hierarchy, its parties and their keys."""
    return new_world()


@pytest.fixture
def field(world: World, tmp_path: Path) -> Iterator[Field]:
    """An estate without devices yet."""
    made = Field(world, tmp_path)
    with closing(made.estate):
        yield made


@pytest.mark.clause("sec:L10", "gbcs:CS02b")
def test_all_devices_are_recovered_over_a_bad_line(field: Field) -> None:
    """Every device of every kind holds the new anchors, once; kept is what was sent and said."""
    field.populate(42)
    assert field.carry(replace(CALM, loss=0.05, duplicate=0.05, corrupt=0.02)) is Move.DONE
    assert field.fates() == {Fate.RECOVERED: 42}
    assert field.replaced() == 42
    assert set(field.obeyed.values()) == {1}
    evidence = field.campaigns.evidence(NAME, None, 100)
    assert {one.device for one in evidence} == set(field.states)
    assert all((one.device, one.command) in field.sent for one in evidence)
    assert all(one.response in field.said for one in evidence if one.response)


def test_canaries_come_first(field: Field) -> None:
    """Nothing else is sent before people looked at the canaries."""
    field.populate(56)
    assert field.carrier().carry().move is Move.LOOK
    canaries, *others = field.campaigns.counts(NAME)
    assert canaries.fates == {Fate.RECOVERED: canaries.devices}
    assert all(set(counts.fates) == {Fate.PLANNED} for counts in others)
    assert field.replaced() == canaries.devices


@pytest.mark.clause("sec:L10")
def test_a_command_whose_answer_was_lost_is_kept_beside_the_question(field: Field) -> None:
    """Devices whose answers are all lost are asked, and recovered; both messages are evidence."""
    field.populate(7)
    field.mute = CONTINGENCY.message_code
    assert field.carry() is Move.DONE
    assert field.fates() == {Fate.RECOVERED: 7}
    evidence = field.campaigns.evidence(NAME, None, 100)
    assert [one.attempt for one in evidence] == [1, 2] * 7
    for command, question in zip(evidence[::2], evidence[1::2], strict=True):
        assert parse_message(command.command).header.message_code == CONTINGENCY.message_code
        assert (command.response, command.at < question.at) == (b"", True)
        assert question.response


@pytest.mark.clause("sec:L10")
def test_whoever_takes_over_sends_nothing_twice_with_effect(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices of a process that died before it settled are read back, and commanded only if need be."""
    field.populate(28)
    field.campaigns.let(NAME, CampaignState.RUNNING, 0)
    monkeypatch.setattr(field.campaigns, "settle", _killed)  # nothing is kept of what it heard
    with pytest.raises(KeyboardInterrupt):
        field.carrier("dies").carry()
    monkeypatch.undo()
    assert field.replaced() > 0
    early = field.carrier("two", timedelta(minutes=1)).carry()
    assert early.move is Move.DONE  # it waited for the lease to end
    assert field.replaced() == 28
    assert field.fates() == {Fate.RECOVERED: 28}
    assert set(field.obeyed.values()) == {1}
    tried = [member.tries for member in field.campaigns.members(NAME, None, 100)]
    assert set(tried) == {1}  # who is killed takes no try away
    assert field.campaigns.next_due(NAME, 0) is None
    assert timedelta(hours=24) < LEASE


def test_devices_of_a_killed_process_are_asked_together(
    field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing had been sent to them: none answers when it is read, and they are not commanded singly."""
    field.populate(28)
    field.campaigns.let(NAME, CampaignState.RUNNING, 0)
    monkeypatch.setattr(SqlHeadEnd, "keep", _killed)
    with pytest.raises(KeyboardInterrupt):
        field.carrier("dies").carry()
    monkeypatch.undo()
    assert field.replaced() == 0
    kept: list[int] = []
    keep = SqlHeadEnd.keep

    def counted(outbox: SqlHeadEnd, commands: Outgoing, settled: Any = ()) -> None:
        kept.append(len(commands.devices))
        keep(outbox, commands, settled)

    monkeypatch.setattr(SqlHeadEnd, "keep", counted)
    assert field.carrier("two", LEASE).carry().move is Move.DONE
    assert field.fates() == {Fate.RECOVERED: 28}
    assert set(field.obeyed.values()) == {1}
    # In each region: who was had by the other is read, who was not is commanded; then those follow.
    following = kept[4:]
    assert sum(following) > len(following) > 0


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


def test_silent_devices_are_tried_so_often_and_named(field: Field) -> None:
    """Devices out of reach stop the campaign when they are too many; let on, they are its residue."""
    field.populate(28)
    carrier = field.carrier(figures=replace(CALM, unreachable=0.4))
    stopped = carrier.carry()
    assert stopped.move is Move.STOP
    assert "failed, must be at most 50 in a thousand" in stopped.findings[0].message
    field.campaigns.let(NAME, CampaignState.RUNNING, 0)
    assert carrier.carry().move is Move.DONE
    fates = field.fates()
    assert fates[Fate.RECOVERED] + fates[Fate.SILENT] + fates[Fate.OUT_OF_REACH] == 28
    assert fates[Fate.RECOVERED] == field.replaced() < 28
    residue = [
        member
        for member in field.campaigns.members(NAME, None, 100)
        if member.fate is not Fate.RECOVERED
    ]
    assert {member.tries for member in residue} == {PLAN.patience.tries}
    assert all(member.why for member in residue)
    left = {member.device for member in residue}
    lost = [one for one in field.campaigns.evidence(NAME, None, 100) if one.device in left]
    codes = {parse_message(one.command).header.message_code for one in lost}
    assert len(lost) == len(left) * PLAN.patience.tries
    assert codes == {CONTINGENCY.message_code}  # and not that of the question that followed


def test_a_campaign_that_is_paused_or_over_leases_nothing(field: Field) -> None:
    """Paused it goes on later; aborted it never does, and says so."""
    field.populate(7)
    field.campaigns.let(NAME, CampaignState.PAUSED)
    field.carrier().carry()
    assert field.fates() == {Fate.PLANNED: 7}
    field.campaigns.let(NAME, CampaignState.ABORTED)
    with pytest.raises(Refused, match="is aborted"):
        field.campaigns.let(NAME, CampaignState.RUNNING)
    with pytest.raises(Refused, match="another plan"):
        field.campaigns.begin(NAME, replace(PLAN, canaries=2), AT)
    assert field.campaigns.begin(NAME, PLAN, AT).state is CampaignState.ABORTED
