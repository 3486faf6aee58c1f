"""A house with an estate, a campaign that was begun, and its key: to be carried by other processes."""

import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from tests.support.recovering import CONTINGENCY, World, in_cells, told_by

from smki.adapters.keys import SoftwareAgreementKey
from smki.adapters.sql.estate import SqlEstate
from smki.adapters.world import SystemClock
from smki.bootstrap import Settings, load_settings
from smki.bootstrap.party_keys import party_of
from smki.bootstrap.recoveries import (
    Kept,
    Recovery,
    begin_campaign,
    members_of,
    open_kept,
    recovery_of,
)
from smki.bootstrap.samples import SAMPLES
from smki.devices import DeviceKind
from smki.devices.encoding import decode_state
from smki.devices.kinds import BROKER_KA
from smki.interfaces.key_serving import ServedKey, serve_key
from smki.messages import KeyUse
from smki.ports.campaigns import CampaignState
from smki.ports.estate import EstateDevice, InventoryRow
from smki.profiles import development
from smki.recovery import Anchors, CampaignPlan, Compromised, Fate, Method
from smki.recovery.arranging import arranged
from smki.simulator import ScalarKeys
from smki.simulator.cast import Cast, Party
from smki.simulator.catalogue import Catalogue
from smki.simulator.keys import loaded
from smki.terms import EUI64, RemotePartyRole, SmiStatus

NAME: Final = "smki-53"
_BROKER: Final = RemotePartyRole.ACCESS_CONTROL_BROKER
_KINDS: Final = (DeviceKind.ESME, DeviceKind.GSME, DeviceKind.CHF, DeviceKind.GPF)
_REGIONS: Final = ("central", "south")
PLAN: Final = CampaignPlan(
    incident="INC-1",
    decision="PMA/21/4",
    compromised=Compromised.CONTINGENCY_SYMMETRIC,
    method=Method.BY_CONTINGENCY,
    expires=datetime(2999, 1, 1, tzinfo=UTC),
    waves=(300, 700),
    canaries=1,
    per_second={},
)


@dataclass
class Campaign:
    """A campaign over mode 9 in a state directory, and all that is known of its devices."""

    state: Path
    world: World
    placed: Anchors
    signer: SoftwareAgreementKey
    symmetric_key: bytes

    @property
    def settings(self) -> Settings:
        """Of the state directory."""
        return load_settings({"SMKI_STATE": str(self.state)})

    @property
    def recovery(self) -> Recovery:
        """Where all about it is."""
        return recovery_of(self.settings, NAME)

    @contextmanager
    def kept(self) -> Iterator[Kept]:
        """What is kept of it."""
        with open_kept(self.settings) as kept:
            yield kept

    @contextmanager
    def key(self) -> Iterator[None]:
        """The contingency key is open, in this process."""
        served = ServedKey(
            name="contingency",
            public_key=self.signer.public_key,
            key=self.signer,
            symmetric=lambda: self.symmetric_key,
        )
        with serve_key(self.recovery.key_socket, served):
            yield

    def carriers(self) -> list[int]:
        """The process ids of those who say that they carry it, newest first."""
        query = "SELECT worker FROM campaign_worker ORDER BY seen DESC"
        found: list[tuple[str]] = []
        with (
            closing(sqlite3.connect(self.state / "estate.sqlite", timeout=30)) as rows,
            suppress(sqlite3.OperationalError),  # nobody has said so yet
        ):
            found = rows.execute(query).fetchall()
        return [int(worker.split("-")[-2]) for (worker,) in found]

    def states_since(self) -> int:
        """How often devices have changed since it was begun."""
        with closing(sqlite3.connect(self.state / "estate.sqlite", timeout=30)) as rows:
            query = "SELECT count(*) FROM state_log WHERE revision > 0"
            return int(rows.execute(query).fetchone()[0])

    def check(self) -> None:
        """Every device is in a state that the plan explains, and none obeyed twice."""
        holding, changed, tries = self.holding(), self.changed(), PLAN.patience.tries
        with self.kept() as kept:
            members = kept.campaigns.members(NAME, None, 1_000_000)
            attempts = Counter(one.device for one in kept.campaigns.evidence(NAME, None, 1_000_000))
        assert {one.device for one in members} == set(changed)
        for one in members:
            assert one.fate.is_final, one
            assert changed[one.device] == (one.device in holding), one
            assert 0 < attempts[one.device] <= 2 * one.tries, one  # a command, a question after it
            if one.fate is Fate.RECOVERED:
                assert one.device in holding, one
            else:
                assert one.why, one
                assert one.tries >= tries, one

    def look(self) -> None:
        """People looked at the canaries and let it go on."""
        with self.kept() as kept:
            kept.campaigns.let(NAME, CampaignState.RUNNING, 0)

    def fates(self) -> Counter[Fate]:
        """How many devices have each fate."""
        found: Counter[Fate] = Counter()
        with self.kept() as kept:
            for counts in kept.campaigns.counts(NAME):
                found.update(counts.fates)
        return found

    def holding(self) -> set[EUI64]:
        """The devices that hold in every cell what was to be placed, as an inspection finds."""
        with self.kept() as kept:
            return {
                one.state.device
                for one in kept.estate.held_after(None, 1_000_000)
                if all(self.placed[cell] == held for cell, held in in_cells(one.state).items())
            }

    def changed(self) -> Counter[EUI64]:
        """How often the cells of each device changed, of all states that it ever had."""
        found: Counter[EUI64] = Counter()
        before: dict[EUI64, Anchors] = {}
        with self.kept() as kept, closing(sqlite3.connect(self.state / "estate.sqlite")) as rows:
            for (octets,) in rows.execute("SELECT state FROM state_log ORDER BY device, revision"):
                state = decode_state(octets, kept.estate)
                cells = in_cells(state)
                found[state.device] += state.device in before and before[state.device] != cells
                before[state.device] = cells
        return found


def hold_key(socket: Path, scalar: bytes, symmetric_key: bytes) -> None:
    """A process that has the key open, until it is killed."""
    key = SoftwareAgreementKey(loaded(scalar), deterministic=True)
    served = ServedKey(
        name="contingency", public_key=key.public_key, key=key, symmetric=lambda: symmetric_key
    )
    with serve_key(socket, served):
        signal.pause()


def begun(state: Path, devices: int, plan: CampaignPlan = PLAN) -> Campaign:
    """A campaign over so many devices of four kinds, two makes and two regions, not carried yet."""
    now = SystemClock().now()
    world = _world(now)
    catalogue = world.catalogue
    (broker,) = (
        entity
        for sample in SAMPLES
        for entity, role, _, suffix in sample.certificates
        if (role, suffix) == (_BROKER, "ka")
    )
    keys = world.cast.certified(broker, _BROKER, KeyUse.DIGITAL_SIGNATURE, KeyUse.KEY_AGREEMENT)
    catalogue.parties[_BROKER] = Party(entity=broker, role=_BROKER, keys=keys)
    states = [catalogue.device(_KINDS[number % len(_KINDS)]) for number in range(devices)]
    (state / "recoveries").mkdir(parents=True)
    with closing(SqlEstate(f"sqlite:///{state}/estate.sqlite")) as estate:
        rows = [
            InventoryRow(
                device=one.device,
                kind=one.kind,
                make="ab"[number % 2],
                model="m",
                hub=one.device,
                region=_REGIONS[number // 2 % 2],
                status=SmiStatus.COMMISSIONED,
            )
            for number, one in enumerate(states)
        ]
        pairs = zip(states, rows, strict=True)
        estate.add([EstateDevice(state=one, row=row) for one, row in pairs], now)
    _log_states(state / "estate.sqlite")
    materials = world.materials(CONTINGENCY)
    folder = state / "parties" / party_of(broker)
    folder.mkdir(parents=True)
    pem = world.keys.pem(world.new_broker)
    assert pem is not None
    (folder / f"{broker.digits}-ka.key").write_bytes(pem)
    assert materials.symmetric_key is not None
    made = Campaign(
        state=state,
        world=world,
        placed=told_by(materials.certificates),
        signer=SoftwareAgreementKey(loaded(catalogue.contingency_handle), deterministic=True),
        symmetric_key=materials.symmetric_key,
    )
    arrangement = arranged(
        materials,
        made.placed,
        originator=catalogue.originator_of_contingency,
        reader=broker,
        signing_key=made.signer.public_key,
        broker=materials.certificates[BROKER_KA],
    )
    with made.kept() as kept:
        members = members_of(kept.estate, plan, lambda _: True)
        begin_campaign(made.recovery, kept, plan, arrangement, members, now)
    return made


def _world(now: datetime) -> World:
    keys = ScalarKeys(Random(53).randbytes)  # noqa: S311 -- keys that protect nothing
    cast = Cast(keys, now - timedelta(days=1), development())
    return World(keys, cast, Catalogue(keys, cast, now))


def _log_states(database: Path) -> None:
    """Every state that a device ever has is kept, by the database itself."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "CREATE TABLE state_log (device, revision, state);"
            "INSERT INTO state_log SELECT device, revision, state FROM estate_state;"
            "CREATE TRIGGER log_state AFTER UPDATE ON estate_state BEGIN"
            " INSERT INTO state_log VALUES (NEW.device, NEW.revision, NEW.state); END;"
        )
