"""The server's counting: what is to be dropped goes as quickly as it comes."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from smki.flows.office import FrontOffice
from smki.interfaces.counting import counting_uses
from smki.policy.access import AccessRules
from smki.ports import Use


class Full:
    """Uses and answers of which there are always more to drop."""

    drops = 0

    def take(self, known: int, into: Callable[[int, Sequence[Use]], None]) -> None:
        """Nothing was noted."""

    def lost(self) -> int:
        """None."""
        return 0

    def taken(self) -> int:
        """Nothing."""
        return 0

    def drop(self, *, before: int, most: int, day: date) -> bool:
        """There is more."""
        del before, most, day
        self.drops += 1
        return True


def test_dropping_goes_on_while_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every second, not every half minute: a flood of requests makes no table grow for ever."""
    monkeypatch.setattr("smki.interfaces.counting._SECONDS", 0.001)
    full, clock = Full(), SimpleNamespace(now=lambda: datetime(2026, 11, 21, tzinfo=UTC))
    front: Any = SimpleNamespace(uses=full, demand=full, clock=clock, access=AccessRules())

    async def count() -> None:
        async with counting_uses(cast("FrontOffice", front)):
            for _ in range(6_000):
                if full.drops > 1:
                    break
                await asyncio.sleep(0.01)

    asyncio.run(count())
    assert full.drops > 1
