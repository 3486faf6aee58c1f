"""Helpers give what one process alone would give, also when they die in the middle of it."""

import os
import signal
from collections.abc import Iterator
from multiprocessing import active_children

import pytest

from smki.adapters.helpers import AHEAD, PART, Chunk, helpers
from smki.steps import Refusal


def _chunks(count: int) -> Iterator[Chunk]:
    for chunk in range(count):
        items = tuple(f"{chunk}-{item}" for item in range(2 * PART + 1))
        yield items, ("no base64",) * len(items)


@pytest.mark.clause("sec-app-m:2.3.1.7")
@pytest.mark.parametrize("killed_after", [0, 1, AHEAD + 2])
def test_a_helper_that_dies_is_replaced(killed_after: int) -> None:
    """Killed while it has parts of several chunks: every item has its outcome, in order."""
    hands = helpers(2, dict)
    try:
        (first,) = [one.pid for one in active_children()]
        seen: list[str] = []
        for place, (items, outcomes) in enumerate(hands(_chunks(8))):
            seen += items
            assert len(outcomes) == len(items)
            assert all(isinstance(one, Refusal) for one in outcomes)
            if place == killed_after:
                assert first is not None
                os.kill(first, signal.SIGKILL)
        assert seen == [item for items, _ in _chunks(8) for item in items]
        (second,) = [one.pid for one in active_children()]
        assert second != first
    finally:
        hands.close()
