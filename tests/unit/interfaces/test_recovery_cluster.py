"""Parts of a campaign given to somebody else's executor: heard, refused, lost."""

import pickle
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support.carried import NAME, Campaign, begun

from smki.interfaces import recovery_carrying
from smki.interfaces.recovery_carrying import carry_on_dask, parts_of
from smki.interfaces.recovery_cluster import carry_on_cluster, cluster
from smki.interfaces.recovery_part import Line
from smki.recovery import Fate, Move
from smki.terms import Unavailable

CALM: Final = Line(figures={"unreachable": 0.0, "power_failure": 0.0, "loss": 0.0})


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Of eight devices, not carried yet."""
    return begun(tmp_path / "state", 8)


class Broken(ThreadPoolExecutor):
    """An executor whose workers die with every task."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        """A task that was lost."""
        lost: Future[Any] = Future()
        lost.set_exception(KeyError("lost"))
        return lost


@pytest.mark.clause("sec:L10")
def test_parts_of_a_cluster_carry_the_campaign(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many parts as workers, each a task; what they did is added up."""

    class Cluster:
        def __enter__(self) -> tuple[Executor, int]:
            self.executor = ThreadPoolExecutor(2)
            return self.executor, 2

        def __exit__(self, *_: object) -> None:
            self.executor.shutdown()

    monkeypatch.setattr(recovery_carrying, "cluster", lambda _: Cluster())
    told: list[tuple[int, int]] = []
    with campaign.key():
        done = carry_on_dask(
            campaign.settings, NAME, "tcp://any", line=CALM, tell=lambda *each: told.append(each)
        )
    assert (done.decided.move, done.fates[Fate.RECOVERED]) == (Move.LOOK, 4)
    assert done.commands >= 4
    assert told[-1] == (4, 8)


def test_what_a_part_says_is_wrong_is_raised(campaign: Campaign) -> None:
    """Nobody has the key open: the task says so, with its family and what to do."""
    parts = parts_of(campaign.settings, NAME, 1, CALM, 0.0)
    with ThreadPoolExecutor(1) as executor, pytest.raises(Unavailable, match="recovery activate"):
        carry_on_cluster(executor, parts, lambda: 0)


def test_a_part_that_is_lost_can_be_carried_again(campaign: Campaign) -> None:
    """Workers that die too often, or a scheduler that is gone: unavailable, nothing else."""
    parts = parts_of(campaign.settings, NAME, 2, CALM, 0.0)
    with pytest.raises(Unavailable, match="carry on"):
        carry_on_cluster(Broken(), parts, lambda: 0)
    assert campaign.fates() == {Fate.PLANNED: 8}


@pytest.mark.clause("sec:L10.9")
def test_no_secret_travels_with_a_task(campaign: Campaign) -> None:
    """What is sent to a worker names things, and has no octet of a key."""
    (part,) = parts_of(campaign.settings, NAME, 1, CALM, 0.0)
    octets = pickle.dumps(part)
    assert len(octets) < 1_000
    for secret in (
        campaign.symmetric_key,
        campaign.world.catalogue.contingency_handle,
        campaign.world.new_broker,
    ):
        assert secret not in octets
        assert secret.hex().encode() not in octets


@pytest.fixture
def nobody() -> str:
    """An address at which no scheduler is."""
    pytest.importorskip("distributed", reason="smki[cluster] is not installed")
    return "nonsense://127.0.0.1:1"


def test_a_scheduler_that_is_not_there_is_unavailable(nobody: str) -> None:
    """An address that cannot be one is told with the option it came from."""
    with pytest.raises(Unavailable, match="must be a scheduler of Dask") as raised, cluster(nobody):
        pass
    assert raised.value.where == "--dask"
