"""A fleet is counted beside whoever asks: once at a time, and nobody waits for long."""

import threading
from datetime import UTC, datetime
from typing import Final

import pytest

from smki.interfaces.web.portal.recovery import counting
from smki.interfaces.web.portal.recovery.counting import Counting
from smki.recovery import Fate
from smki.recovery.progress import Totals
from smki.terms import Unavailable

AT: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
FOUND: Final[Totals] = {("esme", "a", "north", Fate.RECOVERED, ""): 3}


class Fleet:
    """Counts when it is let, and says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = threading.Event()
        self.away = False

    def count(self, campaign: str) -> Totals:
        """Three devices."""
        assert campaign == "first"
        self.asked += 1
        assert self.let.wait(60)
        if self.away:
            raise Unavailable("database: is away")
        return FOUND


def test_what_is_quickly_counted_is_waited_for() -> None:
    """Who asks first is given the count, who asks next is given the same."""
    fleet = Fleet()
    fleet.let.set()
    counts = Counting(fleet.count, lambda: AT, 10)
    assert counts.totals("first") == (FOUND, AT)
    assert counts.totals("first") == (FOUND, AT)
    assert fleet.asked == 1


def test_nobody_waits_for_long_or_counts_twice() -> None:
    """While it is being counted there is nothing yet, and only one counts."""
    fleet = Fleet()
    counts = Counting(fleet.count, lambda: AT, 0.01)
    assert counts.totals("first") == ({}, None)
    assert counts.totals("first") == ({}, None)
    fleet.let.set()
    until = threading.Event()
    while counts.totals("first") != (FOUND, AT):
        until.wait(0.01)
    assert fleet.asked == 1


def test_an_older_count_is_shown_while_a_newer_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was counted stays until there is a newer one, also if the database is away meanwhile."""
    monkeypatch.setattr(counting, "_KEPT_SECONDS", 0.0)
    monkeypatch.setattr(counting, "_TIMES", 0)
    fleet = Fleet()
    fleet.let.set()
    instants = iter([AT, AT.replace(hour=11)])
    counts = Counting(fleet.count, lambda: next(instants), 10)
    assert counts.totals("first") == (FOUND, AT)
    fleet.away = True
    assert counts.totals("first") == (FOUND, AT)
    assert fleet.asked == 2
