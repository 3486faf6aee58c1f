"""Carriers, whoever starts them, and whoever has the key, killed while a campaign goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

import pytest
from tests.support.carried import NAME, PLAN, Campaign, begun, hold_key

from smki.adapters.sql.campaign_parts import SILENCE
from smki.interfaces import recovery_processes
from smki.interfaces.recovery_carrying import carry, carry_on_dask
from smki.interfaces.recovery_part import Line
from smki.ports.campaigns import CampaignState
from smki.recovery import Fate, Move
from smki.terms import Unavailable

PATIENCE_SECONDS: Final = 3_600.0
NO_STOP: Final = replace(
    PLAN, canaries=0, waves=(1_000,), stop_at=replace(PLAN.stop_at, failed_per_thousand=1_000)
)


@pytest.mark.clause("sec:L10")
def test_carriers_that_are_killed_are_replaced(tmp_path: Path) -> None:
    """Two of them, in the middle: every device is as the plan explains, none obeyed twice."""
    campaign = begun(tmp_path / "state", 150, NO_STOP)
    victims: list[int] = []

    def kill() -> None:
        for states in (15, 60):
            until = time.monotonic() + 60
            while campaign.states_since() < states and time.monotonic() < until:
                time.sleep(0.02)
            victims.append(next(pid for pid in campaign.carriers() if pid not in victims))
            os.kill(victims[-1], signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    with campaign.key():
        done = carry(campaign.settings, NAME, processes=2)
    killing.join()
    assert (done.decided.move, done.deaths, len(victims)) == (Move.DONE, 2, 2)
    assert done.carried.state is CampaignState.ENDED
    assert done.fates[Fate.RECOVERED] >= 145
    campaign.check()


def test_carriers_that_die_again_and_again_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cannot help dying is not started for ever; what one says is wrong ends them all."""
    monkeypatch.setattr(recovery_processes, "_DEATHS_MOST", 0)
    campaign = begun(tmp_path / "state", 4, NO_STOP)
    with pytest.raises(Unavailable, match="smki recovery activate"):
        carry(campaign.settings, NAME, processes=2, key_patience=0)

    def kill(*_: int) -> None:
        for pid in campaign.carriers():
            os.kill(pid, signal.SIGKILL)

    slow = Line(figures={"unreachable": 1.0})
    with campaign.key(), pytest.raises(Unavailable, match="carriers died"):
        carry(campaign.settings, NAME, processes=2, line=slow, tell=kill)
    assert campaign.holding() == set()


def test_who_interrupts_it_leaves_nothing_behind(tmp_path: Path) -> None:
    """The processes are gone, and what they had is there to be carried at once."""
    campaign = begun(tmp_path / "state", 8, NO_STOP)

    def interrupt(*_: int) -> None:
        if campaign.fates()[Fate.UNDER_WAY]:
            raise KeyboardInterrupt

    # Nobody is reached for days of the line, each hour of which is waited for a moment.
    silent = Line(figures={"unreachable": 1.0})
    with campaign.key():
        with pytest.raises(KeyboardInterrupt):
            carry(campaign.settings, NAME, processes=2, line=silent, tell=interrupt)
        assert campaign.carriers() == []
        started = time.monotonic()
        done = carry(campaign.settings, NAME, line=Line(figures={"unreachable": 0.0}))
    assert done.fates[Fate.RECOVERED] == 8
    assert time.monotonic() - started < SILENCE.total_seconds()
    campaign.check()


@dataclass
class Story:
    """A campaign that is carried by a command, and processes that are killed."""

    campaign: Campaign
    log: Path
    holder: SpawnProcess | None = None
    command: "subprocess.Popen[bytes] | None" = None
    codes: list[int] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)

    def hold(self) -> None:
        """Somebody has the key open."""
        arguments = (
            self.campaign.recovery.key_socket,
            self.campaign.world.catalogue.contingency_handle,
            self.campaign.symmetric_key,
        )
        self.holder = get_context("spawn").Process(target=hold_key, args=arguments, daemon=True)
        self.holder.start()

    def carry(self) -> None:
        """The command is running."""
        arguments = ["recovery", "carry", NAME, "--processes", "2", "--key-patience", "2", "--json"]
        environment = {**os.environ, "SMKI_STATE": str(self.campaign.state)}
        with self.log.open("ab") as log:
            self.command = subprocess.Popen(
                [sys.executable, "-m", "smki", *arguments],
                env=environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, who: str) -> bool:
        """It is killed, if it lives."""
        if who == "holder" and self.holder is not None:
            self.holder.kill()
            self.holder.join()
        elif who == "command" and self.command is not None:
            self.command.kill()
        else:
            carriers = self.campaign.carriers()
            if not carriers:
                return False
            with suppress(ProcessLookupError):
                os.kill(carriers[0], signal.SIGKILL)
        self.killed.append(who)
        return True

    def look(self) -> bool:
        """Who ended is begun again; whether the campaign is over."""
        if self.holder is None or not self.holder.is_alive():
            self.hold()
        if self.command is None or self.command.poll() is not None:
            if self.command is not None:
                self.codes.append(self.command.returncode)
                if self.codes[-1] == 0:
                    return True
            self.carry()
        return False

    def end(self) -> None:
        """Nothing that was started lives."""
        for process in (self.holder, self.command):
            if process is not None:
                with suppress(ProcessLookupError):
                    process.kill()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """Of 20,000 devices."""
    count = int(os.environ.get("SMKI_RECOVERY_DEVICES") or 20_000)
    made = Story(campaign=begun(tmp_path / "state", count, NO_STOP), log=tmp_path / "log.txt")
    yield made
    made.end()


@pytest.mark.soak
@pytest.mark.clause("sec:L10")
def test_ten_kills_of_anybody(story: Story, chance: random.Random) -> None:
    """Carriers, the command and the key's holder, ten times at random moments of a large campaign."""
    started = time.monotonic()
    who = ["carrier"] * 4 + ["command"] * 3 + ["holder"] * 3
    chance.shuffle(who)
    total = len(story.campaign.changed())
    moments = sorted(chance.uniform(0.02, 0.9) * total for _ in who)
    while not story.look():
        fates = story.campaign.fates()
        ended = sum(count for fate, count in fates.items() if fate.is_final)
        if moments and ended >= moments[0] and story.kill(who[0]):
            moments.pop(0)
            who.pop(0)
        assert time.monotonic() - started < PATIENCE_SECONDS, story.log.read_text()[-4_000:]
        time.sleep(0.2)
    seconds = time.monotonic() - started
    assert len(story.killed) == 10
    assert set(story.codes) <= {0, 3, -signal.SIGKILL}, story.log.read_text()[-4_000:]
    story.campaign.check()
    fates = story.campaign.fates()
    said = {"kills": story.killed, "codes": story.codes, "seconds": round(seconds, 1)}
    sys.stdout.write(json.dumps(said | {fate.value: count for fate, count in fates.items()}) + "\n")
    assert fates[Fate.RECOVERED] >= 0.97 * total


@dataclass
class Cluster:
    """A scheduler of Dask and workers, each a process with an output file of its own."""

    folder: Path
    state: Path
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the scheduler."""
        until = time.monotonic() + 60
        while not (self.folder / "scheduler.json").exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        return str(json.loads((self.folder / "scheduler.json").read_text())["address"])

    def start(self, program: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """One more process."""
        common = ["--no-dashboard", "--scheduler-file", str(self.folder / "scheduler.json")]
        with (self.folder / f"{len(self.processes)}.txt").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *arguments, *common],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler and three workers, gone afterwards."""
    pytest.importorskip("distributed", reason="smki[cluster] is not installed")
    made = Cluster(folder=tmp_path, state=tmp_path / "state")
    made.start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
    for _ in range(3):
        made.start("dask_worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1")
    yield made
    for process in made.processes:
        process.kill()
        process.wait()


@pytest.mark.soak
@pytest.mark.clause("sec:L10")
def test_a_cluster_loses_a_worker(dask: Cluster, tmp_path: Path) -> None:
    """Three workers, one killed in the middle: the others end it, and no device obeyed twice."""
    campaign = begun(tmp_path / "state", 2_000, NO_STOP)
    victim = dask.processes[1]

    def kill(ended: int, _: int) -> None:
        if ended >= 300 and victim.poll() is None and len(campaign.carriers()) == 3:
            victim.kill()

    with campaign.key():
        done = carry_on_dask(campaign.settings, NAME, dask.address, parts=3, tell=kill)
    assert victim.poll() == -signal.SIGKILL
    assert (done.decided.move, done.carried.state) == (Move.DONE, CampaignState.ENDED)
    campaign.check()
    assert done.fates[Fate.RECOVERED] >= 1_940
