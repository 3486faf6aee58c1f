"""`smki init --ceremony` and `smki ceremony take`, killed at each effect: called again, all is there once."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.founding import quick_stores
from tests.support.killing import Through, kills
from tests.support.succession import OCA, Rehearsed, rehearsed, requested

from smki.adapters.record import disk
from smki.bootstrap import initialise, initialising, open_front
from smki.flows import succeeding
from smki.flows.authorities import authorities
from smki.terms import CertificateKind

FOUNDING = ("lodge_ceremony", "take_in", "configure", "lodge_transcript", "lodge_list")
TAKING = ("lodge_ceremony", "catch_up", "lodge_list", "lodge_transcript")
_SOAK = pytest.mark.soak
CASES = [  # when killed, and at how many effects: the suite has one, the soak all
    pytest.param(True, 1, id="certificates-lodged"),
    pytest.param(False, 5, id="before-each", marks=_SOAK),
    pytest.param(True, 5, id="after-each", marks=_SOAK),
]


def _each(module: Any, names: tuple[str, ...], through: Through) -> None:
    """Each of these is an effect; only ever called in a process that is to be killed."""
    disk._HANDS = ThreadPoolExecutor(8)  # type: ignore[misc] # threads are not there after a fork
    for name in names:
        setattr(module, name, through(getattr(module, name)))


@pytest.mark.parametrize(("after", "effects"), CASES)
def test_a_founding_is_finished(tmp_path: Path, effects: int, *, after: bool) -> None:
    """Whichever effect it was killed at: the same authorities, one transcript, nothing twice."""
    model, state = Rehearsed(tmp_path / "model"), tmp_path / "killed"
    transcript = requested(model)
    house = Rehearsed(state)

    def prepare() -> None:
        shutil.rmtree(state, ignore_errors=True)
        model.copied(state)

    def act(through: Through) -> None:
        _each(initialising, FOUNDING[:effects], through)
        found()

    def found() -> None:
        initialise(
            house.settings,
            house.environment,
            bare=True,
            tell=lambda _: None,
            ceremony=transcript,
        )

    sizes = set()
    for _ in kills(prepare, act, after=after):
        with quick_stores():
            found()
        with open_front(house.settings) as front:
            assert all(
                len(authorities(front, kind)) == 1 for kind in CertificateKind if kind.is_authority
            )
            assert len(front.index.items(of=7)) == 1
            assert len(front.index.lists()) == 5
            sizes.add(front.reader.checkpoint().size)
    assert len(sizes) == 1


@pytest.mark.parametrize(("after", "effects"), CASES)
def test_what_follows_is_taken_once(tmp_path: Path, effects: int, *, after: bool) -> None:
    """A new root and issuing authority: both in force, or neither, and once in the record."""
    model, state = rehearsed(tmp_path / "model", bare=True), tmp_path / "killed"
    transcript = model.contingency()
    house = Rehearsed(state)

    def prepare() -> None:
        shutil.rmtree(state, ignore_errors=True)
        model.copied(state)

    def act(through: Through) -> None:
        _each(succeeding, TAKING[:effects], through)
        house.take(transcript)

    for _ in kills(prepare, act, after=after):
        with open_front(house.settings) as front:
            found = [len(authorities(front, kind)) for kind in (CertificateKind.ROOT_OCA, OCA)]
        assert found in ([1, 1], [2, 2])
        house.take(transcript)
        with open_front(house.settings) as front:
            assert len(authorities(front, OCA)) == 2
            assert len(front.index.items(of=7)) == 2
            assert len(front.index.lists()) == 5 + 2
