"""Whoever keeps the verifiable index is really killed: it goes on, and nobody else notices."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from smki.adapters.shelves import FolderShelves
from smki.bootstrap import open_front
from smki.bootstrap.opening import open_identity_map
from smki.interfaces.operations import perform
from smki.interfaces.status import status_document
from smki.repository import audit_roots
from smki.terms import Unavailable


def covered(house: Any) -> int:
    """How many entries the map knows; none while the keeper has not made it."""
    try:
        with open_identity_map(house.settings).reading() as view:
            return int(view.state.size)
    except Unavailable:
        return 0


@pytest.mark.clause("sec:L5")
def test_the_keeper_goes_on_after_it_was_killed(
    house: Any, tmp_path: Path, chance: random.Random
) -> None:
    """Killed while entries come in, one after the other; the roots that were lodged are true."""
    house.index_seconds = 1
    house.start()
    house.wait_ready()
    house.until(lambda: bool(house.keepers()))
    worker = house.workers()[0]
    for _ in range(4):
        killed = house.keepers()
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        perform(house.settings, house.environment, "refresh", {"authority": "issuing-oca"})
        house.until(lambda killed=killed: bool(set(house.keepers()) - set(killed)))
        time.sleep(chance.random() / 2)
    with open_front(house.settings) as front:
        size = front.reader.checkpoint().size
    house.until(lambda: covered(house) >= size)
    shown = status_document(house.settings)
    assert shown["ready"]
    assert shown["index"]["problem"] == ""
    assert shown["index"]["behind"] <= 4
    assert house.workers()[0] == worker
    house.stop()
    (tmp_path / "scratch").mkdir()
    with open_front(house.settings) as front:
        assert [*audit_roots(front.reader, FolderShelves(tmp_path / "scratch"))] == []


def test_a_keeper_that_cannot_go_on_is_told_and_all_else_goes_on(house: Any) -> None:
    """What keeps the index from being kept is in the status; the house is ready all the same."""
    (house.state / "identity-map.sqlite").mkdir()
    house.start()
    house.wait_ready()
    house.until(lambda: "identity map: " in status_document(house.settings)["index"]["problem"])
    assert status_document(house.settings)["ready"]
    shown = perform(house.settings, house.environment, "refresh", {"authority": "issuing-oca"})
    assert shown["crl_number"]
